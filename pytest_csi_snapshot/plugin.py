"""The plugin's hooks and fixtures, each a line or two that name the module doing the work.

Loaded by every pytest run of the environment, asked for or not: it imports next to nothing, and adds no name that
does not begin with csi.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from pytest_csi_snapshot.options import add_options, starts_run

if TYPE_CHECKING:
    from pytest_csi_snapshot.cluster import Cluster
    from pytest_csi_snapshot.csi.rpc import Rpc
    from pytest_csi_snapshot.recorder import Recorder
    from pytest_csi_snapshot.scenario import Scenario
    from pytest_csi_snapshot.stress.load import LoadTest

# From an editable install pytest would not rewrite the assertions of the suites' shared steps.
pytest.register_assert_rewrite("pytest_csi_snapshot.suites")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options, see ``options``."""
    add_options(parser)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Declare the markers; start a run of ours if the command line asks for one."""
    config.addinivalue_line("markers", "csi_clause(*ids): the clauses of CSI snapshots that a test judges")
    config.addinivalue_line("markers", "csi_exclusive: the test runs alone, after the others")
    config.addinivalue_line(
        "markers", "csi_companion(name, or_itself=False): the test works on another kind of driver, see companions"
    )
    if starts_run(config):
        from pytest_csi_snapshot.activation import activate

        activate(config)


def pytest_cmdline_main(config: pytest.Config) -> int | None:
    """Sweep or list the faults instead of running tests, if the command line asks for that."""
    if getattr(config.option, "csi_list_faults", None):
        from pytest_csi_snapshot.activation import list_faults

        return list_faults()
    if getattr(config.option, "csi_sweep", None):
        from pytest_csi_snapshot.activation import sweep

        return sweep(config)
    return None


@pytest.hookimpl(tryfirst=True, optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """Have ``-n auto`` mean what is recommended, in a run of ours."""
    if not starts_run(config):
        return None
    from pytest_csi_snapshot.activation import workers_before

    return workers_before(config)


@pytest.fixture(scope="session")
def csi_cluster(request: pytest.FixtureRequest) -> Cluster:
    """The cluster of this run, with the driver under test in it."""
    from pytest_csi_snapshot.session import cluster_of

    cluster = cluster_of(request.config)
    if cluster is None:
        pytest.fail("this test needs a cluster with a CSI driver: add --csi-driver=NAME", pytrace=False)
    return cluster


@pytest.fixture
def csi_recorder(request: pytest.FixtureRequest) -> Recorder:
    """Records the checks of this test: ``csi_recorder.check(clause, expected=…, observed=…)``."""
    from pytest_csi_snapshot.judging import start_recorder

    return start_recorder(request.node)


@pytest.fixture
def csi_rpc(request: pytest.FixtureRequest, csi_cluster: Cluster, csi_recorder: Recorder) -> Iterator[Rpc]:
    """The verbs of a test at the driver's CSI socket; what it made is removed afterwards."""
    from pytest_csi_snapshot.csi.rpc import open_rpc
    from pytest_csi_snapshot.settings import SETTINGS
    from pytest_csi_snapshot.turns import alone

    if not csi_cluster.endpoint:
        if csi_cluster.provider == "kind":
            from pytest_csi_snapshot.csi.rpc import out_of_sight

            out_of_sight(request.node, csi_recorder)
        pytest.fail("this test needs the driver's CSI socket: add --csi-endpoint=ADDRESS", pytrace=False)
    settings = request.config.stash[SETTINGS]
    with alone(request.node, csi_cluster), open_rpc(csi_cluster, settings, csi_recorder) as rpc:
        yield rpc


@pytest.fixture
def csi(request: pytest.FixtureRequest, csi_cluster: Cluster, csi_recorder: Recorder) -> Iterator[Scenario]:
    """The verbs of a test on a namespace of its own; what it made is removed afterwards.

    They work on the driver under test, or on the companion that the test is marked with.
    """
    from pytest_csi_snapshot.companions import instance_for
    from pytest_csi_snapshot.scenario import open_scenario
    from pytest_csi_snapshot.settings import SETTINGS
    from pytest_csi_snapshot.turns import alone

    opened = open_scenario(
        cluster=instance_for(request.node, csi_cluster, csi_recorder),
        recorder=csi_recorder,
        settings=request.config.stash[SETTINGS],
        test_id=request.node.nodeid,
    )
    with alone(request.node, csi_cluster), opened as scenario:
        yield scenario


@pytest.fixture
def csi_load(request: pytest.FixtureRequest, csi: Scenario, csi_recorder: Recorder) -> LoadTest:
    """The verbs of a stress test, at the rate of ``--csi-stress-rate``."""
    from pytest_csi_snapshot.settings import SETTINGS
    from pytest_csi_snapshot.stress.load import LoadTest

    return LoadTest(csi, csi_recorder, request.config.stash[SETTINGS])
