"""How a sidecar starts: meet the driver, learn its name and abilities, then run like any controller."""

from __future__ import annotations

import argparse
from dataclasses import dataclass

from ..work.process import Process, StartError
from .codes import CsiError
from .driver import Abilities, Driver


@dataclass(frozen=True)
class Peer:
    """The driver that a sidecar serves."""

    driver: Driver
    name: str
    abilities: Abilities


def meet(process: Process, args: argparse.Namespace) -> Peer:
    """Connect and ask; blocks until the driver answers. Raises StartError where it answers with an error."""
    driver = Driver(args.csi_address, args.timeout)
    process.on_stop(driver.close)
    try:
        return Peer(driver, driver.name(), driver.abilities())
    except CsiError as error:
        raise StartError(f"the driver at {args.csi_address}: {error}") from error
