"""What every role begins with."""

from __future__ import annotations

import subprocess
import sys

import pytest

INTERRUPTED = """
import os, signal, threading
from pytest_csi_snapshot.{module} import end_on_signals

ended = threading.Event()
end_on_signals(ended)
with ended._cond:  # where the main thread is for a moment whenever it begins or ends to wait
    os.kill(os.getpid(), signal.SIGTERM)
ended.wait()
"""


@pytest.mark.parametrize("module", ["reference_impl.roles", "fixtures.signals"])
def test_a_signal_is_heard_wherever_it_meets_the_main_thread(module: str) -> None:
    script = INTERRUPTED.format(module=module)
    assert subprocess.run([sys.executable, "-c", script], check=False, timeout=20).returncode == 0
