"""Workloads: their shell does what the expectation says, with the shell of this machine."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

from pytest_csi_snapshot.workloads import filesystems, logs, trees
from pytest_csi_snapshot.workloads.pods import Workload


def shell(script: str) -> str:
    return subprocess.run(["sh", "-c", f"set -eu\n{script}"], check=True, capture_output=True, text=True).stdout


def listed(root: Path) -> dict[str, str]:
    return trees.read_listing(shell(trees.list_script(str(root), "data")), "data")


def test_a_written_tree_is_what_was_expected(tmp_path: Path) -> None:
    shell(trees.A.write_script(str(tmp_path)))
    assert listed(tmp_path) == trees.A.listing()


def test_a_tree_written_over_another_leaves_nothing_of_it(tmp_path: Path) -> None:
    shell(trees.A.write_script(str(tmp_path)) + trees.B.write_script(str(tmp_path)))
    assert listed(tmp_path) == trees.B.listing()
    different = {path for path in trees.A.listing() if trees.A.listing()[path] != trees.B.listing()[path]}
    assert different == set(trees.A.listing()) - {"empty"}


@pytest.mark.parametrize(
    ("path", "spoil"),
    [
        ("numbers", lambda path: path.write_bytes(path.read_bytes()[:-1] + b"!")),
        ("hole", lambda path: os.truncate(path, 1024)),
        ("tool", lambda path: path.chmod(0o600)),
        ("hard", lambda path: (path.unlink(), path.write_text("alpha small\n"))),
        ("soft", lambda path: (path.unlink(), path.symlink_to("small"))),
        ("dir/deep/file", lambda path: path.unlink()),
        ("owner", lambda path: path.write_text("alpha 4711\n")),
    ],
)
def test_whatever_is_spoilt_shows(tmp_path: Path, path: str, spoil: object) -> None:
    shell(trees.A.write_script(str(tmp_path)))
    assert callable(spoil)
    spoil(tmp_path / "tree" / path)
    assert listed(tmp_path)[path] != trees.A.listing()[path]


def test_a_listing_fits_into_a_termination_message(tmp_path: Path) -> None:
    shell(trees.B.write_script(str(tmp_path)))
    assert len(shell(trees.list_script(str(tmp_path), "data"))) < 2048


@pytest.fixture
def written_log(tmp_path: Path) -> Path:
    """A log by a writer that was asked to stop, as a pod is."""
    ready = tmp_path / "ready"
    os.mkfifo(ready)
    script = f"stop=; trap 'stop=1' TERM\n{logs.write_script(str(tmp_path))}\n: > {ready}\nkeep_logging\n"
    with subprocess.Popen(["sh", "-c", script]) as writer:
        ready.read_bytes()  # returns when the writer has opened its end
        writer.send_signal(signal.SIGTERM)
        assert writer.wait(timeout=20) == 0
    return tmp_path


def found(root: Path) -> logs.LogFound | None:
    return logs.read_log(shell(logs.check_script(str(root), "data")), "data")


def test_a_whole_log_ends_with_the_farewell(written_log: Path) -> None:
    log = found(written_log)
    assert log is not None
    assert log.records * logs.RECORD == (written_log / "log").stat().st_size
    assert (log.is_prefix, log.farewell, log.records >= 4) == (True, True, True)


def cut(root: Path, records: int, slots: int, size: int | None = None) -> None:
    """The log as it was after so many records, of which so many had reached their slots."""
    os.truncate(root / "log", records * logs.RECORD if size is None else size)
    with (root / "slots").open("r+b") as file:
        file.truncate(slots * logs.SLOT)
        file.truncate(logs.SLOTS * logs.SLOT)


@pytest.mark.parametrize("slots", [3, 2])
def test_a_log_cut_between_records_is_a_prefix(written_log: Path, slots: int) -> None:
    cut(written_log, 3, slots)
    assert found(written_log) == logs.LogFound(3, None, farewell=False)


@pytest.mark.parametrize(("slots", "wrong"), [(1, 1), (0, 0), (4, 3)])
def test_slots_that_do_not_end_with_the_log_show(written_log: Path, slots: int, wrong: int) -> None:
    cut(written_log, 3, slots)
    assert found(written_log) == logs.LogFound(3, wrong, farewell=False)


def test_a_slot_from_another_moment_shows(written_log: Path) -> None:
    cut(written_log, 3, 3)
    with (written_log / "slots").open("r+b") as file:
        file.seek(logs.SLOT)
        file.write(bytes(logs.RECORD))
    assert found(written_log) == logs.LogFound(3, 1, farewell=False)


def lay(root: Path, records: int, in_slots: int, lost: int = -1) -> None:
    """A log of so many records, of which so many are in slots, one of them lost."""
    lines = [f"record {10_000_000 + n} running------- \n".encode() for n in range(records)]
    (root / "log").write_bytes(b"".join(lines))
    with (root / "slots").open("wb") as file:
        for number in [n for n in range(in_slots) if n != lost]:
            file.seek(number % logs.SLOTS * logs.SLOT)
            file.write(lines[number])


@pytest.mark.parametrize("records", [logs.SLOTS - 1, logs.SLOTS, logs.SLOTS + 1, 2 * logs.SLOTS, 300])
@pytest.mark.parametrize("behind", [0, 1])
def test_a_log_longer_than_its_slots_goes_round(tmp_path: Path, records: int, behind: int) -> None:
    lay(tmp_path, records, records - behind)
    assert found(tmp_path) == logs.LogFound(records, None, farewell=False)


@pytest.mark.parametrize(("records", "in_slots", "lost"), [(300, 298, -1), (300, 300, 250), (128, 128, 127 - 5)])
def test_a_slot_of_an_earlier_round_shows(tmp_path: Path, records: int, in_slots: int, lost: int) -> None:
    lay(tmp_path, records, in_slots, lost)
    log = found(tmp_path)
    assert log is not None
    assert not log.is_prefix


@pytest.mark.parametrize("size", [3 * logs.RECORD - 5, 3 * logs.RECORD - 1 - logs.RECORD // 2])
def test_a_torn_record_shows(written_log: Path, size: int) -> None:
    cut(written_log, 3, 2, size)
    assert found(written_log) == logs.LogFound(2, 2, farewell=False)


def test_a_lost_record_shows(written_log: Path) -> None:
    data = (written_log / "log").read_bytes()
    (written_log / "log").write_bytes(data[: logs.RECORD] + data[2 * logs.RECORD :])
    log = found(written_log)
    assert log is not None
    assert log.first_wrong == 1


def test_the_size_of_a_filesystem_and_whose_it_is() -> None:
    answer = shell(filesystems.size_script("/", "data"))
    assert filesystems.read_size(answer, "data") == filesystems.Filesystem(
        os.statvfs("/").f_blocks * 4096, shared=True
    )
    own = filesystems.read_size("data df /dev/loop9 1000\ndata rootdf overlay 9999\n", "data")
    assert own == filesystems.Filesystem(1000 * 1024, shared=False)
    assert filesystems.read_size("", "data") is None


def test_a_pod_keeps_the_restricted_standard_unless_it_needs_a_device() -> None:
    pod = Workload("true", {"p": "Filesystem"}).manifest(name="w", namespace="ns", image="i")["spec"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    inside = pod["containers"][0]["securityContext"]
    assert inside == {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    device = Workload("true", {"p": "Block"}).manifest(name="w", namespace="ns", image="i")["spec"]
    assert device["containers"][0]["volumeDevices"] == [{"name": "v0", "devicePath": "/volume-0"}]
    assert "volumeMounts" not in device["containers"][0]


def test_claims_are_mounted_read_only_where_that_is_asked() -> None:
    def volumes(workload: Workload) -> list[dict[str, object]]:
        spec = workload.manifest(name="w", namespace="ns", image="i")["spec"]
        return [volume["persistentVolumeClaim"] for volume in spec["volumes"]]

    assert volumes(Workload("true", {"p": "Filesystem"})) == [{"claimName": "p"}]
    read_only = Workload("true", {"p": "Filesystem"}, read_only=True)
    assert volumes(read_only) == [{"claimName": "p", "readOnly": True}]
