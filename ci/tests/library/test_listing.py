"""What a driver says past Kubernetes: a call that it could not take is made again."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import grpc
import pytest
from grpc import StatusCode

from pytest_csi_snapshot.csi.listing import all_volumes
from pytest_csi_snapshot.csi.wire import csi_pb2, csi_pb2_grpc


class Controller(csi_pb2_grpc.ControllerServicer):
    """It answers a call with the next of these codes, and properly once they are through."""

    def __init__(self, codes: list[StatusCode]) -> None:
        self.codes = codes

    def ListVolumes(  # noqa: N802
        self, request: csi_pb2.ListVolumesRequest, context: grpc.ServicerContext
    ) -> csi_pb2.ListVolumesResponse:
        if self.codes:
            context.abort(self.codes.pop(0), "not now")
        volume = csi_pb2.Volume(volume_id="v", capacity_bytes=1)
        return csi_pb2.ListVolumesResponse(entries=[csi_pb2.ListVolumesResponse.Entry(volume=volume)])


@contextmanager
def serving(folder: Path, *codes: StatusCode) -> Iterator[list[StatusCode]]:
    server = grpc.server(ThreadPoolExecutor(1))
    left = [*codes]
    csi_pb2_grpc.add_ControllerServicer_to_server(Controller(left), server)
    server.add_insecure_port(f"unix://{folder}/csi.sock")
    server.start()
    try:
        yield left
    finally:
        server.stop(None).wait()


def test_a_driver_that_is_busy_is_asked_again(tmp_path: Path) -> None:
    with serving(tmp_path, StatusCode.UNAVAILABLE, StatusCode.ABORTED):
        assert all_volumes(tmp_path / "csi.sock") == {"v"}


@pytest.mark.parametrize("code", [StatusCode.INTERNAL, StatusCode.UNIMPLEMENTED])
def test_another_answer_is_one(tmp_path: Path, code: StatusCode) -> None:
    with serving(tmp_path, code, code) as left:
        with pytest.raises(grpc.RpcError) as refused:
            all_volumes(tmp_path / "csi.sock")
        assert (refused.value.code(), left) == (code, [code])
