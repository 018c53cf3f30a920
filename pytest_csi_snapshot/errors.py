"""Errors that end a run, split by whose fault they are.

    RunError                 one clear message (what, why, what to do) and an exit code
    ├── UsageTrouble         the command line or a configuration file is wrong (exit 4)
    └── EnvironmentTrouble   this machine or this cluster cannot do what was asked (exit 3)

A failed clause is neither: it is a verdict, see ``outcomes``.
"""

from __future__ import annotations


class RunError(Exception):
    """A run cannot go on. ``str(error)`` is shown to the user as it is, without a traceback."""

    exit_code = 3

    def __init__(self, what: str, *, why: str = "", do: str = "") -> None:
        self.what = what
        self.why = why
        self.do = do
        super().__init__("; ".join(part for part in (what, why, do) if part))


class UsageTrouble(RunError):  # noqa: N818  the name says whose trouble it is
    """Something the user wrote is wrong; nothing was started."""

    exit_code = 4


class EnvironmentTrouble(RunError):  # noqa: N818
    """The machine or the cluster lacks something, or something that was started died."""

    exit_code = 3
