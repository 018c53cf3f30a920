"""What of a report is compared with the one that is kept."""

from __future__ import annotations

from pathlib import Path

import pytest
from faults import golden

REPORT = """\
FAILED DEL-001  test_delete_policy
  requirement    MUST (contract): It goes.
  observed       still there  (0.37 s into the test, 2026-11-26T14:00:05.123+00:00)
  about          snap://pvc-d4bd4e2b-b0c7-47fa-8ff1-1ea2fa7b5c74/snapshot-5115e3e0-ddf2-4dff-ae9e-2583c88e3e4c
  when             ...
                   -0.057 s  VolumeSnapshot csi-80e16fce-main-a77b3e/snapshot-a932fb: readyToUse true
                   -0.036 s  VolumeSnapshotContent: gone
  blamed on      driver 0.1.0""".splitlines()


def test_what_differs_from_run_to_run_is_replaced() -> None:
    text = golden.normal(REPORT)
    assert "observed       still there  (N s into the test, TIME)" in text
    assert "snap://pvc-UID/snapshot-UID" in text
    assert "N s  VolumeSnapshot csi-RUN-XXXXXX/snapshot-XXXXXX: readyToUse true" in text


@pytest.mark.parametrize(
    ("seen", "told"),
    [
        ("pvc-8c798e5f-2fb0-4f00-a778-b1423c49c7e5", "pvc-UID"),
        ("pvc-8c798e5f-2fb0-4f00-a778-b14", "pvc-UID"),
        ("pvc-8c798e5f-2fb0-4f00-a778-b14-5383967a", "pvc-UID-HEX"),
        ("groupsnapshot-168970f4-1f74-4f1f-a875-9eb00b8f-0123456789abcdef", "groupsnapshot-UID-HEX"),
        ("csi-rpc-snapshot-0123456789abcdef-0af3d67b", "csi-rpc-snapshot-HEX-HEX"),
        ("content csi-49f3763c-main", "content csi-RUN"),
        ("csi-49f3763c-gw3-a77b3e", "csi-RUN-XXXXXX"),
        ("code 42, 1073741824 bytes of pvc", "code 42, NUMBER bytes of pvc"),
    ],
)
def test_names_that_were_cut_or_added_to_are_replaced(seen: str, told: str) -> None:
    assert golden.normal([seen]) == f"{told}\n"


def test_the_same_report_of_another_run_is_no_difference(tmp_path: Path) -> None:
    golden.write("late-delete", REPORT, tmp_path)
    later = [line.replace("0.37", "12.4").replace("a932fb", "0bd3f1").replace("0.1.0", "0.2.0") for line in REPORT]
    without_when = [line for number, line in enumerate(later) if number not in (5, 6)]
    assert golden.difference("late-delete", later, tmp_path) == []
    assert golden.difference("late-delete", without_when, tmp_path) == []


@pytest.mark.parametrize(
    ("old", "new"), [("still there", "half there"), ("driver 0.1.0", "csi-snapshotter 0.1.0")]
)
def test_another_finding_is_a_difference(tmp_path: Path, old: str, new: str) -> None:
    golden.write("late-delete", REPORT, tmp_path)
    now = [line.replace(old, new) for line in REPORT]
    assert any(
        line.startswith("+") and new.split()[0] in line for line in golden.difference("late-delete", now, tmp_path)
    )


def test_a_fault_without_a_file_is_told_and_what_is_kept_is_not_rewritten_for_nothing(tmp_path: Path) -> None:
    assert "--update" in golden.difference("late-delete", REPORT, tmp_path)[0]
    golden.write("late-delete", REPORT, tmp_path)
    kept = tmp_path / "late-delete.txt"
    kept.write_text(kept.read_text().replace("gone", "gone at last"))
    golden.write("late-delete", REPORT, tmp_path)
    assert "gone at last" in kept.read_text(), "the rows of `when` are nothing to rewrite a file for"
    assert golden.strangers(["other"], tmp_path) == ["late-delete"]
