"""Tests, endings and evidence in Allure's words, without Allure."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from pytest_csi_snapshot.allure_results import story
from pytest_csi_snapshot.allure_results.folder import describe_run, environment
from pytest_csi_snapshot.allure_results.pages import pages
from pytest_csi_snapshot.allure_results.sources import links
from pytest_csi_snapshot.outcomes import ClauseResult, Failure, Outcome
from pytest_csi_snapshot.requirements import catalogue

VERSIONS = "snapshot-controller 8.2.1, driver 1.4.0"


def ended(*results: ClauseResult) -> story.Ended:
    found = story.ended(results, catalogue(), versions=VERSIONS, rerun="pytest x")
    assert found is not None
    return found


def failed(clause: str, *, blame: str = "", excuse: str = "") -> ClauseResult:
    failure = Failure(clause, "gone", "there", 1.0, "", blame=blame)
    return ClauseResult(clause, Outcome.FAILED, "observed there", failure, excuse=excuse)


def category(end: story.Ended) -> str:
    """As Allure finds it: the first one whose expression is that of the whole message."""
    for each in story.CATEGORIES:
        statuses, pattern = each["matchedStatuses"], str(each.get("messageRegex", r"[\s\S]*"))
        if end.status in statuses and re.fullmatch(pattern, end.message):  # type: ignore[operator]
            return str(each["name"])
    return ""


@pytest.mark.parametrize(
    ("result", "status", "name"),
    [
        (failed("DEL-001", blame="DRV"), "failed", "Driver breaks the contract"),
        (failed("DEL-001", blame="SC, DRV"), "failed", "Driver breaks the contract"),
        (failed("DEL-001", blame="SC"), "failed", "A controller breaks the contract"),
        (failed("DEL-001", blame="ADM"), "failed", "The cluster is not set up for it"),
        (failed("DEL-001", excuse="snapshot-controller 8.2.1"), "skipped", "Known deviation"),
        (ClauseResult("DEL-001", Outcome.ERRORED, "setup: boom"), "broken", "Harness or cluster trouble"),
        (ClauseResult("DEL-001", Outcome.UNKNOWN, "df shows the host"), "skipped", "Not testable here"),
        (ClauseResult("DEL-001", Outcome.NOT_SUPPORTED, "no CLONE_VOLUME"), "skipped", "Not supported"),
        (ClauseResult("DEL-001", Outcome.SKIPPED, "asked for"), "skipped", "Skipped, as asked"),
        (ClauseResult("DEL-001", Outcome.PASSED), "passed", ""),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_every_ending_has_its_status_and_category(result: ClauseResult, status: str, name: str) -> None:
    end = ended(result)
    assert (end.status, category(end)) == (status, name)


def test_the_worst_of_a_tests_results_is_its_ending() -> None:
    end = ended(
        ClauseResult("FIN-001", Outcome.UNKNOWN, "the test ended where DEL-001 failed"),
        failed("DEL-001", blame="SC"),
        ClauseResult("DEL-002", Outcome.PASSED),
    )
    assert end.status == "failed"
    assert end.message == "DEL-001: expected gone, observed there\nblamed on snapshot-controller 8.2.1"
    assert "  run again with pytest x" in end.trace
    assert "  requirement    MUST (contract): " in end.trace


def test_one_failure_that_is_no_known_deviation_fails_the_test() -> None:
    assert ended(failed("DEL-001", excuse="known"), failed("DEL-002")).status == "failed"


def test_a_test_about_nothing_is_left_to_allure() -> None:
    assert story.ended([], catalogue(), versions="", rerun="") is None


def test_titles_are_the_names_of_functions_in_words() -> None:
    assert story.title("test_data_survives[Block-ext4]") == "Data survives [Block-ext4]"


def test_the_highest_level_is_the_severity() -> None:
    by_level = {clause.level: clause for clause in catalogue().clauses}
    assert story.severity([by_level["MAY"], by_level["MUST"]]) == "critical"
    assert story.severity([by_level["SHOULD"]]) == "normal"
    assert story.severity([by_level["MAY"]]) == "minor"


@pytest.mark.parametrize(
    ("source", "address"),
    [
        ("CSI spec CreateSnapshot", "https://github.com/container-storage-interface/spec/blob/master/spec.md"),
        (
            "kubernetes-csi docs snapshot-restore-feature",
            "https://kubernetes-csi.github.io/docs/snapshot-restore-feature.html",
        ),
        ("issue in external-snapshotter", ""),
        ("external-snapshotter#667", "https://github.com/kubernetes-csi/external-snapshotter/issues/667"),
        (
            "external-snapshotter pkg/common-controller syncContent",
            "https://github.com/kubernetes-csi/external-snapshotter/blob/master/pkg/common-controller",
        ),
        ("see https://example.com/a", ""),
        ("https://example.com/a", "https://example.com/a"),
    ],
)
def test_sources_are_links_where_they_have_an_address(source: str, address: str) -> None:
    assert [link for _, link in links(source)] == ([address] if address else [])


def test_most_clauses_have_a_link() -> None:
    without = [clause.id for clause in catalogue().clauses if not list(links(clause.source))]
    assert len(without) < len(catalogue().clauses) / 4, without


EVIDENCE: dict[str, Any] = {
    "lanes": [
        {"id": "u1", "kind": "VolumeSnapshot", "namespace": "ns", "name": "a", "marks": [
            {"at": 0.2, "change": "ADDED", "state": "no status"},
            {"at": 0.3, "change": "MODIFIED", "state": ""},
            {"at": 0.9, "change": "DELETED", "state": ""}]},
    ],
    "steps": [{"text": "snapshot of claim a", "began": 0.1, "depth": 0}],
    "waits": [{"about": "VolumeSnapshot ns/a", "awaited": "its end", "began": 0.4, "ended": 0.91, "came": True}],
    "violations": [{"at": 0.92, "clause": "DEL-001", "text": "expected gone, observed there"}],
    "events": [{"at": 0.5, "about": "u1", "type": "Warning", "reason": "Failed", "message": "no", "count": 3}],
    "objects": [{"lane": "u1", "first": {"kind": "VolumeSnapshot"}, "last": {}}],
    "logs": [{"component": "csi-snapshotter", "lines": ["one", "two"]}],
    "calls": [{"method": "DeleteSnapshot", "code": "OK"}],
}  # fmt: skip


def test_evidence_is_attached_in_pieces_that_can_be_read() -> None:
    found = {page.name: page for page in pages(EVIDENCE)}
    assert list(found) == [
        "timeline",
        "events",
        "VolumeSnapshot ns/a, first seen",
        "log of csi-snapshotter",
        "calls of the driver",
        "evidence",
    ]
    assert found["timeline"].text.splitlines() == [
        "    0.100 s  > snapshot of claim a",
        "    0.200 s  VolumeSnapshot ns/a: no status",
        "    0.900 s  VolumeSnapshot ns/a: gone",
        "    0.910 s  had its end of VolumeSnapshot ns/a after 0.510 s",
        "    0.920 s  ! DEL-001: expected gone, observed there",
    ]
    assert found["events"].text == "    0.500 s  Warning  Failed (x3)  VolumeSnapshot ns/a: no"
    assert found["VolumeSnapshot ns/a, first seen"].text == "kind: VolumeSnapshot\n"
    assert json.loads(found["evidence"].text) == EVIDENCE


def test_evidence_of_which_little_is_there_is_attached_too() -> None:
    assert [page.name for page in pages({"test": "x"})] == ["evidence"]


def test_the_environment_is_a_file_of_properties(tmp_path: Path) -> None:
    assert environment({"driver": "a\\b", "other one": "naïve\nline", "none": ""}) == (
        "driver=a\\\\b\nother\\ one=na\\u00efve\\nline\n"
    )
    describe_run(tmp_path / "new", {"driver": "x"})
    assert json.loads((tmp_path / "new/categories.json").read_text())[0]["name"] == "Driver breaks the contract"
