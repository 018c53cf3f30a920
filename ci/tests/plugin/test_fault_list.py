"""The list of faults: printed without a driver, a cluster or a test."""

from __future__ import annotations

from .conftest import Demo


def test_the_faults_are_listed_and_nothing_else_happens(demo: Demo) -> None:
    result = demo.run("--csi-list-faults", driver="")
    assert result.ret == 0
    result.stdout.fnmatch_lines(
        ["name *clause *mirrors", "snapshot-loses-data *backend *data *SNAP-DYN-005 *RES-001*", "* faults; *"]
    )
    result.stdout.no_fnmatch_line("*test session starts*")
    assert demo.log == []
