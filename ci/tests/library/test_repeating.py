"""What became of a request that was refused, and whether it is sent again."""

from __future__ import annotations

import pytest

from pytest_csi_snapshot.kube.refusals import ApiError
from pytest_csi_snapshot.kube.repeating import Fate, fate


@pytest.mark.parametrize(
    ("code", "message", "became"),
    [
        (403, "quota exceeded", Fate.REFUSED),
        (403, "not yet ready to handle request", Fate.UNREAD),
        (
            403,
            'Get "https://[::1]:6443/limitranges": dial tcp [::1]:6443: connect: connection refused',
            Fate.UNREAD,
        ),
        (404, "connection refused", Fate.REFUSED),
        (429, "", Fate.UNREAD),
        (503, "", Fate.UNKNOWN),
    ],
)
def test_a_refusal_by_an_admission_plugin_that_could_not_look_is_none(
    code: int, message: str, became: Fate
) -> None:
    """It asks the API server itself, which goes down or comes up."""
    assert fate(ApiError("POST", "/pods", code, {"reason": "Forbidden", "message": message})) is became
