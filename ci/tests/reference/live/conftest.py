"""Fixtures: the five roles with a driver in memory, on a control plane of the module's own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .stage import ROLES, Cluster, control_plane, stage


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """All roles, each once."""
    with control_plane() as kubeconfig, stage(kubeconfig) as made:
        made.snapshot_classes()
        for role in ROLES:
            made.start(role)
        yield made
