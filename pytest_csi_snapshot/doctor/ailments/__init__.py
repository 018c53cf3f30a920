"""The table of what can be wrong with a cluster, a module for each family; a row looks for itself."""

from __future__ import annotations

from pytest_csi_snapshot.doctor.finding import Ailment

from . import apis, classes, controllers, driver, rights, surroundings

AILMENTS: tuple[Ailment, ...] = (
    *rights.ROWS,
    *apis.ROWS,
    *driver.ROWS,
    *classes.ROWS,
    *controllers.ROWS,
    *surroundings.ROWS,
)
"""In the order in which they are told: what is missing first, what follows from it later."""

FAMILIES = {
    "Rights": rights.ROWS,
    "APIs": apis.ROWS,
    "Driver and nodes": driver.ROWS,
    "Classes": classes.ROWS,
    "Controllers and sidecars": controllers.ROWS,
    "Surroundings": surroundings.ROWS,
}
"""Heading -> rows, for the documentation."""
