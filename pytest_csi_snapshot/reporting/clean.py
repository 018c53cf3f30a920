"""Cleans every report of a test, in the process that ran it, before anybody writes it down or sends it on."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from pytest_csi_snapshot.judging import PAYLOAD
from pytest_csi_snapshot.redacting import REDACTOR

_TEXTS = ("longrepr", "sections", "user_properties", "wasxfail", PAYLOAD)


class Clean:
    """The outermost hook around the making of a report."""

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Take out what was learned until now."""
        report = yield
        for name in _TEXTS:
            if hasattr(report, name):
                setattr(report, name, REDACTOR.clean_all(getattr(report, name)))
        return report
