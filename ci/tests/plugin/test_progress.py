"""What a user sees while tests run: lines in a log, a line redrawn on a terminal, what a hung test waits for."""

from __future__ import annotations

import errno
import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import termios
from collections.abc import Iterator
from pathlib import Path

import pytest
from _pytest._io import TerminalWriter

from pytest_csi_snapshot.reporting.progress.hooks import may_redraw
from pytest_csi_snapshot.reporting.progress.screen import Screen

from .conftest import PYTEST, QUIET, Demo

SUITE = """
@pytest.mark.csi_clause("DEL-001")
def test_kept(csi_recorder):
    csi_recorder.check("DEL-001", expected="gone", observed="gone")

@pytest.mark.csi_clause("DEL-002")
def test_broken(csi_recorder):
    csi_recorder.check("DEL-002", expected="gone", observed="there")

@pytest.mark.csi_clause("DEL-002")
def test_broken_likewise(csi_recorder):
    csi_recorder.check("DEL-002", expected="gone", observed="there")

@pytest.mark.csi_clause("FIN-001")
def test_errs(csi_recorder):
    assert 1 == 2

def test_of_somebody():
    pass
"""

HANGING = """
from pytest_csi_snapshot.history import History
from pytest_csi_snapshot.waiting import wait_for

@pytest.mark.csi_clause("SNAP-DYN-001")
def test_hangs(csi_recorder):
    wait_for(History(), lambda: None, clause="SNAP-DYN-001", awaited="readyToUse true",
             about="VolumeSnapshot csi-ab/snap-1", within=4000, observed=list)
"""
WAITING = r"waiting \d+ of 4000 s for readyToUse true: VolumeSnapshot csi-ab/snap-1"

FAILED = "FAILED DEL-002 expected gone, observed there; blamed: snapshot-controller v8.6.0"


def told(output: str) -> list[str]:
    """Our lines while tests ran, without their times."""
    body = output.partition("collected")[2] or output.partition("items]")[2]
    found = re.findall(r"^csi-snapshot +\d+\.\d s  (.*)$", body.partition("=====")[0], re.MULTILINE)
    return [" ".join(line.split()) for line in found]


def test_a_log_has_plain_lines(demo: Demo) -> None:
    demo.env(APART="0")
    demo.suite(test_one=SUITE)
    output = demo.run().stdout.str()
    assert told(output) == [
        "1 of 3 clauses",
        FAILED,
        "2 of 3 clauses, 1 failed",
        "ERRORED FIN-001 call: AssertionError: assert 1 == 2 [test_errs]",
    ]
    assert "\x1b" not in output
    assert "\r" not in output


def test_a_log_of_workers_has_whole_lines_and_no_file_is_left(demo: Demo, tmp_path: Path) -> None:
    demo.env(APART="0", TMPDIR=str(tmp_path))
    demo.suite(test_one=SUITE)
    output = demo.run("-n", "2").stdout.str()
    lines = told(output)
    assert FAILED in lines
    assert any(line.startswith("2 of 3 clauses, 1 failed") for line in lines)
    assert "\x1b" not in output
    assert not list(tmp_path.glob("csi-*"))


def test_a_quiet_run_is_told_nothing(demo: Demo) -> None:
    demo.env(APART="0")
    demo.suite(test_one=SUITE)
    assert "csi-snapshot " not in demo.run("-q").stdout.str().partition("===")[0]


def test_verbose_lines_of_pytest_stay(demo: Demo) -> None:
    demo.env(APART="0")
    demo.suite(test_one=SUITE)
    output = demo.run("-v").stdout.str()
    assert re.search(r"^demo/suites/test_one.py::test_kept PASSED +\[ 20%\]$", output, re.MULTILINE)
    assert FAILED in told(output)


DECISIVE = ("CI", "BUILD_NUMBER", "NO_COLOR")


class Terminal:
    """A run whose output is a terminal; ``read`` gives what it wrote until now."""

    def __init__(self, *args: str, **environment: str) -> None:
        self._main, side = pty.openpty()
        command = [*PYTEST, *QUIET, "-p", "no:cacheprovider", "--csi-driver=reference", *args]
        alone = {
            name: value for name, value in os.environ.items() if name not in ("CI", "BUILD_NUMBER", "NO_COLOR")
        }
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=side, stderr=side,
            env={**alone, "TERM": "xterm", **environment},
        )  # fmt: skip
        os.close(side)
        self.output = ""

    def pieces(self) -> Iterator[str]:
        """All that was written after each further piece of it."""
        while True:
            try:
                piece = os.read(self._main, 65536)
            except OSError as error:
                if error.errno == errno.EIO:  # the other side is closed
                    return
                raise
            self.output += piece.decode(errors="replace")
            yield self.output

    def until(self, pattern: str) -> str:
        """Read until this was written."""
        for output in self.pieces():
            if re.search(pattern, output):
                return output
            if re.search(r"waiting \d{3}", output):  # it does not come
                break
        pytest.fail(f"{pattern!r} was not written:\n{self.output}")

    def to_the_end(self) -> list[str]:
        """What stands on the terminal when the run is over, line by line."""
        for _ in self.pieces():
            pass
        self.process.wait()
        return screen_of(self.output)

    def stop(self) -> list[str]:
        """The same, after SIGTERM."""
        self.process.send_signal(signal.SIGTERM)
        return self.to_the_end()


def screen_of(output: str) -> list[str]:
    """The lines that are left of an output: what a terminal makes of line feeds, returns and erasures."""
    lines = [""]
    for part in re.split(r"(\r\n|\r|\x1b\[J)", output):
        if part == "\r\n":
            lines.append("")
        elif part == "\r":
            lines[-1] = "\r" + lines[-1].removeprefix("\r")
        elif part == "\x1b[J":
            lines[-1] = ""
        elif lines[-1].startswith("\r") and part:
            lines[-1] = part + lines[-1][1 + len(part) :]
        else:
            lines[-1] += part
    return [re.sub(r"\x1b\[[\d;]*m", "", line) for line in lines]


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "workers"])
def test_a_terminal_shows_what_a_hung_test_waits_for(demo: Demo, workers: tuple[str, ...]) -> None:
    demo.suite(test_hanging=HANGING, test_one=SUITE)
    terminal = Terminal(*workers)
    terminal.until(r"\r\x1b\[J\d of 4 clauses[^;\r]*; waiting [1-9]\d* of 4000 s for readyToUse true")
    frame = terminal.output.split("\r")[-1].removeprefix("\x1b[J")
    assert len(frame) < 80
    lines = terminal.stop()
    assert not [line for line in lines if "of 4 clauses" in line]
    assert terminal.process.returncode == 2


def test_a_terminal_has_no_dots_and_nothing_is_left_of_the_line(demo: Demo) -> None:
    demo.suite(test_one=SUITE)
    lines = Terminal("--color=no").to_the_end()
    start = next(number for number, line in enumerate(lines) if line.startswith("collected"))
    end = next(number for number, line in enumerate(lines) if "FAILURES" in line or "ERRORS" in line)
    ours = [" ".join(line.split()[3:]) for line in lines[start + 1 : end] if line]
    assert ours == [FAILED, "ERRORED FIN-001 call: AssertionError: assert 1 == 2 [test_errs]"]


@pytest.mark.parametrize(
    ("terminal", "environment", "verbosity", "capture", "expected"),
    [
        (True, {"TERM": "xterm"}, 0, "fd", True),
        (True, {"TERM": "xterm"}, -1, "fd", True),
        (True, {"TERM": "xterm", "NO_COLOR": "1"}, 0, "fd", True),  # it is about colours
        (False, {"TERM": "xterm"}, 0, "fd", False),
        (True, {"TERM": "xterm", "CI": "true"}, 0, "fd", False),
        (True, {"TERM": "dumb"}, 0, "fd", False),
        (True, {}, 0, "fd", False),
        (True, {"TERM": "xterm"}, 1, "fd", False),  # pytest's own lines stay
        (True, {"TERM": "xterm"}, 0, "no", False),  # the tests write there
    ],
)
def test_a_line_is_redrawn_where_somebody_looks_and_nobody_else_writes(
    terminal: bool, environment: dict[str, str], verbosity: int, capture: str, expected: bool
) -> None:
    assert may_redraw(environment, terminal=terminal, verbosity=verbosity, capture=capture) is expected


def test_a_log_says_what_a_hung_test_waits_for(demo: Demo) -> None:
    demo.env(SILENCE="0.5")
    demo.suite(test_hanging=HANGING)
    process = demo.start("-n", "2")
    assert process.stdout is not None
    seen = []
    for line in process.stdout:
        seen.append(line.decode())
        if re.search(WAITING, seen[-1]):
            break
    process.terminate()
    process.communicate()
    assert re.search(r"^csi-snapshot +\d+\.\d s  no test has ended for \d+ s$", "".join(seen), re.MULTILINE)
    assert re.search(rf"^csi-snapshot +\d+\.\d s    test_hangs: {WAITING}$", "".join(seen), re.MULTILINE)


def shows(terminal: int, expected: bytes) -> None:
    """This comes next, in as many pieces as it likes."""
    read = b""
    while len(read) < len(expected):
        read += os.read(terminal, len(expected) - len(read))
    assert read == expected


def test_the_line_follows_a_terminal_that_changes_its_width() -> None:
    main, side = pty.openpty()
    with os.fdopen(side, "w") as file:
        writer = TerminalWriter(file)
        screen = Screen(writer, file)
        _resize(side, 40)
        screen.draw("x" * 60)
        shows(main, b"\r\x1b[J" + b"x" * 36 + b"...")
        _resize(side, 20)  # the terminal breaks the line into two rows
        screen.draw("short")
        shows(main, b"\r\x1b[1A\x1b[Jshort")
        writer.write("dot")
        shows(main, b"\r\x1b[Jdot")
        screen.draw("not while something stands there")
        screen.say("a line")
        shows(main, b"\r\na line\r\n")
        screen.close()
        writer.line("as before")
        file.flush()
        shows(main, b"as before\r\n")
    os.close(main)


def _resize(terminal: int, columns: int) -> None:
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
