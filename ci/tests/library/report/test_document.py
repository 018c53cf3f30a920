"""The document: its text, its published form, and the reading of it."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from random import Random
from typing import Any

import jsonschema
import pytest

from pytest_csi_snapshot.errors import UsageTrouble
from pytest_csi_snapshot.report.document import SCHEMA, read_report, report_of, schema, text_of

from .samples import CLAUSES, case, report

PUBLISHED = json.loads(files("pytest_csi_snapshot").joinpath(SCHEMA).read_text("utf-8"))


def test_the_published_form_is_that_of_the_values() -> None:
    assert schema() == PUBLISHED
    jsonschema.Draft202012Validator.check_schema(PUBLISHED)


@pytest.mark.parametrize(
    "outcome", ["passed", "failed", "errored", "unknown", "skipped", "not supported", "not run"]
)
def test_a_report_fits_its_form_and_is_read_as_it_was(outcome: str) -> None:
    made = report({"DEL-001": outcome})
    text = text_of(made)
    jsonschema.validate(json.loads(text), PUBLISHED)
    assert "null" not in text
    assert report_of(text) == made


def test_the_order_in_which_tests_ended_does_not_show() -> None:
    tests = [case(f"t.py::test_{number}", CLAUSES[number % 3], "passed") for number in range(9)]
    texts = set()
    for seed in range(5):
        Random(seed).shuffle(tests)
        texts.add(text_of(report(None, *tests)))
    assert len(texts) == 1


def test_what_is_not_known_is_ignored_and_what_has_a_default_may_lack() -> None:
    plain = json.loads(text_of(report()))
    plain["later"] = plain["run"]["later"] = {"a": None}
    del plain["waivers"], plain["run"]["shard"]
    assert report_of(json.dumps(plain)) == report()


def broken(change: Any) -> str:
    plain = json.loads(text_of(report()))
    change(plain)
    return json.dumps(plain)


BROKEN = {
    "": "is no JSON: Expecting value",
    "[]": "is not a report: it has no format",
    broken(lambda it: it.update(format="junit")): "is not a report: it has no format",
    broken(lambda it: it.update(version=2)): "has version 2 of the format, this program reads up to 1: update it",
    broken(lambda it: it.update(version="1")): "is not a report: version '1'",
    broken(lambda it: it["run"].pop("id")): "run lacks 'id'",
    broken(lambda it: it["run"].update(seconds="2")): "run.seconds is not a number",
    broken(lambda it: it["run"].update(workers=True)): "run.workers is not a whole number",
    broken(lambda it: it["clauses"][1].update(outcome="fine")): "clauses[1].outcome 'fine' is none of 'passed'",
    broken(lambda it: it.update(tests={})): "tests is not a list",
    broken(lambda it: it.update(run=[])): "run is not a mapping of keys",
}


@pytest.mark.parametrize("text", BROKEN, ids=list(BROKEN.values()))
def test_what_is_wrong_is_one_line(text: str, tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text(text)
    with pytest.raises(UsageTrouble) as caught:
        read_report(tmp_path)
    assert str(caught.value).startswith(f"{tmp_path / 'report.json'}: {BROKEN[text]}")
    assert "\n" not in str(caught.value)


def test_a_folder_without_a_report_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UsageTrouble, match=r"no report can be read there; report\.json: No such file"):
        read_report(tmp_path)


def test_a_secret_does_not_stand_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    from pytest_csi_snapshot.redacting import REDACTOR, Redactor

    fresh = Redactor()
    monkeypatch.setattr(REDACTOR, "_known", fresh.__dict__["_known"])
    monkeypatch.setattr(REDACTOR, "_order", None)
    REDACTOR.hide("hunter-2000")
    made = report()
    said = replace(made, run=replace(made.run, command="pytest --csi-image=hunter-2000"))
    assert "hunter" not in text_of(said)
