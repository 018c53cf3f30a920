"""The stubs in both rooms: what their protos say, and at peace in one process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from pytest_csi_snapshot.csi.wire import csi_pb2 as library
from pytest_csi_snapshot.reference_impl.wire import csi_pb2 as reference

ROOT = Path(__file__).resolve().parents[4]


def test_the_stubs_are_generated_from_the_protos_as_they_are() -> None:
    checked = subprocess.run(
        [sys.executable, str(ROOT / "ci" / "generate_wire.py"), "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_a_message_of_one_room_is_read_by_the_other() -> None:
    sent = library.CreateSnapshotRequest(name="a", source_volume_id="b", secrets={"key": "hidden"})
    got = reference.CreateSnapshotRequest.FromString(sent.SerializeToString())
    assert (got.name, got.source_volume_id, got.secrets["key"]) == ("a", "b", "hidden")


def test_secrets_are_marked_wherever_there_are_any() -> None:
    for message in reference.DESCRIPTOR.message_types_by_name.values():
        for field in message.fields:
            marked: bool = field.GetOptions().Extensions[reference.csi_secret]  # type: ignore[index]  # protoc's .pyi
            assert marked == (field.name == "secrets"), field.full_name
