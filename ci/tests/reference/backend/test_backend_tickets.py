"""Attachment tickets: who goes first, who waits and why, and what CSI is refused."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_csi_snapshot.reference_impl.backend.engine import Engine
from pytest_csi_snapshot.reference_impl.backend.errors import BackendError
from pytest_csi_snapshot.reference_impl.backend.records import Attachment
from pytest_csi_snapshot.reference_impl.backend.tickets import Placement, joined, place

from .http import Http


def ticket(name: str, node: str, kind: str = "longhorn-api", frontend: str = "false") -> Attachment:
    return Attachment(node, "SINGLE_NODE_WRITER", ticket=name, kind=kind, disable_frontend=frontend)


ELSEWHERE = "the volume is currently attached to different node {}"


@pytest.mark.parametrize(
    ("tickets", "node", "placement"),
    [
        ([], "", Placement()),
        ([ticket("a", "n1")], "", Placement("n1")),
        (
            [ticket("a", "n1", "csi-attacher"), ticket("b", "n2")],
            "",
            Placement("n2", waiting=(("a", ELSEWHERE.format("n2")),)),
        ),
        (
            [ticket("a", "n1", "csi-attacher"), ticket("b", "n2", "volume-expansion-controller")],
            "n1",
            Placement("n1", waiting=(("b", ELSEWHERE.format("n1")),)),
        ),
        (
            [ticket("a", "n1", "snapshot-controller", "any"), ticket("b", "n2", "csi-attacher")],
            "n1",
            Placement("n2", waiting=(("a", ELSEWHERE.format("n2")),)),
        ),
        (
            [
                ticket("a", "n1", "volume-restore-controller", "true"),
                ticket("b", "n1", "backup-controller", "any"),
            ],
            "",
            Placement("n1", disable_frontend=True),
        ),
        (
            [ticket("a", "n1", frontend="true"), ticket("b", "n1", "csi-attacher")],
            "",
            Placement(
                "n1",
                disable_frontend=True,
                waiting=(("b", "the volume is currently attached with its frontend disabled"),),
            ),
        ),
        ([ticket("a", "n1", "snapshot-controller", "any")], "", Placement("n1")),
    ],
)
def test_where_a_volume_goes(tickets: list[Attachment], node: str, placement: Placement) -> None:
    assert place(tuple(tickets), node) == placement


def test_only_tickets_of_csi_are_refused() -> None:
    there = (ticket("csi-1", "n1", "csi-attacher"),)
    with pytest.raises(BackendError, match="attached to node n1") as refused:
        joined("pvc-a", there, ticket("csi-2", "n2", "csi-attacher"), "n1")
    assert refused.value.code == "FailedPrecondition"
    assert len(joined("pvc-a", there, ticket("", "n2"), "n1")) == 2
    assert joined("pvc-a", (ticket("s", "n1", "snapshot-controller"),), there[0], "n1")[-1] == there[0]
    other_mode = Attachment("n1", "SINGLE_NODE_READER_ONLY", ticket="csi-1", kind="csi-attacher")
    with pytest.raises(BackendError, match="another access mode"):
        joined("pvc-a", there, other_mode, "n1")


def test_a_ticket_waits_until_the_one_before_it_ends(engine: Engine) -> None:
    http = Http(engine)
    http.put("/v1/nodes/node-2", json={})
    http.post("/v1/volumes", json={"name": "pvc-a", "size": "16Mi"})

    def act(action: str, **body: Any) -> dict[str, Any]:
        answer = http.post(f"/v1/volumes/pvc-a?action={action}", json=body)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def satisfied(volume: dict[str, Any]) -> dict[str, bool]:
        return {name: item["satisfied"] for name, item in volume["volumeAttachment"]["attachments"].items()}

    csi = {"hostId": "node-1", "attachmentID": "csi-1", "attacherType": "csi-attacher"}
    first = act("attach", **csi)
    second = act("attach", hostId="node-2", attachmentID="person")
    assert (first["controllers"][0]["hostId"], second["controllers"][0]["hostId"]) == ("node-1", "node-1")
    assert satisfied(second) == {"csi-1": True, "person": False}
    why = second["volumeAttachment"]["attachments"]["person"]["conditions"][0]
    assert (why["type"], why["status"]) == ("Satisfied", "False")
    assert why["message"] == ELSEWHERE.format("node-1")

    moved = act("detach", attachmentID="csi-1")

    assert (moved["state"], moved["controllers"][0]["hostId"]) == ("attached", "node-2")
    assert satisfied(moved) == {"person": True}
    maintenance = act("attach", hostId="node-2", attachmentID="person", disableFrontend=True)
    assert (maintenance["disableFrontend"], maintenance["controllers"][0]["endpoint"]) == (True, "")
    assert not engine.pool.live("pvc-a").exists()
    assert act("detach", forceDetach=True)["state"] == "detached"
