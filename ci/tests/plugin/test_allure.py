"""The results of Allure that a run of ours leaves, with and without workers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from .conftest import Demo

SUITE = """
from pytest_csi_snapshot.evidence.tape import TAPE
from pytest_csi_snapshot.redacting import REDACTOR

@pytest.mark.csi_clause("DEL-001", "FIN-001")
def test_snapshot_goes(csi_recorder):
    with TAPE.step("delete", "delete VolumeSnapshot ns/{a}"):
        csi_recorder.check("FIN-001", expected="gone", observed="gone")
    csi_recorder.check("DEL-001", expected="gone", observed="there")

@pytest.mark.csi_clause("CLN-001")
def test_clones(csi_recorder):
    csi_recorder.not_supported("CLN-001", "the driver does not announce CLONE_VOLUME")

@pytest.mark.csi_clause("RES-001")
def test_restores(csi_recorder):
    csi_recorder.check("RES-001", expected=1, observed=1)

@pytest.mark.csi_clause("DEL-002")
def test_errs(csi_recorder):
    REDACTOR.hide("hunter2-hunter2")
    print("printed hunter2-hunter2")
    raise RuntimeError("no answer with hunter2-hunter2")
"""


def results(folder: Path) -> dict[str, dict[str, Any]]:
    found = [json.loads(path.read_text()) for path in folder.glob("*-result.json")]
    return {each["name"]: each for each in found}


def labels(result: dict[str, Any], name: str) -> list[str]:
    return [label["value"] for label in result["labels"] if label["name"] == name]


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "workers"])
def test_results_say_what_was_judged_and_hold_no_secret(demo: Demo, workers: tuple[str, ...]) -> None:
    demo.suite(test_one=SUITE)
    run = demo.run("--alluredir=results", *workers)
    assert run.ret == 1
    assert "Traceback" not in run.stderr.str()
    folder = demo.path / "results"
    found = results(folder)
    assert {name: each["status"] for name, each in found.items()} == {
        "Snapshot goes": "failed",
        "Clones": "skipped",
        "Restores": "passed",
        "Errs": "broken",
    }
    broken = found["Snapshot goes"]
    assert broken["statusDetails"]["message"].startswith("DEL-001: expected gone, observed there\nblamed on ")
    assert "run again with pytest" in broken["statusDetails"]["trace"]
    assert labels(broken, "epic") == ["driver.longhorn.io"]
    assert labels(broken, "feature") == ["deletion", "finalizers"]
    assert [each.partition("  ")[0] for each in labels(broken, "story")] == ["DEL-001", "FIN-001"]
    assert labels(broken, "severity") == ["critical"]
    assert labels(broken, "host") == ["run"]
    assert broken["links"]
    assert [step["name"] for step in broken["steps"]] == ["delete VolumeSnapshot ns/{a}"]
    assert found["Clones"]["statusDetails"]["message"] == (
        "not supported: the driver does not announce CLONE_VOLUME (CLN-001)"
    )
    everything = [path.read_text() for path in folder.iterdir()]
    assert any("printed <secret>" in text for text in everything)
    assert not any("hunter2" in text for text in everything)
    assert "components=Kubernetes v1.37.2" in (folder / "environment.properties").read_text()
    assert json.loads((folder / "categories.json").read_text())


def test_nothing_of_allure_is_imported_where_it_is_not_asked_for(demo: Demo) -> None:
    demo.suite(
        test_one="""
import sys

def test_of_somebody():
    assert not [name for name in sys.modules if name.startswith("pytest_csi_snapshot.allure_results")]
"""
    )
    demo.run().assert_outcomes(passed=1)
