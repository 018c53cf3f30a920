"""The nine cases that both sides have: what e2e.test calls them, and which tests of ours judge the same.

Ours are more tests than theirs where one of theirs looks at several things; then their times add up.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

PERSISTENT = (
    "snapshottable [Feature:VolumeSnapshotDataSource] volume snapshot controller should check snapshot fields, "
    "check restore correctly works after modifying source data, check deletion (persistent)"
)
PLAIN, GROWING = "Dynamic PV (default fs)", "Dynamic PV (default fs)(allowExpansion)"


@dataclass(frozen=True)
class E2eCase:
    """One case. ``title`` and ``text`` make its name in e2e.test; ``ours`` are the tests of this suite."""

    name: str
    title: str
    text: str
    looks_at: str
    ours: tuple[str, ...]

    def pattern(self) -> str:
        """A regular expression for ``-ginkgo.focus`` that finds this case and no other, for our driver."""
        words = f"[Testpattern: {self.title}] {self.text}".split()
        return r"External Storage \[Driver: [^]]+\] " + r"\s+".join(map(re.escape, words)) + r"( \[|$)"


CASES = (
    E2eCase(
        "snapshot, Delete",
        "Dynamic Snapshot (delete policy)",
        PERSISTENT,
        "fields of snapshot and content; write, cut, write on, restore, read; the content goes with the snapshot",
        (
            "test_dynamic.py::test_content_describes_volume_class_and_snapshot[Delete-Filesystem]",
            "test_dynamic.py::test_snapshot_of_a_volume_in_use_is_of_the_moment_of_the_cut",
            "test_deletion.py::test_delete_policy_removes_content_and_backend_snapshot",
        ),
    ),
    E2eCase(
        "snapshot, Retain",
        "Dynamic Snapshot (retain policy)",
        PERSISTENT,
        "the same with Retain: the content stays, and what it names can still be restored",
        (
            "test_dynamic.py::test_content_describes_volume_class_and_snapshot[Retain-Filesystem]",
            "test_deletion.py::test_retain_policy_keeps_content_and_data",
        ),
    ),
    E2eCase(
        "restore",
        PLAIN,
        "provisioning should provision storage with snapshot data source [Feature:VolumeSnapshotDataSource]",
        "a volume from a snapshot has its data",
        ("test_restore.py::test_restored_volume_holds_the_data_of_the_cut",),
    ),
    E2eCase(
        "clone",
        PLAIN,
        "provisioning should provision storage with pvc data source",
        "a volume from a volume has its data",
        ("test_clone.py::test_clone_holds_the_data_of_its_source",),
    ),
    E2eCase(
        "five clones at once",
        PLAIN,
        "provisioning should provision storage with pvc data source in parallel [Slow]",
        "five volumes from one volume, made at once",
        ("test_clone.py::test_clones_made_at_once_all_hold_the_data",),
    ),
    E2eCase(
        "offline expansion",
        GROWING,
        "volume-expand Verify if offline PVC expansion works",
        "a volume grows while no pod uses it; the next pod's filesystem has the size",
        ("test_expansion_data.py::test_volume_grows_and_keeps_its_data[Filesystem-detached]",),
    ),
    E2eCase(
        "online expansion",
        GROWING,
        "volume-expand should resize volume when PVC is edited while pod is using it",
        "a volume grows under its pod",
        ("test_expansion_online.py::test_filesystem_grows_under_its_pod",),
    ),
    E2eCase(
        "expansion, pod made again",
        GROWING,
        "volume-expand should resize volume when PVC is edited and the pod is re-created on the same node after "
        "controller resize is finished",
        "the controller's part is done without a pod, the node's part by the next pod",
        ("test_expansion_story.py::test_old_size_is_kept_while_the_node_has_a_step_to_do[Filesystem]",),
    ),
    E2eCase(
        "refused expansion",
        PLAIN,
        "volume-expand should not allow expansion of pvcs without AllowVolumeExpansion property",
        "a class that does not allow it",
        ("test_expansion_api.py::test_class_decides_whether_a_claim_may_grow",),
    ),
)
"""Those whose times stand in the design as the figures to beat."""
