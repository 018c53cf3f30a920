"""From the user's side: wait for the Job, take the reports of its shards, make one of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from pytest_csi_snapshot.errors import EnvironmentTrouble
from pytest_csi_snapshot.job import parcels
from pytest_csi_snapshot.kube.client import KubeClient
from pytest_csi_snapshot.kube.kinds import CONFIG_MAP, Kind

Json = dict[str, Any]
Tell = Callable[[str], None]

JOB = Kind("batch/v1", "Job", "jobs")

_ROUND = 240
"""Seconds after which the API server is asked to end a watch, and another one is opened."""


def await_job(client: KubeClient, namespace: str, name: str, tell: Tell) -> Json:
    """The Job as soon as it is over. Raises EnvironmentTrouble where there is none, ApiError."""
    found = client.find(JOB, namespace, name)
    if found is None:
        raise EnvironmentTrouble(
            f"there is no Job {namespace}/{name}", do="make it: python -m pytest_csi_snapshot.job manifest"
        )
    body: Json = found
    said = ""
    while True:
        said = _tell_progress(body, said, tell)
        if over(body):
            return body
        version = body["metadata"]["resourceVersion"]
        query = {"fieldSelector": f"metadata.name={name}", "resourceVersion": version, "timeoutSeconds": _ROUND}
        for event in client.watch(JOB, namespace, **query):
            if event["type"] == "DELETED":
                raise EnvironmentTrouble(f"the Job {namespace}/{name} was deleted before its end")
            if event["type"] in ("ADDED", "MODIFIED"):
                body = event["object"]
                said = _tell_progress(body, said, tell)
                if over(body):
                    return body
            else:
                body["metadata"]["resourceVersion"] = event["object"]["metadata"]["resourceVersion"]


def over(job: Json) -> bool:
    """Whether no pod of the Job will run any more."""
    return any(
        each["type"] in ("Complete", "Failed") and each["status"] == "True"
        for each in (job.get("status") or {}).get("conditions") or []
    )


def reports(client: KubeClient, job: Json, folder: Path) -> tuple[list[Path], list[str]]:
    """The unpacked reports of the shards, below ``folder``, and a line for each shard that has none."""
    name, namespace = job["metadata"]["name"], job["metadata"]["namespace"]
    found = client.list(CONFIG_MAP, namespace, labelSelector=f"{parcels.JOB}={name}")
    taken, missing = [], []
    for shard in range(1, int(job["spec"]["completions"]) + 1):
        of_shard = [each for each in found if each["metadata"]["labels"].get(parcels.SHARD) == str(shard)]
        try:
            parcels.unpack(parcels.joined(shard, of_shard), folder / f"shard-{shard}")
        except parcels.IncompleteError as error:
            missing.append(str(error))
        else:
            taken.append(folder / f"shard-{shard}")
    return taken, missing


def forget(client: KubeClient, job: Json) -> None:
    """Remove the reports from the cluster. Raises ApiError."""
    name, namespace = job["metadata"]["name"], job["metadata"]["namespace"]
    for each in client.list(CONFIG_MAP, namespace, labelSelector=f"{parcels.JOB}={name}"):
        client.delete(CONFIG_MAP, namespace, each["metadata"]["name"])


def _tell_progress(job: Json, said: str, tell: Tell) -> str:
    status = job.get("status") or {}
    line = f"{status.get('succeeded', 0)} of {job['spec']['completions']} shards are done"
    if failed := status.get("failed", 0):
        line += f", {failed} pods were lost or failed and are run again"
    if line != said:
        tell(line)
    return line
