"""The kubelet's port: who may ask, and for what."""

from __future__ import annotations

import http.client
import ipaddress
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from pytest_csi_snapshot.fixtures.node.config import NodeConfig
from pytest_csi_snapshot.fixtures.node.kubelet_server import KubeletServer
from pytest_csi_snapshot.fixtures.node.logfile import LogFile

ADDRESS = "127.0.0.1"


class Authority:
    """A certificate authority that writes ``NAME.crt`` and ``NAME.key``."""

    def __init__(self, top: Path, name: str) -> None:
        self._top = top
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.write(name, self.key, authority=True)

    def issue(self, name: str) -> None:
        self.write(name, ec.generate_private_key(ec.SECP256R1()), authority=False)

    def write(self, name: str, key: ec.EllipticCurvePrivateKey, *, authority: bool) -> None:
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        certificate = (
            x509.CertificateBuilder(self.name, subject, key.public_key(), x509.random_serial_number())
            .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
            .not_valid_after(datetime(2120, 1, 1, tzinfo=UTC))
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
            .add_extension(
                x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(ADDRESS))]), critical=False
            )
            .sign(self.key, hashes.SHA256())
        )
        pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
        (self._top / f"{name}.crt").write_bytes(certificate.public_bytes(pem))
        secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
        (self._top / f"{name}.key").write_bytes(secret)


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    ours = Authority(tmp_path, "ours")
    ours.issue("node")
    ours.issue("api")
    Authority(tmp_path, "theirs").issue("stranger")
    log = LogFile(tmp_path / "log")
    log.write("stdout", b"one\ntwo\nthree\n")
    log.end()
    container: Any = SimpleNamespace(spec={"name": "c"}, logs=[log])
    worker = SimpleNamespace(containers=lambda: [container])
    pods: Any = SimpleNamespace(find=lambda namespace, name: worker if (namespace, name) == ("ns", "p") else None)
    config = NodeConfig(
        name="n",
        address=ADDRESS,
        port=0,
        kubeconfig="",
        client_ca=str(tmp_path / "ours.crt"),
        serving_cert=str(tmp_path / "node.crt"),
        serving_key=str(tmp_path / "node.key"),
        kubelet_root="",
        run_dir="",
        images=(),
        cluster_ip_env={},
    )
    server = KubeletServer(config, pods)
    server.start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


def ask(top: Path, port: int, path: str, client: str | None = "api") -> tuple[int, str]:
    context = ssl.create_default_context(cafile=str(top / "ours.crt"))
    if client:
        context.load_cert_chain(top / f"{client}.crt", top / f"{client}.key")
    connection = http.client.HTTPSConnection(ADDRESS, port, context=context, timeout=30)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("", "one\ntwo\nthree\n"),
        ("?tailLines=1", "three\n"),
        ("?limitBytes=5", "one\nt"),
        ("?follow=true&tailLines=2", "two\nthree\n"),
    ],
)
def test_logs(tmp_path: Path, port: int, query: str, text: str) -> None:
    assert ask(tmp_path, port, f"/containerLogs/ns/p/c{query}") == (200, text)


@pytest.mark.parametrize(
    ("path", "code", "words"),
    [
        ("/containerLogs/ns/other/c", 404, 'pod "other" in namespace "ns" is not on this node'),
        ("/containerLogs/ns/p/d", 404, 'container "d" not found in pod "p"'),
        ("/containerLogs/ns/p/c?previous=true", 400, 'previous terminated container "c" not found'),
        ("/exec/ns/p/c", 501, "this node serves logs only"),
        ("/nonsense", 404, "this node serves logs only"),
    ],
)
def test_what_is_not_there_is_named(tmp_path: Path, port: int, path: str, code: int, words: str) -> None:
    status, text = ask(tmp_path, port, path)
    assert status == code
    assert words in text


@pytest.mark.parametrize("client", [None, "stranger"])
def test_only_the_api_servers_certificate_opens_the_port(tmp_path: Path, port: int, client: str | None) -> None:
    with pytest.raises((ssl.SSLError, ConnectionError, http.client.RemoteDisconnected)):
        ask(tmp_path, port, "/healthz", client)
    assert ask(tmp_path, port, "/healthz") == (200, "ok")
