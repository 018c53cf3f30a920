"""What a process of a run tells of itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from bench import probe

CLAIMS = "/api/v1/namespaces/a/persistentvolumeclaims"


@pytest.mark.parametrize(
    ("method", "path", "query", "verb"),
    [
        ("GET", f"{CLAIMS}/one", None, "get"),
        ("GET", CLAIMS, {"limit": 1}, "list"),
        ("GET", CLAIMS, {"watch": "true"}, "watch"),
        ("GET", "/api/v1/persistentvolumes", None, "list"),
        ("GET", "/api/v1/namespaces/a", None, "get"),
        ("GET", "/api/v1/namespaces", None, "list"),
        ("GET", "/apis/snapshot.storage.k8s.io/v1/namespaces/a/volumesnapshots", None, "list"),
        ("GET", "/apis/snapshot.storage.k8s.io/v1/volumesnapshotcontents/one", None, "get"),
        ("POST", CLAIMS, None, "create"),
        ("PUT", f"{CLAIMS}/one", None, "update"),
        ("PATCH", f"{CLAIMS}/one/status", None, "patch"),
        ("DELETE", f"{CLAIMS}/one", None, "delete"),
    ],
)
def test_verbs_are_those_of_kubernetes(method: str, path: str, query: dict[str, Any] | None, verb: str) -> None:
    assert probe.verb_of(method, path, query) == verb


def test_the_peak_is_that_of_the_kernel(tmp_path: Path) -> None:
    (tmp_path / "status").write_text("Name:\tpython3\nVmPeak:\t  900000 kB\nVmHWM:\t  100000 kB\nVmRSS:\t 5 kB\n")
    assert probe.peak(tmp_path / "status") == pytest.approx(102.4)


RUN = """
    import contextlib
    from pytest_csi_snapshot.kube.client import KubeClient

    def ask(method, path, **options):
        with contextlib.suppress(AttributeError):  # it has no server; it was counted before
            KubeClient.open(object(), method, path, **options)

    def test_one():
        ask("POST", "/api/v1/namespaces")
        ask("GET", "/api/v1/namespaces", query={"watch": "true"})
        ask("GET", "/api/v1/namespaces", query={"watch": "true"})

    def test_two():
        pass
"""


LOOKING = """
    import contextlib
    from pytest_csi_snapshot.kube.client import KubeClient

    def pytest_cmdline_main(config):
        with contextlib.suppress(AttributeError):
            KubeClient.open(object(), "GET", "/api/v1/namespaces")
        return 0
"""


@pytest.mark.parametrize("workers", [[], ["-n", "2"]])
def test_each_process_tells_what_its_tests_asked_for(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, workers: list[str]
) -> None:
    folder = pytester.mkdir("probes")
    monkeypatch.setenv(probe.FOLDER, str(folder))
    monkeypatch.setenv("PYTHONPATH", str(Path(probe.__file__).parents[1]))
    pytester.makepyfile(RUN)
    result = pytester.runpytest_subprocess("-p", "bench.probe", *workers)
    result.assert_outcomes(passed=2)
    told = [json.loads(file.read_text()) for file in sorted(folder.glob("*.json"))]
    assert len(told) == (3 if workers else 1)
    assert sum(each["tests"] for each in told) == 2
    asked = [(test.rpartition("::")[2], verbs) for each in told for test, verbs in each["asked"].items()]
    assert asked == [("test_one", {"create": 1, "watch": 2})]
    assert all(each["peak"] > 5 for each in told)
    assert all(bool(each["first"]) == bool(each["tests"]) for each in told)


def test_a_command_that_runs_no_test_tells_of_itself_too(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = pytester.mkdir("probes")
    monkeypatch.setenv(probe.FOLDER, str(folder))
    monkeypatch.setenv("PYTHONPATH", str(Path(probe.__file__).parents[1]))
    pytester.makeconftest(LOOKING)
    assert pytester.runpytest_subprocess("-p", "bench.probe").ret == 0
    told = json.loads((folder / "main.json").read_text())
    assert (told["tests"], told["first"], told["asked"]) == (0, 0.0, {"": {"list": 1}})
    assert told["peak"] > 5
    assert len(list(folder.iterdir())) == 1


def test_without_a_folder_it_does_nothing(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(probe.FOLDER, raising=False)
    config = pytester.parseconfig()
    main = probe.pytest_cmdline_main(config)
    next(main)
    with pytest.raises(StopIteration) as ended:
        main.send(3)
    assert ended.value.value == 3
    assert not config.pluginmanager.has_plugin("csi-bench-probe")
