"""A report and its evidence as a run of all clauses writes them, made up from a seed."""

from __future__ import annotations

import random

from pytest_csi_snapshot.report.model import Implementation, Report, ReportedCluster, ReportedVerdict, Run, Tool
from pytest_csi_snapshot.report.plain import from_plain
from pytest_csi_snapshot.requirements import LEVELS, OWNERS, Clause, catalogue

from .sample_evidence import FLAGGED, HOSTILE, Json, evidence_of

PARTS = ("driver", "controller", "kubelet", "cluster", "harness")
FAILED = FLAGGED
ERRORED, UNKNOWN, WAIVED = "EXP-009", "SNAP-PRE-005", "RES-004"
OUTCOMES = ("passed", "failed", "errored", "unknown", "skipped", "not supported", "not run")


NOTHING = Report(
    run=Run("1f2e3d4c", "", "", 0.0, "", 0, Tool("pytest-csi-snapshot", "0.1.0", "3.11.2", "9.0.1")),
    implementation=Implementation(""),
    cluster=ReportedCluster("existing"),
    verdict=ReportedVerdict("nothing judged", "nothing judged", 5),
)
"""A report of a run that judged nothing and knows nothing."""


class Sample:
    """``report`` and, by path, ``evidence``. ``tests`` is how many tests there are in all."""

    def __init__(self, seed: int = 1, *, tests: int = 330, broken: bool = True) -> None:
        self._random = random.Random(seed)
        self.evidence: dict[str, Json] = {}
        self._outcomes = (
            {FAILED: "failed", ERRORED: "errored", UNKNOWN: "unknown", WAIVED: "failed"} if broken else {}
        )
        clauses = [clause for clause in catalogue().clauses if not clause.unseen]
        rows = [self._test(clauses[number % len(clauses)], number) for number in range(tests)]
        judged = [self._clause(clause, [row for row in rows if clause.id in row["clauses"]]) for clause in clauses]
        self.report = self._report(judged, sorted(rows, key=lambda row: str(row["id"])))

    @property
    def values(self) -> Report:
        """The report as its dataclass."""
        return from_plain(Report, self.report)

    def read(self, path: str) -> Json | None:
        return self.evidence.get(path)

    def without_evidence(self) -> Sample:
        """The same of a run on a full disk."""
        for test in self.report["tests"]:
            test |= {"evidence": "", "evidence_lost": "No space left on device: csi-report"}
        self.report["notes"] = [
            "the evidence of 330 tests could not be written: No space left on device: csi-report"
        ]
        return self

    def _report(self, clauses: list[Json], tests: list[Json]) -> Json:
        counts = {
            level: {
                outcome: sum(clause["level"] == level and clause["outcome"] == outcome for clause in clauses)
                for outcome in OUTCOMES
            }
            for level in LEVELS
        }
        must = counts["MUST"]
        failed, whole = must["failed"], sum(must.values())
        result = "not conformant" if failed else "conformant"
        return {
            "format": "pytest-csi-snapshot/report",
            "version": 1,
            "run": {
                "id": "1f2e3d4c",
                "began": "2026-01-01T10:00:00.000+00:00",
                "ended": "2026-01-01T10:03:04.200+00:00",
                "seconds": 184.2,
                "command": "pytest --csi-driver=reference -n 4",
                "workers": 4,
                "tool": {"name": "pytest-csi-snapshot", "version": "0.1.0", "python": "3.11.2", "pytest": "9.0.1"},
                "settings": [
                    {"name": "csi_driver", "value": "reference", "source": "option"},
                    {"name": "csi_fault", "value": "delete-leaves-snapshot", "source": "option"},
                    {"name": "csi_slow_factor", "value": "2", "source": "ini"},
                ],
                "partial": ["-k 'not clone'"] if failed else [],
                "shard": "",
            },
            "time": {
                "makespan": 180.0,
                "least": 151.5,
                "critical": [tests[0]["id"], tests[1]["id"]],
                "on_path": {"total": 170.25},
            },
            "implementation": {"driver": "driver.longhorn.io", "version": "0.1.0", "reference": True},
            "cluster": {
                "provider": "embedded",
                "identity": "6a1d7c0e-9d1e-4c35-9c2b-0a4f8f1f2b11",
                "kubernetes": "v1.37.2",
                "components": [
                    {"name": "snapshot-controller", "owner": "SC", "version": "0.1.0"},
                    {"name": "csi-snapshotter", "owner": "SS", "version": "0.1.0"},
                    {"name": "external-provisioner", "owner": "EP", "version": ""},
                ],
            },
            "profile": {
                "origin": "profile.yaml",
                "declared": {"SNAP": True, "CLONE": True, "GROUP": False},
                "observed": ["SNAP", "CLONE"],
                "remarks": ["LIST_SNAPSHOTS is offered and not declared"],
            },
            "verdict": {
                "result": result,
                "sentence": f"{result}: {must['passed']} of {whole} MUST clauses passed, {failed} failed",
                "exit_code": 1 if failed else 0,
                "gate": "must",
                "reasons": [f"{FAILED} failed", f"{ERRORED} could not be judged"] if failed else [],
                "counts": counts,
            },
            "missing": ["worker gw2 crashed in suites/test_x.py::test_y; its evidence is lost"] if failed else [],
            "waivers": self._waivers() if failed else [],
            "clauses": clauses,
            "tests": tests,
        }

    @staticmethod
    def _waivers() -> list[Json]:
        return [
            {
                "clause": clause,
                "state": state,
                "reason": "fixed in the next release",
                "owner": "storage team",
                "link": "https://example.com/1",
                "expires": "2027-01-01",
            }
            for clause, state in ((WAIVED, "active"), ("CLN-001", "unused"))
        ]

    def _clause(self, clause: Clause, tests: list[Json]) -> Json:
        outcome = self._outcomes.get(clause.id, "passed" if tests else "not run")
        failures = [self._failure(clause, tests[0])] if outcome == "failed" else []
        return {
            "id": clause.id,
            "area": clause.area,
            "level": clause.level,
            "basis": clause.basis,
            "owners": list(clause.owners),
            "sentence": clause.sentence,
            "source": clause.source,
            "outcome": outcome,
            "reason": "the API server did not answer" if outcome in ("errored", "unknown") else "",
            "excuse": "",
            "waiver": f"storage team, until 2027-01-01: {'fixed in the next release'}"
            if clause.id == WAIVED
            else "",
            "seen_on": "modest.driver.longhorn.io" if clause.id == UNKNOWN else "",
            "blamed": [{"component": OWNERS[owner], "version": "0.1.0"} for owner in clause.owners]
            if outcome == "failed"
            else [],
            "seconds": {
                part: round(sum(test["seconds"][part] for test in tests), 3) for part in ("total", *PARTS)
            },
            "tests": [test["id"] for test in tests],
            "failures": failures,
        }

    @staticmethod
    def _failure(clause: Clause, test: Json) -> Json:
        return {
            "test": test["id"],
            "expected": "the backend no longer has the snapshot",
            "observed": f"the backend still has the snapshot: {HOSTILE}",
            "at": 0.37,
            "wall": "2026-01-01T10:00:12.370+00:00",
            "about": "snap://pvc-d4bd4e2b-b0c7-47fa-8ff1-1ea2fa7b5c74/snapshot-5115e3e0-ddf2-4dff-ae9e-2583c88e3e4c",
            "hint": "the content is gone: was DeleteSnapshot called, and what did the driver answer?",
            "timeline": [
                "-0.057 s  VolumeSnapshot snapshot-a932fb: readyToUse true, bound, terminating",
                "-0.027 s  VolumeSnapshot snapshot-a932fb: gone",
            ],
            "evidence": test["evidence"],
            "rerun": f"pytest --csi-driver=reference '{test['id']}'",
        }

    def _test(self, clause: Clause, number: int) -> Json:
        name = clause.id.lower().replace("-", "_")
        identifier = f"pytest_csi_snapshot/suites/test_{clause.area}.py::test_{name}_{number}"
        outcome = self._outcomes.get(clause.id, "passed")
        seconds = {part: round(self._random.lognormvariate(-2, 1), 3) for part in PARTS}
        total = round(sum(seconds.values()), 3)
        path = f"evidence/test_{number}.json"
        check = {
            "clause": clause.id,
            "expected": "readyToUse true",
            "observed": "readyToUse true" if outcome == "passed" else HOSTILE,
            "holds": outcome == "passed",
            "at": round(total / 2, 3),
            "about": "VolumeSnapshot snap-1",
        }
        self.evidence[path] = evidence_of(identifier, outcome, total, [check], seconds, self._random)
        return {
            "id": identifier,
            "outcome": outcome,
            "reason": "" if outcome in ("passed", "failed") else "the API server did not answer",
            "clauses": [clause.id],
            "began": round(number * 0.5, 3),
            "phases": {"setup": 0.01, "call": round(total - 0.03, 3), "teardown": 0.02},
            "seconds": {"total": total, **seconds},
            "worker": f"gw{number % 4}",
            "seen_on": "",
            "checks": [check],
            "evidence": path,
        }
