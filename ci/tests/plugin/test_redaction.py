"""What is secret stands in no output of a run; with ``--csi-redact`` no name of the cluster does either."""

from __future__ import annotations

import re

import pytest

from .conftest import Demo

SECRET = 'plant"ed-secret-7Zq'
ENCODED = "cGxhbnQiZWQtc2VjcmV0LTdacQ=="
NAMES = ("worker-7.example.com", "team-payments", "vol-0a1b2c3d")

LEAKING = """
from pytest_csi_snapshot.history import History
from pytest_csi_snapshot.kube.kinds import PV, SECRET
from pytest_csi_snapshot.labels import Mark
from pytest_csi_snapshot.owning import OwnedClient

class Api:
    def get(self, kind, namespace, name):
        if kind == SECRET:
            return {"metadata": {"name": name}, "data": {"password": "cGxhbnQiZWQtc2VjcmV0LTdacQ=="}}
        return {"metadata": {"name": "pv", "uid": "u", "resourceVersion": "1"},
                "spec": {"claimRef": {"namespace": "team-payments"}, "csi": {"volumeHandle": "vol-0a1b2c3d"},
                         "nodeName": "worker-7.example.com"}}

def text():
    api = OwnedClient(Api(), History(), Mark("abcd", "gw0"))
    encoded = api.get(SECRET, "ns", "s")["data"]["password"]
    spec = api.get(PV, None, "pv")["spec"]
    import base64
    plain = base64.b64decode(encoded).decode()
    names = spec['nodeName'], spec['claimRef']['namespace'], spec['csi']['volumeHandle']
    return ' '.join(["told", plain, encoded, *names])

@pytest.mark.csi_clause("DEL-001")
def test_broken(csi_recorder):
    print(text())
    csi_recorder.timeline([text()])
    csi_recorder.check("DEL-001", expected="nothing", observed=text(), about=text(), hint=text())

@pytest.mark.csi_clause("DEL-002")
def test_crash(csi_recorder):
    raise RuntimeError(text())

@pytest.mark.csi_clause("DEL-003")
def test_doubt(csi_recorder):
    csi_recorder.unknown("DEL-003", text())

@pytest.mark.csi_clause("DEL-004")
def test_kept(csi_recorder):
    csi_recorder.check("DEL-004", expected=text(), observed=text())

@pytest.fixture
def clutter():
    yield
    raise RuntimeError(text())

@pytest.mark.csi_clause("DEL-005")
def test_teardown(csi_recorder, clutter):
    pass
"""


def outputs(demo: Demo, *args: str) -> str:
    """All that a run has printed and written."""
    demo.suite(test_one=LEAKING)
    kept = {path for path in demo.path.rglob("*") if path.is_file()}
    result = demo.run("--junitxml=report.xml", "-rA", "-vv", *args)
    result.assert_outcomes(passed=1, failed=2, skipped=2, errors=1)
    written = [path for path in demo.path.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    texts = [path.read_text() for path in written if path not in kept]
    assert len(texts) >= 1
    return "\n".join([result.stdout.str(), result.stderr.str(), *texts])


@pytest.mark.parametrize("workers", [(), ("-n2",)], ids=["alone", "workers"])
def test_no_output_holds_a_secret(demo: Demo, workers: tuple[str, ...]) -> None:
    text = outputs(demo, *workers)
    assert "told <secret> <secret> worker-7.example.com" in text
    assert [word for word in (SECRET, SECRET.replace('"', '\\"'), "ed-secret-7Zq", ENCODED) if word in text] == []
    assert [name for name in NAMES if name not in text] == []


@pytest.mark.parametrize("workers", [(), ("-n2",)], ids=["alone", "workers"])
def test_names_are_replaced_by_the_same_word_everywhere(demo: Demo, workers: tuple[str, ...]) -> None:
    text = outputs(demo, "--csi-redact", *workers)
    assert [name for name in NAMES if name in text] == []
    said = set(re.findall(r"told \S+ \S+ (host-\w{8}) (namespace-\w{8}) (handle-\w{8})", text))
    assert len(said) == 1
