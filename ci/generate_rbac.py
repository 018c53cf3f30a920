"""Writes the rights that a run needs in a cluster, from what an audit log says that runs have asked for.

    python ci/check_rights.py                         # makes such a log: a whole run by who has the packaged role
    python ci/generate_rbac.py LOG [LOG...]           # writes pytest_csi_snapshot/rbac.yaml
    python ci/generate_rbac.py --check LOG [LOG...]   # compares, in both directions

What was refused counts too: the run wanted it. Everything is granted cluster-wide: the namespaces of a run have
random names. What every user may ask anyway (versions, API groups, reviews of one's own rights) is left out;
Kubernetes grants it to all.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import yaml

MANIFEST = Path(__file__).resolve().parent.parent / "pytest_csi_snapshot" / "rbac.yaml"
AGENT = "pytest-csi-snapshot"
NAME = "pytest-csi-snapshot"
EVERYBODYS = frozenset({"selfsubjectaccessreviews"})
"""Granted to all by system:basic-user."""

HEAD = """\
# What a run needs in a cluster of somebody's; made by ci/generate_rbac.py from what the suites really call.
# Bind it to whoever runs pytest:
#   kubectl create clusterrolebinding NAME --clusterrole=pytest-csi-snapshot --user=WHO
"""


class Right(NamedTuple):
    """One verb on one resource; ``resource`` has its subresource after a slash."""

    group: str
    resource: str
    verb: str


def asked(lines: Iterable[str], agent: str = AGENT) -> set[Right]:
    """The rights that requests of this user agent take, granted or refused."""
    found = set()
    for line in lines:
        event = json.loads(line)
        target = event.get("objectRef")
        if event.get("userAgent") != agent or not target or "resource" not in target:
            continue
        # A request without a decision was not let in at all: its credentials were no good.
        decided = "authorization.k8s.io/decision" in (event.get("annotations") or {})
        if decided and target["resource"] not in EVERYBODYS:
            resource = "/".join(part for part in (target["resource"], target.get("subresource")) if part)
            found.add(Right(target.get("apiGroup", ""), resource, event["verb"]))
    return found


def manifest(rights: Iterable[Right]) -> str:
    """A ClusterRole that grants these and nothing else."""
    verbs: dict[tuple[str, str], set[str]] = defaultdict(set)
    for right in rights:
        verbs[right.group, right.resource].add(right.verb)
    alike: dict[tuple[str, tuple[str, ...]], list[str]] = defaultdict(list)
    for (group, resource), found in sorted(verbs.items()):
        alike[group, tuple(sorted(found))].append(resource)
    rules = [
        {"apiGroups": [group], "resources": resources, "verbs": list(found)}
        for (group, found), resources in sorted(alike.items())
    ]
    body = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": NAME},
        "rules": rules,
    }
    return HEAD + yaml.safe_dump(body, sort_keys=False, default_flow_style=None, width=110)


def granted(text: str) -> set[Right]:
    """The rights that a manifest grants."""
    return {
        Right(group, resource, verb)
        for body in yaml.safe_load_all(text)
        for rule in body["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


def lacking(have: set[Right], want: set[Right]) -> list[str]:
    """In words: what was asked for and is not granted."""
    return [f"asked for but not granted: {_told(right)}" for right in sorted(want - have)]


def idle(have: set[Right], want: set[Right]) -> list[str]:
    """In words: what is granted and nobody has asked for."""
    return [f"granted but not asked for: {_told(right)}" for right in sorted(have - want)]


def _told(right: Right) -> str:
    return f"{right.verb} {right.resource}{'.' + right.group if right.group else ''}"


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description="rights of a run, from an audit log")
    parser.add_argument("--check", action="store_true", help="compare with the manifest instead of writing it")
    parser.add_argument("log", type=Path, nargs="+", help="audit logs, one JSON object a line")
    given = parser.parse_args(argv)
    rights = {right for log in given.log for right in asked(log.read_text().splitlines())}
    if not given.check:
        MANIFEST.write_text(manifest(rights))
        return 0
    have = granted(MANIFEST.read_text())
    found = [*lacking(have, rights), *idle(have, rights)]
    print("\n".join(found) or f"{len(rights)} rights, each granted and asked for")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
