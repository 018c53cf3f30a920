"""How a pytest session ended, told apart by what pytest says about it.

pytest ends with the same code for Ctrl-C, for ``--maxfail`` under xdist and for a file that cannot be collected.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest

_LIMIT = "stopping after "
_COLLECTION = " during collection"


@dataclass(frozen=True)
class Ending:
    """How a run ended; all empty where it came to its end.

    ``interrupted`` and ``broken`` are what stopped it, in words, ``foreign`` the exit code that was given with
    that. ``cut_short`` says why some tests were not run, also where that is no trouble.
    """

    interrupted: str = ""
    broken: str = ""
    foreign: int = 0
    cut_short: str = ""


def internal_error(kind: str, text: str) -> str:
    """An internal error in one line; that of a worker comes as its traceback, whose last line tells it."""
    lines = [line.strip() for line in text.splitlines() if line.strip()] or [""]
    if lines[0].startswith("Traceback "):
        # xdist raises it again by "assert False, traceback", and pytest indents that.
        return [line for line in lines if not line.startswith("assert ")][-1]
    return f"{kind}: {lines[0]}".removesuffix(": ")


def ending_of(
    exitstatus: int, stopped_by: BaseException | None = None, internal: str = "", limit: str = ""
) -> Ending:
    """How a session ended.

    ``stopped_by`` is what pytest_keyboard_interrupt was told, ``internal`` the first line of an internal error,
    ``limit`` what pytest's session says of having been stopped after failures.
    """
    if internal or exitstatus == pytest.ExitCode.INTERNAL_ERROR:
        what = f"INTERNALERROR: {internal or 'see above'}"
        return Ending(broken=what, cut_short=what)
    if stopped_by is None:
        return Ending(cut_short=limit)
    if isinstance(stopped_by, pytest.exit.Exception):
        what = f"pytest.exit: {stopped_by.msg}"
        code = stopped_by.returncode or int(pytest.ExitCode.INTERRUPTED)
        foreign = 0 if code == pytest.ExitCode.INTERRUPTED else code
        return Ending(interrupted=what, foreign=foreign, cut_short=what)
    text = str(stopped_by)
    if text.startswith(_LIMIT) or text.endswith(_COLLECTION):
        return Ending(cut_short=text)  # asked for; or told by the file that could not be collected
    what = f"interrupted: {text}" if text else "interrupted"
    return Ending(interrupted=what, cut_short=what)
