"""A pod of the Job: what it leaves for ``collect``, and when the Job has to run its shard again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pytest_csi_snapshot.errors import UsageTrouble
from pytest_csi_snapshot.job import __main__ as program
from pytest_csi_snapshot.job import collecting, pod
from pytest_csi_snapshot.kube.client import KubeClient
from pytest_csi_snapshot.report.document import text_of

from .report.samples import CLAUSES, report

TESTED = text_of(report())
UNBEGUN = text_of(report(dict.fromkeys(CLAUSES, "not run"), tests=()))


@pytest.mark.parametrize(
    ("code", "left", "ended", "stored"),
    [
        (0, TESTED, 0, True),
        (1, TESTED, 0, True),
        (3, TESTED, 0, True),  # errored clauses are a verdict; to run them again would hide them
        (5, UNBEGUN, 0, True),  # of few tests some shards have none
        (2, TESTED, 2, False),
        (3, UNBEGUN, 3, False),  # the cluster was not reached
        (4, UNBEGUN, 4, False),
        (-9, TESTED, -9, False),
        (0, "", 3, False),
        (0, "half a rep", 3, False),
    ],
)
def test_what_is_no_verdict_is_not_left_and_ends_the_pod_with_an_error(
    monkeypatch: pytest.MonkeyPatch, code: int, left: str, ended: int, stored: bool
) -> None:
    def judge(arguments: list[str]) -> int:
        folder = Path(next(each for each in arguments if each.startswith("--csi-report=")).partition("=")[2])
        folder.mkdir()
        if left:
            (folder / "report.json").write_text(left)
        return code

    kept: list[int] = []
    monkeypatch.setenv("JOB_COMPLETION_INDEX", "1")
    monkeypatch.setattr(pod, "_judge", judge)
    monkeypatch.setattr(pod, "store", lambda _job, shard, _packed: kept.append(shard))
    assert pod.run("j", 4, ["-k", "x"]) == ended
    assert kept == ([2] if stored else [])


@pytest.mark.parametrize(("code", "forgotten"), [(0, True), (1, True), (UsageTrouble.exit_code, False)])
def test_reports_stay_in_the_cluster_until_one_was_made_of_them(
    monkeypatch: pytest.MonkeyPatch, code: int, forgotten: bool
) -> None:
    seen: list[Any] = []
    monkeypatch.setattr(KubeClient, "from_kubeconfig", lambda *_where, **_more: None)
    monkeypatch.setattr(collecting, "await_job", lambda *_where: {})
    monkeypatch.setattr(collecting, "reports", lambda *_where: ([Path("shard-1")], []))
    monkeypatch.setattr(collecting, "forget", lambda *_where: seen.append("forgotten"))
    monkeypatch.setattr("pytest_csi_snapshot.report.program.main", lambda _arguments: code)
    assert program.main(["collect"]) == code
    assert bool(seen) is forgotten
