"""The securityContexts of pod and container, put together."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_csi_snapshot.fixtures.node.security import (
    CAPABILITIES,
    DEFAULT_CAPABILITIES,
    SecurityRefusedError,
    capabilities,
    identity_of,
)


def identity(pod: dict[str, Any], container: dict[str, Any]) -> Any:
    return identity_of({"securityContext": pod}, {"securityContext": container})


def test_the_container_overrides_the_pod() -> None:
    found = identity({"runAsUser": 1, "runAsGroup": 2, "fsGroup": 3, "supplementalGroups": [4]}, {"runAsUser": 5})
    assert (found["uid"], found["gid"], found["groups"]) == (5, 2, [2, 3, 4])


def test_nobody_asks_for_anything() -> None:
    found = identity_of({}, {})
    assert (found["uid"], found["no_new_privs"]) == (0, False)
    assert {CAPABILITIES[number] for number in found["capabilities"]} == DEFAULT_CAPABILITIES


def test_root_is_refused_where_it_is_forbidden() -> None:
    with pytest.raises(SecurityRefusedError, match="runAsNonRoot"):
        identity({"runAsNonRoot": True}, {})
    assert identity({"runAsNonRoot": True}, {"runAsNonRoot": False})["uid"] == 0
    assert identity({"runAsNonRoot": True, "runAsUser": 7}, {})["uid"] == 7


@pytest.mark.parametrize(
    ("security", "held"),
    [
        ({"capabilities": {"drop": ["ALL"]}}, set()),
        ({"capabilities": {"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]}}, {"NET_BIND_SERVICE"}),
        ({"capabilities": {"add": ["CAP_SYS_ADMIN"]}}, DEFAULT_CAPABILITIES | {"SYS_ADMIN"}),
        ({"capabilities": {"drop": ["CHOWN"]}}, DEFAULT_CAPABILITIES - {"CHOWN"}),
        ({"capabilities": {"add": ["ALL"], "drop": ["BPF"]}}, set(CAPABILITIES) - {"BPF"}),
        ({"privileged": True, "capabilities": {"drop": ["ALL"]}}, set(CAPABILITIES)),
    ],
)
def test_capabilities(security: dict[str, Any], held: set[str]) -> None:
    assert capabilities(security) == held


def test_an_unknown_capability_is_named() -> None:
    with pytest.raises(SecurityRefusedError, match="SYS_MAGIC"):
        capabilities({"capabilities": {"add": ["SYS_MAGIC"]}})
