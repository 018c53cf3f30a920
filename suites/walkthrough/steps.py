"""What several chapters of the story do: wait, read a database, tell the volume behind a claim."""

from __future__ import annotations

import json
import re
from typing import Any

from .shell import Output, Shell

Json = dict[str, Any]

UID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
AGE = r"(\d+[dhms])+"
PATIENCE = "--timeout=60s"


def looks_like(pattern: str, value: str) -> bool:
    """Whether the whole value has a form: uids and times are never twice the same."""
    return re.fullmatch(pattern, value) is not None


def shows(output: Output, *columns: str) -> None:
    """A table has these columns in this order, and perhaps some that came with newer releases."""
    __tracebackhide__ = True
    assert [title for title in output.columns if title in columns] == list(columns)


def until(shell: Shell, what: str, condition: str) -> None:
    """Wait until an object meets a condition of ``kubectl wait``."""
    __tracebackhide__ = True
    waited = shell.attempt(f"kubectl wait --for={condition} {what} {PATIENCE}")
    if waited.code != 0:
        seen = shell.attempt(f"kubectl describe {what}")
        raise AssertionError(f"{what}: {condition} expected, seen:\n{waited.errors}{seen.text}{seen.errors}")


def create(shell: Shell, file: str, *edits: str, options: str = "") -> None:
    """Create what a file of the story holds, after some edits by sed."""
    __tracebackhide__ = True
    shell.run(f"sed '{'; '.join(edits)}' {file} | kubectl create {options} -f -")


def bound(shell: Shell, claim: str) -> None:
    """Wait for a claim to be Bound."""
    __tracebackhide__ = True
    until(shell, f"pvc/{claim}", "jsonpath={.status.phase}=Bound")


def shows_claim(output: Output, claim: str, capacity: str) -> str:
    """The line of a bound claim of the class longhorn is as the tutorial shows it; returns its volume's name."""
    __tracebackhide__ = True
    shows(output, "NAME", "STATUS", "VOLUME", "CAPACITY", "ACCESS MODES", "STORAGECLASS", "AGE")
    row = output.row(claim)
    assert (row["STATUS"], row["CAPACITY"]) == ("Bound", capacity)
    assert (row["ACCESS MODES"], row["STORAGECLASS"]) == ("RWO", "longhorn")
    assert looks_like(f"pvc-{UID}", row["VOLUME"])
    assert looks_like(AGE, row["AGE"])
    return row["VOLUME"]


def volume_of(shell: Shell, claim: str) -> str:
    """The name of the volume behind a claim, in Kubernetes and in the backend."""
    name: str = shell.get(f"pvc {claim}")["spec"]["volumeName"]
    return name


def ready(shell: Shell, snapshot: str) -> Json:
    """A snapshot, once it is ready to use."""
    __tracebackhide__ = True
    until(shell, f"volumesnapshot/{snapshot}", "jsonpath={.status.readyToUse}=true")
    found: Json = shell.get(f"volumesnapshot {snapshot}")
    return found


def content_of(shell: Shell, snapshot: str) -> Json:
    """The content that a snapshot is bound to."""
    name = shell.get(f"volumesnapshot {snapshot}")["status"]["boundVolumeSnapshotContentName"]
    found: Json = shell.get(f"volumesnapshotcontent {name}")
    return found


def database_on(shell: Shell, claim: str) -> Json:
    """What the database on a claim's volume says of itself, opened by a pod that ends; then it is detached."""
    __tracebackhide__ = True
    create(shell, "reader.yaml", f"s/CLAIM/{claim}/")
    pod = f"pod/reader-of-{claim}"
    until(shell, pod, "jsonpath={.status.phase}=Succeeded")
    said: Json = json.loads(shell.run(f"kubectl logs {pod}").text)
    shell.run(f"kubectl delete {pod}")
    detached(shell, claim)
    return said


def hold(shell: Shell, claim: str) -> None:
    """Start a pod that uses a claim and stays."""
    create(shell, "holder.yaml", f"s/CLAIM/{claim}/")
    until(shell, f"pod/holder-of-{claim}", "condition=Ready")


def let_go(shell: Shell, claim: str) -> None:
    """End that pod, and wait until the volume is detached."""
    shell.run(f"kubectl delete pod/holder-of-{claim}")
    detached(shell, claim)


def detached(shell: Shell, claim: str) -> None:
    """Wait until the volume of a claim is attached nowhere."""
    volume = volume_of(shell, claim)
    for item in shell.get("volumeattachment")["items"]:
        if item["spec"]["source"]["persistentVolumeName"] == volume:
            until(shell, f"volumeattachment/{item['metadata']['name']}", "delete")


def committed(shell: Shell) -> Json:
    """What the database of the story had committed before the first snapshot."""
    said: Json = json.loads(shell.run("kubectl logs mysql").text.splitlines()[0])
    return said


def refused(shell: Shell, claim: str, reason: str, pattern: str = "") -> None:
    """Wait for the event that says why a claim is not provisioned; it stays Pending."""
    __tracebackhide__ = True
    selector = f"involvedObject.name={claim},reason={reason}"
    lines = shell.follow(f"kubectl get events -w --field-selector {selector}", pattern or reason)
    assert lines
    assert shell.get(f"pvc {claim}")["status"]["phase"] == "Pending"
