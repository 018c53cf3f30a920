"""The figures: one module each, or one for those that come from the same runs."""

from __future__ import annotations

from bench.figure import Measurement

from . import backups, beside, large, notice, plugin, start, suite, whole

MEASUREMENTS: tuple[Measurement, ...] = (
    plugin.MEASUREMENT,
    start.MEASUREMENT,
    notice.MEASUREMENT,
    suite.MEASUREMENT,
    backups.MEASUREMENT,
    whole.MEASUREMENT,
    large.MEASUREMENT,
    beside.SERIAL,
    beside.PARALLEL,
)
"""In the order in which they are taken."""
