"""Each fault finds what it wraps: a part that was renamed must not leave a fault that does nothing.

What each of them does to a user is shown by the clauses that it breaks, on a cluster.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

import pytest

from pytest_csi_snapshot.reference_impl.backend.api import Api
from pytest_csi_snapshot.reference_impl.backend.engine import Engine
from pytest_csi_snapshot.reference_impl.backend.pool import Pool
from pytest_csi_snapshot.reference_impl.backend.release import release
from pytest_csi_snapshot.reference_impl.controllers.attacher.attachments import Attachments
from pytest_csi_snapshot.reference_impl.controllers.provisioner.claims import Claims as Provisioning
from pytest_csi_snapshot.reference_impl.controllers.provisioner.claims import Settings
from pytest_csi_snapshot.reference_impl.controllers.provisioner.protection import Protection
from pytest_csi_snapshot.reference_impl.controllers.provisioner.unanswered import Unanswered
from pytest_csi_snapshot.reference_impl.controllers.resizer.claims import Claims as Resizing
from pytest_csi_snapshot.reference_impl.driver.backend import Backend
from pytest_csi_snapshot.reference_impl.driver.holding import Holding
from pytest_csi_snapshot.reference_impl.driver.patience import Patience
from pytest_csi_snapshot.reference_impl.driver.services import Services
from pytest_csi_snapshot.reference_impl.faults import registry, wrapping
from pytest_csi_snapshot.reference_impl.faults.fault import Fault
from pytest_csi_snapshot.reference_impl.profiles import DEFAULT, PROFILES

from .clean_again import clean_again
from .private_mounts import private_mounts

__all__ = ["private_mounts"]

FAULTS = "pytest_csi_snapshot.reference_impl.faults."


def of(*components: str) -> list[Any]:
    return [pytest.param(fault, id=fault.name) for fault in registry.FAULTS if fault.component in components]


@pytest.fixture
def wrapped(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[object, str]]]:
    """What faults have wrapped in the test; functions of modules are the clean ones again afterwards."""
    found: list[tuple[object, str]] = []
    clean = wrapping.wrap

    def noting(owner: object, method: str, faulty: Any) -> None:
        assert callable(getattr(owner, method))
        found.append((owner, method))
        clean(owner, method, faulty)

    with clean_again():
        for name, module in list(sys.modules.items()):
            if name.startswith(FAULTS) and hasattr(module, "wrap"):
                monkeypatch.setattr(module, "wrap", noting)
        yield found
        monkeypatch.undo()


@pytest.mark.parametrize("fault", of("driver"))
def test_of_the_driver(fault: type[Fault], wrapped: list[tuple[object, str]]) -> None:
    backend = Backend("http://127.0.0.1:1/v1", "driver.example.com")
    services = Services.make(
        "driver.example.com", "node", backend, Holding(), PROFILES[DEFAULT], Patience(), threading.Event()
    )
    fault().apply(services)
    assert wrapped


@pytest.fixture(scope="module")
def engine(private_mounts: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    data: Path = tmp_path_factory.mktemp("data")
    yield Engine.open(data, Pool(data, 1 << 30))
    assert release(data) == []


@pytest.mark.parametrize("fault", of("backend"))
def test_of_the_backend(fault: type[Fault], wrapped: list[tuple[object, str]], engine: Engine) -> None:
    parts = (engine, engine.pool)
    kept = [dict(vars(part)) for part in parts]
    fault().apply(Api(engine))
    assert wrapped
    for part, clean in zip(parts, kept, strict=True):
        vars(part).clear()
        vars(part).update(clean)


@pytest.mark.parametrize("fault", of("csi-provisioner"))
def test_of_the_provisioner(fault: type[Fault], wrapped: list[tuple[object, str]]) -> None:
    unanswered, cluster = Unanswered(), MagicMock()
    protection = Protection(cluster, "driver.example.com", unanswered)
    claims = Provisioning(MagicMock(), cluster, MagicMock(), protection, unanswered, Settings())
    fault().apply(SimpleNamespace(claims=claims, protection=protection))
    assert wrapped


@pytest.mark.parametrize("fault", of("csi-resizer"))
def test_of_the_resizer(fault: type[Fault], wrapped: list[tuple[object, str]]) -> None:
    expansion, claims, volumes, usage, events = (MagicMock() for _ in range(5))
    fault().apply(Resizing(expansion, claims, volumes, usage, events, slow=1.0))
    assert wrapped


@pytest.mark.parametrize("fault", of("csi-attacher"))
def test_of_the_attacher(fault: type[Fault], wrapped: list[tuple[object, str]]) -> None:
    peer = MagicMock()
    peer.name = "driver.example.com"
    fault().apply(Attachments(peer, *(MagicMock() for _ in range(3))))
    assert wrapped
