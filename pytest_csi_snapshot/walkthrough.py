"""The walkthrough: the tutorial as one story, told on a cluster that begins as the tutorial's does.

It judges no clauses. Its steps build on each other, so they run in their order, in one process, and end with the
first that fails.
"""

from __future__ import annotations

import pytest

PROFILE = "seed"
"""The Longhorn of the tutorial."""

WITHOUT = ("snapshot-crds", "snapshot-controller")
"""What the tutorial installs itself, after its cluster is up."""

REPLICAS = {"csi-snapshotter": 3}


def one_after_the_other(config: pytest.Config) -> None:
    """No workers, and no step after one that failed, unless ``--maxfail`` says otherwise."""
    config.option.dist, config.option.tx = "no", []
    if not config.option.maxfail:
        config.option.maxfail = 1


class Story:
    """Hooks that keep the order."""

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """After plugins that shuffle: files by name, steps as they stand in their file."""
        items.sort(key=lambda item: (item.path, item.reportinfo()[1] or 0))
