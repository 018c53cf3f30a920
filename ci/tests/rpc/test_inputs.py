"""Files of secrets and parameters, and how little of them is ever shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_csi_snapshot.csi.inputs import Inputs, of_class, read_parameters, read_secrets
from pytest_csi_snapshot.csi.messages import shown, without_secrets
from pytest_csi_snapshot.csi.wire import csi_pb2


def test_secrets_are_read_by_method(tmp_path: Path) -> None:
    path = written(tmp_path, "CreateVolumeSecret:\n  user: admin\n  pin: 0123\nNodeStageVolumeSecret: {}\n")
    inputs = Inputs(secrets=read_secrets(path))
    assert inputs.secrets_for("CreateVolume") == {"user": "admin", "pin": "0123"}
    assert inputs.secrets_for("NodeStageVolume") == inputs.secrets_for("DeleteVolume") == {}
    assert sorted(inputs.secret_values) == ["0123", "admin"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("CreateVolumeSecrets: {a: b}", "unknown key 'CreateVolumeSecrets'; did you mean 'CreateVolumeSecret'?"),
        ("CreateVolumeSecret: secret", "a map of names is needed"),
        ("CreateVolumeSecret: {a: [hidden]}", "the value of 'a' is not a text"),
        ("CreateVolumeSecret: {a: hidden", "is not YAML"),
        ("- hidden", "a map of names is needed"),
    ],
)
def test_a_wrong_file_of_secrets_is_told_without_its_secrets(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(ValueError) as found:
        read_secrets(written(tmp_path, text))
    assert told in str(found.value)
    assert "hidden" not in str(found.value)
    assert "\n" not in str(found.value)


def test_parameters_are_those_of_a_class(tmp_path: Path) -> None:
    found = read_parameters(written(tmp_path, "csi.storage.k8s.io/fstype: xfs\nnumberOfReplicas: 3\nfast: yes\n"))
    assert of_class(found) == ({"numberOfReplicas": "3", "fast": "yes"}, "xfs")
    with pytest.raises(ValueError, match=r"unknown key .* did you mean .csi\.storage\.k8s\.io/fstype."):
        read_parameters(written(tmp_path, "csi.storage.k8s.io/fs-type: xfs\n"))


def test_what_belongs_to_the_sidecars_does_not_reach_a_driver() -> None:
    parameters = {"csi.storage.k8s.io/provisioner-secret-name": "s", "type": "snap"}
    assert of_class(parameters) == ({"type": "snap"}, "")


def test_a_message_is_shown_without_its_secrets() -> None:
    request = csi_pb2.CreateVolumeRequest(name="a", secrets={"password": "Tr0ub4dor"}, parameters={"type": "b"})
    assert shown(request) == 'name: "a" parameters { key: "type" value: "b" }'
    assert request.secrets == {"password": "Tr0ub4dor"}


def test_a_text_is_shown_without_secrets() -> None:
    assert without_secrets("no admin with admin1", ["admin", "admin1", ""]) == "no *** with ***"


def written(folder: Path, text: str) -> str:
    path = folder / "file.yaml"
    path.write_text(text)
    return str(path)
