"""The Node authorizer's lag: what is refused because of it is asked again, everything else is not."""

from __future__ import annotations

import pytest

from pytest_csi_snapshot.fixtures.node.authorizing import when_authorized
from pytest_csi_snapshot.kube.refusals import ApiError

LAG = "User system:node:n cannot get resource: node: no relationship found between node 'n' and this object"


class Server:
    """Refuses a number of times, then answers."""

    def __init__(self, refusals: int, status: int, message: str) -> None:
        self.left = refusals
        self.asked = 0
        self._refusal = ApiError("GET", "/x", status, {"message": message})

    def get(self, answer: str) -> str:
        self.asked += 1
        if self.left:
            self.left -= 1
            raise self._refusal
        return answer


def test_a_lagging_authorizer_is_asked_again() -> None:
    server = Server(2, 403, LAG)
    assert when_authorized(server.get, "it") == "it"
    assert server.asked == 3


@pytest.mark.parametrize(("status", "message"), [(403, "no such right"), (404, LAG), (500, LAG)])
def test_another_refusal_is_final(status: int, message: str) -> None:
    server = Server(1, status, message)
    with pytest.raises(ApiError, match=str(status)):
        when_authorized(server.get, "it")
    assert server.asked == 1
