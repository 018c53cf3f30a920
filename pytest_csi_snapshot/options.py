"""What a user can set: the options, their ini twins and environment variables, as one table.

Imported by every pytest run of the environment, so it declares and reads, nothing more. What a value means
and whether it is any good is the business of ``settings``.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import pytest

GROUP = "csi-snapshot"

Source = Literal["option", "env", "ini", "profile", "default"]


@dataclass(frozen=True)
class Option:
    """One setting. ``name`` is the ini key and the attribute of ``config.option``; the rest derives from it."""

    name: str
    help: str
    metavar: str = "NAME"
    default: str | None = None
    shape: Literal["text", "flag", "many"] = "text"
    bare: str = ""
    """What the option alone, without a value, stands for; "" where it needs one."""

    @property
    def flag(self) -> str:
        """The option as typed: ``--csi-driver``."""
        return "--" + self.name.replace("_", "-")

    @property
    def variable(self) -> str:
        """The environment variable: ``PYTEST_CSI_DRIVER``."""
        return "PYTEST_" + self.name.upper()


OPTIONS: tuple[Option, ...] = (
    Option("csi_driver", "CSI driver to test, by the name its CSIDriver object has;\n"
           "'reference' is the bundled one, on a cluster of its own"),
    Option("csi_cluster", "Where it runs: existing, embedded or kind\n"
           "(default: embedded for 'reference', existing for any other driver)"),
    Option("csi_kubeconfig", "Kubeconfig of the existing cluster (default: as kubectl finds it)", metavar="PATH"),
    Option("csi_context", "Context in that kubeconfig (default: its current one)"),
    Option("csi_keep", "Leave the cluster, or what was made in it, when the run ends", shape="flag"),
    Option("csi_reuse", "Join a cluster that an earlier run kept", shape="flag"),
    Option("csi_assets", "Directory with the programs of the embedded cluster", metavar="DIR"),
    Option("csi_nodes", "Nodes of the embedded or kind cluster (default: 2)", metavar="N", default="2"),
    Option("csi_feature_gate", "Switch a feature gate of that cluster's Kubernetes on or off\n"
           "(may be repeated)", metavar="NAME=BOOL", shape="many"),
    Option("csi_controllers", "Which snapshot controllers and sidecars that cluster runs: reference,\n"
           "upstream or upstream-8.2 (default: reference)", default="reference"),
    Option("csi_kind_image", "Node image of the kind cluster (default: that of the kind program)",
           metavar="IMAGE"),
    Option("csi_kind_config", "Configuration of the kind cluster, as kind has it; its nodes are those it lists",
           metavar="FILE"),
    Option("csi_base_image", "Image with Python that the image of the bundled driver is made from, for kind\n"
           "(default: python:3.13-slim-bookworm)", metavar="IMAGE", default="python:3.13-slim-bookworm"),
    Option("csi_fault", "Switch on a fault of the reference implementation (may be repeated)", shape="many"),
    Option("csi_list_faults", "Print these faults and the clauses that they break, and stop", shape="flag"),
    Option("csi_image", "Image of the workload pods, with a POSIX shell (default: busybox:1.37)", metavar="IMAGE",
           default="busybox:1.37"),
    Option("csi_pull_secret", "Secret with which that image is pulled, copied into the namespaces of the run\n"
           "(may be repeated)", metavar="NAMESPACE/NAME", shape="many"),
    Option("csi_node_selector", "Label of the nodes that workload pods may run on (may be repeated)",
           metavar="KEY=VALUE", shape="many"),
    Option("csi_toleration", "Taint that workload pods tolerate (may be repeated)", metavar="KEY[=VALUE][:EFFECT]",
           shape="many"),
    Option("csi_storage_class", "StorageClass to use (default: the driver's)"),
    Option("csi_snapshot_class", "VolumeSnapshotClass to use (default: the driver's)"),
    Option("csi_group_class", "VolumeGroupSnapshotClass to use (default: the driver's)"),
    Option("csi_areas", "Only clauses of these areas, separated by commas", metavar="A,B"),
    Option("csi_clauses", "Only these clauses or families of clauses: SNAP-DYN-001,FIN", metavar="ID,ID"),
    Option("csi_endpoint", "CSI socket of a driver: judges its gRPC calls, without any cluster;\n"
           "unix:///path/csi.sock, or host:port of this machine", metavar="ADDRESS"),
    Option("csi_node_endpoint", "Socket of its node service, where that is another one", metavar="ADDRESS"),
    Option("csi_secrets", "YAML file of secrets for its calls, by the keys that csi-sanity has", metavar="FILE"),
    Option("csi_parameters", "YAML file of parameters for CreateVolume", metavar="FILE"),
    Option("csi_snapshot_parameters", "YAML file of parameters for CreateSnapshot", metavar="FILE"),
    Option("csi_snapshot_limit", "Snapshots of one volume after which the driver refuses another", metavar="N"),
    Option("csi_staging_dir", "Folder, as the driver sees it, that it may mount below (default: a temporary one)",
           metavar="DIR"),
    Option("csi_level", "Only clauses of these levels: MUST, SHOULD, MAY", metavar="LEVEL", shape="many"),
    Option("csi_profile", "What the driver offers, and its bounds: a YAML file (docs/profiles.md), or the file\n"
           "that Kubernetes' own tests take with -storage.testdriver", metavar="FILE"),
    Option("csi_gate", "What decides the exit code: must, should, or baseline, which is what is worse than in\n"
           "--csi-baseline (default: must)", metavar="GATE", default="must"),
    Option("csi_baseline", "Report of an earlier run to compare with: its report.json, or its folder",
           metavar="REPORT"),
    Option("csi_waivers", "YAML file of clauses that do not count until a date (docs/gates.md)", metavar="FILE"),
    Option("csi_allow_unknown", "Do not fail for clauses that are errored or unknown", shape="flag"),
    Option("csi_slow_factor", "Wait so many times as long as usual for everything (default: 1)", metavar="FACTOR",
           default="1"),
    Option("csi_matrix", "How many variants of a matrix: pairs or full (default: pairs)", default="pairs"),
    Option("csi_stress", "Run the stress suites with so many objects, instead of the clauses (docs/stress.md)",
           metavar="N"),
    Option("csi_stress_minutes", "How long snapshots are made and deleted over and over in a stress run\n"
           "(default: 0.5)", metavar="MINUTES", default="0.5"),
    Option("csi_stress_rate", "Requests a second that a stress run sends at most (default: 50)", metavar="N",
           default="50"),
    Option("csi_shard", "Run one of N parts of the tests; pytest-csi-report merge puts their reports together",
           metavar="I/N"),
    Option("csi_allow", "What tests may do beyond their own objects: cluster-state, disruptive, mount\n"
           "(default: nothing; all of it on a cluster that the run makes itself)", metavar="A,B", shape="many"),
    Option("csi_report", "Folder that the report is written to; none: no report\n(default: csi-report)",
           metavar="DIR", default="csi-report"),
    Option("csi_rerun", "Run again what an earlier report has as failed or could not judge: its folder, or\n"
           "the report.json in it", metavar="REPORT"),
    Option("csi_redact", "Replace the names of hosts, namespaces and handles in all that is reported,\n"
           "each by the same word everywhere", shape="flag"),
    Option("csi_sweep", "Print what killed runs have left in the cluster and stop; with =delete remove it",
           metavar="delete", bare="list"),
    Option("csi_list", "Print the plan (clause, level, test) and stop: no cluster is touched", shape="flag"),
    Option("csi_doctor", "Tell what the cluster has and lacks for the driver, and stop; with '=offline' by\n"
           "reading alone, without probes", metavar="offline", bare="probes"),
    Option("csi_walkthrough", "Run the tutorial step by step on a cluster of its own, instead of the clauses",
           shape="flag"),
)  # fmt: skip

STARTERS = ("csi_driver", "csi_endpoint", "csi_areas", "csi_clauses", "csi_level", "csi_list", "csi_doctor",
            "csi_walkthrough", "csi_stress")  # fmt: skip
"""Given on the command line, these start the packaged suites; as ini key or variable they only set a value."""


def add_options(parser: pytest.Parser) -> None:
    """Declare every option and its ini twin."""
    group = parser.getgroup(GROUP, "conformance of CSI volume snapshots")
    for option in OPTIONS:
        if option.shape == "flag":
            group.addoption(option.flag, action="store_true", default=None, help=option.help)
            parser.addini(option.name, option.help, type="bool", default=None)
        elif option.shape == "many":
            group.addoption(option.flag, action="append", metavar=option.metavar, default=None, help=option.help)
            parser.addini(option.name, option.help, type="linelist", default=None)
        else:
            optional = {"nargs": "?", "const": option.bare} if option.bare else {}
            group.addoption(option.flag, metavar=option.metavar, default=None, help=option.help, **optional)
            parser.addini(option.name, option.help, default=None)


def starts_run(config: pytest.Config) -> bool:
    """Whether the command line asks for a run of ours; cheap, because every pytest run asks."""
    if any(getattr(config.option, name, None) for name in STARTERS):
        return True
    # A printed test id or the folder of the suites can be given without any of our options.
    return config.args_source.name == "ARGS" and any("suites" in arg for arg in config.args)


def raw_value(config: pytest.Config, option: Option) -> tuple[str | bool | list[str] | None, Source]:
    """The value as the user wrote it and where: option, then environment, then ini, then default."""
    given = getattr(config.option, option.name, None)
    if given is not None:
        return given, "option"
    from_env = os.environ.get(option.variable)
    if from_env:
        return from_env, "env"
    from_ini = config.getini(option.name)
    if from_ini not in (None, "", []):
        return from_ini, "ini"
    return option.default, "default"
