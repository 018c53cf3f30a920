"""Whether this process runs in a pod of the cluster that it is to judge, and its way to the API server then."""

from __future__ import annotations

import os
from pathlib import Path

import kubernetes.client
import kubernetes.config
from kubernetes.config.incluster_config import SERVICE_HOST_ENV_NAME, SERVICE_TOKEN_FILENAME
from kubernetes.config.kube_config import KUBE_CONFIG_DEFAULT_LOCATION

NAME = "in-cluster"
"""What stands for the name of a context in a pod, which has none."""


def in_pod() -> bool:
    """Whether the pod's service account is the only way to a cluster: there is one, and no kubeconfig."""
    paths = [path for path in KUBE_CONFIG_DEFAULT_LOCATION.split(os.pathsep) if path]
    if any(Path(path).expanduser().exists() for path in paths):
        return False
    return bool(os.environ.get(SERVICE_HOST_ENV_NAME)) and Path(SERVICE_TOKEN_FILENAME).is_file()


def load(configuration: kubernetes.client.Configuration) -> None:
    """Fill ``configuration`` in from the pod's service account; its token is read again as it is rotated.

    Raises kubernetes.config.ConfigException.
    """
    kubernetes.config.load_incluster_config(client_configuration=configuration)
