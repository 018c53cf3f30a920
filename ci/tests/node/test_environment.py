"""A container's variables: expansion, sources, quantities."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_csi_snapshot.fixtures.node.environment import (
    Environment,
    EnvironmentRefusedError,
    expand,
    field_value,
    quantity,
    resource_value,
)

POD: dict[str, Any] = {
    "metadata": {"name": "p", "namespace": "ns", "uid": "u", "labels": {"b": 'x"y', "a": "1"}},
    "spec": {"nodeName": "n", "serviceAccountName": "sa", "containers": []},
}
DATA = {("configMap", "cm"): {"a": b"1", "bad key": b"2"}, ("secret", "s"): {"k": b"v"}}


def build(container: dict[str, Any], base: dict[str, str] | None = None) -> dict[str, str]:
    environment = Environment(
        POD, {"name": "c", **container}, lambda kind, name: DATA.get((kind, name)), {"podIP": "10.0.0.1"}, {}
    )
    return environment.build(base or {})


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("plain", "plain"),
        ("$(A)-$(A)", "1-1"),
        ("$(UNKNOWN)", "$(UNKNOWN)"),
        ("$$(A)", "$(A)"),
        ("$$$(A)", "$1"),
        ("$A $", "$A $"),
        ("$(A", "$(A"),
    ],
)
def test_expansion(text: str, result: str) -> None:
    assert expand(text, {"A": "1"}) == result


def test_a_variable_refers_to_earlier_ones_only() -> None:
    env = [{"name": "B", "value": "$(A)$(C)"}, {"name": "C", "value": "c"}]
    assert build({"env": env}, {"A": "a"}) == {"A": "a", "B": "a$(C)", "C": "c"}


def test_values_from_every_source() -> None:
    env = [
        {"name": "N", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
        {"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
        {"name": "L", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['a']"}}},
        {"name": "S", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}},
        {"name": "O", "valueFrom": {"secretKeyRef": {"name": "none", "key": "k", "optional": True}}},
    ]
    env_from = [{"prefix": "P_", "configMapRef": {"name": "cm"}}]
    wanted = {"N": "p", "IP": "10.0.0.1", "L": "1", "S": "v", "P_a": "1"}
    assert build({"env": env, "envFrom": env_from}) == wanted


@pytest.mark.parametrize(
    ("origin", "words"),
    [
        ({"secretKeyRef": {"name": "none", "key": "k"}}, 'secret "none" not found'),
        ({"configMapKeyRef": {"name": "cm", "key": "k"}}, "couldn't find key k in configMap ns/cm"),
        ({"fieldRef": {"fieldPath": "spec.dnsPolicy"}}, "'spec.dnsPolicy' is not supported"),
    ],
)
def test_what_is_missing_is_named(origin: dict[str, Any], words: str) -> None:
    with pytest.raises(EnvironmentRefusedError, match=words):
        build({"env": [{"name": "X", "valueFrom": origin}]})


def test_labels_as_a_file_are_sorted_and_quoted() -> None:
    assert field_value(POD, "metadata.labels", {}) == 'a="1"\nb="x\\"y"'


@pytest.mark.parametrize(
    ("text", "number"), [("1", 1), ("100m", 0.1), ("2Ki", 2048), ("1.5G", 1.5e9), ("1e3", 1000)]
)
def test_quantities(text: str, number: float) -> None:
    assert quantity(text) == pytest.approx(number)


def test_a_word_is_no_quantity() -> None:
    with pytest.raises(ValueError, match="no quantity"):
        quantity("much")


def test_resource_figures_are_the_containers_or_the_nodes() -> None:
    spec = {"containers": [{"name": "c", "resources": {"limits": {"cpu": "1500m"}}}]}
    pod = {**POD, "spec": spec}
    assert resource_value(pod, "c", {"resource": "limits.cpu"}, {"cpu": 4}) == "2"
    assert resource_value(pod, "c", {"resource": "limits.memory", "divisor": "1Mi"}, {"memory": 2.0**30}) == "1024"
    assert resource_value(pod, "c", {"resource": "requests.cpu"}, {"cpu": 4}) == "0"
