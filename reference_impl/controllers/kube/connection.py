"""How to reach the API server: from inside a pod, or by a kubeconfig.

A pod's way is read here directly. The official client would do the same, but importing it costs half a
second of processor time in each of six processes that start at once; it is imported only for a kubeconfig,
whose many ways to authenticate are its business.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import urllib3

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_POOL = 64
"""Connections kept: workers and watches of one role together stay below."""


class NoClusterError(Exception):
    """Neither a kubeconfig was named nor is this a pod; the text says what to do."""


class Connection:
    """A connection pool, the server's address, and the headers that authenticate a request."""

    def __init__(self, host: str, pool: urllib3.PoolManager, credentials: Callable[[], dict[str, str]]) -> None:
        self.host = host
        self.pool = pool
        self.credentials = credentials


def connect(kubeconfig: str | None) -> Connection:
    """The connection that ``--kubeconfig`` names, or that of this pod. Raises NoClusterError."""
    return from_kubeconfig(kubeconfig) if kubeconfig else in_cluster()


def in_cluster(folder: Path = SERVICE_ACCOUNT) -> Connection:
    """The connection of this pod's ServiceAccount. Raises NoClusterError outside of a pod.

    The token file is read again for each request: the kubelet replaces it before it expires, and reading
    some hundred bytes from a tmpfs is less than what a request costs anyway.
    """
    host, port = os.environ.get("KUBERNETES_SERVICE_HOST"), os.environ.get("KUBERNETES_SERVICE_PORT")
    token = folder / "token"
    if not (host and port and token.is_file()):
        raise NoClusterError(
            "not in a pod (no KUBERNETES_SERVICE_HOST or no ServiceAccount token): give --kubeconfig"
        )
    if ":" in host:
        host = f"[{host}]"
    pool = urllib3.PoolManager(maxsize=_POOL, cert_reqs="CERT_REQUIRED", ca_certs=str(folder / "ca.crt"))
    return Connection(
        f"https://{host}:{port}", pool, lambda: {"Authorization": f"Bearer {token.read_text().strip()}"}
    )


def from_kubeconfig(path: str) -> Connection:
    """The connection of the current context of a kubeconfig file."""
    import kubernetes.client
    import kubernetes.config

    configuration = kubernetes.client.Configuration()
    configuration.connection_pool_maxsize = _POOL
    kubernetes.config.load_kube_config(config_file=path, client_configuration=configuration, persist_config=False)
    api = kubernetes.client.ApiClient(configuration)

    def credentials() -> dict[str, str]:
        headers: dict[str, str] = {}
        api.update_params_for_auth(headers, [], ["BearerToken"], "", "", None)
        return headers

    pool: urllib3.PoolManager = api.rest_client.pool_manager
    return Connection(configuration.host, pool, credentials)
