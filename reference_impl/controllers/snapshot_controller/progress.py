"""The way of a snapshot, single or group: class, content, finalizers, status; each in a module of its own."""

from __future__ import annotations

from abc import ABC, abstractmethod

from ..kube import objects
from ..kube.client import Json
from ..kube.errors import ApiError
from ..kube.events import WARNING
from ..work.loop import SyncError
from . import binding, classes
from .binding import BindingError
from .classes import ClassError
from .cluster import Cluster, Family, ready
from .creation import CreationError
from .status import SnapshotStatus


class Progress(ABC):
    """Brings the snapshots of one sort to the state that their spec asks for."""

    def __init__(self, cluster: Cluster, family: Family, status: SnapshotStatus) -> None:
        self.cluster = cluster
        self.family = family
        self.status = status

    def sync(self, key: str) -> None:
        """Look at one snapshot. Raises SyncError or ApiError where it has to be looked at again."""
        snapshot = self.family.snapshots.get(key)
        if snapshot is None:
            return
        if objects.deleting(snapshot):
            self.remove(snapshot)
            return
        try:
            self.advance(snapshot)
        except ApiError as error:
            # Deleted while we worked: the watch brings the deletion, there is nothing to report.
            if not error.not_found or self.family.snapshots.get(key) is snapshot:
                raise

    def advance(self, snapshot: Json) -> None:
        """The next step of a living snapshot."""
        try:
            snapshot = self.choose_class(snapshot)
        except ClassError as error:
            self.status.fail(snapshot, error.reason, str(error), not_ready=False)
            raise SyncError(str(error)) from error
        try:
            content = binding.find(self.family, snapshot, self.dynamic_name(snapshot))
        except BindingError as error:
            self._refuse(snapshot, error)
            form = self.family.form
            text = f"Failed to check and update {form.noun}: {error}"
            self.cluster.events.event(snapshot, WARNING, f"{form.title}FinalizerError", text)
            raise SyncError(str(error)) from error
        snapshot = self.protect(snapshot, content)
        try:
            content = self._settle_content(snapshot, content)
        except BindingError as error:
            self._refuse(snapshot, error)
            raise SyncError(str(error)) from error
        self.follow(snapshot, content)

    def choose_class(self, snapshot: Json) -> Json:
        """See that there is a class, if one is needed. Returns the snapshot as it is now; raises ClassError."""
        return classes.settle(self.family, snapshot, lambda: self.driver(snapshot))

    def dynamic_name(self, snapshot: Json) -> str:
        """The content of a snapshot that names none."""
        return self.family.form.dynamic_name(snapshot)

    def follow(self, snapshot: Json, content: Json) -> Json:
        """Show what the content says; a ready snapshot keeps what it shows. Returns the snapshot as it is now."""
        if not ready(snapshot):
            return self.status.follow(snapshot, content)
        return self.status.clear(snapshot) if snapshot["status"].get("error") else snapshot

    @abstractmethod
    def driver(self, snapshot: Json) -> str:
        """The driver of the volume that a dynamic snapshot is taken of. Raises SourceError."""

    @abstractmethod
    def protect(self, snapshot: Json, content: Json | None) -> Json:
        """Add the finalizers that the state calls for. Returns the snapshot as it is now."""

    @abstractmethod
    def create(self, snapshot: Json) -> Json:
        """Make the content of a dynamic snapshot. Raises CreationError, ApiError."""

    @abstractmethod
    def remove(self, snapshot: Json) -> None:
        """Bring a deleted snapshot one step nearer to its end. Raises SyncError where something holds it up."""

    def _settle_content(self, snapshot: Json, content: Json | None) -> Json:
        """The bound content: found, tied, or made. Raises BindingError, SyncError."""
        form = self.family.form
        if form.static_name(snapshot) is not None:
            if content is None:
                raise binding.missing(self.family)
            return binding.bind(self.family, snapshot, content)
        if content is not None:
            return content
        if form.bound_name(snapshot):
            # It had one: making another would pass data of today off as those of the cut.
            raise binding.missing(self.family)
        try:
            return self.create(snapshot)
        except CreationError as error:
            text = f"Failed to create {form.noun} content with error {error}"
            self.status.fail(snapshot, f"{form.title}ContentCreationFailed", text)
            raise SyncError(text) from error
        except ApiError as error:
            title = f"{form.noun} {objects.key(snapshot)}"
            text = f"Error creating volume {form.noun} content object for {title}: {error}."
            self.status.fail(snapshot, f"Create{form.title}ContentFailed", text)
            raise

    def _refuse(self, snapshot: Json, error: BindingError) -> None:
        self.status.fail(snapshot, error.reason, str(error))
