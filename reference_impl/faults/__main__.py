"""Tells of the faults in JSON, for those who may not import this package.

python -m pytest_csi_snapshot.reference_impl.faults                    prints all there are
python -m pytest_csi_snapshot.reference_impl.faults break NAME...      reads CRDs, a list, and prints them so
python -m pytest_csi_snapshot.reference_impl.faults policies NAME...   prints the admission policies of these
python -m pytest_csi_snapshot.reference_impl.faults restart NAME...    prints which programs they restart, and when
"""

from __future__ import annotations

import json
import sys
from typing import Any

from .registry import activate, describe

if sys.argv[1:2] == ["break"]:
    crds = json.load(sys.stdin)
    activate("crd", sys.argv[2:], crds)
    print(json.dumps(crds))
elif sys.argv[1:2] == ["policies"]:
    policies: list[dict[str, Any]] = []
    activate("admission", sys.argv[2:], policies)
    print(json.dumps(policies))
elif sys.argv[1:2] == ["restart"]:
    spans: dict[str, list[float]] = {}
    activate("kube-apiserver", sys.argv[2:], spans)
    print(json.dumps(spans))
else:
    print(json.dumps(describe(), indent=2))
