"""A pod that prepares something and then holds its volumes, busy or idle, until it is deleted."""

from __future__ import annotations

from pytest_csi_snapshot.workloads.pods import READY_FILE


def stay_script(first: str, busy: str = "") -> str:
    """Shell that runs ``first``, gets ready, and repeats ``busy`` until it is told to end.

    The pause between two rounds is the pace of the workload, not a wait for anything.
    """
    return f"""
set -e; stop=; trap 'stop=1' TERM
{first}
: > {READY_FILE}
while [ -z "$stop" ]; do
{busy}
sleep 0.1
done
"""
