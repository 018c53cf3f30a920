"""Default classes: the cluster's set aside, ours put in their place, all of it until the test ends.

Cluster-wide state: only for tests that run alone.
"""

from __future__ import annotations

import pytest

from pytest_csi_snapshot.allowances import CLUSTER_STATE, lacking
from pytest_csi_snapshot.defaults import IS_DEFAULT, marked, set_aside_by
from pytest_csi_snapshot.kube.kinds import SNAPSHOT_CLASS
from pytest_csi_snapshot.kube.refusals import ApiError
from pytest_csi_snapshot.ledger import Handle
from pytest_csi_snapshot.verbs.hearing import HearingVerbs


class DefaultClassVerbs(HearingVerbs):
    """Verbs on what a VolumeSnapshot without a class gets."""

    _aside = False

    def no_defaults(self, clause: str) -> None:
        """Make every default class of the driver no default, until the test ends.

        Skips the test without the allowance; where the API server does not let us, or another run has done so,
        ``clause`` is unknown.
        """
        __tracebackhide__ = True
        if CLUSTER_STATE not in self.api.allowed:
            pytest.skip(lacking(CLUSTER_STATE, "it changes which classes are defaults"))
        for body in self.api.list(SNAPSHOT_CLASS):
            if body["driver"] != self.cluster.driver:
                continue
            name = body["metadata"]["name"]
            if run := set_aside_by(body):
                self.unknown(clause, f"VolumeSnapshotClass {name} is no default for now: run {run} made it so")
            if not marked(body):
                continue
            self._aside = True  # set first: what was sent and not answered is put back all the same
            try:
                self.api.set_aside(body)
            except ApiError as error:
                if error.status != 403 and not error.conflict:
                    raise
                self.unknown(clause, f"VolumeSnapshotClass {name} is a default that cannot be set aside: {error}")

    def default_class(self, value: str = "true", *, driver: str = "") -> Handle:
        """A new class with this value of the annotation, like the given one unless it is of another ``driver``."""
        made = self.class_of(driver) if driver else self.derived_class("Delete")
        self.set_default(made, value)
        return made

    def set_default(self, cls: Handle, value: str | None) -> None:
        """Change the annotation of a class of ours; None takes it off."""
        self.patch(cls, {"metadata": {"annotations": {IS_DEFAULT: value}}})

    def restore_defaults(self) -> None:
        """Undo ``no_defaults``. Ours go first: at no moment are there more defaults than there were."""
        if not self._aside:
            return
        for handle in self.ledger.handles:
            if handle.kind == SNAPSHOT_CLASS:
                self.delete(handle)
        for body in self.api.list(SNAPSHOT_CLASS):
            if set_aside_by(body) == self.api.mark.run:
                self.api.put_back(body)
        self._aside = False
