"""The settings of one run: read from wherever they were given, checked, and frozen.

A wrong value is one line with the nearest right one, before any cluster is touched. Knows names and
shapes of values; does not know whether a cluster has what they name.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from pytest_csi_snapshot import feature_gates
from pytest_csi_snapshot.matrix import MATRICES
from pytest_csi_snapshot.options import OPTIONS, Source, raw_value
from pytest_csi_snapshot.profiles import REFERENCE as REFERENCE_PROFILE
from pytest_csi_snapshot.profiles import UNDECLARED, Profile, read_profile
from pytest_csi_snapshot.requirements import AREAS, LEVELS, catalogue, covers
from pytest_csi_snapshot.walkthrough import PROFILE, REPLICAS, WITHOUT

REFERENCE = "reference"
REFERENCE_DRIVER = "driver.longhorn.io"
CLUSTERS = ("existing", "embedded", "kind")
CONTROLLERS = ("reference", "upstream", "present")
NOT_YET = {"csi_cluster": ("kind",), "csi_controllers": ("upstream", "present")}
"""Values that are designed and named, but not built yet."""

FAULTS = "pytest_csi_snapshot.fixtures.faults:known_faults"
"""Reached by name: the library does not import fixtures. A callable without arguments giving the names."""

_PLURALS = {"csi_fault": "csi_faults", "csi_feature_gate": "csi_feature_gates", "csi_level": "csi_levels"}
"""Option name -> attribute of Settings, where they differ."""

SETTINGS = pytest.StashKey["Settings"]()

_DRIVER_NAME = re.compile(r"[A-Za-z0-9]([-.A-Za-z0-9]{0,61}[A-Za-z0-9])?")
_TRUE, _FALSE = ("1", "true", "yes", "on"), ("0", "false", "no", "off")


@dataclass(frozen=True)
class Settings:
    """What the user asked for. Empty text means: not given, the provider chooses.

    ``csi_driver`` is as typed, so that "reference" stays visible; ``driver_name`` is the name the cluster knows.
    """

    csi_driver: str
    csi_cluster: str
    csi_kubeconfig: str
    csi_context: str
    csi_keep: bool
    csi_reuse: bool
    csi_assets: str
    csi_nodes: int
    csi_feature_gates: tuple[str, ...]
    csi_controllers: str
    csi_faults: tuple[str, ...]
    csi_image: str
    csi_storage_class: str
    csi_snapshot_class: str
    csi_areas: tuple[str, ...]
    csi_clauses: tuple[str, ...]
    csi_levels: tuple[str, ...]
    csi_profile: str
    csi_matrix: str
    csi_disrupt: bool
    csi_list: bool
    csi_walkthrough: bool
    sources: Mapping[str, Source]

    @property
    def is_reference(self) -> bool:
        """Whether the driver under test is the bundled one."""
        return self.csi_driver == REFERENCE

    @property
    def chosen(self) -> frozenset[str] | None:
        """The ids of the clauses that were asked for; None where all are."""
        if not (self.csi_clauses or self.csi_areas or self.csi_levels):
            return None
        return catalogue().select(self.csi_clauses, self.csi_areas, self.csi_levels)

    @property
    def driver_name(self) -> str:
        """The CSI name of the driver under test."""
        return REFERENCE_DRIVER if self.is_reference else self.csi_driver

    @property
    def profile(self) -> Profile:
        """What the driver is declared to offer. Raises UsageTrouble where the file says something unknown."""
        if self.csi_profile:
            return read_profile(Path(self.csi_profile))
        return REFERENCE_PROFILE if self.is_reference else UNDECLARED

    @property
    def csi_longhorn(self) -> str:
        """Which Longhorn the bundled driver is like."""
        return PROFILE if self.csi_walkthrough else "current"

    @property
    def csi_without(self) -> tuple[str, ...]:
        """What the embedded cluster lacks at first."""
        return WITHOUT if self.csi_walkthrough else ()

    @property
    def csi_replicas(self) -> Mapping[str, int]:
        """Deployments of the bundled driver that have more than one pod."""
        return REPLICAS if self.csi_walkthrough else {}

    def value_of(self, name: str) -> str | bool | int | tuple[str, ...]:
        """The value of a setting by its option name; what may be repeated is kept under the plural."""
        value: str | bool | int | tuple[str, ...] = getattr(self, _PLURALS.get(name, name))
        return value


def read_settings(config: pytest.Config) -> Settings:
    """Read and check every setting. Raises pytest.UsageError with one line."""
    raw = {option.name: raw_value(config, option) for option in OPTIONS}
    sources = {name: source for name, (_, source) in raw.items()}
    text = {name: value.strip() if isinstance(value, str) else "" for name, (value, _) in raw.items()}
    walkthrough = _flag("csi_walkthrough", raw["csi_walkthrough"][0])
    driver = text["csi_driver"] or (REFERENCE if walkthrough else "")
    settings = Settings(
        csi_driver=driver,
        csi_cluster=text["csi_cluster"] or ("embedded" if driver == REFERENCE else "existing"),
        csi_kubeconfig=_path("csi_kubeconfig", text["csi_kubeconfig"]),
        csi_context=text["csi_context"],
        csi_keep=_flag("csi_keep", raw["csi_keep"][0]),
        csi_reuse=_flag("csi_reuse", raw["csi_reuse"][0]),
        csi_assets=_path("csi_assets", text["csi_assets"]),
        csi_nodes=_nodes(text["csi_nodes"]),
        csi_feature_gates=_many(raw["csi_feature_gate"][0]),
        csi_controllers=text["csi_controllers"],
        csi_faults=_many(raw["csi_fault"][0]),
        csi_image=text["csi_image"],
        csi_storage_class=text["csi_storage_class"],
        csi_snapshot_class=text["csi_snapshot_class"],
        csi_areas=_many(raw["csi_areas"][0]),
        csi_clauses=tuple(clause.upper() for clause in _many(raw["csi_clauses"][0])),
        csi_levels=tuple(level.upper() for level in _many(raw["csi_level"][0])),
        csi_profile=_path("csi_profile", text["csi_profile"]),
        csi_matrix=text["csi_matrix"],
        csi_disrupt=_disrupts(raw["csi_disrupt"][0], text["csi_cluster"], driver),
        csi_list=_flag("csi_list", raw["csi_list"][0]),
        csi_walkthrough=walkthrough,
        sources=sources,
    )
    if not hasattr(config, "workerinput"):  # an xdist worker repeats what the controller has checked
        _check(settings)
    return settings


def known_faults() -> tuple[str, ...] | None:
    """The faults that can be switched on; None where this installation has no list of them."""
    module, _, function = FAULTS.partition(":")
    try:
        names: Iterable[str] = getattr(importlib.import_module(module), function)()
    except ModuleNotFoundError as error:
        if error.name is not None and module.startswith(error.name):
            return None
        raise
    return tuple(names)


def nearest(word: str, known: Iterable[str]) -> str:
    """What to append to "unknown X": the nearest known word, or all of them where nothing is near."""
    import difflib

    choices = list(known)
    close = difflib.get_close_matches(word, choices, n=1, cutoff=0.6)
    if close:
        return f"did you mean {close[0]!r}?"
    shown = ", ".join(choices[:20])
    return f"known: {shown}{', …' if len(choices) > 20 else ''}"


def _check(settings: Settings) -> None:
    _check_driver(settings)
    _one_of("csi_cluster", settings.csi_cluster, CLUSTERS)
    _one_of("csi_controllers", settings.csi_controllers, CONTROLLERS)
    for area in settings.csi_areas:
        _one_of("csi_areas", area, AREAS)
    for level in settings.csi_levels:
        _one_of("csi_level", level, LEVELS)
    _one_of("csi_matrix", settings.csi_matrix, MATRICES)
    _ = settings.profile  # reads it, and says what is wrong in it
    ids = catalogue().by_id
    for prefix in settings.csi_clauses:
        if not any(covers(prefix, clause) for clause in ids):
            known = [*ids, *catalogue().families]
            raise pytest.UsageError(f"--csi-clauses: unknown clause {prefix!r}; {nearest(prefix, known)}")
    _check_faults(settings)
    try:
        feature_gates.parse(settings.csi_feature_gates)
    except ValueError as error:
        raise pytest.UsageError(f"--csi-feature-gate: {error}") from error
    _check_belonging(settings)


def _check_driver(settings: Settings) -> None:
    name = settings.csi_driver
    if not name:
        if settings.csi_list:
            return
        raise pytest.UsageError("no driver to test: add --csi-driver=NAME ('reference' needs no cluster)")
    if not _DRIVER_NAME.fullmatch(name):
        raise pytest.UsageError(
            f"--csi-driver: {name!r} is not the name of a CSI driver "
            "(at most 63 letters, digits, '-' and '.', a letter or digit at both ends)"
        )
    if name != REFERENCE and "." not in name and "did you mean" in nearest(name, [REFERENCE]):
        raise pytest.UsageError(f"--csi-driver: unknown driver {name!r}; {nearest(name, [REFERENCE])}")


def _check_faults(settings: Settings) -> None:
    if not settings.csi_faults:
        return
    if not settings.is_reference:
        raise pytest.UsageError(f"--csi-fault switches on faults of the reference implementation only, "
                                f"not of {settings.csi_driver}: use --csi-driver=reference")  # fmt: skip
    known = known_faults()
    for fault in settings.csi_faults:
        if known is not None and fault not in known:
            raise pytest.UsageError(f"--csi-fault: unknown fault {fault!r}; {nearest(fault, known)}")


def _check_belonging(settings: Settings) -> None:
    """Refuse what would silently have no effect."""
    if settings.csi_driver and settings.csi_cluster == "embedded" and not settings.is_reference:
        raise pytest.UsageError("--csi-cluster=embedded runs the bundled driver only: use --csi-driver=reference")
    for name in ("csi_kubeconfig", "csi_context"):
        if settings.csi_cluster == "embedded" and settings.sources[name] == "option":
            raise pytest.UsageError(f"{_typed(name)} belongs to --csi-cluster=existing, this run is on 'embedded'")
    for name in ("csi_nodes", "csi_assets", "csi_reuse", "csi_feature_gate"):
        if settings.csi_driver and settings.csi_cluster == "existing" and settings.sources[name] == "option":
            raise pytest.UsageError(f"{_typed(name)} belongs to --csi-cluster=embedded, this run is on 'existing'")
    if settings.csi_walkthrough:
        _check_walkthrough(settings)


def _check_walkthrough(settings: Settings) -> None:
    if not (settings.is_reference and settings.csi_cluster == "embedded"):
        raise pytest.UsageError("--csi-walkthrough is a story of the bundled driver on a new embedded cluster: "
                                "leave --csi-driver and --csi-cluster out")  # fmt: skip
    for name in ("csi_reuse", "csi_clauses", "csi_areas", "csi_level", "csi_list"):
        if settings.value_of(name):
            raise pytest.UsageError(f"{_typed(name)} does not go with --csi-walkthrough, which judges no clauses "
                                    "and needs a new cluster")  # fmt: skip


def _typed(name: str) -> str:
    return "--" + name.replace("_", "-")


def _one_of(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise pytest.UsageError(f"{_typed(name)}: unknown value {value!r}; {nearest(value, known)}")
    if value in NOT_YET.get(name, ()):
        usable = ", ".join(word for word in known if word not in NOT_YET[name])
        raise pytest.UsageError(f"{_typed(name)}={value} is not available yet; available: {usable}")


def _disrupts(value: str | bool | list[str] | None, cluster: str, driver: str) -> bool:
    """Controllers of a cluster of our own may be ended unless said otherwise, others only with leave."""
    if value is None:
        return (cluster or ("embedded" if driver == REFERENCE else "existing")) == "embedded"
    return _flag("csi_disrupt", value)


def _flag(name: str, value: str | bool | list[str] | None) -> bool:
    if isinstance(value, bool):
        return value
    word = str(value or "false").strip().lower()
    if word not in (*_TRUE, *_FALSE):
        raise pytest.UsageError(f"{_typed(name)}: {value!r} is neither true nor false")
    return word in _TRUE


def _many(value: str | bool | list[str] | None) -> tuple[str, ...]:
    """Words separated by commas, repeated options, or lines; each word once, in the order given."""
    lines = value if isinstance(value, list) else [value] if isinstance(value, str) else []
    words = (word.strip() for line in lines for word in line.split(","))
    return tuple(dict.fromkeys(word for word in words if word))


def _nodes(value: str) -> int:
    if not value.isdecimal() or not 1 <= int(value) <= 9:
        raise pytest.UsageError(f"--csi-nodes: {value!r} is not a number of nodes from 1 to 9")
    return int(value)


def _path(name: str, value: str) -> str:
    if not value:
        return ""
    path = Path(value).expanduser()
    if name == "csi_assets" and not path.is_dir():
        raise pytest.UsageError(f"--csi-assets: no directory {value!r}")
    if not path.exists():
        raise pytest.UsageError(f"{_typed(name)}: no file {value!r}")
    return str(path.absolute())
