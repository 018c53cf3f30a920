"""An account in a cluster that has the packaged role, and no other right: whoever is to run the suites there."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from generate_rbac import MANIFEST, NAME

from pytest_csi_snapshot.kube.client import KubeClient
from pytest_csi_snapshot.kube.kinds import NAMESPACE, SERVICE_ACCOUNT, Kind

Json = dict[str, Any]

RBAC = "rbac.authorization.k8s.io"
CLUSTER_ROLE = Kind(f"{RBAC}/v1", "ClusterRole", "clusterroles", namespaced=False)
CLUSTER_ROLE_BINDING = Kind(f"{RBAC}/v1", "ClusterRoleBinding", "clusterrolebindings", namespaced=False)


@dataclass(frozen=True)
class Account:
    """A service account."""

    namespace: str
    name: str

    @property
    def user(self) -> str:
        """What the API server calls it."""
        return f"system:serviceaccount:{self.namespace}:{self.name}"

    @property
    def subject(self) -> Json:
        """It, as a binding names it."""
        return {"kind": "ServiceAccount", "namespace": self.namespace, "name": self.name}

    def move_in(self, client: KubeClient) -> None:
        """Make the account, in a namespace that is made where it is not there, and give it the packaged role."""
        if client.find(NAMESPACE, None, self.namespace) is None:
            client.create(NAMESPACE, _body(NAMESPACE, {"name": self.namespace}))
        client.create(SERVICE_ACCOUNT, _body(SERVICE_ACCOUNT, {"namespace": self.namespace, "name": self.name}))
        client.create(CLUSTER_ROLE, yaml.safe_load(MANIFEST.read_text()))
        bound = {"subjects": [self.subject], "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": NAME}}
        client.create(CLUSTER_ROLE_BINDING, _body(CLUSTER_ROLE_BINDING, {"name": self.name}, **bound))

    def token(self, client: KubeClient) -> str:
        """A token of the account; good for an hour."""
        path = SERVICE_ACCOUNT.path(self.namespace, self.name, "token")
        wish = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
        return str(client.request("POST", path, body=wish)["status"]["token"])


def kubeconfig_with(token: str, kubeconfig: Path) -> str:
    """The text of a kubeconfig, JSON as embedded clusters have it, with a token in the place of its user."""
    config = json.loads(kubeconfig.read_text())
    config["users"][0]["user"] = {"token": token}
    return json.dumps(config)


def _body(kind: Kind, metadata: Json, **fields: Any) -> Json:
    return {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata, **fields}
