"""What a driver is declared to offer, and the variants that follow."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import pytest

from pytest_csi_snapshot.errors import UsageTrouble
from pytest_csi_snapshot.matrix import FULL, variants
from pytest_csi_snapshot.profiles import AXES, REFERENCE, UNDECLARED, Profile, read_profile

from .conftest import Demo

SUITE = """
@pytest.mark.csi_clause("RES-001")
def test_variant(csi_recorder, csi_variant):
    csi_recorder.check("RES-001", expected=1, observed=1)
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "profile.yaml"
    path.write_text(text)
    return path


def test_what_is_not_said_stays_as_for_any_driver(tmp_path: Path) -> None:
    profile = read_profile(written(tmp_path, "fsTypes: [btrfs]\nvolumeModes: [Filesystem]\n"))
    assert profile.axes == {**UNDECLARED.axes, "fsTypes": ("btrfs",), "volumeModes": ("Filesystem",)}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("volumeMode: [Block]\n", "unknown key 'volumeMode'; did you mean 'volumeModes'?"),
        ("volumeModes: [Blok]\n", "unknown value of volumeModes 'Blok'; did you mean 'Block'?"),
        ("volumeModes: Block\n", "volumeModes is not a list of words"),
        ("volumeModes: []\n", "volumeModes is not a list of words"),
        ("- volumeModes\n", "is not a mapping of keys"),
        ("a: [\n", "cannot be read"),
    ],
)
def test_a_slip_is_named(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(UsageTrouble) as caught:
        read_profile(written(tmp_path, text))
    assert told in str(caught.value).replace("\n", " ")


@pytest.mark.parametrize("profile", [UNDECLARED, REFERENCE], ids=["undeclared", "reference"])
def test_every_pair_that_can_meet_meets(profile: Profile) -> None:
    def met(chosen: str) -> set[object]:
        return {pair for each in variants(profile, chosen) for pair in combinations(enumerate(each.values), 2)}

    assert met("pairs") == met(FULL)
    assert len(variants(profile)) < len(variants(profile, FULL)) / 3
    assert all(bool(each.fs_type) == (each.mode == "Filesystem") for each in variants(REFERENCE, FULL))


def test_ids_tell_the_variant_and_a_profile_narrows_them(demo: Demo) -> None:
    demo.suite(test_one=SUITE)
    lines = [f"{key}: [{values[0]}]" for key, values in AXES.items() if values]
    file = written(demo.path, "\n".join([*lines, "fsTypes: [ext4, xfs]"]))
    result = demo.run("-v", f"--csi-profile={file}")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["*test_variant?Filesystem-ext4-ReadWriteOnce-Delete-Immediate-detached? PASSED*"])


def test_a_slip_in_a_profile_ends_the_run_before_a_cluster_is_made(demo: Demo) -> None:
    result = demo.run(f"--csi-profile={written(demo.path, 'sizes: [1]')}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*unknown key 'sizes'; known: volumeModes*"])
    assert demo.log == []
