"""The settings of one run: read from wherever they were given, checked, and frozen.

A wrong value is one line with the nearest right one, before any cluster is touched. Knows names and
shapes of values; does not know whether a cluster has what they name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from pytest_csi_snapshot.allowances import ALL, NONE
from pytest_csi_snapshot.options import OPTIONS, Source, raw_value
from pytest_csi_snapshot.placement import node_selector
from pytest_csi_snapshot.profiles import REFERENCE as REFERENCE_PROFILE
from pytest_csi_snapshot.profiles import UNDECLARED, Profile, read_profile
from pytest_csi_snapshot.report.rerun import Rerun, handed, rerun_of
from pytest_csi_snapshot.requirements import catalogue
from pytest_csi_snapshot.shards import Shard, parse_shard
from pytest_csi_snapshot.spelling import existing_path, factor, flag, many, node_count, some
from pytest_csi_snapshot.walkthrough import PROFILE, REPLICAS, WITHOUT

REFERENCE = "reference"
REFERENCE_DRIVER = "driver.longhorn.io"
REFERENCE_SNAPSHOT_LIMIT = 249
"""Snapshots of one volume that the bundled backend takes: of its 250 layers one is the head."""

NO_REPORT = "none"
OWN_CLUSTERS = ("embedded", "kind")
"""Where the bundled driver is brought up, and everything is the run's own."""
_PLURALS = {
    "csi_fault": "csi_faults",
    "csi_feature_gate": "csi_feature_gates",
    "csi_level": "csi_levels",
    "csi_node_selector": "csi_node_selectors",
    "csi_pull_secret": "csi_pull_secrets",
    "csi_toleration": "csi_tolerations",
}
"""Option name -> attribute of Settings, where they differ."""

SETTINGS = pytest.StashKey["Settings"]()


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
    csi_kind_image: str
    csi_kind_config: str
    csi_base_image: str
    csi_faults: tuple[str, ...]
    csi_list_faults: bool
    csi_image: str
    csi_pull_secrets: tuple[str, ...]
    csi_node_selectors: tuple[str, ...]
    csi_tolerations: tuple[str, ...]
    csi_storage_class: str
    csi_snapshot_class: str
    csi_group_class: str
    csi_areas: tuple[str, ...]
    csi_clauses: tuple[str, ...]
    csi_endpoint: str
    csi_node_endpoint: str
    csi_secrets: str
    csi_parameters: str
    csi_snapshot_parameters: str
    csi_snapshot_limit: int
    """0: not given."""
    csi_staging_dir: str
    csi_levels: tuple[str, ...]
    csi_profile: str
    csi_gate: str
    csi_baseline: str
    csi_waivers: str
    csi_allow_unknown: bool
    csi_slow_factor: float
    csi_matrix: str
    csi_stress: int
    """Objects of a stress run; 0: an ordinary one."""
    csi_stress_minutes: float
    csi_stress_rate: float
    csi_shard: str
    csi_allow: frozenset[str]
    """Names of ALLOWANCES; all of them on a cluster that the run makes itself."""
    csi_report: str
    """As typed; "none": nothing is written."""
    csi_rerun: str
    csi_redact: bool
    csi_sweep: str
    """"": no sweep; "list" or "delete"."""
    csi_list: bool
    csi_doctor: str
    """"" for a run of tests, "probes" or "offline" for the examination of the cluster alone."""
    csi_walkthrough: bool
    profile: Profile
    """What the driver is declared to offer."""
    report_folder: Path | None
    """The absolute path of ``csi_report``; None: nothing is written."""
    rerun: Rerun | None
    """What the report of ``csi_rerun`` sends again; None where nothing was said."""
    sources: Mapping[str, Source]

    @property
    def is_reference(self) -> bool:
        """Whether the driver under test is the bundled one."""
        return self.csi_driver == REFERENCE

    @property
    def at_socket_only(self) -> bool:
        """Whether the driver's socket is all there is, without a cluster."""
        return bool(self.csi_endpoint) and not self.csi_driver

    @property
    def chosen(self) -> frozenset[str] | None:
        """The ids of the clauses that were asked for; None where all are."""
        if not (self.csi_clauses or self.csi_areas or self.csi_levels):
            return None
        return catalogue().select(self.csi_clauses, self.csi_areas, self.csi_levels)

    @property
    def shard(self) -> Shard | None:
        """Which part of the tests is run; None: all of them."""
        return parse_shard(self.csi_shard)

    @property
    def driver_name(self) -> str:
        """The CSI name of the driver under test."""
        return REFERENCE_DRIVER if self.is_reference else self.csi_driver

    @property
    def node_labels(self) -> Mapping[str, str]:
        """The labels of the nodes that workload pods may run on."""
        return {**self.profile.node_selector, **node_selector(self.csi_node_selectors)}

    @property
    def snapshot_limit(self) -> int:
        """Snapshots of one volume after which the driver refuses another; 0 where that is not known."""
        return self.csi_snapshot_limit or (REFERENCE_SNAPSHOT_LIMIT if self.is_reference else 0)

    @property
    def csi_longhorn(self) -> str:
        """Which Longhorn the bundled driver is like."""
        return PROFILE if self.csi_walkthrough else "current"

    @property
    def csi_without(self) -> tuple[str, ...]:
        """What the embedded cluster lacks at first."""
        return WITHOUT if self.csi_walkthrough else ()

    @property
    def csi_audit(self) -> bool:
        """Nobody asks for the API server's audit log but the generator of the roles."""
        return False

    @property
    def csi_replicas(self) -> Mapping[str, int]:
        """Deployments of the bundled driver that have more than one pod."""
        return REPLICAS if self.csi_walkthrough else {}

    def value_of(self, name: str) -> str | bool | int | float | tuple[str, ...]:
        """The value of a setting by its option name; what may be repeated is kept under the plural."""
        value: str | bool | int | float | tuple[str, ...] = getattr(self, _PLURALS.get(name, name))
        return value


def read_settings(config: pytest.Config) -> Settings:
    """Read and check every setting. Raises pytest.UsageError or UsageTrouble with one line."""
    raw = {option.name: raw_value(config, option) for option in OPTIONS}
    sources = {name: source for name, (_, source) in raw.items()}
    text = {name: value.strip() if isinstance(value, str) else "" for name, (value, _) in raw.items()}
    walkthrough = flag("csi_walkthrough", raw["csi_walkthrough"][0])
    driver = text["csi_driver"] or (REFERENCE if walkthrough else "")
    cluster = text["csi_cluster"] or ("embedded" if driver == REFERENCE else "existing")
    text["csi_profile"] = existing_path("csi_profile", text["csi_profile"])
    profile = _profile(text["csi_profile"], driver)
    for name, said in _classes_in(profile).items():
        if said and not text[name]:
            text[name], sources[name] = said, "profile"
    text["csi_rerun"] = existing_path("csi_rerun", text["csi_rerun"])
    settings = Settings(
        csi_driver=driver,
        csi_cluster=cluster,
        csi_kubeconfig=existing_path("csi_kubeconfig", text["csi_kubeconfig"]),
        csi_context=text["csi_context"],
        csi_keep=flag("csi_keep", raw["csi_keep"][0]),
        csi_reuse=flag("csi_reuse", raw["csi_reuse"][0]),
        csi_assets=existing_path("csi_assets", text["csi_assets"]),
        csi_nodes=node_count(text["csi_nodes"]),
        csi_feature_gates=many(raw["csi_feature_gate"][0]),
        csi_controllers=text["csi_controllers"],
        csi_kind_image=text["csi_kind_image"],
        csi_kind_config=existing_path("csi_kind_config", text["csi_kind_config"]),
        csi_base_image=text["csi_base_image"],
        csi_faults=many(raw["csi_fault"][0]),
        csi_list_faults=flag("csi_list_faults", raw["csi_list_faults"][0]),
        csi_image=text["csi_image"],
        csi_pull_secrets=many(raw["csi_pull_secret"][0]),
        csi_node_selectors=many(raw["csi_node_selector"][0]),
        csi_tolerations=many(raw["csi_toleration"][0]),
        csi_storage_class=text["csi_storage_class"],
        csi_snapshot_class=text["csi_snapshot_class"],
        csi_group_class=text["csi_group_class"],
        csi_areas=many(raw["csi_areas"][0]),
        csi_clauses=tuple(clause.upper() for clause in many(raw["csi_clauses"][0])),
        csi_endpoint=text["csi_endpoint"],
        csi_node_endpoint=text["csi_node_endpoint"],
        csi_secrets=existing_path("csi_secrets", text["csi_secrets"]),
        csi_parameters=existing_path("csi_parameters", text["csi_parameters"]),
        csi_snapshot_parameters=existing_path("csi_snapshot_parameters", text["csi_snapshot_parameters"]),
        csi_snapshot_limit=some("csi_snapshot_limit", text["csi_snapshot_limit"]),
        csi_staging_dir=text["csi_staging_dir"],
        csi_levels=tuple(level.upper() for level in many(raw["csi_level"][0])),
        csi_profile=text["csi_profile"],
        csi_gate=text["csi_gate"].lower(),
        csi_baseline=existing_path("csi_baseline", text["csi_baseline"]),
        csi_waivers=existing_path("csi_waivers", text["csi_waivers"]),
        csi_allow_unknown=flag("csi_allow_unknown", raw["csi_allow_unknown"][0]),
        csi_slow_factor=factor("csi_slow_factor", text["csi_slow_factor"]),
        csi_matrix=text["csi_matrix"],
        csi_stress=some("csi_stress", text["csi_stress"]),
        csi_stress_minutes=factor("csi_stress_minutes", text["csi_stress_minutes"]),
        csi_stress_rate=factor("csi_stress_rate", text["csi_stress_rate"]),
        csi_shard=text["csi_shard"],
        csi_allow=_allowed(many(raw["csi_allow"][0]), cluster),
        csi_report=text["csi_report"],
        csi_rerun=text["csi_rerun"],
        csi_redact=flag("csi_redact", raw["csi_redact"][0]),
        csi_sweep=text["csi_sweep"],
        csi_list=flag("csi_list", raw["csi_list"][0]),
        csi_doctor=text["csi_doctor"],
        csi_walkthrough=walkthrough,
        profile=profile,
        report_folder=_report_folder(config, text["csi_report"]),
        rerun=_rerun(config, text["csi_rerun"]),
        sources=sources,
    )
    if not hasattr(config, "workerinput"):  # an xdist worker repeats what the controller has checked
        from pytest_csi_snapshot.checks import check

        check(settings)
    return settings


def _allowed(given: tuple[str, ...], cluster: str) -> frozenset[str]:
    """What tests may do: with somebody else's cluster what was said, with a cluster of our own everything."""
    return frozenset(given) | (ALL if cluster in OWN_CLUSTERS else NONE)


def _report_folder(config: pytest.Config, name: str) -> Path | None:
    """Where the report is written, from the directory that the command was typed in."""
    return None if name == NO_REPORT else (config.invocation_params.dir / Path(name).expanduser()).absolute()


def _rerun(config: pytest.Config, path: str) -> Rerun | None:
    if not path:
        return None
    from pytest_csi_snapshot.report.document import read_report

    given = handed(config)
    return given if given is not None else rerun_of(read_report(Path(path)))


def _profile(path: str, driver: str) -> Profile:
    if path:
        return read_profile(Path(path))
    return REFERENCE_PROFILE if driver == REFERENCE else UNDECLARED


def _classes_in(profile: Profile) -> dict[str, str]:
    """What a profile says that is an option too; the option goes before."""
    return {
        "csi_storage_class": profile.storage_class,
        "csi_snapshot_class": profile.snapshot_class,
        "csi_group_class": profile.group_class,
    }
