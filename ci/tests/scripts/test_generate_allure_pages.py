"""The script that makes Allure's pages: what it takes out of them, and what it says of a wrong command line."""

from __future__ import annotations

from pathlib import Path

import generate_allure_pages
import pytest

PAGE = """<script>window.allure = {};</script>
<script async src="https://www.googletagmanager.com/gtag/js?id=G-1"></script>
<script>
  window.dataLayer = window.dataLayer || [];
  function gtag(){dataLayer.push(arguments);}
  gtag('config', 'G-1', {"report": "awesome"});
</script>
<script defer src="app.js"></script>"""


def test_nobody_is_told_that_a_page_was_opened() -> None:
    assert generate_allure_pages.without_analytics(PAGE).split("\n") == [
        "<script>window.allure = {};</script>",
        "",
        "",
        '<script defer src="app.js"></script>',
    ]


def test_results_that_are_not_there_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert generate_allure_pages.main([str(tmp_path / "none"), str(tmp_path / "pages")]) == 4
    assert "has no results of Allure: run pytest with --alluredir=" in capsys.readouterr().err
    assert generate_allure_pages.main([]) == 4


def test_results_of_an_earlier_run_are_removed(tmp_path: Path) -> None:
    (tmp_path / "results").mkdir()
    for _ in range(2):  # the second time there is nothing
        assert generate_allure_pages.main(["--empty", str(tmp_path / "results")]) == 0
    assert not (tmp_path / "results").exists()
