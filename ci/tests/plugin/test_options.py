"""Settings: where they come from, and what is said about wrong ones."""

from __future__ import annotations

import pytest

from .conftest import Demo


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["--csi-driver=refrence"], "unknown driver 'refrence'; did you mean 'reference'?"),
        (["--csi-driver=a_b"], "'a_b' is not the name of a CSI driver"),
        (["--csi-driver=reference", "--csi-cluster=embeded"], "'embeded'; did you mean 'embedded'?"),
        (["--csi-driver=x.example.com", "--csi-cluster=kind"], "--csi-cluster=kind runs the bundled driver only"),
        (["--csi-driver=reference", "--csi-kind-image=i"], "--csi-kind-image belongs to --csi-cluster=kind"),
        (["--csi-driver=reference", "--csi-base-image=i"], "--csi-base-image belongs to --csi-cluster=kind"),
        (["--csi-driver=reference", "--csi-cluster=kind", "--csi-kind-config=/none"], "no file '/none'"),
        (["--csi-driver=reference", "--csi-cluster=kind", "--csi-context=c"], "belongs to --csi-cluster=existing"),
        (["--csi-driver=reference", "--csi-controllers=present"], "--csi-controllers=present is not available"),
        (["--csi-driver=reference", "--csi-controllers=upstraem"], "'upstraem'; did you mean 'upstream'?"),
        (["--csi-driver=x.example.com", "--csi-controllers=upstream"], "belongs to --csi-cluster=embedded"),
        (["--csi-driver=reference", "--csi-fault=slow-cat"], "unknown fault 'slow-cat'; did you mean 'slow-cut'?"),
        (["--csi-driver=x.example.com", "--csi-fault=slow-cut"], "use --csi-driver=reference"),
        (["--csi-driver=x.example.com", "--csi-cluster=embedded"], "runs the bundled driver only"),
        (["--csi-driver=reference", "--csi-context=c"], "--csi-context belongs to --csi-cluster=existing"),
        (["--csi-driver=x.example.com", "--csi-nodes=3"], "--csi-nodes belongs to --csi-cluster=embedded"),
        (["--csi-driver=reference", "--csi-feature-gate=Some"], "'Some' is not NAME=true or NAME=false"),
        (["--csi-driver=reference", "--csi-feature-gate=A=true,A=false"], "A is said to be both true and false"),
        (["--csi-driver=x.example.com", "--csi-feature-gate=A=true"], "belongs to --csi-cluster=embedded"),
        (["--csi-driver=reference", "--csi-nodes=0"], "'0' is not a number of nodes"),
        (["--csi-driver=reference", "--csi-areas=delet"], "'delet'; did you mean 'deletion'?"),
        (["--csi-driver=reference", "--csi-level=MUTS"], "'MUTS'; did you mean 'MUST'?"),
        (["--csi-driver=reference", "--csi-clauses=SNAP-DYM-001"], "did you mean 'SNAP-DYN-001'?"),
        (["--csi-driver=x.example.com", "--csi-kubeconfig=/none"], "no file '/none'"),
        (["--csi-driver=reference", "--csi-assets=/none"], "no directory '/none'"),
        (["--csi-driver=x.example.com", "--csi-allow=mounts"], "'mounts'; did you mean 'mount'?"),
        (["--csi-sweep=delet"], "'delet'; did you mean 'delete'?"),
        (["--csi-driver=reference", "--csi-slow-factor=fast"], "'fast' is not a number from 0.1 to 1000"),
        (["--csi-driver=reference", "--csi-image=Busy Box"], "'Busy Box' is not REPOSITORY[:TAG][@sha256:DIGEST]"),
        (["--csi-driver=reference", "--csi-image=b@sha256:12"], "'b@sha256:12' is not REPOSITORY"),
        (["--csi-driver=reference", "--csi-pull-secret=regcred"], "'regcred' is not NAMESPACE/NAME of a secret"),
        (["--csi-driver=reference", "--csi-node-selector=disk"], "'disk' is not KEY=VALUE of a label"),
        (["--csi-driver=reference", "--csi-node-selector=a=1", "--csi-node-selector=a=2"], "both 1 and 2"),
        (["--csi-driver=reference", "--csi-node-selector=kubernetes.io/os=windows"], "run on Linux nodes only"),
        (
            ["--csi-driver=reference", "--csi-toleration=a:NoSchedul"],
            "unknown effect 'NoSchedul'; known: No",
        ),
        (["--csi-areas=deletion"], "no driver to test: add --csi-driver=NAME"),
    ],
)
def test_a_wrong_value_is_one_line_before_any_cluster(demo: Demo, args: list[str], told: str) -> None:
    result = demo.run(*args, driver="")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert [line for line in result.errlines if line] == [line for line in result.errlines if told in line]
    assert told in result.stderr.str()
    assert demo.log == []


@pytest.mark.parametrize("workers", [(), ("-n2",)], ids=["alone", "workers"])
def test_option_beats_variable_beats_ini_beats_default(demo: Demo, workers: tuple[str, ...]) -> None:
    demo.pytester.makeini("[pytest]\ncsi_image = from-ini\ncsi_nodes = 4\ncsi_storage_class = from-ini\n")
    demo.env(PYTEST_CSI_IMAGE="from-env", PYTEST_CSI_STORAGE_CLASS="from-env")
    demo.suite(
        test_one="""
def test_settings(pytestconfig):
    from pytest_csi_snapshot.settings import SETTINGS
    settings = pytestconfig.stash[SETTINGS]
    assert (settings.csi_storage_class, settings.csi_image) == ("from-option", "from-env")
    assert (settings.csi_nodes, settings.csi_controllers) == (4, "reference")
"""
    )
    result = demo.run("--csi-storage-class=from-option", *workers)
    result.assert_outcomes(passed=1)
    header = next(line for line in result.outlines if line.startswith("csi-snapshot: settings:"))
    for part in ("driver=reference (option)", "storage_class=from-option (option)", "image=from-env (env)",
                 "nodes=4 (ini)", "controllers=reference (default)"):  # fmt: skip
        assert part in header


def test_reference_is_a_driver_with_a_name_and_a_cluster_of_its_own(demo: Demo) -> None:
    demo.suite(
        test_one="""
def test_cluster(csi_cluster):
    assert csi_cluster.driver == "driver.longhorn.io"
"""
    )
    result = demo.run()
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["csi-snapshot: driver driver.longhorn.io (reference), cluster embedded"])


def test_faults_are_collected_once_each_also_in_workers(demo: Demo) -> None:
    demo.suite(
        test_one="""
def test_faults(pytestconfig):
    from pytest_csi_snapshot.settings import SETTINGS
    assert pytestconfig.stash[SETTINGS].csi_faults == ("slow-cut", "drop-handle")
"""
    )
    demo.run("--csi-fault=slow-cut", "--csi-fault=drop-handle", "-n1").assert_outcomes(passed=1)


def test_help_never_fails_on_a_wrong_setting(demo: Demo) -> None:
    result = demo.run("--help", driver="a_b")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["conformance of CSI volume snapshots:", "*--csi-driver=NAME*"])


@pytest.mark.parametrize(
    ("driver", "args", "given", "allowed"),
    [
        ("reference", [], "", ["cluster-state", "disruptive", "mount"]),
        ("x.example.com", [], "", []),
        ("x.example.com", ["--csi-allow=disruptive,mount"], "", ["disruptive", "mount"]),
        ("x.example.com", [], "cluster-state", ["cluster-state"]),
    ],
)
def test_in_a_cluster_of_others_only_what_is_allowed_is_done(
    demo: Demo, driver: str, args: list[str], given: str, allowed: list[str]
) -> None:
    demo.env(PYTEST_CSI_ALLOW=given)
    demo.suite(
        test_one=f"""
def test_leave(pytestconfig):
    from pytest_csi_snapshot.settings import SETTINGS
    assert sorted(pytestconfig.stash[SETTINGS].csi_allow) == {allowed}
"""
    )
    demo.run(*args, driver=driver).assert_outcomes(passed=1)
