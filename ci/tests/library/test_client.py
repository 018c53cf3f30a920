"""Proxies of the environment: honoured for clusters elsewhere, not for one on this machine."""

from __future__ import annotations

from pathlib import Path

import pytest
import urllib3

from pytest_csi_snapshot.kube.client import KubeClient

KUBECONFIG = """
apiVersion: v1
kind: Config
current-context: c
clusters: [{{name: c, cluster: {{server: "https://{host}:6443"}}}}]
users: [{{name: u, user: {{token: t}}}}]
contexts: [{{name: c, context: {{cluster: c, user: u}}}}]
"""


@pytest.mark.parametrize(("host", "proxied"), [("198.18.0.2", False), ("cluster.example.com", True)])
def test_proxy(host: str, proxied: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_PROXY", "no_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    path = tmp_path / "kubeconfig"
    path.write_text(KUBECONFIG.format(host=host))

    client = KubeClient.from_kubeconfig(str(path))

    assert isinstance(client._api.rest_client.pool_manager, urllib3.ProxyManager) is proxied  # noqa: SLF001
