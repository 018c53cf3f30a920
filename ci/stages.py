"""Runs the self-tests stage by stage and prints what each cost.

A stage that fails does not stop the others: whoever reads the log wants all the news at once.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from kind_lab import KindLab, NotHereError
from stage_log import execute, last_words

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
LOGS = ROOT / "ci" / "artifacts" / "stages"
"""What each stage said, a file each; where this is no terminal, the end of each that failed is told last."""


@dataclass(frozen=True)
class Stage:
    """One command; ``name`` is what the table calls it. After ``limit`` seconds it hangs: it is ended."""

    name: str
    command: list[str]
    modes: frozenset[str] = field(default=frozenset({"test", "full"}))
    limit: int = 1200
    on_kind: bool = False
    """Whether it needs what a kind cluster is made of; without that it is not run."""
    report: str = ""
    """The folder with the report of a conformance run; where the stage fails, it is shown again at the end."""


@dataclass(frozen=True)
class Result:
    """What came of a stage: its exit code and seconds, or why it was ``not_run``."""

    stage: Stage
    code: int = 0
    seconds: float = 0.0
    not_run: str = ""
    log: Path | None = None
    """What it said, where that is kept."""

    def line(self) -> str:
        if self.not_run:
            return f"{self.stage.name:<16} not run: {self.not_run}"
        return f"{self.stage.name:<16} {'ok' if self.code == 0 else f'exit {self.code}':<10} {self.seconds:>8.1f}"


def tool(name: str, *args: str) -> list[str]:
    return [str(BIN / name), *args]


def script(name: str, *args: str) -> list[str]:
    return [sys.executable, str(ROOT / "ci" / name), *args]


ALONE = tuple(
    f"ci/tests/{folder}"
    for folder in (
        "fixtures",
        "node",
        "reference/linux",
        "reference/backend",
        "reference/driver",
        "reference/crash",
        "reference/live",
        "reference/sanity",
        "rpc",
        "ui",
        "report_page",
        "embedded",
    )
)
"""Tests that look at all loop devices, mounts and superblocks of the machine: nothing may run beside them."""

KIND = "ci/tests/kind"
"""Tests that make kind clusters."""

ENV = ["env", "MYPYPATH=ci/tests:ci:."]
"""The self-tests' packages begin at ci/tests, as pytest sees them."""

PICTURED = ["env", "CSI_WALKTHROUGH_PICTURES=ci/artifacts/walkthrough"]

JUNIT = "ci/artifacts/conformance.xml"

REPORTS = "ci/artifacts/reports"
"""Reports of the conformance runs, a folder each."""

FAULTS = ["env", "PYTHONPATH=ci", sys.executable, "-m", "faults"]
"""What proves that the suites find the faults of the reference implementation."""

ALLURE = "ci/artifacts/allure"
"""Results of the conformance run; emptied before it, for ``--clean-alluredir`` empties it once per worker."""

ALLURE_LOOKS = "ci/tests/allure_pages"
"""Tests that look at the pages made of them."""

HANGS = "--timeout=300"
"""Seconds after which a self-test hangs: it fails, with the stack of each of its threads."""

NOT_UNITS = [f"--ignore={each}" for each in (*ALONE, KIND, ALLURE_LOOKS)]

SCRIPTS = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "ci").glob("*.py"))

REFERENCE = ("--csi-driver=reference", "--csi-gate=should")
"""Our own driver owes the SHOULD clauses too."""

ON_KIND = "--csi-clauses=" + ",".join(
    (
        "PFL",
        "API",
        "SNAP-DYN-001",
        "SNAP-PRE",
        "FIN",
        "DEL-001",
        "DEL-002",
        "RES-001",
        "CLN-001",
        "EXP-009",
        "GRP-001",
    )
)
"""Some of each family: what differs on a kubelet is how volumes come into pods, and that takes seconds."""

STAGES = (
    Stage("lint", tool("ruff", "check", ".")),
    Stage("format", tool("ruff", "format", "--check", "--quiet", ".")),
    Stage("types", tool("mypy")),
    Stage(
        "types of ci",
        [*ENV, *tool("mypy", "--explicit-package-bases", "ci/tests", "ci/bench", "ci/faults", *SCRIPTS)],
    ),
    Stage("import rules", tool("lint-imports")),
    Stage("tree", script("check_tree.py")),
    Stage("wire", script("generate_wire.py", "--check")),
    Stage("walkthrough page", script("generate_walkthrough.py", "--check")),
    Stage("clauses", script("check_clauses.py")),
    Stage("requirements", script("generate_requirements.py", "--check")),
    Stage("report's form", script("generate_report_schema.py", "--check")),
    Stage("doctor's page", script("generate_doctor.py", "--check")),
    Stage("options page", script("generate_options.py", "--check")),
    Stage("links", script("check_links.py")),
    Stage("faults' page", script("generate_faults.py", "--check")),
    Stage("units", tool("pytest", "-q", HANGS, "-n", "2", "ci/tests", *NOT_UNITS)),
    Stage("system", tool("pytest", "-q", HANGS, "--durations=12", *ALONE[:-1]), frozenset({"test"}), limit=1800),
    Stage("system", tool("pytest", "-q", "--full", *ALONE[:-1]), frozenset({"full"}), limit=7200),
    Stage("embedded", tool("pytest", "-q", HANGS, "--durations=12", ALONE[-1]), frozenset({"test"}), limit=2400),
    Stage(
        "embedded", tool("pytest", "-q", "--full", "--durations=12", ALONE[-1]), frozenset({"full"}), limit=2400
    ),
    Stage("walkthrough", [*PICTURED, *tool("pytest", "--csi-walkthrough")]),
    Stage("no results", script("generate_allure_pages.py", "--empty", ALLURE)),
    Stage(
        "conformance",
        tool(
            "pytest",
            *REFERENCE,
            "-n",
            "4",
            f"--junitxml={JUNIT}",
            f"--alluredir={ALLURE}",
            f"--csi-report={REPORTS}/conformance",
        ),
        report=f"{REPORTS}/conformance",
    ),
    Stage(
        "kind",
        tool("pytest", *REFERENCE, "--csi-cluster=kind", "-n", "6", f"--csi-report={REPORTS}/kind", ON_KIND),
        on_kind=True,
        report=f"{REPORTS}/kind",
    ),
    Stage("ends on kind", tool("pytest", "-q", KIND), frozenset({"full"}), on_kind=True),
    Stage("faults", [*FAULTS, "--tenth"], frozenset({"test"}), limit=900),
    Stage("faults", FAULTS, frozenset({"full"}), limit=5400),
    # Some tests try again while something is under way, and make a pod more: what they make at most is found by
    # many runs, and one run more may find more.
    Stage("prices", script("measure_prices.py", "--check", JUNIT), frozenset({"full"})),
    Stage("allure pages", script("generate_allure_pages.py", ALLURE, f"{ALLURE}-pages")),
    Stage("allure looks", tool("pytest", "-q", HANGS, ALLURE_LOOKS)),
    Stage("executed", script("check_clauses.py", "--executed", JUNIT)),
    # Builds upstream's controllers when they are not there yet; not for every change.
    Stage(
        "upstream",
        tool("pytest", *REFERENCE, "--csi-controllers=upstream", "-n", "3"),
        frozenset({"full"}),
        limit=7200,
    ),
    Stage("rights", script("check_rights.py"), frozenset({"full"}), limit=2400),
    Stage("bench", script("bench"), frozenset({"full"}), limit=2400),
)


def run(stage: Stage, lab: KindLab) -> Result:
    print(f"\n==> {stage.name}: {' '.join(Path(word).name for word in stage.command)}", flush=True)
    begun = time.monotonic()
    try:
        further = lab.environment() if stage.on_kind else {}
    except NotHereError as missing:
        print(f"not run: {missing}", flush=True)
        return Result(stage, not_run=str(missing))
    log = None if sys.stdout.isatty() else LOGS / f"{stage.name.replace(' ', '-')}.log"
    code = execute(stage.command, stage.limit, further, cwd=ROOT, log=log)
    return Result(stage, code, time.monotonic() - begun, log=log)


def again(stage: Stage) -> None:
    """Show what a conformance run came to, by its report: what it said itself is far above by then."""
    print(f"\n==> {stage.name}, once more", flush=True)
    subprocess.run(tool("pytest-csi-report", "show", stage.report), cwd=ROOT, check=False)


def table(results: list[Result]) -> str:
    lines = [f"{'stage':<16} {'result':<10} {'seconds':>8}", *(result.line() for result in results)]
    lines.append(f"{'all':<16} {'':<10} {sum(result.seconds for result in results):>8.1f}")
    return "\n".join(lines)


def main(argv: list[str]) -> int:
    mode = argv[0] if argv else "test"
    chosen = [stage for stage in STAGES if mode in stage.modes]
    if not chosen:
        print(f"unknown mode {mode!r}: one of test, full", file=sys.stderr)
        return 2
    # Started in the background of a script, Ctrl-C is ignored, here and in all that is started here: tests send it
    signal.signal(signal.SIGINT, signal.default_int_handler)
    lab = KindLab()
    if any(stage.on_kind for stage in chosen):
        lab.begin()
    try:
        results = [run(stage, lab) for stage in chosen]
    finally:
        lab.end()
    for result in results:
        if result.code and result.stage.report:
            again(result.stage)
    print("\n" + table(results))
    for result in results:
        if result.code and result.log:
            print(f"\n==> the end of {result.stage.name}\n{last_words(result.log)}", flush=True)
    return 1 if any(result.code for result in results) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
