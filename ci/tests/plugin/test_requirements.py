"""The catalogue: what is in it, and what its reader refuses."""

from __future__ import annotations

import pytest

from pytest_csi_snapshot.errors import UsageTrouble
from pytest_csi_snapshot.requirements import AREAS, catalogue, read_catalogue

GOOD = """
family: DEL
area: deletion
clauses:
  - id: DEL-001
    level: MUST
    basis: contract
    owners: [SC, DRV]
    needs: [snap]
    source: CSI spec
    sentence: >-
      It is
      so.
"""

COMPLETE = {"API-VS": 9, "API-VSC": 11, "API-CLS": 2, "SNAP-DYN": 13, "SNAP-PRE": 10, "BIND": 8, "CLS": 10,
            "STAT": 10, "ERR": 10, "FIN": 11, "DEL": 20, "RES": 25, "CLN": 13, "EXP": 28, "SEC": 7, "PFL": 14,
            "API-GRP": 6, "GRP": 11, "HA": 4}  # fmt: skip


def test_the_packaged_catalogue_holds_whole_families() -> None:
    for family, number in COMPLETE.items():
        ids = [clause.id for clause in catalogue().clauses if clause.family == family]
        assert ids == [f"{family}-{each:03}" for each in range(1, number + 1)]
    assert {clause.area for clause in catalogue().clauses} <= set(AREAS)


def test_a_clause_is_read_whole() -> None:
    clause = read_catalogue([("del.yaml", GOOD)]).by_id["DEL-001"]
    assert clause.sentence == "It is so."
    assert (clause.area, clause.family, clause.needs) == ("deletion", "DEL", ("snap",))
    assert clause.blamed == ("snapshot-controller", "driver")


def test_what_may_be_said_of_a_clause_besides() -> None:
    more = (
        GOOD
        + "    since: {SC: '8.1', SS: '8.6.1'}\n    unseen: >-\n      It\n      hides.\n    seen: Yes, twice.\n"
    )
    clause = read_catalogue([("del.yaml", more)]).by_id["DEL-001"]
    assert clause.since == (("SC", "8.1"), ("SS", "8.6.1"))
    assert (clause.unseen, clause.seen) == ("It hides.", "Yes, twice.")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("level: MUST", "level: MUSTN'T", "unknown level"),
        ("basis: contract", "basis: habit", "unknown basis"),
        ("owners: [SC, DRV]", "owners: [XX]", "unknown owner"),
        ("owners: [SC, DRV]", "owners: []", "unknown owner"),
        ("needs: [snap]", "needs: [snup]", "unknown need"),
        ("area: deletion", "area: nowhere", "unknown area"),
        ("family: DEL", "family: RES", "does not belong to the family"),
        ("id: DEL-001", "id: DEL-1", "not of the form"),
        ("    source: CSI spec\n", "", "needs basis, id"),
        ("      so.", "      so", "full stop"),
        ("    needs: [snap]\n", "    needs: [snap]\n    since: {XX: '8.1'}\n", "unknown owner"),
        ("    needs: [snap]\n", "    needs: [snap]\n    since: {SC: 8.10}\n", "not a version in quotes"),
        ("    needs: [snap]\n", "    needs: [snap]\n    until: x\n", "may have"),
        ("family: DEL\n", "", "needs the keys"),
    ],
)
def test_a_slip_in_a_file_is_named(old: str, new: str, told: str) -> None:
    with pytest.raises(UsageTrouble, match=told):
        read_catalogue([("del.yaml", GOOD.replace(old, new))])


def test_an_id_stands_once() -> None:
    with pytest.raises(UsageTrouble, match="DEL-001: stands twice"):
        read_catalogue([("del.yaml", GOOD), ("again.yaml", GOOD)])


@pytest.mark.parametrize(
    ("prefixes", "areas", "some", "none"),
    [
        (["FIN"], [], "FIN-001", "DEL-001"),
        (["SNAP"], [], "SNAP-DYN-001", "FIN-001"),
        (["SNAP-DYN-001"], [], "SNAP-DYN-001", "SNAP-DYN-010"),
        ([], ["clone"], "CLN-001", "RES-001"),
        (["RES-001", "CLN-001"], ["clone"], "CLN-001", "RES-001"),
    ],
)
def test_selection_by_beginning_and_area(prefixes: list[str], areas: list[str], some: str, none: str) -> None:
    chosen = catalogue().select(prefixes, areas)
    assert some in chosen
    assert none not in chosen
