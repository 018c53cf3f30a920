"""The cluster: made once, handed to all workers, deleted once, whatever ends the run."""

from __future__ import annotations

import os
import select
import signal

import pytest

from .conftest import Demo

WORKERS = pytest.mark.parametrize("workers", [(), ("-n2",)], ids=["alone", "workers"])
LINE = "etcd did not start; port 2379 is taken; end what listens there"


@WORKERS
def test_one_cluster_for_all_tests(demo: Demo, workers: tuple[str, ...]) -> None:
    demo.suite(
        test_one="""
@pytest.mark.parametrize("number", range(4))
def test_cluster(csi_cluster, number):
    assert csi_cluster.provider == "stand-in"
"""
    )
    demo.run(*workers).assert_outcomes(passed=4)
    assert demo.log == ["create", "delete"]


@WORKERS
def test_progress_is_printed_while_the_cluster_starts(demo: Demo, workers: tuple[str, ...]) -> None:
    demo.run(*workers).stdout.re_match_lines(
        [r"csi-snapshot +\d+\.\d s  etcd answers", "=+ test session starts", r"csi-snapshot +\d+\.\d s  going"]
    )


@WORKERS
def test_a_failed_start_is_one_line(demo: Demo, workers: tuple[str, ...]) -> None:
    demo.env(BREAK="create")
    result = demo.run(*workers)
    assert result.ret == 3
    assert result.errlines == [f"Exit: {LINE}"]
    assert [line for line in result.outlines if "etcd answers" not in line] == []
    assert demo.log == ["create", "delete"]


def test_a_cluster_that_stays_is_said_and_is_trouble(demo: Demo) -> None:
    demo.env(BREAK="delete")
    result = demo.run()
    assert result.ret == 3
    result.stdout.fnmatch_lines(
        [f"csi-snapshot: the cluster was not deleted: {LINE}", "csi-snapshot: exit code 3, whatever was judged"]
    )


def test_a_crashed_worker_costs_neither_the_cluster_nor_the_other_tests(demo: Demo) -> None:
    demo.suite(
        test_one="""
import os

@pytest.mark.parametrize("number", range(4))
def test_cluster(csi_cluster, number):
    if number == 1:
        os._exit(9)
"""
    )
    demo.run("-n2").assert_outcomes(passed=3, failed=1)
    assert demo.log == ["create", "delete"]


@pytest.mark.parametrize(("left", "status"), [("Namespace/csi-1", 3), ("", 0)])
def test_what_tests_left_in_somebodys_cluster_is_removed_and_told(demo: Demo, left: str, status: int) -> None:
    demo.env(LEFT=left)
    result = demo.run("-n2")
    assert result.ret == status
    text = result.stdout.str()
    assert "2 objects of this run are in the cluster, removing 1 that tests left behind" in text
    assert ("left in the cluster: Namespace/csi-1; look for all of it with: kubectl get" in text) is bool(left)


def test_what_is_kept_in_somebodys_cluster_is_not_removed(demo: Demo) -> None:
    demo.env(LEFT="")
    text = demo.run("-n2", "--csi-keep").stdout.str()
    assert "removing" not in text
    assert "kept, as asked: kubectl get namespaces,volumesnapshotcontents" in text


def test_a_reader_that_went_away_leaves_no_cluster(demo: Demo) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    demo.start(stdout=writing).wait()
    os.close(writing)
    assert demo.log == ["create", "delete"]


BLOCKING = """
def test_blocks(csi_cluster):
    import stand_in
    stand_in.block()
"""


@WORKERS
@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_during_a_test_deletes_the_cluster(
    demo: Demo, workers: tuple[str, ...], sent: signal.Signals
) -> None:
    demo.suite(test_one=BLOCKING)
    _signal_when_blocked(demo, sent, *workers)
    assert demo.log == ["create", "delete"]


STOPPED = (
    "csi-snapshot: the clean-up was stopped; a minute from now the rest can be removed: pytest --csi-sweep=delete"
)


def test_a_second_ctrl_c_stops_the_clean_up_and_says_how_to_do_it_later(demo: Demo) -> None:
    demo.env(LEFT="", BLOCK="remove")
    text = _signal_when_blocked(demo, signal.SIGINT)
    assert STOPPED in text
    assert demo.log == ["create", "arrive", "delete"]


CLEANING = """
@pytest.fixture
def thing():
    yield
    import stand_in
    stand_in.block()

def test_cleans(thing, csi_cluster):
    raise KeyboardInterrupt
"""


def test_ctrl_c_in_the_clean_up_of_a_test_that_was_interrupted_stops_it_all(demo: Demo) -> None:
    demo.env(LEFT="")
    demo.suite(test_one=CLEANING)
    text = _signal_when_blocked(demo, signal.SIGINT)
    assert STOPPED in text
    assert "Traceback" not in text
    assert demo.log == ["create", "arrive", "delete"]


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_during_the_start_deletes_the_half_of_it(demo: Demo, sent: signal.Signals) -> None:
    demo.env(BLOCK="create")
    _signal_when_blocked(demo, sent)
    assert demo.log == ["create", "delete"]


def _signal_when_blocked(demo: Demo, sent: signal.Signals, *args: str) -> str:
    """Send the signal when the run says that it is blocked; its output."""
    fifo = demo.path / "fifo"
    os.mkfifo(fifo)
    demo.env(FIFO=str(fifo))
    reading = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    process = demo.start(*args)
    ended = os.pidfd_open(process.pid)
    select.select([reading, ended], [], [])
    assert os.read(reading, 7) == b"blocked"
    process.send_signal(sent)
    output, _ = process.communicate()
    assert process.returncode == pytest.ExitCode.INTERRUPTED
    os.close(reading)
    os.close(ended)
    return output.decode()


@pytest.mark.parametrize("question", ["--collect-only", "--fixtures", "--csi-list", "--setup-plan", "--markers"])
def test_looking_needs_no_cluster(demo: Demo, question: str) -> None:
    assert demo.run(question).ret == 0
    assert demo.log == []


def test_a_kept_cluster_is_not_deleted_and_told(demo: Demo) -> None:
    result = demo.run("--csi-keep")
    result.stdout.fnmatch_lines(["csi-snapshot: kept, as asked: *kubectl get pods -A"])
    assert demo.log == ["create"]


def test_a_test_without_a_cluster_says_what_to_add(demo: Demo) -> None:
    demo.pytester.makepyfile(test_own="def test_own(csi_cluster): pass")
    result = demo.run("test_own.py", driver="")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["this test needs a cluster with a CSI driver: add --csi-driver=NAME"])


def test_an_interruption_where_no_line_is_known(demo: Demo) -> None:
    """As CPython 3.11 has it between two steps of a ``with``; pytest itself fails in showing it."""
    demo.suite(
        test_one="""
@pytest.mark.csi_clause("DEL-001")
def test_stops(csi_recorder):
    exec(compile("raise KeyboardInterrupt", "nowhere", "exec").replace(co_linetable=b""))
"""
    )
    result = demo.run()
    assert result.ret == 2
    result.stdout.fnmatch_lines(["Exit code 2: interrupted", "*:*: KeyboardInterrupt"])
