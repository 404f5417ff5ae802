"""The three peers that speak HTTP: how each is started, asked and understood."""

from __future__ import annotations

import asyncio
import base64
import os
import socket
import subprocess
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from bench.peers.side import Refused, Vector

HERE = Path(__file__).resolve().parent
SECONDS_TO_START = 300
_OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "DO_NOT_TRACK": "1",
    "INFINITY_ANONYMOUS_USAGE_STATS": "0",
}


@dataclass(frozen=True)
class Api:
    """A server's way of speaking.

    Args:
        name: as in the tables.
        command: from the peers' folder and a port.
        health: path of its health check.
        request: httpx's arguments for one picture.
        path: where pictures are posted.
        vector: of the JSON it answers.
    """

    name: str
    command: Callable[[Path, int], list[str | Path]]
    health: str
    path: str
    request: Callable[[bytes], Mapping[str, Any]]
    vector: Callable[[Any], Vector]


@dataclass
class HttpSide:
    """See `bench.peers.side.Side`."""

    api: Api
    pid: int
    client: httpx.AsyncClient

    @property
    def name(self) -> str:
        """As in the tables."""
        return self.api.name

    async def embed(self, picture: bytes) -> Vector:
        """See the protocol."""
        try:
            answer = await self._post(picture)
        except httpx.TimeoutException as error:
            raise TimeoutError(self.name) from error
        except httpx.TransportError as error:
            raise Refused(f"connection lost, {type(error).__name__}") from error
        if answer.status_code != httpx.codes.OK:
            raise Refused(f"HTTP {answer.status_code}")
        return self.api.vector(answer.json())

    async def _post(self, picture: bytes) -> httpx.Response:
        """Posts; once more where the server had closed a connection that was kept open."""
        body = self.api.request(picture)
        try:
            return await self.client.post(self.api.path, **body)
        except (httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError):
            return await self.client.post(self.api.path, **body)

    async def healthy(self) -> bool:
        """Whether its health check answers 200."""
        try:
            answer = await self.client.get(self.api.health, timeout=5)
        except httpx.HTTPError:
            return False
        return bool(answer.status_code == httpx.codes.OK)


@asynccontextmanager
async def started(api: Api, peers: Path) -> AsyncIterator[HttpSide]:
    """A server that answers its health check; ended afterwards."""
    port = _free_port()
    command = [str(part) for part in api.command(peers, port)]
    child = subprocess.Popen(  # noqa: ASYNC220 - returns at once
        command,
        env={**os.environ, **_OFFLINE},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    many = httpx.Limits(max_connections=None, max_keepalive_connections=64)
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{port}", timeout=120, limits=many, trust_env=False
    ) as client:
        try:
            side = HttpSide(api, child.pid, client)
            await _until_healthy(side, child)
            yield side
        finally:
            child.terminate()
            await asyncio.to_thread(_end, child)


async def _until_healthy(side: HttpSide, child: subprocess.Popen[bytes]) -> None:
    for _ in range(SECONDS_TO_START * 20):
        if await side.healthy():
            return
        if child.poll() is not None:
            break
        await asyncio.sleep(0.05)
    raise SystemExit(f"{side.name} did not start; run its command by hand: {child.args!r}")


def _end(child: subprocess.Popen[bytes]) -> None:
    try:
        child.wait(10)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _infinity_request(picture: bytes) -> Mapping[str, Any]:
    address = "data:image/jpeg;base64," + base64.b64encode(picture).decode()
    body = {"model": "peer", "modality": "image", "encoding_format": "base64", "input": [address]}
    return {"json": body}


def _infinity_vector(answer: Any) -> Vector:
    return np.frombuffer(base64.b64decode(answer["data"][0]["embedding"]), np.float32)


INFINITY = Api(
    name="infinity_emb 0.0.78",
    command=lambda peers, port: [
        *(peers / "infinity/bin/infinity_emb", "v2", "--model-id", peers / "model-v4"),
        *("--served-model-name", "peer", "--engine", "torch", "--device", "cpu"),
        *("--dtype", "float32", "--batch-size", "32", "--no-bettertransformer"),
        *("--no-model-warmup", "--host", "127.0.0.1", "--port", str(port)),
    ],
    health="/health",
    path="/embeddings",
    request=_infinity_request,
    vector=_infinity_vector,
)
PLAIN = Api(
    name="transformers + FastAPI",
    command=lambda peers, port: [
        *(peers / "plain/bin/python", HERE / "plain_server.py", peers / "model", str(port)),
    ],
    health="/health",
    path="/embed",
    request=lambda picture: {"files": {"file": picture}},
    vector=lambda answer: np.array(answer["embedding"], np.float32),
)
ONNX = Api(
    name="ONNX Runtime float32",
    command=lambda peers, port: [
        *(peers / "plain/bin/python", HERE / "onnx_server.py", peers / "model"),
        *(peers / "model-onnx/visual.onnx", str(port)),
    ],
    health="/ping",
    path="/predict",
    request=lambda picture: {"files": {"image": picture}},
    vector=lambda answer: np.array(answer["clip"], np.float32),
)
