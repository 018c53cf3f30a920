"""The example of somebody's own tests runs as its page says, on a cluster that a stranger brings up."""

from __future__ import annotations

import re
from pathlib import Path

from .runs import finished

EXAMPLE = Path(__file__).resolve().parents[2] / "example"
PAGE = EXAMPLE.parents[1] / "docs" / "your-own-tests.md"


def test_tests_of_ones_own_run_beside_one_of_the_packaged() -> None:
    packaged = "pytest_csi_snapshot/suites/test_class.py::test_named_class_is_used"

    run = finished(EXAMPLE, "-v", "tests/", packaged)

    assert run.returncode == 0, run.stdout
    assert len(re.findall(r"tests/test_ours\.py::\w+ PASSED", run.stdout)) == 3
    assert re.search(r"= 4 passed in", run.stdout)


def test_the_page_shows_the_example_as_it_is() -> None:
    (shown,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    source = (EXAMPLE / "tests" / "test_ours.py").read_text()
    for paragraph in shown.strip().split("\n\n\n"):
        assert paragraph in source
