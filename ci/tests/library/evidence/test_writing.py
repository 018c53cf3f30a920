"""Evidence as a file: named by its test, whole or not there, without secrets, read by those that know less."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pytest_csi_snapshot.csi.calls import Answer, Code
from pytest_csi_snapshot.csi.wire import csi_pb2
from pytest_csi_snapshot.evidence.calling import calls_in
from pytest_csi_snapshot.evidence.model import Bodies, Evidence, Lane, Mark
from pytest_csi_snapshot.evidence.writing import read_evidence, slug, write_evidence
from pytest_csi_snapshot.redacting import REDACTOR

FOUND = Evidence(
    test="suites/test_a.py::test_a[Block-1]",
    outcome="passed",
    began="2026-01-01T10:00:00.000+00:00",
    seconds=1.5,
    lanes=(Lane("u", "Pod", "ns", "p", own=True, marks=(Mark(0.1, "ADDED", "7", "test", "Pending"),)),),
    objects=(Bodies("u", {"spec": {"a": [1]}}, {}),),
)


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    name = write_evidence(tmp_path, FOUND)
    assert name == f"evidence/{slug(FOUND.test)}.json"
    assert read_evidence(tmp_path / name) == FOUND
    assert [path.name for path in (tmp_path / "evidence").iterdir()] == [f"{slug(FOUND.test)}.json"]


def test_names_are_safe_short_and_never_the_same_for_two_tests() -> None:
    names = [slug(f"suites/test_{file}.py::test_x[{'é/..' * 90}{variant}]") for file in "ab" for variant in "12"]
    assert len(set(names)) == 4
    assert all(len(name) < 140 and name.isascii() and "/" not in name and name[0] == "t" for name in names)


def test_keys_that_are_not_known_are_ignored(tmp_path: Path) -> None:
    path = tmp_path / write_evidence(tmp_path, FOUND)
    data = json.loads(path.read_text())
    data["later"], data["lanes"][0]["later"] = 1, 2
    path.write_text(json.dumps(data))
    assert read_evidence(path) == FOUND


@pytest.mark.parametrize(
    ("text", "why"),
    [("{", "is no JSON"), ("[]", "is no evidence"), ('{"format": "x"}', "is no evidence"),
     ('{"format": "pytest-csi-snapshot/evidence", "version": 9}', "has version 9")],
)  # fmt: skip
def test_what_is_no_evidence_says_so(tmp_path: Path, text: str, why: str) -> None:
    (tmp_path / "e.json").write_text(text)
    with pytest.raises(ValueError, match=why):
        read_evidence(tmp_path / "e.json")


def test_secrets_are_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for secret in ('quo"ted sécret', "version"):  # the second is a key of the document, too
        REDACTOR.hide(secret)
    body = {"message": 'it said quo"ted sécret', "version": "the version"}
    made = Evidence(test="t", outcome="passed", began="", seconds=0, objects=(Bodies("u", body, {}),))
    path = tmp_path / write_evidence(tmp_path, made)
    REDACTOR.__init__()  # type: ignore[misc]
    assert read_evidence(path).objects[0].first == {"message": "it said <secret>", "version": "the <secret>"}


def test_a_call_is_told_without_its_secrets() -> None:
    request = csi_pb2.CreateSnapshotRequest(name="s", secrets={"key": "hush"})
    response = csi_pb2.CreateSnapshotResponse(snapshot=csi_pb2.Snapshot(snapshot_id="h", size_bytes=5))
    asked, silent = csi_pb2.ProbeRequest(), csi_pb2.ProbeResponse()
    answers: list[Answer[Any]] = [
        Answer("CreateSnapshot", request, response, Code.OK, "", 12.0, 0.5),
        Answer("Probe", asked, silent, Code.UNAVAILABLE, "gone", 11.0, 0.1),
    ]
    first, second = calls_in(answers, 10.0)
    assert (first.method, first.code, first.details, first.at) == ("Probe", "UNAVAILABLE", "gone", 1.0)
    assert (second.request, second.seconds) == ({"name": "s"}, 0.5)
    assert second.answer["snapshot"]["snapshot_id"] == "h"
