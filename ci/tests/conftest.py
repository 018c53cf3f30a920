"""Options of the self-tests."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("self-tests")
    group.addoption("--full", action="store_true", help="Try every case where otherwise a sample is taken")
    group.addoption(
        "--seed", type=int, help="What samples and random loads follow from; drawn and printed unless given"
    )
    group.addoption("--case", help="Only this case of a test that tries many, as its failure prints it")
