"""Our side: `python -m kioku_embedder` as it is deployed, asked over gRPC."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc
import numpy as np
from grpc_health.v1 import health_pb2, health_pb2_grpc
from kioku.embedder.v1 import embedder_service_pb2 as pb

from bench.embedder_stage import Served, served
from bench.peers.side import Refused, Vector


@dataclass
class KiokuSide:
    """See `bench.peers.side.Side`."""

    name: str
    server: Served

    @property
    def pid(self) -> int:
        """Of the server's first process."""
        return self.server.pid

    async def embed(self, picture: bytes) -> Vector:
        """See the protocol."""
        try:
            answer = await self.server.stub.EmbedImage(
                pb.EmbedImageRequest(image=picture), timeout=120
            )
        except grpc.aio.AioRpcError as error:
            if error.code() is grpc.StatusCode.DEADLINE_EXCEEDED:
                raise TimeoutError(self.name) from error
            raise Refused(error.code().name) from error
        return np.array(answer.embedding, np.float32)

    async def healthy(self) -> bool:
        """What the standard health service says."""
        stub = health_pb2_grpc.HealthStub(self.server.channel)
        try:
            answer = await stub.Check(health_pb2.HealthCheckRequest(), timeout=5)
        except grpc.aio.AioRpcError:
            return False
        return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)


@asynccontextmanager
async def started(peers: Path, *, engine: str, precision: str) -> AsyncIterator[KiokuSide]:
    """An embedder that answers; ended afterwards.

    Args:
        peers: the folder with the checkpoint.
        engine: KIOKU_EMBEDDER_ENGINE; empty leaves the default.
        precision: KIOKU_EMBEDDER_PRECISION; empty leaves the default.
    """
    wanted = {"KIOKU_EMBEDDER_ENGINE": engine, "KIOKU_EMBEDDER_PRECISION": precision}
    settings = {name: value for name, value in wanted.items() if value}
    async with served(peers / "model", **settings) as server:
        name = f"Kioku {engine} {precision}".strip()
        yield KiokuSide(name, server)
