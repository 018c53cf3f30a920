"""Which Longhorn the backend and the driver are like. A row a difference; what is not here is the same in both.

``current`` is the default and keeps every clause; ``seed`` is the release of early 2022, as walkthroughs from that
time show it.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Profile:
    """One release, by what its clients can see."""

    name: str
    image_field: str
    """The name that a volume's ``image`` has on the wire."""
    error_code: str
    """``code`` of every refusal; "" for one that tells refusals apart."""
    lower_case_conditions: bool
    snapshot_crs: bool
    """Whether snapshots are also objects of their own, which detached volumes can have made."""
    backs_up_detached: bool
    expands_attached: bool
    backup_target_settings: bool
    """The backup target is three settings; else it is an object that can be changed."""
    backup_volume_has_own_name: bool
    """A backup volume is called ``<volume>-<8 hex>``; else like its volume."""
    backup_scheme: str
    """Of the snapshot handles the driver writes for backups; both are read."""
    restores_before_answering: bool
    """CreateVolume answers when the data is there; else a volume is not published before."""
    lists_snapshots: bool
    surfaces_failed_backups: bool
    """CreateSnapshot answers with what a backup failed of; else its snapshot is never ready."""
    modern_driver: bool
    """The driver also lists volumes, tells free space, and cuts groups of volumes."""


PROFILES = {
    profile.name: profile
    for profile in (
        Profile(
            name="current",
            image_field="image",
            error_code="",
            lower_case_conditions=False,
            snapshot_crs=True,
            backs_up_detached=True,
            expands_attached=True,
            backup_target_settings=False,
            backup_volume_has_own_name=True,
            backup_scheme="bak",
            restores_before_answering=True,
            lists_snapshots=True,
            surfaces_failed_backups=True,
            modern_driver=True,
        ),
        Profile(
            name="seed",
            image_field="engineImage",
            error_code="Server Error",
            lower_case_conditions=True,
            snapshot_crs=False,
            backs_up_detached=False,
            expands_attached=False,
            backup_target_settings=True,
            backup_volume_has_own_name=False,
            backup_scheme="bs",
            restores_before_answering=False,
            lists_snapshots=False,
            surfaces_failed_backups=False,
            modern_driver=False,
        ),
    )
}
DEFAULT = "current"
