"""A volume grows while nobody uses it: by its claim, and past Kubernetes by Longhorn itself."""

from __future__ import annotations

import re

from .backend import Backend
from .shell import Shell
from .steps import shows_claim, until, volume_of

CLAIM = "mysql-clone-pvc"
TWO_GIB = 2 << 30
RESIZER = "external-resizer driver.longhorn.io"


def test_the_class_allows_expansion(shell: Shell) -> None:
    """The class longhorn allows expansion."""
    assert shell.get("storageclass longhorn")["allowVolumeExpansion"] is True


def test_the_claim_is_detached_and_has_1gi(shell: Shell, backend: Backend) -> None:
    """The clone has 1Gi and is detached, which Longhorn requires."""
    volume = shows_claim(shell.run("kubectl get pvc mysql-clone-pvc"), CLAIM, "1Gi")
    assert backend.volume(volume)["state"] == "detached"


def test_the_patch_as_it_is_printed_is_refused(shell: Shell) -> None:
    """The printed patch has a closing brace too many, which the API server of today refuses."""
    typed = shell.attempt(
        """kubectl patch pvc mysql-clone-pvc -p '{"spec":{"resources":{"requests":{"storage":"2Gi"}}}}}'"""
    )
    assert typed.code != 0
    assert "BadRequest" in typed.errors
    assert shell.get(f"pvc {CLAIM}")["spec"]["resources"]["requests"]["storage"] == "1Gi"


def test_the_claim_is_patched(shell: Shell) -> None:
    """Without that brace the request of the claim becomes 2Gi."""
    patched = shell.run(
        """kubectl patch pvc mysql-clone-pvc -p '{"spec":{"resources":{"requests":{"storage":"2Gi"}}}}'"""
    )
    assert patched.text == "persistentvolumeclaim/mysql-clone-pvc patched\n"
    until(shell, f"pvc/{CLAIM}", "jsonpath={.status.capacity.storage}=2Gi")


def test_the_events_of_the_expansion(shell: Shell) -> None:
    """Events tell it: the resizer begins, Kubernetes leaves the volume to it, the resizer is done."""
    text = shell.run("kubectl describe pvc mysql-clone-pvc").text
    lines = [re.split(r"\s{2,}", line.strip()) for line in text[text.index("Events:") :].splitlines()[3:]]
    events = {line[1]: line for line in lines}
    assert events["Resizing"][0] == "Normal"
    assert events["Resizing"][3] == RESIZER
    assert events["Resizing"][4] == f"External resizer is resizing volume {volume_of(shell, CLAIM)}"
    # Kubernetes has reworded this one since, and it is no warning any more.
    assert events["ExternalExpanding"][3] == "volume_expand"
    assert events["VolumeResizeSuccessful"][0] == "Normal"
    assert events["VolumeResizeSuccessful"][3] == RESIZER
    assert "FileSystemResizeRequired" not in events, "in this Longhorn no node has a part in it"
    order = [line[1] for line in lines]
    assert order.index("Resizing") < order.index("VolumeResizeSuccessful")


def test_the_claim_shows_2gi(shell: Shell) -> None:
    """The claim has 2Gi."""
    shows_claim(shell.run("kubectl get pvc mysql-clone-pvc"), CLAIM, "2Gi")


def test_the_volume_shows_2gi(shell: Shell) -> None:
    """And so has its PersistentVolume."""
    volume = volume_of(shell, CLAIM)
    row = shell.run(f"kubectl get pv {volume}").row(volume)
    assert (row["CAPACITY"], row["ACCESS MODES"], row["RECLAIM POLICY"]) == ("2Gi", "RWO", "Delete")
    assert (row["STATUS"], row["CLAIM"], row["STORAGECLASS"]) == ("Bound", f"default/{CLAIM}", "longhorn")
    assert row["REASON"] == ""


def test_the_backend_shows_2gi(shell: Shell, backend: Backend) -> None:
    """And so has Longhorn, where a system snapshot tells of the expansion."""
    name = volume_of(shell, CLAIM)
    assert int(backend.volume(name)["size"]) == TWO_GIB
    with backend.attached(name):
        marks = [item for item in backend.snapshots(name).values() if item["name"] == f"expand-{TWO_GIB}"]
        assert [mark["usercreated"] for mark in marks] == [False]


def test_a_volume_is_expanded_past_kubernetes(backend: Backend) -> None:
    """A detached volume can be expanded past Kubernetes too, by the action behind the UI's menu."""
    assert "expand" in backend.create("by-hand", 1 << 30)["actions"]
    backend.act("by-hand", "expand", size=str(TWO_GIB))
    assert int(backend.volume("by-hand")["size"]) == TWO_GIB
    backend.delete("by-hand")
