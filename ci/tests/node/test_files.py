"""Files of a pod: payloads turned in one step, hosts files, logs, removal beside mounts, owners."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from pytest_csi_snapshot.fixtures.node import removal
from pytest_csi_snapshot.fixtures.node.hosts import Hosts, service_variables
from pytest_csi_snapshot.fixtures.node.kubelet_server import render
from pytest_csi_snapshot.fixtures.node.launch.rootfs import resolve
from pytest_csi_snapshot.fixtures.node.logfile import LogFile
from pytest_csi_snapshot.fixtures.node.volumes import payload
from pytest_csi_snapshot.fixtures.node.volumes.base import VolumeError
from pytest_csi_snapshot.fixtures.node.volumes.ownership import give_to_group
from pytest_csi_snapshot.fixtures.node.volumes.payload import File


def read(top: Path) -> dict[str, bytes]:
    return {name.name: name.read_bytes() for name in top.iterdir() if not name.name.startswith("..")}


def test_a_payload_is_replaced_as_a_whole(tmp_path: Path) -> None:
    top = tmp_path / "v"
    payload.write(top, {"a": File(b"1", 0o644), "b": File(b"1", 0o600)}, None)
    before = (top / "..data").readlink()
    assert read(top) == {"a": b"1", "b": b"1"}
    payload.write(top, {"a": File(b"2", 0o644), "c": File(b"2", 0o644)}, None)
    assert read(top) == {"a": b"2", "c": b"2"}
    assert not (top / before).exists()
    assert sorted(path.name for path in top.iterdir() if path.is_symlink()) == ["..data", "a", "c"]


def test_a_write_that_was_broken_off_does_not_stop_the_next_one(tmp_path: Path) -> None:
    payload.write(tmp_path, {"a": File(b"1", 0o644)}, None)
    (tmp_path / "..data_tmp").symlink_to("..half")
    old = tmp_path / (tmp_path / "..data").readlink()
    (old / "a").unlink()
    old.rmdir()
    payload.write(tmp_path, {"a": File(b"2", 0o644)}, None)
    assert read(tmp_path) == {"a": b"2"}


def test_the_same_payload_again_changes_nothing(tmp_path: Path) -> None:
    files = {"d/a": File(b"1", 0o644)}
    payload.write(tmp_path, files, None)
    before = (tmp_path / "..data").readlink()
    payload.write(tmp_path, files, None)
    assert (tmp_path / "..data").readlink() == before
    assert (tmp_path / "d" / "a").read_bytes() == b"1"


@pytest.mark.parametrize("name", ["/etc/passwd", "../up", "a/../../b"])
def test_a_payload_stays_in_its_volume(tmp_path: Path, name: str) -> None:
    with pytest.raises(VolumeError, match="no path inside"):
        payload.write(tmp_path, {name: File(b"", 0o644)}, None)


def service(namespace: str, name: str, port: int = 80) -> dict[str, Any]:
    return {
        "metadata": {"namespace": namespace, "name": name},
        "spec": {"ports": [{"port": port, "name": "http"}]},
    }


def test_a_service_gets_its_lines_in_the_file_that_is_mounted_already(tmp_path: Path) -> None:
    hosts = Hosts("10.0.0.1")
    path = tmp_path / "hosts"
    hosts.add(path, {"metadata": {"namespace": "a", "name": "p"}, "spec": {}})
    inode = path.stat().st_ino
    hosts.changed("ADDED", service("a", "web"))
    hosts.changed("ADDED", service("b", "db"))
    names = {name for line in path.read_text().splitlines() for name in line.split()[1:]}
    assert {"web", "web.a", "web.a.svc", "db.b", "db.b.svc", "p"} <= names
    assert "db" not in names
    hosts.changed("DELETED", service("b", "db"))
    assert "db.b" not in path.read_text()
    assert path.stat().st_ino == inode


def test_service_variables_are_the_namespaces_own() -> None:
    services = [service("a", "my-web", 81), service("b", "other"), service("a", "kubernetes")]
    assert service_variables(services, "a", "10.0.0.1") == {
        "MY_WEB_SERVICE_HOST": "10.0.0.1",
        "MY_WEB_SERVICE_PORT": "81",
        "MY_WEB_SERVICE_PORT_HTTP": "81",
    }


def test_a_log_holds_whole_lines_and_the_rest_at_the_end(tmp_path: Path) -> None:
    log = LogFile(tmp_path / "log")
    log.write("stdout", b"one\ntw")
    log.write("stderr", b"err\n")
    assert b"".join(render(log.path.read_bytes().splitlines(keepends=True), {})) == b"one\nerr\n"
    log.write("stdout", b"o\nrest")
    log.end()
    assert b"".join(render(log.follow(), {})) == b"one\nerr\ntwo\nrest\n"
    assert b"".join(render(log.follow(), {"stream": "Stderr"})) == b"err\n"
    assert log.tail(6) == "\nrest\n"


def test_a_long_line_comes_in_pieces_and_is_put_together(tmp_path: Path) -> None:
    log = LogFile(tmp_path / "log")
    line = b"x" * 40_000
    log.write("stdout", line + b"\n")
    log.write("stdout", line[:20_000])
    log.write("stdout", line[20_000:])
    log.end()
    assert b"".join(render(log.follow(), {})) == line + b"\n" + line + b"\n"


def test_times_are_shown_once_a_line(tmp_path: Path) -> None:
    log = LogFile(tmp_path / "log")
    log.write("stdout", b"a\nb\n")
    log.end()
    lines = b"".join(render(log.follow(), {"timestamps": "true"})).decode().splitlines()
    assert [line.split(" ")[1] for line in lines] == ["a", "b"]
    assert all(line.startswith("20") for line in lines)


def test_links_lead_inside_of_the_root_only(tmp_path: Path) -> None:
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "run").symlink_to("/run")
    (tmp_path / "out").symlink_to("../../../etc")
    top = str(tmp_path)
    assert resolve(top, "/var/run/x") == f"{top}/run/x"
    assert resolve(top, "/out/passwd") == f"{top}/etc/passwd"
    assert resolve(top, "a/../../b") == f"{top}/b"


def test_nothing_is_removed_along_a_mount(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mounted = tmp_path / "pod" / "volume"
    mounted.mkdir(parents=True)
    monkeypatch.setattr(removal, "mount_points", lambda: ["/", str(mounted)])
    with pytest.raises(removal.StillMountedError, match="volume"):
        removal.remove_tree(tmp_path / "pod")
    assert mounted.exists()
    monkeypatch.setattr(removal, "mount_points", lambda: ["/", f"{tmp_path}/pod-2"])
    removal.remove_tree(tmp_path / "pod")
    assert not mounted.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_files_are_given_to_the_group(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "f").write_text("x")
    (tmp_path / "d" / "f").chmod(0o600)
    (tmp_path / "l").symlink_to("/etc/passwd")
    before = Path("/etc/passwd").stat().st_mode
    give_to_group(tmp_path, 4321)
    assert {path.lstat().st_gid for path in tmp_path.rglob("*")} == {4321}
    assert (tmp_path / "d" / "f").stat().st_mode & 0o777 == 0o660
    assert (tmp_path / "d").stat().st_mode & 0o2070 == 0o2070
    assert Path("/etc/passwd").stat().st_mode == before
    (tmp_path / "d" / "f").chmod(0o600)
    give_to_group(tmp_path, 4321, on_mismatch_only=True)
    assert (tmp_path / "d" / "f").stat().st_mode & 0o777 == 0o600
