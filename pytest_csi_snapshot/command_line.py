"""What the programs of this package have in common on their command lines."""

from __future__ import annotations

import argparse
from typing import NoReturn

from pytest_csi_snapshot.errors import UsageTrouble


class Parser(argparse.ArgumentParser):
    """Ends in the exit code that a wrong command line has everywhere here."""

    def error(self, message: str) -> NoReturn:
        """One line."""
        self.exit(UsageTrouble.exit_code, f"{self.prog}: {message}; see {self.prog} --help\n")
