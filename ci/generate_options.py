"""Generates ``docs/options.md``: every option with its ini key and variable, from the table.

python ci/generate_options.py            write the page
python ci/generate_options.py --check    exit 1 if it differs
"""

from __future__ import annotations

import sys

from generated import ROOT, settle

from pytest_csi_snapshot.options import OPTIONS, STARTERS, Option

PAGE = ROOT / "docs" / "options.md"

HEAD = """\
# Options

Generated from the table in `pytest_csi_snapshot/options.py`. Each option has an ini key of its name (`csi_driver`,
in pytest's own configuration file) and an environment variable (`PYTEST_CSI_DRIVER`). The command line goes before
the variable, the variable before the ini key, and that before a [profile](profiles.md). The header of a run prints
every value and where it came from.

A run of the packaged suites is started by any of {starters} on the
command line; as ini key or variable they only set a value, so that other tests of the same project stay as they
are. Everything else of pytest works as ever: `-k`, `-m`, `-n`, `-x`, `--junitxml`, test ids.
"""


def page() -> str:
    """The whole page."""
    starters = ", ".join(f"`--{name.replace('_', '-')}`" for name in STARTERS)
    rows = [f"| `{option.flag}{value_of(option)}` | {told(option)} |" for option in OPTIONS]
    return "\n".join([HEAD.format(starters=starters), "| option | means |", "|---|---|", *rows, ""])


def value_of(option: Option) -> str:
    """What stands behind the option."""
    if option.shape == "flag":
        return ""
    return f"[={option.metavar}]" if option.bare else f"={option.metavar}"


def told(option: Option) -> str:
    """The help, in one cell."""
    return " ".join(option.help.split()).replace("|", "\\|")


def main(argv: list[str]) -> int:
    return settle(argv, PAGE, page(), script="generate_options.py")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
