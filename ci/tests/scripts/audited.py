"""Lines of an audit log, as the API server writes them."""

from __future__ import annotations

import json

import generate_rbac as rbac
from generate_rbac import Right


def event(right: Right, *, agent: str = rbac.AGENT, user: str = "somebody", decision: str = "allow") -> str:
    """One about a request that takes this right."""
    resource, _, subresource = right.resource.partition("/")
    target = {"resource": resource, "apiGroup": right.group, "subresource": subresource}
    annotations = {"authorization.k8s.io/decision": decision}
    told = {"userAgent": agent, "user": {"username": user}, "verb": right.verb}
    return json.dumps({**told, "objectRef": target, "annotations": annotations}, separators=(",", ":")) + "\n"
