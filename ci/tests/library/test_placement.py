"""Where workload pods run, under which user, and with which secrets: what is asked of the API server."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_csi_snapshot.bounds import Bounds
from pytest_csi_snapshot.cluster import Cluster
from pytest_csi_snapshot.history import History
from pytest_csi_snapshot.kube.kinds import POD, SECRET, SERVICE_ACCOUNT
from pytest_csi_snapshot.kube.refusals import ApiError
from pytest_csi_snapshot.labels import Mark
from pytest_csi_snapshot.placement import Placement, check_image, toleration
from pytest_csi_snapshot.recorder import OutOfBounds
from pytest_csi_snapshot.station import Station
from pytest_csi_snapshot.verbs.ground import PreparationError
from pytest_csi_snapshot.verbs.pods import PodVerbs
from pytest_csi_snapshot.workloads.pods import Workload

from .api import MemoryApi
from .objects import meta

FORBIDDEN = {"reason": "Forbidden", "message": "unable to validate against any security context constraint"}
FILES, DEVICE = Workload("true", {"p": "Filesystem"}), Workload("true", {"p": "Block"})


class Stage(PodVerbs):
    """Verbs on pods at an API server in memory."""

    def __init__(self, bounds: Bounds | None = None) -> None:
        history = History()
        self.server = MemoryApi(history)
        station = Station(self.server, Mark(run="run", worker="gw0"))
        station.history = history
        station.owned._history = history  # noqa: SLF001
        vars(station)["watch_events"] = lambda *_what: None
        super().__init__(station, None, bounds or Bounds(), "a test")
        self.cluster = Cluster("existing", "", "", "d", "s", "v", "registry.example.com/box@sha256:" + 64 * "0")

    def spec(self, workload: Workload) -> dict[str, Any]:
        pod = self.run(workload, self.namespace)
        return dict(self.server.get(POD, pod.namespace, pod.name)["spec"])


def test_a_pod_asks_for_linux_and_for_what_the_user_says() -> None:
    placement = Placement((("pool", "storage"),), ("dedicated=csi:NoSchedule", "slow"), node="n1")
    spec = Stage(Bounds(placement=placement)).spec(FILES)
    assert spec["nodeSelector"] == {"kubernetes.io/os": "linux", "pool": "storage"}
    assert spec["tolerations"] == [
        {"key": "dedicated", "operator": "Equal", "value": "csi", "effect": "NoSchedule"},
        {"key": "slow", "operator": "Exists"},
    ]
    terms = spec["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
    assert terms[0]["matchFields"][0]["values"] == ["n1"]
    assert spec["containers"][0]["image"].endswith("@sha256:" + 64 * "0")


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (403, FORBIDDEN),
        (
            422,
            {
                "reason": "Invalid",
                "message": "ValidatingAdmissionPolicy 'u' with binding 'b' denied request: no",
            },
        ),
        (400, {"reason": "", "message": 'admission webhook "validate.kyverno.svc" denied the request: no'}),
    ],
)
def test_a_policy_that_gives_users_is_left_to_give_them_from_the_first_refusal_on(
    status: int, body: dict[str, str]
) -> None:
    stage = Stage()
    assert stage.spec(FILES)["securityContext"]["runAsUser"] == 10001
    stage.server.failures = [ApiError("POST", "pods", status, body)]
    for _ in range(2):
        given = stage.spec(FILES)["securityContext"]
        assert given["runAsNonRoot"] is True
        assert not {"runAsUser", "fsGroup"} & given.keys()
    assert sum(line.startswith("create Pod") for line in stage.server.asked) == 4


def test_a_policy_without_root_leaves_what_is_about_devices_unknown() -> None:
    stage = Stage()
    assert stage.namespace
    stage.server.failures = [ApiError("POST", "pods", 403, FORBIDDEN)]
    with pytest.raises(OutOfBounds, match="a raw device needs a pod as root: unable to validate"):
        stage.run(DEVICE, stage.namespace)


def test_a_quota_is_no_policy_of_users() -> None:
    stage = Stage()
    assert stage.namespace
    stage.server.failures = [ApiError("POST", "pods", 403, {"message": "exceeded quota: pods"})]
    with pytest.raises(ApiError, match="exceeded quota"):
        stage.run(FILES, stage.namespace)
    assert not stage.station.users_are_given


def test_secrets_are_copied_into_each_namespace_and_pull_the_image() -> None:
    stage = Stage(Bounds(placement=Placement(pull_secrets=("infra/regcred",)), secrets=("vault/pool",)))
    for home, name in (("infra", "regcred"), ("vault", "pool")):
        body = {"metadata": meta(name, namespace=home), "type": f"type-of-{name}", "data": {"k": "dg=="}}
        stage.server.objects[SECRET, home, name] = body
    home = stage.namespace
    copied = stage.server.get(SECRET, home, "regcred")
    assert (copied["type"], copied["data"]) == ("type-of-regcred", {"k": "dg=="})
    assert stage.server.get(SECRET, home, "pool")["data"] == {"k": "dg=="}
    assert stage.server.get(SERVICE_ACCOUNT, home, "workload")["imagePullSecrets"] == [{"name": "regcred"}]


def test_a_secret_that_cannot_be_read_is_named() -> None:
    with pytest.raises(PreparationError, match="secret infra/regcred cannot be read: 404 NotFound"):
        assert Stage(Bounds(placement=Placement(pull_secrets=("infra/regcred",)))).namespace


@pytest.mark.parametrize(
    "name",
    ["busybox", "busybox:1.37", "registry:5000/team/box:v1@sha256:" + 64 * "a", "[::1]:5000/box", "ghcr.io/a/b_c"],
)
def test_names_of_images(name: str) -> None:
    assert check_image(name) == name


def test_a_toleration_without_a_key_is_none() -> None:
    with pytest.raises(ValueError, match="is not KEY"):
        toleration("=x:NoSchedule")
