"""The page of the faults: what each does, who finds it, and what other tools say of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pytest_csi_snapshot.requirements import catalogue

from . import standing
from .cases import Case
from .observing import unproven
from .sanity import VISIBLE

HEAD = """\
# Faults

The reference implementation can be broken on purpose: `pytest --csi-driver=reference --csi-fault=NAME` switches
a fault on, `pytest --csi-list-faults` lists them. Each is a class in `reference_impl/faults/` that wraps one
method of one component; the clean code does not know that it exists. Faults of the CRDs are schemas with a rule
left out, those by admission are policies that change or refuse requests, as a cluster's owner may have put in.

`make faults` proves that each is found by the clause that it breaks, and that the same tests pass without it. What
the report says of each is in `ci/faults/golden/`.

- **clause**: the one that must find it. **found by**: the clause, another one, or nobody, when it was last tried.
- **csi-sanity**: whether the CSI project's own program finds it at the driver's socket. It does not talk to
  controllers: their faults are out of its sight, "-".
- **e2e**: whether the storage tests of Kubernetes find it, by the [nine cases](bench.md) that both have, on kind
  clusters; "-" where none of them looks at what it breaks. `PYTHONPATH=ci python -m faults --e2e --kind NAME ...`
  asks them, or `--untried` for all that were not asked about; without `--kind`, on embedded clusters, those can
  run that need no exec into pods.

The other way round, no clause may turn red while everything is slow and unsteady but correct: `jitter-…` holds up
calls, refuses one in ten once, loses requests, cuts watches, delays events and restarts leaders, in one role each;
`jitter-kube-apiserver` ends the API server of the embedded cluster now and then and begins it again, and the
cluster's `logs/restarts.log` says when. `PYTHONPATH=ci python -m faults.jitter` runs a part of the suite under all
of them at once, again and again.
"""

_FOUND = {"intended": "the clause", "another": "another clause", "missed": "nobody"}


def page(cases: Sequence[Case], noted: standing.Standing) -> str:
    """The whole page; ``noted`` is what the judges have said."""
    parts = [HEAD, _sums(cases, noted)]
    for component in sorted({case.component for case in cases}):
        ours = sorted((case for case in cases if case.component == component), key=lambda case: case.name)
        rows = ["| fault | kind | clause | found by | csi-sanity | e2e | mirrors |", "|" + "---|" * 7]
        rows += [_row(case, noted.get(case.name, {})) for case in ours]
        told = [f"- `{case.name}`: {case.summary}" for case in ours]
        parts.append("\n".join([f"## {component}", "", *rows, "", *told, ""]))
    parts.append(_unproven(cases, noted))
    return "\n".join(parts)


def _sums(cases: Sequence[Case], noted: standing.Standing) -> str:
    ours = [word for case in cases if (word := noted.get(case.name, {}).get(standing.OURS))]
    theirs = [word for case in cases if (word := noted.get(case.name, {}).get(standing.SANITY))]
    e2e = [by for case in cases if (by := noted.get(case.name, {})).get(standing.E2E) in ("caught", "missed")]
    found = sum(by[standing.E2E] == "caught" for by in e2e)
    both = sum(by.get(standing.OURS, "missed") != "missed" for by in e2e)
    told = [(case.owner, noted[case.name][standing.BLAMED]) for case in cases
            if noted.get(case.name, {}).get(standing.BLAMED)]  # fmt: skip
    right = sum(owner == blamed for owner, blamed in told)
    return (
        f"{len(cases)} faults; of {len(ours)} that were tried, this suite finds "
        f"{len(ours) - ours.count('missed')}, {ours.count('intended')} of them by the intended clause.\n"
        f"Of {len(told)} reports {right} blame the faulty component, and before all others.\n"
        f"csi-sanity was asked about {len(theirs)} of driver and backend, and finds {theirs.count('caught')}.\n"
        f"e2e was asked about {len(e2e)}, and finds {found}; of the same this suite finds {both}.\n"
    )


def _unproven(cases: Sequence[Case], noted: standing.Standing) -> str:
    must = {clause.id for clause in catalogue().clauses if clause.level == "MUST"}
    red = standing.red(noted)
    tried = [case for case in cases if standing.OURS in noted.get(case.name, {})]
    left = unproven(red, tried, must)
    rows = [f"- {clause}: {why}" for clause, why in left.items()]
    text = f"{len(must & red)} of the {len(must)} MUST clauses have turned red under a fault. Unproven are:"
    return "\n".join(["## Clauses that no fault has turned red", "", text, "", *rows, ""])


def _row(case: Case, by: Mapping[str, str]) -> str:
    ours = _FOUND.get(by.get(standing.OURS, ""), "not run")
    sanity = by.get(standing.SANITY, "not run") if case.component in VISIBLE else "-"
    issue = (
        f"[{case.issue.removeprefix('https://').removeprefix('github.com/')}]({case.issue})" if case.issue else ""
    )
    e2e = by.get(standing.E2E, "not run")
    return f"| `{case.name}` | {case.kind} | {case.intended} | {ours} | {sanity} | {e2e} | {issue} |"
