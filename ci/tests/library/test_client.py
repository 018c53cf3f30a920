"""The transport: proxies of the environment, and connections that die without a word."""

from __future__ import annotations

import socket
import threading
from pathlib import Path

import pytest
import urllib3

from pytest_csi_snapshot.kube.client import KubeClient
from pytest_csi_snapshot.kube.kinds import POD
from pytest_csi_snapshot.kube.refusals import ApiUnreachableError

KUBECONFIG = """
apiVersion: v1
kind: Config
current-context: c
clusters: [{{name: c, cluster: {{server: "{host}"}}}}]
users: [{{name: u, user: {{token: t}}}}]
contexts: [{{name: c, context: {{cluster: c, user: u}}}}]
"""


@pytest.mark.parametrize(
    ("host", "proxied"), [("https://198.18.0.2:6443", False), ("https://cluster.example.com:6443", True)]
)
def test_proxy(host: str, proxied: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_PROXY", "no_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    path = tmp_path / "kubeconfig"
    path.write_text(KUBECONFIG.format(host=host))

    client = KubeClient.from_kubeconfig(str(path))

    assert isinstance(client._api.rest_client.pool_manager, urllib3.ProxyManager) is proxied  # noqa: SLF001


EVENT = b'{"type":"ADDED","object":{"metadata":{"name":"p"}}}\n'
ANSWER = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n" % (len(EVENT), EVENT)


def test_a_watch_on_a_dead_connection_ends(tmp_path: Path) -> None:
    """The server sends one event and then nothing more, as one does behind a broken network."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(ANSWER)
                over.wait()

        thread = threading.Thread(target=serve)
        thread.start()
        path = tmp_path / "kubeconfig"
        path.write_text(KUBECONFIG.format(host=f"http://127.0.0.1:{server.getsockname()[1]}"))
        watch = KubeClient.from_kubeconfig(str(path)).watch_shutdown(lambda _: None, POD, silence=0.2)
        assert next(watch)["object"]["metadata"]["name"] == "p"
        with pytest.raises(ApiUnreachableError, match="timed out"):
            next(watch)
        over.set()
        thread.join()
