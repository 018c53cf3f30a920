"""The Job's objects, and the way of a report from a pod to whoever collects it."""

from __future__ import annotations

import io
import random
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pytest_csi_snapshot.errors import EnvironmentTrouble
from pytest_csi_snapshot.job import collecting, parcels
from pytest_csi_snapshot.job.__main__ import main
from pytest_csi_snapshot.job.manifest import Wish, manifest

Json = dict[str, Any]


def report_in(folder: Path, text: str = "{}") -> Path:
    (folder / "evidence").mkdir(parents=True)
    (folder / "report.json").write_text(text)
    (folder / "evidence" / "x.json").write_bytes(random.Random(1).randbytes(2 * parcels.PIECE))  # does not shrink
    return folder


def pieces(shard: int, attempt: str, packed: bytes) -> list[Json]:
    return parcels.bodies("csi-snapshot", "ns", shard, attempt, packed)


def test_a_report_arrives_as_it_was(tmp_path: Path) -> None:
    folder = report_in(tmp_path / "report")
    bodies = pieces(2, "pod-a", parcels.pack(folder))
    assert len(bodies) == 3
    assert bodies[-1]["metadata"]["name"] == "csi-snapshot-shard-2-0", "where the first one is, the others are"
    parcels.unpack(parcels.joined(2, bodies), tmp_path / "back")
    for path in ("report.json", "evidence/x.json"):
        assert (tmp_path / "back" / path).read_bytes() == (folder / path).read_bytes()


def archive_of(*members: tarfile.TarInfo) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for member in members:
            archive.addfile(member, io.BytesIO(b"x" * member.size))
    return packed.getvalue()


def member(name: str, **fields: object) -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    for field, value in fields.items():
        setattr(made, field, value)
    return made


@pytest.mark.parametrize("name", ["../outside", "/tmp/outside", "a/../../outside"])
def test_a_report_is_written_nowhere_else(tmp_path: Path, name: str) -> None:
    with pytest.raises(tarfile.TarError, match="leads out of the archive"):
        parcels.unpack(archive_of(member(name, size=1)), tmp_path / "back")
    assert list(tmp_path.rglob("outside")) == []


def test_of_a_report_only_files_are_written(tmp_path: Path) -> None:
    link = member("link", type=tarfile.SYMTYPE, linkname="/etc/hostname")
    parcels.unpack(archive_of(link, member("a/file", size=1)), tmp_path / "back")
    assert [path.name for path in (tmp_path / "back").rglob("*")] == ["a", "file"]


def test_half_a_report_is_none(tmp_path: Path) -> None:
    packed = parcels.pack(report_in(tmp_path / "report"))
    bodies, later = pieces(1, "pod-a", packed), pieces(1, "pod-b", packed)
    with pytest.raises(parcels.IncompleteError, match="shard 1 has left no report"):
        parcels.joined(1, bodies[:-1])
    with pytest.raises(parcels.IncompleteError, match="piece 1 of the report of shard 1 is missing"):
        parcels.joined(1, [bodies[0], bodies[2]])
    with pytest.raises(parcels.IncompleteError, match="piece 2 of"):  # pod b was ended while it wrote
        parcels.joined(1, [bodies[0], later[1], later[2]])


def test_the_job_is_tried_again_but_not_for_a_wrong_command() -> None:
    *rights, job = manifest(Wish("d", 3, arguments=("-k", "clone")))
    spec = job["spec"]
    assert (spec["completions"], spec["parallelism"], spec["completionMode"]) == (3, 3, "Indexed")
    assert spec["podFailurePolicy"]["rules"][0] == {
        "action": "FailIndex",
        "onExitCodes": {"operator": "In", "values": [4]},
    }
    (container,) = spec["template"]["spec"]["containers"]
    assert container["command"][-4:] == ["--", "--csi-driver=d", "-k", "clone"]
    assert [body["kind"] for body in rights][-3:] == ["ClusterRoleBinding", "Role", "RoleBinding"]


class Cluster:
    """A Job that goes through ``states``, and what its pods have left."""

    def __init__(self, states: list[Json], maps: list[Json]) -> None:
        meta = {"name": "j", "namespace": "ns"}
        self._states = [
            {
                "metadata": {**meta, "resourceVersion": str(number)},
                "spec": {"completions": 2},
                "status": status,
            }
            for number, status in enumerate(states)
        ]
        self._maps = maps

    def find(self, *_where: object) -> Json | None:
        return self._states[0] if self._states else None

    def watch(self, *_where: object, resourceVersion: str, **_query: object) -> Iterator[Json]:  # noqa: N803
        """Ends after each version, as a watch does that the server closes."""
        following = int(resourceVersion) + 1
        yield {"type": "MODIFIED", "object": self._states[following]}

    def list(self, *_where: object, **_query: object) -> list[Json]:
        return self._maps


DONE = {"succeeded": 1, "failed": 1, "conditions": [{"type": "Failed", "status": "True"}]}


def test_the_end_of_the_job_is_awaited_and_a_shard_without_report_is_named(tmp_path: Path) -> None:
    packed = parcels.pack(report_in(tmp_path / "report"))
    cluster = Cluster([{}, {"succeeded": 1}, {"succeeded": 1, "failed": 1}, DONE], pieces(1, "pod-a", packed))
    told: list[str] = []
    job = collecting.await_job(cluster, "ns", "j", told.append)  # type: ignore[arg-type]
    assert told == [
        "0 of 2 shards are done",
        "1 of 2 shards are done",
        "1 of 2 shards are done, 1 pods were lost or failed and are run again",
    ]
    taken, missing = collecting.reports(cluster, job, tmp_path / "out")  # type: ignore[arg-type]
    assert [path.name for path in taken] == ["shard-1"]
    assert missing == ["shard 2 has left no report"]


def test_no_job() -> None:
    with pytest.raises(EnvironmentTrouble, match="there is no Job ns/j; make it"):
        collecting.await_job(Cluster([], []), "ns", "j", print)  # type: ignore[arg-type]


def test_outside_of_a_pod(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JOB_COMPLETION_INDEX", raising=False)
    assert main(["run", "--job=j", "--shards=2", "--", "-k", "x"]) == 3
    assert "JOB_COMPLETION_INDEX is not set; this command is for the pods of a Job" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["manifest"], ["manifest", "--driver=d", "--shards=65"], ["nothing"]])
def test_wrong_command_lines(arguments: list[str]) -> None:
    assert code_of(arguments) == 4


def code_of(arguments: list[str]) -> object:
    try:
        return main(arguments)
    except SystemExit as end:  # argparse's way
        return end.code
