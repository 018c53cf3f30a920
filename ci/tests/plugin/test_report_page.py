"""The page that a run writes beside its report."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from .conftest import Demo
from .test_reports import EVERYTHING


def embedded(demo: Demo) -> Any:
    """What the page holds of the report."""
    text = (demo.path / "csi-report" / "report.html").read_text("utf-8")
    found = re.search(r'<script type="application/json" id="data">(.*)</script>', text)
    assert found
    return json.loads(found[1])["report"]


@pytest.mark.parametrize("workers", [(), ("-n2",)], ids=["alone", "workers"])
def test_it_says_what_the_report_says(demo: Demo, workers: tuple[str, ...]) -> None:
    demo.suite(test_one=EVERYTHING)
    assert demo.run(*workers).ret == 1
    document = json.loads((demo.path / "csi-report" / "report.json").read_text("utf-8"))
    del document["format"], document["version"]
    assert embedded(demo) == document
    assert document["verdict"]["exit_code"] == 1


def test_it_says_the_exit_code_that_the_end_came_to(demo: Demo) -> None:
    demo.env(BREAK="delete")
    result = demo.run()
    assert (result.ret, embedded(demo)["verdict"]["exit_code"]) == (3, 3)


def test_no_report_is_no_page(demo: Demo) -> None:
    assert demo.run("--csi-report=none").ret == 0
    assert not list(demo.path.rglob("report.html"))
