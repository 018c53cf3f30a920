"""Why a run is only a part of everything: what was asked for, as it can be typed."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

import pytest

from pytest_csi_snapshot.settings import Settings
from pytest_csi_snapshot.spelling import typed

_PYTESTS = {"keyword": "-k", "markexpr": "-m", "deselect": "--deselect", "lf": "--lf", "stepwise": "--stepwise"}
_OURS = ("csi_areas", "csi_clauses", "csi_level", "csi_rerun", "csi_shard", "csi_stress")


def asked_for(config: pytest.Config, settings: Settings, *, named: Sequence[str]) -> list[str]:
    """The selections of the command line, and ours wherever they come from; ``named`` are files and tests."""
    parts = [shlex.join(named)] if named else []
    for name, flag in _PYTESTS.items():
        value = getattr(config.option, name, None)
        if value:
            words = value if isinstance(value, list) else [value]
            parts += [flag if word is True else f"{flag} {shlex.quote(str(word))}" for word in words]
    for name in _OURS:
        value = settings.value_of(name)
        if value:
            text = ",".join(value) if isinstance(value, tuple) else str(value)
            parts.append(f"{typed(name)}={shlex.quote(text)}")
    return parts
