"""Gets the pictures of search results, each original once, a few at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Self

import httpx
from kioku.search.v1 import search_service_pb2

from kioku_cli import answers
from kioku_cli.refusal import Refusal
from kioku_cli.session import Session
from kioku_cli.sheet.page import Cell
from kioku_cli.sheet.thumbnail import thumbnail

_MOST_BYTES = 64 * 2**20
_AT_ONCE = 8
_SECONDS = 30.0


class Pictures:
    """Thumbnails by asset, kept while the sheet is made."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._http = httpx.AsyncClient(trust_env=False, timeout=_SECONDS)
        self._room = asyncio.Semaphore(_AT_ONCE)
        self._made: dict[str, str] = {}

    async def cells(
        self, hits: Iterable[search_service_pb2.Hit], good: Iterable[str] = ()
    ) -> list[Cell]:
        """A cell for each result, in order; those of `good` are marked."""
        chosen, marked = list(hits), set(good)
        pictures = await asyncio.gather(*(self.picture(hit.asset_id) for hit in chosen))
        return [
            Cell(picture, hit.filename, hit.score, "hit" if hit.asset_id in marked else "")
            for hit, picture in zip(chosen, pictures, strict=True)
        ]

    async def picture(self, asset_id: str) -> str:
        """The thumbnail of an asset; a grey one where its original cannot be had."""
        if asset_id not in self._made:
            async with self._room:
                self._made[asset_id] = await self._make(asset_id)
        return self._made[asset_id]

    async def _make(self, asset_id: str) -> str:
        try:
            original = await answers.download(self._session, self._http, asset_id, _MOST_BYTES)
        except Refusal:
            original = b""
        return await asyncio.to_thread(thumbnail, original)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()
