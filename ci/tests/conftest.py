"""Options of the self-tests, and the samples that they take."""

from __future__ import annotations

import pytest
from sampling import SAMPLING, Sampling


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("self-tests")
    group.addoption("--full", action="store_true", help="Try every case where otherwise a sample is taken")
    group.addoption(
        "--seed", type=int, help="What samples and random loads follow from; drawn and printed unless given"
    )
    group.addoption("--case", help="Only this case of a test that tries many, as its failure prints it")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[SAMPLING] = Sampling.of(config)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    sampling = config.stash[SAMPLING]
    if sampling.told:
        terminalreporter.section("samples")
        terminalreporter.line(f"seed {sampling.seed}")
        for line in sampling.told:
            terminalreporter.line(line)


@pytest.fixture
def sampling(pytestconfig: pytest.Config) -> Sampling:
    return pytestconfig.stash[SAMPLING]
