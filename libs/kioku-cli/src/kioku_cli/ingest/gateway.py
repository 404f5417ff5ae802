"""What an ingest asks of a stack: the port, and its adapter over gRPC and signed URLs.

A call that the stack refuses is a Refusal with the stack's own reason; one that finds nobody is
tried again for a while first, because a service may just be restarting.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeVar

import anyio
import grpc
import httpx
from kioku.assets.v1 import asset_pb2, asset_service_pb2

from kioku_cli.session import Session, refusal_of

_BLOCK = 2**18
_PUT_SECONDS = 120.0
_SERVER_ERROR = 500
_AWAY_SECONDS = 120.0
_AGAIN_SECONDS = 1.0
_PASSING = (
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.RESOURCE_EXHAUSTED,
    grpc.StatusCode.ABORTED,
)
_T = TypeVar("_T")


@dataclass(frozen=True)
class Upload:
    """One picture to be announced."""

    request_id: str
    filename: str
    media_type: str
    size: int
    sha256: str
    tags: Sequence[str] = ()


@dataclass(frozen=True)
class Standing:
    """Where an asset stands: `UPLOADING`, `PROCESSING`, `READY`, `FAILED`, and why it failed."""

    asset_id: str
    state: str
    reason: str = ""
    message: str = ""

    @property
    def settled(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in ("READY", "FAILED")


@dataclass(frozen=True)
class Announced:
    """The answer to an announcement: where it stands, and where to put the bytes (or nowhere)."""

    standing: Standing
    url: str = field(default="", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


class PutRefused(Exception):
    """The object store did not take the bytes; `status` is 0 where it did not answer."""

    def __init__(self, status: int) -> None:
        super().__init__(f"the object store answered {status}" if status else "it gave no answer")
        self.status = status

    @property
    def passing(self) -> bool:
        """Whether it may be over in a moment: the store is away or in trouble."""
        return self.status == 0 or self.status >= _SERVER_ERROR


class Gateway(Protocol):
    """The calls of an ingest; each may be repeated."""

    async def announce(self, upload: Upload) -> Announced:
        """CreateUpload."""

    async def put(self, path: Path, announced: Announced, size: int) -> None:
        """PUT the file. Raises PutRefused, OSError."""

    async def complete(self, asset_id: str) -> Standing:
        """CompleteUpload."""

    async def look(self, asset_id: str) -> Standing:
        """GetAsset."""


class StackGateway:
    """The gateway to a real stack.

    Args:
        session: whose assets they become.
        http: for signed URLs; its pool bounds the connections.
    """

    def __init__(self, session: Session, http: httpx.AsyncClient) -> None:
        self._assets = session.assets
        self._http = http

    async def announce(self, upload: Upload) -> Announced:
        """CreateUpload."""
        request = asset_service_pb2.CreateUploadRequest(
            request_id=upload.request_id,
            filename=upload.filename,
            content_type=upload.media_type,
            size_bytes=upload.size,
            sha256=upload.sha256,
            tags=upload.tags,
        )
        answer = await _patiently(lambda: self._assets.CreateUpload(request))
        return Announced(standing_of(answer.asset), answer.upload_url, dict(answer.upload_headers))

    async def put(self, path: Path, announced: Announced, size: int) -> None:
        """PUT the file as a stream, so that its size is never memory."""
        headers = {**announced.headers, "Content-Length": str(size)}
        try:
            answer = await self._http.put(
                announced.url, content=_blocks(path), headers=headers, timeout=_PUT_SECONDS
            )
        except httpx.HTTPError as error:
            raise PutRefused(0) from error
        if answer.is_error:
            raise PutRefused(answer.status_code)

    async def complete(self, asset_id: str) -> Standing:
        """CompleteUpload."""
        request = asset_service_pb2.CompleteUploadRequest(asset_id=asset_id)
        return standing_of((await _patiently(lambda: self._assets.CompleteUpload(request))).asset)

    async def look(self, asset_id: str) -> Standing:
        """GetAsset."""
        request = asset_service_pb2.GetAssetRequest(asset_id=asset_id)
        return standing_of((await _patiently(lambda: self._assets.GetAsset(request))).asset)


def standing_of(asset: asset_pb2.Asset) -> Standing:
    """Where an asset stands, in words without their prefix."""
    state = asset_pb2.AssetState.Name(asset.state).removeprefix("ASSET_STATE_")
    return Standing(asset.asset_id, state, asset.failure.reason, asset.failure.message)


async def _patiently(call: Callable[[], Awaitable[_T]]) -> _T:
    """One call, repeated while nobody answers. Raises Refusal."""
    deadline = time.monotonic() + _AWAY_SECONDS
    while True:
        try:
            return await call()
        except grpc.aio.AioRpcError as failure:
            if failure.code() not in _PASSING or time.monotonic() > deadline:
                raise refusal_of(failure) from failure
            await asyncio.sleep(_AGAIN_SECONDS)


async def _blocks(path: Path) -> AsyncIterator[bytes]:
    async with await anyio.open_file(path, "rb") as file:
        while block := await file.read(_BLOCK):
            yield block
