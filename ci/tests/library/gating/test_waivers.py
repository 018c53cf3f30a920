"""The life of a waiver: active, expired, not needed any more; and what is said about a wrong file."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from pytest_csi_snapshot.errors import UsageTrouble
from pytest_csi_snapshot.gating import Gate, Said, Subject, judge, read_waivers
from pytest_csi_snapshot.gating.waivers import Waiver, waivers_schema
from pytest_csi_snapshot.outcomes import Outcome
from pytest_csi_snapshot.schema import complaints

from .subjects import TODAY, outcomes, run, said, states, waiver

DAY = timedelta(days=1)
FAILED = outcomes(DEL_001="failed", DEL_002="passed")
PASSED = outcomes(DEL_001="passed", DEL_002="passed")


@pytest.mark.parametrize(
    ("subject", "day", "state", "code", "words"),
    [
        (FAILED, TODAY - DAY, "active", 0, "DEL-001 (failed) until 2026-03-01, ann@example.com: known bug 12"),
        (FAILED, TODAY, "active", 0, "until 2026-03-01"),
        (FAILED, TODAY + DAY, "expired", 1, "expired on 2026-03-01, owner ann@example.com"),
        (PASSED, TODAY, "unused", 0, "DEL-001 passed: delete the waiver"),
        (PASSED, TODAY + DAY, "unused", 0, "passed, and it expired on 2026-03-01: delete the waiver"),
    ],
)
def test_the_life_of_a_waiver(subject: Subject, day: Any, state: str, code: int, words: str) -> None:
    judgement = judge(subject, Gate.MUST, [waiver()], today=day)
    assert (states(judgement.waivers), judgement.exit_code) == ([state], code)
    assert words in judgement.waivers[0].told
    if state == "expired":
        assert judgement.reasons == ("DEL-001 (MUST) failed", judgement.waivers[0].told)
    assert list(judgement.waived) == (["DEL-001"] if state == "active" else [])


@pytest.mark.parametrize(
    ("versions", "state", "words"),
    [
        ({"DRV": "1.4.0"}, "active", "known bug"),
        ({"DRV": "v1.5"}, "unused", "it is for driver < 1.5, this one is 1.5; delete"),
        ({"DRV": "1.3.9"}, "unused", "it is for driver >= 1.4, this one is 1.3.9; delete"),
        ({"DRV": "canary"}, "unused", "the version of driver is not known here"),
        ({}, "unused", "the version of driver is not known here"),
    ],
)
def test_a_waiver_is_of_a_release(versions: dict[str, str], state: str, words: str) -> None:
    subject = run(said("DEL-001", "failed"), versions=versions)
    judgement = judge(subject, Gate.MUST, [waiver(component="DRV", since="1.4", before="1.5")], today=TODAY)
    assert states(judgement.waivers) == [state]
    assert judgement.exit_code == (0 if state == "active" else 1)
    assert words in judgement.waivers[0].told


def test_a_waiver_is_of_the_tests_that_it_names() -> None:
    named = waiver(tests=("test_known",))
    known, other = (said("DEL-001", "failed", test=f"a.py::{name}[x]") for name in ("test_known", "test_other"))
    assert judge(run(known), Gate.MUST, [named], today=TODAY).exit_code == 0
    both = judge(run(known, other), Gate.MUST, [named], today=TODAY)
    assert (both.exit_code, dict(both.waived)) == (1, {})
    assert judge(run(other), Gate.MUST, [named], today=TODAY).waivers[0].told == (
        "DEL-001: it is not about what was seen (failed in test_other)"
    )


@pytest.mark.parametrize("outcome", ["failed", "errored", "unknown"])
@pytest.mark.parametrize("seen", ["failed", "errored", "unknown"])
def test_a_waiver_is_of_the_outcome_that_it_names(outcome: str, seen: str) -> None:
    subject = outcomes(DEL_001=seen, DEL_002="passed")
    judgement = judge(subject, Gate.MUST, [waiver(outcome=Outcome(outcome))], today=TODAY)
    assert judgement.exit_code == (0 if outcome == seen else 1 if seen == "failed" else 3)


@pytest.mark.parametrize(
    ("reason", "waived", "code"),
    [
        ("the test ended where DEL-001 failed", ("DEL-001",), 0),
        ("the test ended where DEL-001 failed", (), 1),
        ("a watch was interrupted", ("DEL-001",), 3),
    ],
)
def test_what_a_waived_failure_kept_from_being_judged_is_waived_with_it(
    reason: str, waived: tuple[str, ...], code: int
) -> None:
    untold = Said("DEL-002", "a.py::test_it[x]", Outcome.UNKNOWN, reason)
    judgement = judge(run(said("DEL-001", "failed"), untold), waivers=map(waiver, waived), today=TODAY)
    assert judgement.exit_code == code
    assert list(judgement.waived) == ([] if code == 1 else ["DEL-001", "DEL-002"][: 2 if code == 0 else 1])


def test_an_expired_waiver_of_what_does_not_count_fails_nothing() -> None:
    subject = outcomes(EXP_023="failed", DEL_001="passed")
    judgement = judge(subject, Gate.MUST, [waiver("EXP-023")], today=TODAY + DAY)
    assert (states(judgement.waivers), judgement.exit_code) == (["expired"], 0)


def test_an_expired_waiver_of_an_unknown_clause_is_a_failure() -> None:
    subject = outcomes(DEL_001="unknown", DEL_002="passed")
    judgement = judge(subject, Gate.MUST, [waiver(outcome=Outcome.UNKNOWN)], today=TODAY + DAY)
    assert judgement.exit_code == 1


def test_a_waived_clause_alone_was_judged() -> None:
    judgement = judge(outcomes(DEL_001="failed"), Gate.MUST, [waiver()], today=TODAY)
    assert judgement.exit_code == 0
    assert judgement.reasons == ("no MUST clause counts as failed or open, 1 waived",)


def test_a_clause_that_was_not_run_keeps_its_waiver() -> None:
    judgement = judge(outcomes(DEL_002="passed"), Gate.MUST, [waiver()], today=TODAY + DAY)
    assert judgement.exit_code == 0
    assert not judgement.waivers[0].spent
    assert judgement.waivers[0].told == "DEL-001 was not judged in this run, and it expired on 2026-03-01"


WHOLE = {
    "clause": "DEL-001",
    "reason": "the backend keeps it",
    "owner": "ann@example.com",
    "expires": "2026-03-01",
    "outcome": "unknown",
    "component": "DRV",
    "since": "1.10",
    "tests": ["test_known"],
    "link": "https://example.com/12",
}


def written(path: Path, *entries: dict[str, Any], text: str = "") -> Path:
    import yaml

    file = path / "waivers.yaml"
    file.write_text(text or yaml.safe_dump(list(entries)))
    return file


def test_a_file_is_read(tmp_path: Path) -> None:
    text = """
- clause: DEL-001
  reason: the backend
    keeps it
  owner: ann@example.com
  expires: 2026-03-01
  outcome: unknown
  component: DRV
  since: 1.10
  tests: [test_known]
  link: https://example.com/12
"""
    (read,) = read_waivers(written(tmp_path, text=text))
    assert read == Waiver(
        "DEL-001", "the backend keeps it", "ann@example.com", TODAY, Outcome.UNKNOWN, "DRV", "1.10",
        tests=("test_known",), link="https://example.com/12",
    )  # fmt: skip


WRONG: list[tuple[dict[str, Any], str]] = [
    *(({key: None}, f"the key {key!r} is missing") for key in ("clause", "reason", "owner", "expires")),
    ({"component": None}, "'since' needs the key 'component'"),
    ({"expire": "2026-03-01"}, "unknown key 'expire'; did you mean 'expires'?"),
    ({"clause": "DEL-999"}, "unknown clause 'DEL-999'; did you mean 'DEL-0"),
    ({"clause": "DEL"}, "clause: 'DEL' does not look like"),
    ({"expires": "2026-02-30"}, "expires: 2026-02-30 is no day"),
    ({"expires": "tomorrow"}, "expires: 'tomorrow' does not look like"),
    ({"outcome": "failde"}, "unknown outcome 'failde'; did you mean 'failed'?"),
    ({"component": "driver"}, "unknown component 'driver'"),
    ({"since": "new"}, "since: 'new' does not look like"),
    ({"reason": ""}, "reason is empty"),
    ({"tests": []}, "tests is an empty list"),
    ({"link": "JIRA-12"}, "link: 'JIRA-12' does not look like"),
]


@pytest.mark.parametrize(("change", "told"), WRONG)
def test_a_wrong_entry_is_one_line(tmp_path: Path, change: dict[str, Any], told: str) -> None:
    entry = {key: value for key, value in {**WHOLE, **change}.items() if value is not None}
    file = written(tmp_path, WHOLE, entry)
    with pytest.raises(UsageTrouble) as caught:
        read_waivers(file)
    assert str(caught.value).startswith(f"--csi-waivers: {file}, entry 2: ")
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "told"), [("a: [", "cannot be read"), ("a: b", "is not a list of waivers"), ("- x", "entry 1: it is")]
)
def test_a_wrong_file_is_one_line(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(UsageTrouble, match=told):
        read_waivers(written(tmp_path, text=text))


def test_the_published_form_says_the_same() -> None:
    schema = waivers_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema["items"])
    for change, _ in [({}, ""), *WRONG]:
        entry = {key: value for key, value in {**WHOLE, **change}.items() if value is not None}
        assert validator.is_valid(entry) == (not list(complaints(entry, schema["items"])))
