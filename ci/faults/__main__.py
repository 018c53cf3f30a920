"""``python -m faults``: see the package, and ``--help``."""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

from pytest_csi_snapshot.spelling import nearest

from . import choosing, e2e, e2e_workers, sanity, standing
from .cases import Case, all_cases
from .crew import Crew
from .e2e_workers import Answer, Question
from .kind_clusters import engine
from .proof import prove
from .tests import Tests, planned

ROOT = Path(__file__).resolve().parents[2]
ARTIFACTS = ROOT / "ci" / "artifacts" / "faults"


def main(argv: Sequence[str]) -> int:
    """0: every fault is caught and nothing else turns red; 1: not so; 2: wrong usage."""
    parser = _parser()
    asked = parser.parse_args(argv)
    cases = _chosen(parser, asked)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    if asked.e2e:
        try:
            with engine() if asked.kind else nullcontext():
                return _ask_e2e(cases, asked)
        except RuntimeError as error:
            print(error, file=sys.stderr)
            return 1
    return _ask_sanity(cases) if asked.sanity else _prove(cases, asked)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m faults", description="Prove that the suites find faults.")
    parser.add_argument("names", nargs="*", metavar="FAULT", help="only these (default: all)")
    parser.add_argument(
        "--tenth",
        action="store_true",
        help="a tenth of those that were proven before, of every kind and component",
    )
    parser.add_argument("--untried", action="store_true", help="only those of which no result is kept")
    parser.add_argument(
        "--portion", type=_number, metavar="N", help="no more than the first N of those that are chosen"
    )
    parser.add_argument(
        "--component", action="append", default=[], metavar="ROLE", help="only faults of this role"
    )
    parser.add_argument("--clusters", type=int, default=5, metavar="N", help="clusters at once (default: 5)")
    parser.add_argument("--update", action="store_true", help="keep the reports and the results of this run")
    parser.add_argument("--sanity", action="store_true", help="ask csi-sanity instead, and keep what it says")
    parser.add_argument(
        "--e2e",
        action="store_true",
        help="ask Kubernetes' own tests of storage instead, about the faults that they could see, and keep what "
        "they say; builds them in about ten minutes the first time",
    )
    parser.add_argument(
        "--kind",
        action="store_true",
        help="with --e2e: on kind clusters, where all of their nine cases run; some three minutes each",
    )
    return parser


def _chosen(parser: argparse.ArgumentParser, asked: argparse.Namespace) -> list[Case]:
    if asked.kind and not asked.e2e:
        parser.error("--kind says where Kubernetes' own tests run: give --e2e too")
    cases = all_cases()
    known, components = {case.name for case in cases}, {case.component for case in cases}
    for name in asked.names:
        if name not in known:
            parser.error(f"unknown fault {name!r}; {nearest(name, known)}")
    for component in asked.component:
        if component not in components:
            parser.error(f"--component: no faults of {component!r}; {nearest(component, components)}")
    if asked.names:
        cases = [case for case in cases if case.name in asked.names]
    if asked.component:
        cases = [case for case in cases if case.component in asked.component]
    if asked.tenth:
        cases = choosing.tenth([case for case in cases if standing.is_proven(case.name)])
    if asked.untried:
        judge = standing.E2E if asked.e2e else standing.SANITY if asked.sanity else standing.OURS
        cases = [case for case in cases if not standing.is_tried(case.name, judge)]
    if not cases:
        parser.error("no fault is left by this choice")
    return choosing.in_order(cases)[: asked.portion]


def _number(text: str) -> int:
    """A positive number of faults. Raises ArgumentTypeError."""
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of faults: give 1 or more")
    return int(text)


def _prove(cases: Sequence[Case], asked: argparse.Namespace) -> int:
    begun = time.monotonic()
    tests = Tests(planned(ARTIFACTS).splitlines())
    proof = prove(cases, tests, asked.clusters, ARTIFACTS, update=asked.update)
    proof.write(ARTIFACTS)
    print("\n".join(proof.lines()))
    print(f"all of it in {time.monotonic() - begun:.0f} s; the matrix is in {ARTIFACTS.relative_to(ROOT)}")
    # A report may word a timeout by what it saw last, which a busy machine changes: the sample only tells that.
    return 0 if proof.holds and (asked.tenth or not proof.astray) else 1


def _ask_sanity(cases: Sequence[Case]) -> int:
    told = sanity.judged_by_sanity(cases, ROOT, ARTIFACTS / "sanity.json")
    words = {fault: {standing.SANITY: word} for fault, word in told.items()}
    standing.note(words, {case.name for case in all_cases()})
    caught = [name for name, word in told.items() if word == "caught"]
    print(f"csi-sanity catches {len(caught)} of {len(told)} faults of driver and backend: {', '.join(caught)}")
    return 0


def _ask_e2e(cases: Sequence[Case], asked: argparse.Namespace) -> int:
    tests = Tests(planned(ARTIFACTS).splitlines())
    visible, known = e2e.visible(cases, tests), {case.name for case in all_cases()}
    if unseen := [case.name for case in cases if case not in visible]:
        print(f"not asked about, for they break nothing that the nine cases look at: {', '.join(unseen)}")
        standing.note({name: {standing.E2E: standing.UNSEEN} for name in unseen}, known)
    if not visible:
        return 2

    def tell(told: e2e.Judged) -> None:
        standing.note({told.fault: {standing.E2E: told.word}}, known)  # at once: asking takes minutes for each
        print(f"{told.seconds:6.0f} s  {told.fault}: {told.word} {'; '.join(told.by)}".rstrip(), flush=True)

    folder = ARTIFACTS / "e2e"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    work = e2e_workers.on_kind if asked.kind else e2e_workers.embedded
    with Crew[Question, Answer](min(asked.clusters, len(visible)), folder, work) as crew:
        judged = e2e.judged_by_e2e(visible, tests, folder, tell, crew)
        crew.finish()
    caught = [each.fault for each in judged if each.by]
    print(f"e2e catches {len(caught)} of {len(judged)} faults: {', '.join(caught)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
