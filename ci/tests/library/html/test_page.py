"""The text of a page: what is in it, that nothing escapes from its place, and how large it gets."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path

import pytest
from report_page.sample import NOTHING, Sample
from report_page.sample_evidence import HOSTILE

from pytest_csi_snapshot.html import page, page_of, render
from pytest_csi_snapshot.html.bundling import script, sheet
from pytest_csi_snapshot.html.embedding import embedded, fingerprint
from pytest_csi_snapshot.redacting import HIDDEN, Redactor
from pytest_csi_snapshot.report.model import FORMAT, VERSION
from pytest_csi_snapshot.report.plain import to_plain

MEGABYTE = 1_000_000
HEAD = {"format": FORMAT, "version": VERSION}


@pytest.fixture(scope="module")
def sample() -> Sample:
    return Sample()


@pytest.fixture(scope="module")
def text(sample: Sample) -> str:
    return render(sample.values, sample.read)


def block(text: str, identifier: str) -> object:
    found = re.search(rf'<script type="application/json" id="{identifier}">(.*?)</script>', text)
    return json.loads(found[1]) if found else None


def test_the_report_is_in_it_as_it_was(sample: Sample, text: str) -> None:
    data = block(text, "data")
    assert isinstance(data, dict)
    assert data["report"] == to_plain(sample.values)
    assert data["left_out"] == []
    assert data["comparison"] is None


def test_a_run_of_all_clauses_stays_small(text: str) -> None:
    assert len(text.encode()) < 6 * MEGABYTE


@pytest.mark.parametrize("value", [HOSTILE, "<!--<script>", "]]>", "\u2028", "&lt;"])
def test_no_data_is_markup(value: str) -> None:
    told = embedded({"key": value})
    assert json.loads(told) == {"key": value}
    assert not re.search(r"[<>&]|[^\x20-\x7e]", told)


def test_hostile_words_end_no_element(sample: Sample, text: str) -> None:
    assert text.count("</script>") == len(sample.evidence) + 2
    assert text.count("<script") == len(sample.evidence) + 2
    text.encode()  # half of a surrogate pair has no place in a file of UTF-8


def test_the_policy_allows_its_own_script_and_style_alone(text: str) -> None:
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)
    assert policy
    allowed = policy[1].replace("&#x27;", "'")
    assert "default-src 'none'" in allowed
    assert f"script-src {fingerprint(script())};" in allowed
    assert f"style-src {fingerprint(sheet())};" in allowed
    assert f"<style>{sheet()}</style>" in text
    assert f'<script type="module">{script()}</script>' in text
    assert not re.search(r'\b(?:src|href)="(?!data:|#)', text)


def test_a_browser_without_scripts_is_told_what_matters(text: str) -> None:
    told = text.partition("<noscript>")[2].partition("</noscript>")[0]
    assert "not conformant: 213 of 216 MUST clauses passed, 2 failed" in told
    assert "<b>DEL-001</b> failed: With policy Delete" in told
    assert "worker gw2 crashed" in told


def test_what_does_not_fit_is_left_out_and_named(sample: Sample, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "BUDGET", 100_000)
    data = block(small := render(sample.values, sample.read), "data")
    assert isinstance(data, dict)
    tests = sample.report["tests"]
    for number, test in enumerate(tests):
        assert (block(small, f"evidence-{number}") is None) == (number in data["left_out"])
        if test["outcome"] in ("failed", "errored"):
            assert number not in data["left_out"]
    assert 200 < len(data["left_out"]) < len(tests)


def test_an_empty_report_has_a_page() -> None:
    assert block(render(NOTHING, lambda path: None), "data") is not None


def test_evidence_is_taken_as_value_too(sample: Sample) -> None:
    @dataclass(frozen=True)
    class Evidence:
        seconds: float

    text = render(sample.values, lambda path: Evidence(1.5))
    assert block(text, "evidence-7") == {"seconds": 1.5}


def test_companions_are_not_measured(sample: Sample) -> None:
    values = sample.values
    tests = (replace(values.tests[0], seen_on="modest"), *values.tests[1:])
    data = block(render(replace(values, tests=tests), sample.read), "data")
    assert isinstance(data, dict)
    assert {number for _, number in data["latencies"]["claim bound"]} == set(range(1, len(tests)))


def test_what_is_hidden_in_reports_is_hidden_in_it(sample: Sample, monkeypatch: pytest.MonkeyPatch) -> None:
    redactor = Redactor()
    redactor.hide("driver.longhorn.io")
    monkeypatch.setattr(page, "REDACTOR", redactor)
    text = render(sample.values, lambda path: None)
    assert "driver.longhorn.io" not in text
    assert f"<title>not conformant · {escape(HIDDEN)}</title>" in text


def test_from_a_folder(sample: Sample, tmp_path: Path) -> None:
    now, before = tmp_path / "now", tmp_path / "before"
    for folder in (now, before):
        (folder / "evidence").mkdir(parents=True)
        (folder / "report.json").write_text(json.dumps({**HEAD, **to_plain(sample.values)}))
    paths = list(sample.evidence)
    for path in paths[:3]:
        (now / path).write_text(json.dumps(sample.evidence[path]))
    (now / paths[3]).write_text("{")
    (tmp_path / "outside.json").write_text('{"latencies": [{"phase": "outside", "seconds": 1}]}')
    values = sample.values
    outside = replace(values.tests[0], id="x", evidence="../outside.json")
    told = to_plain(replace(values, tests=(*values.tests, outside)))
    (now / "report.json").write_text(json.dumps({**HEAD, **told}))
    text = page_of(now, before)
    assert text.count('id="evidence-') == 3
    data = block(text, "data")
    assert isinstance(data, dict)
    assert set(data["latencies"]) == {"claim bound", "pod ready", "snapshot ready"}
    assert data["comparison"]["changes"] == []
    assert data["comparison"]["latencies"] == {}


def test_every_file_of_the_page_is_used() -> None:
    folder = Path(page.__file__).parent / "assets"
    modules = {path.stem for path in folder.glob("*.js")}
    assert modules == set(re.findall(r"^const from_(\w+) = \(", script(), re.MULTILINE))
    for path in folder.glob("*.css"):
        assert path.read_text() in sheet()


def test_scripts_end_no_element_themselves() -> None:
    assert "</" not in script()
    assert "</" not in sheet()
