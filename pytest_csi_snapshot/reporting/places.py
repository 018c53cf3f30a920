"""Where the reports of a run lie, as far as they are there."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_csi_snapshot.settings import Settings

_FILES = ("report.json", "report.html")


def places(config: pytest.Config, settings: Settings) -> list[str]:
    """One line with the reports that the run has written or is about to write; none where there are none."""
    found = [path for name in _FILES if (path := below_report(settings, name)) and Path(path).is_file()]
    junit, allure = (getattr(config.option, name, None) for name in ("xmlpath", "allure_report_dir"))
    found += [f"{junit} (JUnit)"] if junit else []
    found += [f"{allure} (Allure)"] if allure else []
    return [f"reports: {', '.join(found)}"] if found else []


def below_report(settings: Settings, name: str) -> str:
    """A file in the folder of the report, from where the user is; "" where there is no such folder or name."""
    folder: Path | None = getattr(settings, "report_folder", None)
    if not name or folder is None:
        return ""
    path, here = folder / name, Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
