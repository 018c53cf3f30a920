"""Options that cannot go together end a role before it does anything."""

from __future__ import annotations

import argparse

import pytest

from pytest_csi_snapshot.reference_impl.controllers.snapshotter import main as snapshotter
from pytest_csi_snapshot.reference_impl.controllers.work import options


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--node-deployment"], "--node-deployment needs the node's name: set NODE_NAME"),
        (["--leader-election"], "--leader-election needs --leader-election-namespace"),
        (
            ["--leader-election", "--leader-election-renew-deadline=15s", "--leader-election-namespace=n"],
            "lease duration > renew deadline > retry period > 0, not 15 s, 15 s, 5 s",
        ),
    ],
)
def test_what_cannot_work_is_refused(
    words: list[str], told: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NODE_NAME", "NAMESPACE"):
        monkeypatch.delenv(name, raising=False)
    assert snapshotter.main(words) == 2
    assert told in capsys.readouterr().err


def test_an_election_among_nodes_is_refused(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NODE_NAME", "a")
    assert snapshotter.main(["--node-deployment", "--leader-election", "--leader-election-namespace=n"]) == 2
    assert "each instance of a --node-deployment works" in capsys.readouterr().err


def test_feature_gates() -> None:
    assert options.feature_gates("A=true,B=false") == {"A": True, "B": False}
    assert options.feature_gates("") == {}
    with pytest.raises(argparse.ArgumentTypeError, match="neither true nor false: ''"):
        options.feature_gates("A")
