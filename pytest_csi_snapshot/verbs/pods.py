"""Data: written by one pod, read back by another, told by their last words."""

from __future__ import annotations

from typing import Any

from pytest_csi_snapshot.cluster import Cluster
from pytest_csi_snapshot.conditions import POD_DONE, POD_READY, Condition, not_the_volumes_fault, status_of
from pytest_csi_snapshot.kube.kinds import POD
from pytest_csi_snapshot.kube.refusals import ApiError
from pytest_csi_snapshot.labels import fresh_name
from pytest_csi_snapshot.ledger import Handle
from pytest_csi_snapshot.recorder import OutOfBounds
from pytest_csi_snapshot.verbs.core import Core
from pytest_csi_snapshot.verbs.ground import PreparationError
from pytest_csi_snapshot.waiting import WaitTimeout
from pytest_csi_snapshot.workloads import filesystems, logs, trees
from pytest_csi_snapshot.workloads.pods import ANSWER_FILE, READY_FILE, USER, Workload, mount_path
from pytest_csi_snapshot.workloads.trees import Tree

Json = dict[str, Any]

DATA = "data"
"""The label of answers about the one volume of a pod."""


class PodVerbs(Core):
    """Verbs on workload pods. ``start_...`` returns at once, so that several can start side by side."""

    cluster: Cluster

    def run(self, workload: Workload, namespace: str) -> Handle:
        """Start a pod; not waited for.

        A policy that gives each namespace users of its own (OpenShift) refuses one of our choice: then it chooses.
        One that allows no root leaves raw devices closed: the test's clauses are unknown.
        """
        __tracebackhide__ = True
        station = self.station
        try:
            return self._run_as(workload, namespace, None if station.users_are_given else USER)
        except ApiError as error:
            if not _refused_by_policy(error):
                raise
            if workload.needs_root:
                raise OutOfBounds(f"a raw device needs a pod as root: {error.message}") from None
            if station.users_are_given:
                raise
            made = self._run_as(workload, namespace, None)
        station.users_are_given = True
        return made

    def _run_as(self, workload: Workload, namespace: str, user: int | None) -> Handle:
        name, placement = fresh_name("workload"), self.bounds.placement
        manifest = workload.manifest(
            name=name, namespace=namespace, image=self.cluster.image, placement=placement, user=user
        )
        return self.create(POD, manifest)

    def answer(self, pod: Handle, clause: str = "") -> str:
        """The last words of a pod that ran to completion."""
        __tracebackhide__ = True
        words = _last_words(self._come_to(pod, POD_DONE, clause))
        self.delete(pod)  # even a pod that is done holds its claims back
        return words

    def start_write(self, claim: Handle, tree: Tree) -> Handle:
        """A pod that writes a tree and ends."""
        return self.run(_once(tree.write_script(mount_path(0)), claim), claim.namespace)

    def write(self, claim: Handle, tree: Tree) -> None:
        """Write a tree into a volume, and let go of it."""
        __tracebackhide__ = True
        self.answer(self.start_write(claim, tree))

    def start_read(self, claim: Handle) -> Handle:
        """A pod that lists what a volume holds (tree, log, size of the filesystem) and ends."""
        root = mount_path(0)
        script = trees.list_script(root, DATA) + filesystems.size_script(root, DATA)
        script += f"if [ -e {root}/log ]; then {logs.check_script(root, DATA)} fi\n"
        return self.run(_once(f"{{ {script} }} > {ANSWER_FILE}", claim), claim.namespace)

    def read(self, claim: Handle, clause: str = "") -> str:
        """What ``start_read`` found."""
        __tracebackhide__ = True
        return self.answer(self.start_read(claim), clause)

    def files(self, claim: Handle) -> dict[str, str]:
        """The tree that a volume holds: path -> mode, links, size, digest, as ``Tree.listing()`` has them."""
        __tracebackhide__ = True
        script = f"{{ {trees.list_script(mount_path(0), DATA)} }} > {ANSWER_FILE}"
        return trees.read_listing(self.answer(self.run(_once(script, claim), claim.namespace)), DATA)

    def holds(self, clause: str, tree: Tree, answer: str, about: object, *, label: str = DATA) -> None:
        """Check that a volume holds a tree: every file with its content, mode and links, and nothing else."""
        __tracebackhide__ = True
        expected, found = tree.listing(), trees.read_listing(answer, label)
        different = sorted(path for path in expected if found.get(path) != expected[path])
        self.check(
            clause,
            expected={path: expected[path] for path in different} or f"tree {tree.tag!r}: {len(expected)} paths",
            observed={path: found.get(path, "not listed") for path in different}
            or f"tree {tree.tag!r}, all equal",
            holds=not different,
            about=about,
            blame="DRV",
        )

    def spans(self, clause: str, size: int, answer: str, about: object) -> None:
        """Check that the filesystem is as large as its volume; its own needs take less than a fifth."""
        __tracebackhide__ = True
        inside = filesystems.read_size(answer, DATA)
        if inside is None or inside.shared:
            self.unknown(clause, "the filesystem of the volume is the host's: its size says nothing")
        self.check(
            clause,
            expected=f"a filesystem of at least four fifths of {size} bytes",
            observed=f"{inside.size} bytes",
            holds=inside.size >= size * 4 // 5,
            about=about,
            blame="DRV",
        )

    def start_writer(self, claim: Handle, first: Tree, last: Tree) -> Handle:
        """A pod that writes a tree, then a log without end, and ``last`` over the tree when it is deleted.

        Ready once the first tree and the first records are flushed.
        """
        root = mount_path(0)
        farewell = f"{last.write_script(root)} {filesystems.size_script(root, DATA)} echo {DATA} count $n"
        script = f"""
set -e; stop=; trap 'stop=1' TERM
{first.write_script(root)}
{logs.write_script(root)}
: > {READY_FILE}
keep_logging
{{ {farewell}; }} > {ANSWER_FILE}
"""
        return self.run(Workload(script, {claim.name: self._mode(claim)}, stays=True, grace=30), claim.namespace)

    def writer(self, claim: Handle, first: Tree = trees.A, last: Tree = trees.B) -> Handle:
        """``start_writer``, ready: from now on the volume holds ``first`` and is being written."""
        __tracebackhide__ = True
        pod = self.start_writer(claim, first, last)
        self._come_to(pod, POD_READY)
        return pod

    def stop(self, pod: Handle) -> str:
        """Delete a pod and wait until it is gone; its last words, "" where the node did not pass them on."""
        __tracebackhide__ = True
        self.delete(pod)
        self.gone(pod, within=self.limits.pod)
        words = [_last_words(version.object) for version in self.versions(pod)]
        return next((word for word in reversed(words) if word), "")

    def _come_to(self, pod: Handle, condition: Condition, clause: str = "") -> Json:
        """Wait for a pod; one that came to nothing through no fault of its volumes says nothing about a clause."""
        __tracebackhide__ = True
        try:
            return self.wait(pod, condition, clause, within=self.limits.pod)
        except WaitTimeout as error:
            latest = self.history.latest(pod.uid)
            why = not_the_volumes_fault(latest.object) if latest else ""
            if not why:
                raise
            raise PreparationError(f"{pod}: the workload did not run: {why}") from error

    def _mode(self, claim: Handle) -> str:
        latest = self.history.latest(claim.uid)
        body = latest.object if latest else self.get(claim)
        return str(body["spec"].get("volumeMode") or "Filesystem")


def _refused_by_policy(error: ApiError) -> bool:
    """Whether admission refused a pod for what it asks for: built-in plugins by 403, others in words."""
    quota = "exceeded quota" in error.message
    return not quota and (error.status == 403 or " denied " in error.message)


def _once(script: str, claim: Handle) -> Workload:
    return Workload(f"set -eu; {script}", {claim.name: "Filesystem"})


def _last_words(pod: Json) -> str:
    for container in status_of(pod).get("containerStatuses") or []:
        ended = (container.get("state") or {}).get("terminated") or {}
        if message := ended.get("message"):
            return str(message)
    return ""
