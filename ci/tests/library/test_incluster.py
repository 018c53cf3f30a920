"""In a pod the service account is the way to the API server; a kubeconfig goes before it."""

from __future__ import annotations

from pathlib import Path

import pytest
from kubernetes.config import ConfigException, incluster_config

from pytest_csi_snapshot.fixtures import existing
from pytest_csi_snapshot.kube import incluster
from pytest_csi_snapshot.kube.client import KubeClient
from pytest_csi_snapshot.redacting import REDACTOR

CONFIG = """
apiVersion: v1
kind: Config
current-context: mine
clusters: [{name: c, cluster: {server: "https://10.0.0.1:6443"}}]
users: [{name: u, user: {token: t}}]
contexts: [{name: mine, context: {cluster: c, user: u}}]
"""


@pytest.fixture
def pod(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A service account's folder as a kubelet mounts it, and a home without a kubeconfig."""
    (tmp_path / "token").write_text("secret-token-of-the-pod")
    (tmp_path / "ca.crt").write_text("certificate")
    for module in (incluster, incluster_config):
        monkeypatch.setattr(module, "SERVICE_TOKEN_FILENAME", str(tmp_path / "token"))
    monkeypatch.setattr(incluster_config, "SERVICE_CERT_FILENAME", str(tmp_path / "ca.crt"))
    monkeypatch.setattr(incluster, "KUBE_CONFIG_DEFAULT_LOCATION", str(tmp_path / "config"))
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.96.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")
    # Made without one, so that no certificate has to be real.
    monkeypatch.setattr("kubernetes.client.rest.RESTClientObject.__init__", lambda *_args, **_kwargs: None)
    return tmp_path


def test_the_service_account_of_a_pod(pod: Path) -> None:
    client = KubeClient.from_kubeconfig()
    assert client.host == "https://10.96.0.1:443"
    assert existing.current_context("") == "in-cluster"
    assert REDACTOR.clean("quoted: secret-token-of-the-pod") == "quoted: <secret>"


def test_a_kubeconfig_goes_before_it(pod: Path) -> None:
    (pod / "config").write_text(CONFIG)
    assert not incluster.in_pod()
    assert existing.current_context(str(pod / "config")) == "mine"


@pytest.mark.parametrize("named", [{"path": "/nowhere/kubeconfig"}, {"context": "other"}])
def test_what_is_named_is_what_is_meant(pod: Path, named: dict[str, str]) -> None:
    with pytest.raises(ConfigException):
        KubeClient.from_kubeconfig(**named)


def test_outside_of_a_pod(pod: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST")
    assert not incluster.in_pod()
