"""Fixtures: csi-sanity's report on a machine with a backend and a driver on it."""

from __future__ import annotations

from ..driver.conftest import machine, stopped
from ..private_mounts import private_mounts

__all__ = ["machine", "private_mounts", "stopped"]
