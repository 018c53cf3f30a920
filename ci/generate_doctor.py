"""Generates ``docs/doctor.md``: how a cluster is examined, and everything that can be found, from the table.

python ci/generate_doctor.py            write the page
python ci/generate_doctor.py --check    exit 1 if it differs
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

from generated import ROOT, settle

from pytest_csi_snapshot.doctor.ailments import FAMILIES
from pytest_csi_snapshot.doctor.finding import Ailment, filled
from pytest_csi_snapshot.doctor.grounds import standing_on
from pytest_csi_snapshot.doctor.telling import clauses_in_words

PAGE = ROOT / "docs" / "doctor.md"

HEAD = """\
# What a cluster lacks

Before the first test a run looks at the cluster of somebody else, and says what is there for the driver: APIs,
classes, nodes, controllers and sidecars with versions and arguments. Then it says what is missing. One lack is
one finding: its tests are not begun, their clauses are unknown with the finding as the reason, and the
preflight clause that it breaks fails at once. What can still be judged is judged; where nothing is left, the
run ends there, with exit code 3.

```
pytest --csi-driver=NAME --csi-doctor            # only this, and no test
pytest --csi-driver=NAME --csi-doctor=offline    # by reading alone
```

`--csi-doctor` ends with 0 where nothing hinders, and with 3 where a finding does. It reads, asks for its
rights, makes dry runs, and makes one namespace (`csi-…-doctor-…`) with a VolumeSnapshot of a content that does
not exist, a VolumeSnapshotContent with a handle that nobody has, a claim, and a pod that writes into it; all of
this it removes. It waits up to 10 s for a controller, 20 s for the pod, and 4 s for what visibly does not run.
`offline` makes none of it: a controller that no pod shows is then a hint and no hindrance, because a managed
control plane may run it unseen.

What hinders is a *HINDERS*; a *NOTE* is only worth knowing and changes no exit code. A cluster that cannot be
entered at all (no address, no credentials, no such context, no such driver) is one line and exit code 3.

This page is generated from the table in `pytest_csi_snapshot/doctor/ailments`. Words in capitals stand for
names that a finding fills in.
"""


def page() -> str:
    """The whole page."""
    lines = [HEAD]
    for heading, rows in FAMILIES.items():
        lines += [f"## {heading}", ""]
        for ailment in rows:
            lines += [*entry(ailment), ""]
    return "\n".join(lines)


def entry(ailment: Ailment) -> Iterator[str]:
    """One ailment: what it is, how it shows, what to do, and what cannot be judged."""
    clause = f" ({ailment.clause})" if ailment.clause else ""
    yield f"### {ailment.name}"
    yield ""
    yield f"{ailment.what[0].upper()}{ailment.what[1:]}{clause}."
    yield ""
    yield f"- shows as: {ailment.symptom}"
    yield f"- do: {filled(ailment.remedy, {})}"
    if ailment.grounds:
        lost = clauses_in_words(standing_on(ailment.grounds))
        yield f"- takes away {', '.join(ailment.grounds)}; not judged: {lost}"
    else:
        yield "- a note: it hinders nothing"


def main(argv: list[str]) -> int:
    return settle(argv, PAGE, page(), script="generate_doctor.py")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
