"""What the installed plugin costs in somebody else's run of pytest."""

from __future__ import annotations

import statistics
from importlib.metadata import entry_points

from bench import plugin_cost
from bench.figure import Budget, Measurement, Order, Taken

COST = Budget("plugin cost", "plugin in an unrelated run, CPU", "ms", 20.0)
WAITED = Budget("plugin wait", "the same, waited", "ms")


def take(order: Order) -> Taken:
    """Pairs of runs, with and without it, one after the other: what else the machine does falls on both."""
    installed = {entry.name for entry in entry_points(group="pytest11")}
    variants = {
        "none": tuple(sorted(installed)),
        plugin_cost.OURS: tuple(sorted(installed - {plugin_cost.OURS})),
    }
    runs = plugin_cost.measure(variants, order.repetitions)
    pairs = list(zip(runs["none"], runs[plugin_cost.OURS], strict=True))
    base = statistics.median(cpu for cpu, _ in runs["none"])
    return Taken(
        {
            COST.name: [ours[0] - none[0] for none, ours in pairs],
            WAITED.name: [ours[1] - none[1] for none, ours in pairs],
        },
        notes=(f"pytest alone takes {base:.0f} ms of CPU for one empty test",),
        details={"none": runs["none"], "ours": runs[plugin_cost.OURS]},
    )


MEASUREMENT = Measurement(
    "plugin",
    "one empty test with all plugins off, and with ours alone, in turns; differences of the pairs",
    (COST, WAITED),
    take,
    repetitions=30,
    quick=8,
)
