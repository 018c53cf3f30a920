"""Pages made of the catalogue."""

from __future__ import annotations

import generate_requirements as pages

from pytest_csi_snapshot.requirements import catalogue

TEST = "pytest_csi_snapshot/suites/test_restore.py::test_it"


def test_each_family_has_a_page_and_the_index_links_to_it() -> None:
    made = pages.pages({})
    for family in catalogue().families:
        assert f"[{family}]({family.lower()}.md)" in made["README.md"]
        assert f"# {family}\n" in made[f"{family.lower()}.md"]


def test_a_page_says_of_each_clause_what_the_catalogue_says() -> None:
    text = pages.pages({f"{TEST}[Block]": ("RES-001",), f"{TEST}[Filesystem]": ("RES-001",)})["res.md"]
    clause = catalogue().by_id["RES-001"]
    assert clause.sentence in text
    assert f"- source: {clause.source}" in text
    assert text.count("`test_restore.py::test_it`") == 1
    assert "shown by no test yet" in text
