"""The table of pod fields: what is not in it is named, what is accepted without effect is listed."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_csi_snapshot.fixtures.node.fields import unenforced, unsupported

CONTAINER = {"name": "c", "image": "i", "command": ["true"]}


def spec(**more: Any) -> dict[str, Any]:
    return {"containers": [CONTAINER], **more}


def with_container(**more: Any) -> dict[str, Any]:
    return {"containers": [{**CONTAINER, **more}]}


@pytest.mark.parametrize(
    "given",
    [
        spec(restartPolicy="Never", dnsPolicy="ClusterFirst", hostPID=False, hostNetwork=True),
        with_container(imagePullPolicy="Always", resources={"limits": {"cpu": 1}}, ports=[{"containerPort": 1}]),
        with_container(stdin=False, tty=False, livenessProbe={"exec": {"command": ["true"]}, "periodSeconds": 1}),
        spec(volumes=[{"name": "v", "emptyDir": {"medium": "Memory"}}, {"name": "w", "ephemeral": {}}]),
        spec(securityContext={"fsGroup": 1, "seccompProfile": {"type": "RuntimeDefault"}}),
        spec(securityContext={"seLinuxOptions": {"level": "s0:c0,c1"}}),
        spec(futureField=None, anotherOne={}, third=[]),
    ],
)
def test_supported(given: dict[str, Any]) -> None:
    assert list(unsupported(given)) == []


@pytest.mark.parametrize(
    ("given", "path"),
    [
        (spec(hostPID=True), "spec.hostPID: True"),
        (spec(runtimeClassName="x"), "spec.runtimeClassName"),
        (with_container(lifecycle={"preStop": {}}), "spec.containers[0].lifecycle"),
        (with_container(livenessProbe={"grpc": {"port": 1}}), "spec.containers[0].livenessProbe.grpc"),
        (
            with_container(securityContext={"procMount": "Unmasked"}),
            "spec.containers[0].securityContext.procMount",
        ),
        (spec(volumes=[{"name": "v", "nfs": {"server": "s"}}]), "spec.volumes[0].nfs"),
        (spec(volumes=[{"name": "v", "emptyDir": {"medium": "HugePages"}}]), "spec.volumes[0].emptyDir.medium"),
        (spec(initContainers=[{**CONTAINER, "restartPolicy": "Always"}]), "spec.initContainers[0].restartPolicy"),
        (
            spec(volumes=[{"name": "v", "projected": {"sources": [{"clusterTrustBundle": {"path": "x"}}]}}]),
            "spec.volumes[0].projected.sources[0].clusterTrustBundle",
        ),
    ],
)
def test_unsupported_is_named_by_its_path(given: dict[str, Any], path: str) -> None:
    found = list(unsupported(given))
    assert len(found) == 1
    assert found[0].startswith(path)


def test_each_unsupported_field_is_named() -> None:
    assert len(list(unsupported(spec(hostPID=True, hostIPC=True, hostUsers=False)))) == 3


def test_accepted_without_effect() -> None:
    listed = set(unenforced())
    fields = (
        "resources",
        "imagePullPolicy",
        "ports",
        "securityContext.seccompProfile",
        "securityContext.seLinuxOptions",
    )
    for name in fields:
        assert f"spec.containers[].{name}" in listed
    assert "spec.securityContext.seccompProfile" in listed
    assert "spec.containers[].command" not in listed
