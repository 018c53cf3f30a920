"""What describes a run as a whole in the folder of results: its environment, and the categories of endings."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from pytest_csi_snapshot.allure_results.story import CATEGORIES
from pytest_csi_snapshot.redacting import REDACTOR


def environment(values: Mapping[str, str]) -> str:
    """A file of Java properties; what is empty is left out."""
    return "".join(f"{_key(name)}={_value(value)}\n" for name, value in values.items() if value)


def describe_run(folder: Path, values: Mapping[str, str]) -> None:
    """Write both files. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "environment.properties").write_text(REDACTOR.clean(environment(values)), "latin-1")
    (folder / "categories.json").write_text(json.dumps(CATEGORIES, indent=1), "utf-8")


def _key(name: str) -> str:
    return _value(name).replace(" ", "\\ ").replace("=", "\\=").replace(":", "\\:")


def _value(text: str) -> str:
    line = text.replace("\\", "\\\\").replace("\r", "").replace("\n", "\\n")
    return "".join(character if ord(character) < 128 else f"\\u{ord(character):04x}" for character in line)
