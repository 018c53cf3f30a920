"""A pod that looks at the size of its volume until it has become what it is waiting for."""

from __future__ import annotations

from pytest_csi_snapshot.workloads.filesystems import size_script
from pytest_csi_snapshot.workloads.pods import ANSWER_FILE, READY_FILE

_SECTOR = 512


def watch_script(path: str, mode: str, size: int, label: str) -> str:
    """Shell that gets ready once the volume at ``path`` has ``size`` bytes, and stays until it is told to end.

    A filesystem needs a part of its volume for itself, at most a fifth. Its size is also the last word. The pause
    between two looks is the pace of the workload, not a wait for anything.
    """
    seen, farewell = (_device(path, size), "") if mode == "Block" else _filesystem(path, size, label)
    return f"""
stop=; trap 'stop=1' TERM
seen() {{ {seen}; }}
while [ -z "$stop" ]; do
  if [ ! -e {READY_FILE} ] && seen; then : > {READY_FILE}; fi
  sleep 0.1
done
{farewell}
"""


def _device(path: str, size: int) -> str:
    """Shell that reads the last sector: an image need not have ``blockdev``."""
    last = size // _SECTOR - 1
    reading = f"LC_ALL=C dd if={path} of=/dev/null bs={_SECTOR} skip={last} count=1 2>&1"
    return f'case "$({reading})" in *"1+0 records in"*) return 0;; *) return 1;; esac'


def _filesystem(path: str, size: int, label: str) -> tuple[str, str]:
    least = size * 4 // 5 // 1024
    seen = f'set -- $(df -P -k {path} | tail -n 1); [ "${{2:-0}}" -ge {least} ]'
    return seen, f"{{ {size_script(path, label)} }} > {ANSWER_FILE}"
