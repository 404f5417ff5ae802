"""Our side: `python -m kioku_embedder` as it is deployed, asked over gRPC."""

from __future__ import annotations

import time
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
        peers: the folder with the checkpoint; graphs and proofs are kept in its `cache`.
        engine: KIOKU_EMBEDDER_ENGINE.
        precision: KIOKU_EMBEDDER_PRECISION; it is named, so its fidelity is not held against it.
    """
    settings = {
        "KIOKU_EMBEDDER_ENGINE": engine,
        "KIOKU_EMBEDDER_PRECISION": precision,
        "KIOKU_EMBEDDER_MIN_FIDELITY": "0",
        "KIOKU_EMBEDDER_CACHE_DIR": str(peers / "cache"),
    }
    async with served(peers / "model", **settings) as server:
        yield KiokuSide(f"Kioku {engine} {precision}", server)


async def prepare(peers: Path, *, engine: str, precision: str) -> float | None:
    """Seconds of the very first start, which exports and proves; None when that is behind us."""
    done = peers / "cache" / f"bench-{engine}-{precision}"
    if done.exists():
        return None
    before = time.perf_counter()
    async with started(peers, engine=engine, precision=precision):
        done.touch()
        return time.perf_counter() - before
