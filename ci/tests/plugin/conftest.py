"""A demo project: its suites, a cluster that only writes a log, and inner pytest runs as subprocesses."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PYTEST = (sys.executable, "-m", "pytest", "-p", "stand_in")
QUIET = ("-p", "no:asyncio", "-p", "no:anyio", "-p", "no:hypothesispytest", "-p", "no:syrupy")
"""Other people's plugins, which cost time at every start; the tests of living beside them load them."""


class Demo:
    """One demo project; ``path`` is its root, and the directory that runs begin in."""

    def __init__(self, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
        self.pytester = pytester
        self.path = pytester.path
        self._monkeypatch = monkeypatch
        monkeypatch.setenv("STAND_IN_LOG", str(self.path / "log.txt"))
        monkeypatch.setenv("PYTHONPATH", str(self.path))
        monkeypatch.setenv("XDG_CACHE_HOME", str(self.path / "cache"))
        for name in [name for name in os.environ if name.startswith(("PYTEST_", "COLUMNS"))]:
            monkeypatch.delenv(name)
        monkeypatch.setenv("COLUMNS", "200")
        shutil.copy(Path(__file__).with_name("stand_in.py"), self.path)
        for package in ("demo", "demo/suites"):
            (self.path / package).mkdir()
            (self.path / package / "__init__.py").touch()

    def suite(self, **files: str) -> None:
        """Write suites: ``suite(test_x=text)``; the text needs no import of pytest."""
        for name, text in files.items():
            (self.path / f"demo/suites/{name}.py").write_text("import pytest\n\n" + text)

    def env(self, **variables: str) -> None:
        """Set environment variables of the inner runs."""
        for name, value in variables.items():
            self._monkeypatch.setenv(name, value)

    def run(self, *args: str, driver: str = "reference", plugins: tuple[str, ...] = QUIET) -> pytest.RunResult:
        """Run pytest in the current directory; ``driver=""`` leaves our option out."""
        ours = (f"--csi-driver={driver}",) if driver else ()
        return self.pytester.run(*PYTEST, "-p", "no:cacheprovider", *plugins, *ours, *args)

    def start(self, *args: str, stdout: int = subprocess.PIPE) -> subprocess.Popen[bytes]:
        """Begin a run and return while it goes on."""
        command = [*PYTEST, *QUIET, "--csi-driver=reference", *args]
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=stdout, stderr=subprocess.STDOUT)

    @property
    def log(self) -> list[str]:
        """What the stand-in cluster was told, in order."""
        path = self.path / "log.txt"
        return path.read_text().split() if path.exists() else []


@pytest.fixture
def demo(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Demo:
    """A demo project with one suite of one test that passes."""
    made = Demo(pytester, monkeypatch)
    made.suite(test_one=ONE)
    return made


ONE = """
@pytest.mark.csi_clause("DEL-001")
def test_gone(csi_recorder):
    csi_recorder.check("DEL-001", expected="gone", observed="gone")
"""
