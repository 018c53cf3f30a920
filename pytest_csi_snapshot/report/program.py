"""``pytest-csi-report``: everything that can be done with a report when its cluster is gone. Starts no pytest."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pytest_csi_snapshot.command_line import Parser
from pytest_csi_snapshot.errors import EnvironmentTrouble, RunError, UsageTrouble
from pytest_csi_snapshot.gating import Gate, read_baseline, read_waivers
from pytest_csi_snapshot.gating.terms import Terms
from pytest_csi_snapshot.report.document import PAGE, read_report
from pytest_csi_snapshot.report.model import Report

WORSE = 1
"""Exit code of ``diff`` where a clause is worse."""


def main(arguments: Sequence[str] | None = None) -> int:
    """The program; its exit code."""
    chosen = parser().parse_args(arguments)
    try:
        return _run(chosen)
    except RunError as trouble:
        print(f"pytest-csi-report: {trouble}", file=sys.stderr)
        return trouble.exit_code
    except BrokenPipeError:  # whoever read it has seen enough
        sys.stderr.close()
        return 0


def _run(chosen: argparse.Namespace) -> int:
    command: Callable[[argparse.Namespace], int] = chosen.run
    return command(chosen)


def parser() -> Parser:
    """The command line."""
    whole = Parser(prog="pytest-csi-report", description="What can be done with the report of a run.")
    commands = whole.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run: Callable[[argparse.Namespace], int], told: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=told, description=f"{told[0].upper()}{told[1:]}.")
        made.set_defaults(run=run)
        return made

    report: dict[str, Any] = {
        "type": Path,
        "metavar": "REPORT",
        "help": "a report.json, or the folder that it lies in",
    }
    command("show", show, "print what the run came to, as its terminal did").add_argument("report", **report)
    one = command("diff", diff, "compare two reports; exit code 1 where a clause is worse in the second")
    one.add_argument("before", **{**report, "metavar": "A"})
    one.add_argument("now", **{**report, "metavar": "B"})
    one.add_argument("--json", action="store_true", help="as JSON")
    one = command("merge", merge, "put together the reports of shards, and of what was run again")
    one.add_argument("reports", nargs="+", **report)
    one.add_argument("-o", "--output", type=Path, metavar="DIR", required=True, help="folder of the merged report")
    _terms(one)
    one = command("check", check, "judge a report again, without its cluster; the exit code is that of a run")
    one.add_argument("report", **report)
    _terms(one)
    one = command("html", html, "make the page of a report anew")
    one.add_argument("report", **report)
    one.add_argument("--compare", type=Path, metavar="OLD", help="an earlier report to compare it with")
    one.add_argument(
        "-o", "--output", type=Path, metavar="FILE", help="where to write it (default: beside the report)"
    )
    for name, run, told in (
        ("sentence", sentence, "print the verdict in one line"),
        ("markdown", markdown, "print a summary in Markdown, for the page of a CI job"),
        (
            "annotations",
            commands_of_github,
            "print workflow commands of GitHub, one for each clause that is broken or in doubt",
        ),
    ):
        command(name, run, told).add_argument("report", **report)
    one = command("badge", badge, "make a small SVG that shows the result")
    one.add_argument("report", **report)
    one.add_argument(
        "-o", "--output", type=Path, metavar="FILE", help="where to write it (default: standard output)"
    )
    return whole


def _terms(made: argparse.ArgumentParser) -> None:
    """What decides the exit code, as the options of a run of the same names."""
    made.add_argument("--gate", choices=[gate.value for gate in Gate], help="what counts (default: as in the run)")
    made.add_argument("--baseline", type=Path, metavar="OLD", help="an earlier report to compare with")
    made.add_argument("--waivers", type=Path, metavar="FILE", help="YAML file of clauses that do not count")
    made.add_argument("--allow-unknown", action="store_true", help="do not fail for what is errored or unknown")


def show(chosen: argparse.Namespace) -> int:
    """Print a report."""
    from pytest_csi_snapshot.report.showing import shown

    _print(shown(read_report(chosen.report)))
    return 0


def sentence(chosen: argparse.Namespace) -> int:
    """Print the verdict."""
    from pytest_csi_snapshot.report import platforms

    _print([platforms.sentence(read_report(chosen.report))])
    return 0


def markdown(chosen: argparse.Namespace) -> int:
    """Print the summary of a job."""
    from pytest_csi_snapshot.report import platforms

    _print(platforms.markdown(read_report(chosen.report)).splitlines())
    return 0


def commands_of_github(chosen: argparse.Namespace) -> int:
    """Print what GitHub's runner takes from the output of a step."""
    from pytest_csi_snapshot.report import platforms

    _print(platforms.workflow_commands(read_report(chosen.report)))
    return 0


def diff(chosen: argparse.Namespace) -> int:
    """Print what is other."""
    from pytest_csi_snapshot.report.differing import difference, told
    from pytest_csi_snapshot.report.latencies import latencies_of

    pair = [(read_report(place), folder_of(place)) for place in (chosen.before, chosen.now)]
    (before, _), (now, _) = pair
    found = difference(before, now, (latencies_of(*pair[0]), latencies_of(*pair[1])))
    if chosen.json:
        print(json.dumps(asdict(found), ensure_ascii=False, indent=1))
    else:
        _print(told(found))
    return WORSE if found.is_worse else 0


def check(chosen: argparse.Namespace) -> int:
    """Judge a report again."""
    from pytest_csi_snapshot.report.rejudging import judged_again, told_again

    report = read_report(chosen.report)
    terms = terms_for(report, chosen)
    _print(told_again(report, judgement := judged_again(report, terms), terms))
    return judgement.exit_code


def merge(chosen: argparse.Namespace) -> int:
    """Merge, judge and write; the exit code is that of the merged run."""
    import shlex

    from pytest_csi_snapshot.report.concluding import concluded
    from pytest_csi_snapshot.report.gathering import gathered, store
    from pytest_csi_snapshot.report.rejudging import judged_again, told_again, verdict_of

    names = [str(place) for place in chosen.reports]
    command = shlex.join(["pytest-csi-report", "merge", *names, "-o", str(chosen.output)])
    whole, sources = gathered(chosen.reports, command)
    terms = terms_for(whole, chosen)
    judgement = judged_again(whole, terms)
    report = concluded(whole, verdict_of(whole), judgement, exit_code=judgement.exit_code)
    store(report, sources, chosen.output)
    _print(report.notes)
    _print(told_again(report, judgement, terms))
    return judgement.exit_code


def terms_for(report: Report, chosen: argparse.Namespace) -> Terms:
    """By what a report is judged: as it was, unless said otherwise. Raises UsageTrouble."""
    said = {each.name: each.value for each in report.run.settings}
    gate = chosen.gate or report.verdict.gate
    if gate == Gate.BASELINE and not chosen.baseline:
        raise UsageTrouble("the gate is the baseline of an earlier report", do="name that with --baseline")
    return Terms(
        Gate(gate),
        datetime.now(UTC).date(),
        read_waivers(chosen.waivers) if chosen.waivers else (),
        read_baseline(chosen.baseline) if chosen.baseline else None,
        chosen.allow_unknown or said.get("csi_allow_unknown") == "true",
        str(chosen.waivers or ""),
    )


def html(chosen: argparse.Namespace) -> int:
    """Write the page."""
    from pytest_csi_snapshot.html import page_of

    folder = folder_of(chosen.report)
    read_report(chosen.report)
    before = chosen.compare
    if before:
        read_report(before)
    write(chosen.output or folder / PAGE, page_of(folder, folder_of(before) if before else None))
    return 0


def badge(chosen: argparse.Namespace) -> int:
    """Write the badge."""
    from pytest_csi_snapshot.report.badge import badge as drawn

    text = drawn(read_report(chosen.report))
    if chosen.output:
        write(chosen.output, text)
    else:
        print(text, end="")
    return 0


def folder_of(place: Path) -> Path:
    """The folder of a report."""
    return place if place.is_dir() else place.parent


def write(path: Path, text: str) -> None:
    """Write a whole file. Raises EnvironmentTrouble."""
    from pytest_csi_snapshot.report.writing import write_whole

    try:
        write_whole(path, text)
    except OSError as error:
        raise EnvironmentTrouble(f"{path} cannot be written", why=str(error.strerror or error)) from error


def _print(lines: Any) -> None:
    """Print lines; what a report says does not steer the terminal."""
    for line in lines:
        print("".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in line))


if __name__ == "__main__":
    sys.exit(main())
