"""What the driver says when it is asked past the controllers: so it is told whose doing something is.

Only where its socket can be reached; elsewhere both stay blamed. No verdict is made here, only an owner found.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from pytest_csi_snapshot.cluster import Cluster
from pytest_csi_snapshot.culprits import unready_handle
from pytest_csi_snapshot.evidence.stepping import quiet
from pytest_csi_snapshot.kube.kinds import SNAPSHOT
from pytest_csi_snapshot.labels import fresh_name
from pytest_csi_snapshot.ledger import Handle
from pytest_csi_snapshot.verbs.core import Core


class WitnessVerbs(Core):
    """Questions whose answers are keys of OWNERS, several ones where they cannot be told apart."""

    cluster: Cluster

    @quiet
    def sidecar_or_driver(self, handle: str, differs: Callable[[Any], bool]) -> str:
        """Whose doing it is that a content does not say what it should of the snapshot ``handle``.

        The driver's where what it tells (``csi.listing.Told``, None for an unknown one) differs from it too.
        """
        socket = self._socket()
        if socket is None or not handle:
            return "SS, DRV"
        from pytest_csi_snapshot.csi.listing import told_of

        return self._asked(lambda: "DRV" if differs(told_of(socket, handle)) else "SS", "SS, DRV")

    @quiet
    def deletes_when_asked(self, handle: str) -> str:
        """Whose doing it is that a snapshot is left over: the sidecar's where the driver deletes it now."""
        socket = self._socket()
        if socket is None:
            return "DRV, SS"
        from pytest_csi_snapshot.csi.listing import delete, told_of

        def ask() -> str:
            delete(socket, handle)
            return "DRV" if told_of(socket, handle) else "SS"

        return self._asked(ask, "DRV, SS")

    @quiet
    def has_cut_all(self, volumes: Sequence[str]) -> str:
        """Who has left out a snapshot of one of these volumes (handles): the sidecar if the driver has all."""
        socket = self._socket()
        if socket is None:
            return "SS, DRV"
        from pytest_csi_snapshot.csi.listing import snapshots_of

        def ask() -> str:
            return "SS" if all(snapshots_of(socket, volume) for volume in volumes) else "DRV"

        return self._asked(ask, "SS, DRV")

    @quiet
    def repeats_secrets(self, secrets: Mapping[str, str], word: str) -> str:
        """Who has told a word of some secrets: the driver if it does so in a refusal that nobody else hears."""
        socket = self._socket()
        if socket is None:
            return "SS, DRV"
        from pytest_csi_snapshot.csi.listing import refusal_of

        told = partial(refusal_of, socket, fresh_name("never"), secrets)
        return self._asked(lambda: "DRV" if word in told() else "SS", "SS, DRV")

    def _culprit(self, what: Handle, awaited: str) -> str:
        """As elsewhere; of a snapshot that is cut and never ready, the driver is asked whether it has it ready."""
        found = super()._culprit(what, awaited)
        handle = unready_handle(self.history, what.uid) if found == "DRV" and what.kind == SNAPSHOT else ""
        return self.sidecar_or_driver(handle, lambda told: not (told and told.ready)) if handle else found

    def _socket(self) -> Path | None:
        return Path(self.cluster.endpoint.removeprefix("unix://")) if self.cluster.endpoint else None

    def _asked(self, ask: Callable[[], str], otherwise: str) -> str:
        import grpc

        try:
            return ask()
        except grpc.RpcError as error:  # it answers, and not with what it should: nobody else has a part in that
            known = error.code() not in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.UNIMPLEMENTED)
            return "DRV" if known else otherwise
        except OSError:
            return otherwise
