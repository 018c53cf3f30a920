"""The roles as processes against a real API server, with a driver in memory behind them.

The cluster has no nodes and no other snapshot-controller; it is made for the tests of one module. They make
their own driver name, namespace and classes. Waiting is by watch; the limits are far beyond what is usual.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pytest_csi_snapshot.reference_impl.controllers.kube import kinds, objects
from pytest_csi_snapshot.reference_impl.controllers.kube.client import KubeClient
from pytest_csi_snapshot.reference_impl.controllers.kube.connection import from_kubeconfig
from pytest_csi_snapshot.reference_impl.controllers.kube.errors import ApiError
from pytest_csi_snapshot.reference_impl.controllers.kube.kinds import Kind

from ..controllers.fake_csi import FakeDriver

Json = dict[str, Any]

LIMIT_S = 30
NAMESPACE = Kind("v1", "Namespace", "namespaces", namespaced=False)
ROLES = ("snapshot-controller", "csi-snapshotter", "csi-provisioner", "csi-attacher", "csi-resizer")

TRIAL = Path(__file__).parents[2] / "fixtures" / "trial.py"
"""Starts a bare control plane, says "up RUN KUBECONFIG", and ends it when its standard input ends."""


class Cluster:
    """A namespace, a driver and its classes on the given API server; words for what the tests do."""

    def __init__(self, driver: FakeDriver, folder: Path, kubeconfig: str) -> None:
        self.driver = driver
        self.client = KubeClient(from_kubeconfig(kubeconfig), user_agent="live-test")
        self._kubeconfig = kubeconfig
        self.ns = f"live-{uuid.uuid4().hex[:8]}"
        self._folder = folder
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self.make(NAMESPACE, self.ns, {})
        body: Json = {"provisioner": driver.name, "allowVolumeExpansion": True, "reclaimPolicy": "Delete"}
        self.make(kinds.STORAGE_CLASS, self.title("class"), body)

    def snapshot_classes(self) -> None:
        """One for each deletion policy; a cluster whose CRDs come later gets them later."""
        for policy in ("Delete", "Retain"):
            snapshot_class = {"driver": self.driver.name, "deletionPolicy": policy}
            self.make(kinds.SNAPSHOT_CLASS, self.title(policy), snapshot_class)

    @contextmanager
    def neighbour(self) -> Iterator[Cluster]:
        """Another namespace on the same API server, with the same driver and a class of its own."""
        other = Cluster(self.driver, self._folder, self._kubeconfig)
        try:
            yield other
        finally:
            other.close()

    def title(self, word: str) -> str:
        """A cluster-wide name of this run's own."""
        return f"{self.ns}-{word.lower()}"

    # ---- processes

    def start(self, role: str, *options: str, number: int = 1) -> None:
        """Start one instance of a role; its name and lease identity is ``ROLE-NUMBER``."""
        name = f"{role}-{number}"
        command = [sys.executable, "-m", "pytest_csi_snapshot.reference_impl", role]
        command += ["--kubeconfig", self._kubeconfig]
        command += ["--leader-election", "--leader-election-namespace", self.ns]
        command += ["--leader-election-identity", name, *options]
        if role != "snapshot-controller":
            command += ["--csi-address", self.driver.address]
        with self._log(name).open("ab") as log:
            environment = {**os.environ, "PYTHONWARNINGS": "ignore", "PYTHONFAULTHANDLER": "1"}
            self._processes[name] = subprocess.Popen(command, stderr=log, env=environment)

    def send(self, name: str, number: signal.Signals) -> None:
        """Send a signal to an instance."""
        self._processes[name].send_signal(number)

    def wait(self, name: str) -> int:
        """The exit code of an instance that ends by itself, or was sent a signal."""
        process = self._processes.pop(name)
        try:
            return process.wait(LIMIT_S)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGABRT)  # it writes down where each of its threads is
            process.wait()
            log = self._log(name).read_text()
            raise AssertionError(f"{name} does not end after {LIMIT_S} s:\n{log[-8000:]}") from None

    def stop(self, name: str) -> int:
        """End an instance as a pod is ended; its exit code."""
        self.send(name, signal.SIGTERM)
        return self.wait(name)

    def leader(self, lease: str, *, other_than: str = "") -> str:
        """The instance that holds a lease, once one does that is not ``other_than``."""

        def held(obj: Json | None) -> bool:
            return obj is not None and obj["spec"].get("holderIdentity") not in (None, "", other_than)

        return str(self.until(kinds.LEASE, lease, held)["spec"]["holderIdentity"])

    def read_log(self, name: str, wanted: Callable[[list[str]], object]) -> list[str]:
        """The lines that an instance logs, up to the one with which they are as wanted."""
        lines: list[str] = []
        command = ["timeout", str(LIMIT_S), "tail", "--lines=+1", "--follow", str(self._log(name))]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as tail:
            assert tail.stdout is not None
            for line in tail.stdout:
                lines.append(line)
                if wanted(lines):
                    tail.terminate()
                    return lines
        raise AssertionError(f"{name} logged only {''.join(lines)}")

    def _log(self, name: str) -> Path:
        return self._folder / f"{name}.log"

    def close(self) -> None:
        """End what runs, whatever a failed test left it at. The objects go with the control plane."""
        for name in list(self._processes):
            self.send(name, signal.SIGKILL)
            self.wait(name)

    # ---- objects

    def make(self, kind: Kind, name: str, body: Json) -> Json:
        meta: Json = {"name": name}
        if kind.namespaced:
            meta["namespace"] = self.ns
        typed = {"apiVersion": kind.api_version, "kind": kind.kind}
        return self.client.create(kind, {**typed, "metadata": meta, **body})

    def find(self, kind: Kind, name: str) -> Json | None:
        try:
            return self.client.get(kind, self.ns if kind.namespaced else None, name)
        except ApiError as error:
            if error.not_found:
                return None
            raise

    def delete(self, kind: Kind, name: str) -> None:
        obj = self.find(kind, name)
        assert obj is not None
        self.client.delete(kind, objects.namespace(obj), name, uid=objects.uid(obj))

    def until(self, kind: Kind, name: str, wanted: Callable[[Json | None], object]) -> Json:
        """Watch one object until it is as wanted (None: absent); the object, or {}."""
        space = self.ns if kind.namespaced else None
        only = f"metadata.name={name}"
        listed = self.client.list(kind, space, fieldSelector=only)
        obj: Json | None = next(iter(listed["items"]), None)
        if wanted(obj):
            return obj or {}
        since = listed["metadata"]["resourceVersion"]
        query = {"fieldSelector": only, "resourceVersion": since, "timeoutSeconds": str(LIMIT_S)}
        watch = self.client.watch(kind, space, **query)
        for event in watch:
            if event["type"] == "BOOKMARK":
                continue
            obj = None if event["type"] == "DELETED" else event["object"]
            if wanted(obj):
                watch.stop()
                return obj or {}
        logs = "\n".join(log.read_text()[-1500:] for log in self._folder.glob("*.log"))
        raise AssertionError(f"{kind} {name} stayed {obj}\n{logs}")

    def claim(self, name: str, size: str = "1Gi", **spec: Any) -> Json:
        """A claim of our class, once it is Bound."""
        full = {
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": self.title("class"),
            "resources": {"requests": {"storage": size}},
            **spec,
        }
        self.make(kinds.PVC, name, {"spec": full})
        return self.until(kinds.PVC, name, lambda obj: obj and obj["status"].get("phase") == "Bound")

    def snapshot(self, name: str, policy: str = "Delete", **source: str) -> Json:
        """A snapshot, once it is ready."""
        spec = {"source": source, "volumeSnapshotClassName": self.title(policy)}
        self.make(kinds.SNAPSHOT, name, {"spec": spec})
        return self.until_ready(name)

    def until_ready(self, name: str) -> Json:
        return self.until(kinds.SNAPSHOT, name, lambda obj: obj and (obj.get("status") or {}).get("readyToUse"))

    def reasons(self, obj: Json) -> list[str]:
        """Reasons of the events about an object, in the order in which they were sent."""
        query = {"fieldSelector": f"involvedObject.uid={objects.uid(obj)}"}
        items = self.client.list(kinds.EVENT, objects.namespace(obj) or "default", **query)["items"]
        return [
            item["reason"] for item in sorted(items, key=lambda item: int(item["metadata"]["resourceVersion"]))
        ]


@contextmanager
def control_plane(**environment: str) -> Iterator[str]:
    """A bare control plane with the snapshot CRDs; its kubeconfig. ``environment`` is for trial.py."""
    with subprocess.Popen(
        [sys.executable, str(TRIAL)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    ) as process:
        assert process.stdout is not None
        said = []
        for line in process.stdout:
            said.append(line)
            if line.startswith("up "):
                yield line.split()[2]
                break
        else:
            raise AssertionError(f"no control plane: {''.join(said)}")
        process.communicate()


@contextmanager
def stage(kubeconfig: str) -> Iterator[Cluster]:
    """A namespace with a driver in memory; classes and roles are the test's part."""
    with tempfile.TemporaryDirectory(prefix="csi-") as name:
        driver = FakeDriver(Path(name), f"live-{uuid.uuid4().hex[:8]}.example.org")
        made = Cluster(driver, Path(name), kubeconfig)
        try:
            yield made
        finally:
            made.close()
            driver.stop()
