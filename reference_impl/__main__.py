"""Starts one role: ``python -m pytest_csi_snapshot.reference_impl ROLE [options]``.

A role is imported only when it is started: a sidecar must not pay for the backend's web server.
"""

from __future__ import annotations

import importlib
import sys

ROLES = {
    "backend": "backend.main",
    "release": "backend.release",
    "driver": "driver.main",
    "snapshot-controller": "controllers.snapshot_controller.main",
    "csi-snapshotter": "controllers.snapshotter.main",
    "csi-provisioner": "controllers.provisioner.main",
    "csi-attacher": "controllers.attacher.main",
    "csi-resizer": "controllers.resizer.main",
}
"""Role -> module below this package; the module has ``main(argv: list[str]) -> int``."""


def main(argv: list[str]) -> int:
    if not argv or argv[0] not in ROLES:
        given = f"unknown role {argv[0]!r}" if argv else "no role given"
        print(f"{given}: one of {', '.join(ROLES)}", file=sys.stderr)
        return 2
    module = importlib.import_module(f"{__package__}.{ROLES[argv[0]]}")
    return int(module.main(argv[1:]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
