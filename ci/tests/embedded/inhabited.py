"""A cluster that is somebody's: full of objects that no run made, and read as a whole to be compared."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import yaml
from kept_cluster import kept

from pytest_csi_snapshot.exclusive import NAME as EXCLUSIVE
from pytest_csi_snapshot.kube.client import KubeClient
from pytest_csi_snapshot.kube.kinds import CONFIG_MAP, LEASE, NAMESPACE, PVC, SERVICE_ACCOUNT, SNAPSHOT, Kind
from pytest_csi_snapshot.labels import COMMON_NAMESPACE
from pytest_csi_snapshot.presence import NAME, home_of

Json = dict[str, Any]
OBJECTS = Path(__file__).with_name("inhabitants.yaml")
DRIVER = "driver.longhorn.io"

BY_ITSELF = {"Node": ("status",), "Lease": ("spec",), "Pod": ("status",), "Deployment": ("status",)}
"""Kind -> fields that a cluster changes while nobody does anything."""
BOOKKEEPING = ("resourceVersion", "managedFields")
"""Fields by which the API server notes that there was a change, even one that was undone."""

FURNITURE = {SERVICE_ACCOUNT: "default", CONFIG_MAP: "kube-root-ca.crt"}
"""Kind -> the object that every namespace has of it."""

BACKEND = ("volumes", "snapshotcrs")


class Inhabited:
    """The cluster and its kubeconfig."""

    def __init__(self, kubeconfig: Path) -> None:
        self.kubeconfig = kubeconfig
        self.client = KubeClient.from_kubeconfig(str(kubeconfig))

    def move_in(self) -> None:
        """Make the objects of others one after the other, and wait until their controllers have done with them.

        The volume that is to spare comes after the claim has one of its own: it would be taken otherwise.
        """
        kinds = {kind.kind: kind for kind in self.served()}
        for body in yaml.safe_load_all(OBJECTS.read_text()):
            self.client.create(kinds[body["kind"]], body)
            if body["kind"] == SNAPSHOT.kind:
                self._await_snapshot()
        claim = self.client.get(PVC, "team-a", "data")
        assert claim["status"]["phase"] == "Bound"
        assert claim["spec"]["volumeName"] != "somebodys-spare"

    def _await_snapshot(self) -> None:
        for event in self.client.watch(SNAPSHOT, "team-a", timeoutSeconds=60):
            if event["type"] != "BOOKMARK" and (event["object"].get("status") or {}).get("readyToUse"):
                return
        raise AssertionError("the snapshot of team-a is not ready after 60 s")

    def served(self) -> Iterator[Kind]:
        """All kinds that can be listed, each once, those too that the preferred version of their group lacks."""
        groups = self.client.request("GET", "/apis")["groups"]
        versions = [version["groupVersion"] for group in groups for version in _preferred_first(group)]
        seen = set()
        for version in ("v1", *versions):
            root = f"/apis/{version}" if "/" in version else f"/api/{version}"
            for resource in self.client.request("GET", root)["resources"]:
                named = (version.rpartition("/")[0], resource["name"])
                if "list" in resource["verbs"] and "/" not in resource["name"] and named not in seen:
                    seen.add(named)
                    yield Kind(version, resource["kind"], resource["name"], resource["namespaced"])

    def everything(self) -> dict[str, str]:
        """Every object as JSON text, but for events, and for what the cluster itself changes all the time.

        A namespace that was made just now counts from when kube-controller-manager has put into it what it puts
        into all: otherwise that would be news of the next look.
        """
        for kind, name in FURNITURE.items():
            self._await_in_each_namespace(kind, name)
        found = {}
        for kind in self.served():
            if kind.kind == "Event" or kind.kind == "ComponentStatus":
                continue
            for body in self.client.list(kind):
                kept = {key: value for key, value in body.items() if key not in BY_ITSELF.get(kind.kind, ())}
                kept["metadata"] = {
                    key: body["metadata"][key] for key in body["metadata"] if key not in BOOKKEEPING
                }
                meta = body["metadata"]
                found[f"{kind} {meta.get('namespace', '')}/{meta['name']}"] = json.dumps(kept, sort_keys=True)
        return found

    def _await_in_each_namespace(self, kind: Kind, name: str) -> None:
        bare = {
            body["metadata"]["name"]
            for body in self.client.list(NAMESPACE)
            if "deletionTimestamp" not in body["metadata"]
        }
        named = f"metadata.name={name}"
        there, version = self.client.collect(kind, fieldSelector=named)
        bare -= {body["metadata"]["namespace"] for body in there}
        if not bare:
            return
        for event in self.client.watch(kind, fieldSelector=named, resourceVersion=version, timeoutSeconds=60):
            bare.discard(event["object"]["metadata"].get("namespace"))
            if not bare:
                return
        raise AssertionError(f"no {kind} {name} in {', '.join(sorted(bare))} after 60 s")

    def stored(self) -> dict[str, list[str]]:
        """What the driver's backend holds, by its own names: kind -> volumes, snapshots."""
        backend = f"http://{urlsplit(self.client.host).hostname}:9500/v1"
        with httpx.Client(trust_env=False) as http:
            answers = {kind: http.get(f"{backend}/{kind}").raise_for_status() for kind in BACKEND}
        return {kind: sorted(each["name"] for each in answer.json()["data"]) for kind, answer in answers.items()}

    def settle(self) -> None:
        """Wait until the namespaces on their way out are gone; one that stays is seen by ``everything``."""
        there, version = self.client.collect(NAMESPACE)
        going = {body["metadata"]["name"] for body in there if "deletionTimestamp" in body["metadata"]}
        if not going:
            return
        for event in self.client.watch(NAMESPACE, resourceVersion=version, timeoutSeconds=60):
            if event["type"] == "DELETED":
                going.discard(event["object"]["metadata"]["name"])
            if not going:
                return

    def prolong(self, run: str) -> None:
        """Make the Leases of a run, and of its test that runs alone, last for longer than this test."""
        self._change_leases(run, {"leaseDurationSeconds": 36000})

    def expire(self, run: str) -> None:
        """Make them such that nobody has renewed for long."""
        self._change_leases(run, {"renewTime": "2020-01-01T00:00:00.000000Z"})

    def _change_leases(self, run: str, spec: Json) -> None:
        self.client.patch(LEASE, home_of(run), NAME, {"spec": spec})
        self.client.patch(LEASE, COMMON_NAMESPACE, EXCLUSIVE, {"spec": spec})

    def command(self, *args: str) -> list[str]:
        """A run or a sweep as a user of the cluster starts it."""
        pytest_program = Path(sys.executable).parent / "pytest"
        return [str(pytest_program), "-p", "no:cacheprovider", f"--csi-kubeconfig={self.kubeconfig}", *args]

    def finished(self, cwd: Path, *args: str) -> subprocess.CompletedProcess[str]:
        """Run to the end; output as text, errors and all."""
        return subprocess.run(
            self.command(*args),
            cwd=cwd,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
            check=False,
        )


def _preferred_first(group: Json) -> list[Json]:
    return [group["preferredVersion"], *group["versions"]]


@contextmanager
def inhabited(*options: str) -> Iterator[Inhabited]:
    """A kept cluster, with inhabitants; taken down at the end."""
    with kept("inhabited", *options) as kubeconfig:
        cluster = Inhabited(kubeconfig)
        cluster.move_in()
        yield cluster


def changes(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """What is not as it was, in words."""
    gone = [f"gone: {name}" for name in before.keys() - after.keys()]
    new = [f"new: {name}" for name in after.keys() - before.keys()]
    other = [
        f"changed: {name}\n  {before[name]}\n  {after[name]}"
        for name in before.keys() & after.keys()
        if before[name] != after[name]
    ]
    return sorted([*gone, *new, *other])
