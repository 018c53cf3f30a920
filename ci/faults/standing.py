"""How each fault was last judged, by this suite and by others: ``results.json``, which the page of faults shows.

Written by ``--update``; a run compares nothing with it.
"""

from __future__ import annotations

import fcntl
import json
from collections.abc import Mapping
from pathlib import Path

FILE = Path(__file__).parent / "results.json"

OURS, SANITY, E2E = "csi-snapshot", "csi-sanity", "e2e"
JUDGES = (OURS, SANITY, E2E)
"""Who judged; what there is no entry of was not run."""
BLAMED = "blamed"
"""Beside the judges: whom this suite has blamed first, "" for nobody."""
RED = "red"
"""Beside them: the clauses that turned red under the fault, with blanks in between."""
SECONDS = "seconds"
"""Beside them: how long this suite took, to the second, on some machine."""

UNSEEN = "-"
"""What e2e says of a fault that none of its cases looks at."""

Standing = dict[str, dict[str, str]]
"""Fault -> judge -> "intended", "another", "missed" or, of csi-sanity and e2e, "caught", "missed" or UNSEEN."""


def read(file: Path = FILE) -> Standing:
    """All that was noted."""
    found: Standing = json.loads(file.read_text() or "{}") if file.exists() else {}
    return found


def is_proven(fault: str, file: Path = FILE) -> bool:
    """Whether the clause that a fault breaks has found it, when it was last tried."""
    return read(file).get(fault, {}).get(OURS) == "intended"


def is_tried(fault: str, judge: str = OURS, file: Path = FILE) -> bool:
    """Whether a judge was ever tried on a fault."""
    return judge in read(file).get(fault, {})


def seconds(standing: Standing, fault: str) -> float:
    """How long a fault took when it was last tried; 0 where that is not known."""
    return float(standing.get(fault, {}).get(SECONDS, "0"))


def red(standing: Standing) -> set[str]:
    """All clauses that have turned red under a fault."""
    return {clause for by in standing.values() for clause in by.get(RED, "").split()}


def note(told: Mapping[str, Mapping[str, str]], known: set[str], file: Path = FILE) -> None:
    """Note what was said of some faults, by judge, and forget the faults that are not ``known`` any more.

    Several proofs may note at once.
    """
    with file.open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        standing = {fault: by for fault, by in read(file).items() if fault in known}
        for fault, words in told.items():
            standing.setdefault(fault, {}).update(words)
        rows = [f" {json.dumps(fault)}: {json.dumps(standing[fault])}" for fault in sorted(standing)]
        file.write_text("{\n" + ",\n".join(rows) + "\n}\n")
