"""Prints all faults as JSON, for those who may not import this package: ``python -m …reference_impl.faults``."""

from __future__ import annotations

import json

from .registry import describe

print(json.dumps(describe(), indent=2))
