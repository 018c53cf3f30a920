"""A cluster whose policy gives each pod its user and refuses any other, as OpenShift does: all but devices works.

The policies are real admission policies of the API server; tests of the run's own put them there before the
packaged ones begin.
"""

from __future__ import annotations

from pathlib import Path

from .runs import finished

POLICIES = '''
import pytest

GROUP = "/apis/admissionregistration.k8s.io/v1"
RULE = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}
PODS = {"resourceRules": [RULE]}
OURS = {"name": "ours", "expression": "request.namespace.startsWith('csi-')"}
NONE = {"name": "none", "expression": "!has(object.spec.securityContext.runAsUser)"}
GIVEN = ("Object{spec: Object.spec{securityContext: "
         "Object.spec.securityContext{runAsUser: 1000650000, fsGroup: 1000650000}}}")


def make(client, plural, kind, spec):
    body = {"apiVersion": GROUP.removeprefix("/apis/"), "kind": kind, "metadata": {"name": "users"}, "spec": spec}
    client.request("POST", f"{GROUP}/{plural}", body=body)


@pytest.mark.csi_clause("CLN-001")
def test_policies(csi):
    from pytest_csi_snapshot.kube.client import KubeClient

    client = KubeClient.from_kubeconfig(csi.cluster.kubeconfig, csi.cluster.context)  # the run's own only reads
    make(client, "mutatingadmissionpolicies", "MutatingAdmissionPolicy", {
        "failurePolicy": "Fail", "reinvocationPolicy": "Never", "matchConstraints": PODS,
        "matchConditions": [OURS, NONE],
        "mutations": [{"patchType": "ApplyConfiguration", "applyConfiguration": {"expression": GIVEN}}]})
    make(client, "mutatingadmissionpolicybindings", "MutatingAdmissionPolicyBinding", {"policyName": "users"})
    make(client, "validatingadmissionpolicies", "ValidatingAdmissionPolicy", {
        "failurePolicy": "Fail", "matchConstraints": PODS, "matchConditions": [OURS],
        "validations": [{"expression": "object.spec.securityContext.runAsUser >= 1000650000",
                         "reason": "Forbidden", "message": "not a user of the namespace"}]})
    make(client, "validatingadmissionpolicybindings", "ValidatingAdmissionPolicyBinding",
         {"policyName": "users", "validationActions": ["Deny"]})
    csi.accepts_soon("CLN-001", "policies in force", lambda: refused(csi))


def refused(csi):
    """Answers once a pod as user 10001 is refused, without storing one."""
    from pytest_csi_snapshot.kube.kinds import POD
    from pytest_csi_snapshot.kube.refusals import ApiError
    from pytest_csi_snapshot.workloads.pods import Workload

    pod = Workload("true", {}).manifest(name="probe", namespace=csi.namespace, image=csi.cluster.image)
    try:
        csi.api.create(POD, pod, dry_run=True)
    except ApiError as error:
        assert "not a user of the namespace" in error.message
        return {}
    raise ApiError("POST", "pods", 503, "the policy is not in force yet")
'''


def test_pods_run_as_whom_the_policy_gives_and_devices_are_unknown(tmp_path: Path) -> None:
    (tmp_path / "test_policies.py").write_text(POLICIES)
    packaged = "pytest_csi_snapshot/suites"

    run = finished(
        tmp_path,
        "-v",
        "test_policies.py",
        f"{packaged}/test_clone.py::test_clone_holds_the_data_of_its_source",
        f"{packaged}/test_restore_modes.py::test_restored_device_equals_its_source_byte_for_byte",
    )

    assert "test_clone_holds_the_data_of_its_source PASSED" in run.stdout, run.stdout
    assert "unknown: RES-015: a raw device needs a pod as root: " in run.stdout, run.stdout
    assert "= 2 passed, 1 skipped in" in run.stdout, run.stdout
