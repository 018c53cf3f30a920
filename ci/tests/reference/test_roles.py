"""What every role begins with."""

from __future__ import annotations

import subprocess
import sys

import pytest

BEGIN = """
import os, signal, sys, threading, time
from pytest_csi_snapshot.{module} import end_on_signals

ended = threading.Event()
end_on_signals(ended)
"""

INTERRUPTED = """
with ended._cond:  # where the main thread is for a moment whenever it begins or ends to wait
    os.kill(os.getpid(), signal.SIGTERM)
ended.wait()
"""

ELSEWHERE = """
def place():
    frame = sys._current_frames()[main]
    return frame.f_code.co_name, frame.f_lasti

def send():
    places = [place()]
    while places[-20:] != 20 * [("wait", places[-1][1])]:  # until it surely waits
        time.sleep(0.01)
        places.append(place())
    signal.pthread_kill(threading.get_ident(), signal.SIGTERM)

main = threading.get_ident()
threading.Thread(target=send).start()
ended.wait()  # which nothing interrupts: the signal meets the other thread
"""


@pytest.mark.parametrize("module", ["reference_impl.roles", "fixtures.signals"])
@pytest.mark.parametrize("story", [INTERRUPTED, ELSEWHERE], ids=["in the main thread", "in another"])
def test_a_signal_is_heard_wherever_it_meets_the_process(module: str, story: str) -> None:
    script = BEGIN.format(module=module) + story
    assert subprocess.run([sys.executable, "-c", script], check=False, timeout=20).returncode == 0
