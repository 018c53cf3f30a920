"""What is wrong with the settings of a run, as far as it can be seen before any cluster is touched."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Iterable

import pytest

from pytest_csi_snapshot import feature_gates
from pytest_csi_snapshot.allowances import ALLOWANCES
from pytest_csi_snapshot.matrix import MATRICES
from pytest_csi_snapshot.placement import check_image, check_secret, check_selector, node_selector, toleration
from pytest_csi_snapshot.requirements import AREAS, LEVELS, catalogue, covers
from pytest_csi_snapshot.settings import OWN_CLUSTERS, REFERENCE, Settings
from pytest_csi_snapshot.shards import parse_shard
from pytest_csi_snapshot.spelling import nearest, one_of, typed

SWEEPS = ("list", "delete")
CLUSTERS = ("existing", "embedded", "kind")
CONTROLLERS = (REFERENCE, "upstream", "upstream-8.2", "present")
NOT_YET = {"csi_controllers": ("present",)}
"""Values that are designed and named, but not built yet."""

_HOMES = {
    **dict.fromkeys(("csi_kubeconfig", "csi_context"), ("existing",)),
    **dict.fromkeys(("csi_nodes", "csi_assets", "csi_reuse", "csi_feature_gate", "csi_controllers"), OWN_CLUSTERS),
    **dict.fromkeys(("csi_kind_image", "csi_kind_config", "csi_base_image"), ("kind",)),
}
"""Option -> the kinds of cluster that it says something about."""

OF_SOCKET = ("csi_secrets", "csi_parameters", "csi_snapshot_parameters", "csi_snapshot_limit", "csi_staging_dir")
"""What is said about the calls at a driver's socket."""

DOCTORS = ("probes", "offline")
"""How the cluster may be looked at."""

GATES = ("must", "should", "baseline")
"""What may decide the exit code."""

FAULTS = "pytest_csi_snapshot.fixtures.faults:known_faults"
"""Reached by name: the library does not import fixtures. A callable without arguments giving the names."""

_DRIVER_NAME = re.compile(r"[A-Za-z0-9]([-.A-Za-z0-9]{0,61}[A-Za-z0-9])?")


def check(settings: Settings) -> None:
    """Raise pytest.UsageError with one line for the first thing that is wrong."""
    if settings.csi_sweep:
        one_of("csi_sweep", settings.csi_sweep, SWEEPS)
    _check_driver(settings)
    one_of("csi_cluster", settings.csi_cluster, CLUSTERS)
    one_of("csi_controllers", settings.csi_controllers, CONTROLLERS, NOT_YET.get("csi_controllers", ()))
    if settings.csi_doctor:
        one_of("csi_doctor", settings.csi_doctor, DOCTORS)
    for area in settings.csi_areas:
        one_of("csi_areas", area, AREAS)
    for level in settings.csi_levels:
        one_of("csi_level", level, LEVELS)
    one_of("csi_gate", settings.csi_gate, GATES)
    if settings.csi_gate == "baseline" and not settings.csi_baseline:
        raise pytest.UsageError("--csi-gate=baseline compares with an earlier report: add --csi-baseline=REPORT")
    one_of("csi_matrix", settings.csi_matrix, MATRICES)
    parse_shard(settings.csi_shard)
    for allowance in sorted(settings.csi_allow):
        one_of("csi_allow", allowance, tuple(ALLOWANCES))
    _check_profile(settings)
    _check_rerun(settings)
    _check_workload(settings)
    ids = catalogue().by_id
    for prefix in settings.csi_clauses:
        if not any(covers(prefix, clause) for clause in ids):
            known = [*ids, *catalogue().families]
            raise pytest.UsageError(f"--csi-clauses: unknown clause {prefix!r}; {nearest(prefix, known)}")
    _check_faults(settings)
    _check_socket(settings)
    try:
        feature_gates.parse(settings.csi_feature_gates)
    except ValueError as error:
        raise pytest.UsageError(f"--csi-feature-gate: {error}") from error
    _check_belonging(settings)


def _check_driver(settings: Settings) -> None:
    name = settings.csi_driver
    if not name:
        if settings.csi_doctor:
            raise pytest.UsageError("--csi-doctor looks at a cluster for a driver: add --csi-driver=NAME")
        if settings.csi_list or settings.csi_endpoint or settings.csi_sweep:
            return
        raise pytest.UsageError("no driver to test: add --csi-driver=NAME ('reference' needs no cluster)")
    if not _DRIVER_NAME.fullmatch(name):
        raise pytest.UsageError(
            f"--csi-driver: {name!r} is not the name of a CSI driver "
            "(at most 63 letters, digits, '-' and '.', a letter or digit at both ends)"
        )
    if name != REFERENCE and "." not in name and "did you mean" in nearest(name, [REFERENCE]):
        raise pytest.UsageError(f"--csi-driver: unknown driver {name!r}; {nearest(name, [REFERENCE])}")


def _check_profile(settings: Settings) -> None:
    declared = settings.profile.driver
    if declared and settings.csi_driver and declared != settings.driver_name:
        raise pytest.UsageError(f"--csi-profile: {settings.csi_profile} is about driver {declared}, "
                                f"this run is about {settings.driver_name}")  # fmt: skip
    try:
        check_selector(settings.profile.node_selector)
    except ValueError as error:
        raise pytest.UsageError(f"--csi-profile: {settings.csi_profile}: {error}") from error


def _check_rerun(settings: Settings) -> None:
    about = settings.rerun.driver if settings.rerun else ""
    if settings.csi_driver and about and about != settings.driver_name:
        raise pytest.UsageError(f"--csi-rerun: {settings.csi_rerun} is about driver {about}, "
                                f"this run is about {settings.driver_name}")  # fmt: skip


def _check_workload(settings: Settings) -> None:
    for name, look in (("csi_image", check_image), ("csi_pull_secret", check_secret),
                       ("csi_toleration", toleration)):  # fmt: skip
        value = settings.value_of(name)
        for word in value if isinstance(value, tuple) else (str(value),):
            _told(name, look, word)
    try:
        node_selector(settings.csi_node_selectors)
    except ValueError as error:
        raise pytest.UsageError(f"--csi-node-selector: {error}") from error


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


def _check_socket(settings: Settings) -> None:
    """Everything about a driver's socket that can be seen without talking to it."""
    of_socket = ("csi_node_endpoint", *OF_SOCKET)
    if not any(getattr(settings, name) for name in ("csi_endpoint", *of_socket)):
        return
    from pytest_csi_snapshot.csi.endpoints import check_there, parse_endpoint
    from pytest_csi_snapshot.csi.inputs import read_parameters, read_secrets

    if settings.csi_endpoint and settings.is_reference:
        raise pytest.UsageError("--csi-endpoint is for other drivers: the bundled one's socket is known")
    for name in of_socket if not settings.csi_endpoint else ():
        told = name == "csi_snapshot_limit" and settings.csi_stress  # which makes one more than that
        alone = settings.sources[name] == "option" and not told
        if alone and (name == "csi_node_endpoint" or not settings.is_reference):
            raise pytest.UsageError(f"{typed(name)} belongs to --csi-endpoint, which is not given")
    for name in ("csi_endpoint", "csi_node_endpoint"):
        if getattr(settings, name):
            _told(name, lambda text: check_there(parse_endpoint(text)), getattr(settings, name))
    for name, read in (("csi_secrets", read_secrets), ("csi_parameters", read_parameters),
                       ("csi_snapshot_parameters", read_parameters)):  # fmt: skip
        if getattr(settings, name):
            _told(name, read, getattr(settings, name))


def _told(name: str, look: Callable[[str], object], value: str) -> None:
    try:
        look(value)
    except ValueError as error:
        raise pytest.UsageError(f"{typed(name)}: {error}") from error


def _check_belonging(settings: Settings) -> None:
    """Refuse what would silently have no effect."""
    cluster = settings.csi_cluster
    if settings.csi_driver and cluster in OWN_CLUSTERS and not settings.is_reference:
        raise pytest.UsageError(
            f"--csi-cluster={cluster} runs the bundled driver only: use --csi-driver=reference"
        )
    for name, homes in _HOMES.items():
        if settings.csi_driver and cluster not in homes and settings.sources[name] == "option":
            raise pytest.UsageError(
                f"{typed(name)} belongs to --csi-cluster={homes[0]}, this run is on {cluster!r}"
            )
    if settings.csi_stress and not settings.csi_driver:
        raise pytest.UsageError("--csi-stress makes objects in a cluster: add --csi-driver=NAME")
    for name in ("csi_list", "csi_walkthrough"):
        if settings.csi_doctor and settings.value_of(name):
            raise pytest.UsageError(
                f"--csi-doctor and {typed(name)} exclude each other: each takes the place of the tests"
            )
    if settings.csi_walkthrough:
        _check_walkthrough(settings)


def _check_walkthrough(settings: Settings) -> None:
    if not (settings.is_reference and settings.csi_cluster == "embedded"):
        raise pytest.UsageError("--csi-walkthrough is a story of the bundled driver on a new embedded cluster: "
                                "leave --csi-driver and --csi-cluster out")  # fmt: skip
    for name in ("csi_reuse", "csi_clauses", "csi_areas", "csi_level", "csi_list", "csi_stress"):
        if settings.value_of(name):
            raise pytest.UsageError(f"{typed(name)} does not go with --csi-walkthrough, which judges no clauses "
                                    "and needs a new cluster")  # fmt: skip


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
