"""Merged reports on the disk: read from their folders, written with their evidence into a new one."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from pytest_csi_snapshot.errors import EnvironmentTrouble, UsageTrouble
from pytest_csi_snapshot.report.document import EVIDENCE, REPORT, file_of, read_report, text_of
from pytest_csi_snapshot.report.latencies import evidence_path
from pytest_csi_snapshot.report.merging import merged
from pytest_csi_snapshot.report.model import Report
from pytest_csi_snapshot.report.writing import prepare, write_whole


def gathered(places: Sequence[Path], command: str) -> tuple[Report, Mapping[str, Path]]:
    """The merged report, without a verdict yet, and for each test the folder that its evidence lies in.

    Raises UsageTrouble, one line.
    """
    if len({file_of(place).resolve() for place in places}) < len(places):
        raise UsageTrouble("a report was given twice", do="name each once")
    folders = {str(place): place if place.is_dir() else place.parent for place in places}
    whole, sources = merged([(str(place), read_report(place)) for place in places], command)
    return whole, {test: folders[name] for test, name in sources.items()}


def store(report: Report, sources: Mapping[str, Path], folder: Path) -> Report:
    """Write a merged report and its evidence into a folder; the report as it is written.

    Evidence that is not there any more is not named in it. Raises UsageTrouble, EnvironmentTrouble.
    """
    if any(source.resolve() == folder.resolve() for source in sources.values()):
        raise UsageTrouble(f"{folder} is one of the reports that are merged", do="name another folder with -o")
    prepare(folder, option="-o")
    found = {test.id: evidence_path(sources[test.id], test.evidence) for test in report.tests}
    told = replace(
        report,
        tests=tuple(replace(test, evidence=_name(found[test.id])) for test in report.tests),
        clauses=tuple(
            replace(
                clause,
                failures=tuple(replace(each, evidence=_name(found[each.test])) for each in clause.failures),
            )
            for clause in report.clauses
        ),
    )
    try:
        (folder / EVIDENCE).mkdir(exist_ok=True)
        for path in filter(None, found.values()):
            shutil.copyfile(path, folder / _name(path))
        write_whole(folder / REPORT, text_of(told))
    except OSError as error:
        raise EnvironmentTrouble(f"{folder} cannot be written to", why=str(error.strerror or error)) from error
    return told


def _name(path: Path | None) -> str:
    return f"{EVIDENCE}/{path.name}" if path else ""
