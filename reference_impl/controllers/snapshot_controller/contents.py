"""One look at one content: its shape and its finalizer (clauses FIN-006, FIN-010, BIND-007, BIND-008).

A content whose snapshot is missing is left alone: YAML copied from another cluster must not cost data.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..kube import objects
from ..kube.errors import ApiError
from ..kube.events import WARNING
from .cluster import Family


class Contents:
    """Keeps the contents of single snapshots, or those of groups, protected while they are bound."""

    def __init__(self, family: Family, complaint: Complaint) -> None:
        self.family = family
        self._complaint = complaint

    def sync(self, key: str) -> None:
        """Look at one content."""
        content = self.family.contents.get(key)
        if content is None:
            return
        form = self.family.form
        source = content["spec"]["source"]
        if (source.get(form.volume_field) is None) == (source.get(form.existing_field) is None):
            self.family.events.event(content, WARNING, self._complaint.reason, self._complaint.text)
            return
        if objects.deleting(content) or not content["spec"][form.ref].get("uid"):
            return
        try:
            self.family.contents.edit(
                content,
                lambda draft: not objects.deleting(draft) and objects.add_finalizer(draft, form.content_finalizer),
            )
        except ApiError as error:
            if not error.not_found:
                raise


@dataclass(frozen=True)
class Complaint:
    """The event about a content with no source or with both."""

    reason: str
    text: str


SINGLE_COMPLAINT = Complaint(
    "ContentValidationError", "Exactly one of VolumeHandle and SnapshotHandle should be specified"
)
GROUP_COMPLAINT = Complaint(
    "GroupContentValidationError", "The source has to be either volumeHandles or groupSnapshotHandles"
)
