"""The programs: e2e.test, and ginkgo, which divides its cases among processes."""

from __future__ import annotations

from pathlib import Path

import pinned

MODULE = Path(__file__).parent
KUBERNETES = "k8s.io/kubernetes"
GINKGO = "github.com/onsi/ginkgo/v2"


def e2e_test() -> Path:
    """Built once, in about ten minutes on two cores. Raises as ``pinned.program``."""
    version = "k8s.io/component-base/version.gitVersion"
    return pinned.tests_of(MODULE, KUBERNETES, "e2e.test", f"{KUBERNETES}/test/e2e", version)


def ginkgo() -> Path:
    """Of the version that e2e.test is built with: they talk to each other. Raises as ``pinned.program``."""
    return pinned.program(MODULE, GINKGO, "ginkgo", f"{GINKGO}/ginkgo")


def version() -> str:
    """Of Kubernetes."""
    return pinned.pinned_version(MODULE, KUBERNETES)
