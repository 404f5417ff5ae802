"""Gets the pictures of search results, each original or frame once, a few at a time."""

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


def title_of(hit: search_service_pb2.Hit) -> str:
    """The file's name and, in a video, the moment: `film.mp4 at 1:02.5`."""
    if not hit.HasField("time_ms"):
        return hit.filename
    minutes, milliseconds = divmod(hit.time_ms, 60_000)
    return f"{hit.filename} at {minutes}:{milliseconds / 1000:04.1f}"


class Pictures:
    """Thumbnails by asset, kept while the sheet is made."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._http = httpx.AsyncClient(trust_env=False, timeout=_SECONDS)
        self._room = asyncio.Semaphore(_AT_ONCE)
        self._made: dict[tuple[str, int | None], str] = {}

    async def cells(
        self, hits: Iterable[search_service_pb2.Hit], good: Iterable[str] = ()
    ) -> list[Cell]:
        """A cell for each result, in order; those of `good` are marked."""
        chosen, marked = list(hits), set(good)
        pictures = await asyncio.gather(*(self._of_hit(hit) for hit in chosen))
        return [
            Cell(picture, title_of(hit), hit.score, "hit" if hit.asset_id in marked else "")
            for hit, picture in zip(chosen, pictures, strict=True)
        ]

    async def _of_hit(self, hit: search_service_pb2.Hit) -> str:
        return await self.picture(hit.asset_id, hit.frame_no if hit.HasField("frame_no") else None)

    async def picture(self, asset_id: str, frame_no: int | None = None) -> str:
        """The thumbnail of an asset or a frame; a grey one where it cannot be had."""
        wanted = (asset_id, frame_no)
        if wanted not in self._made:
            async with self._room:
                self._made[wanted] = await self._make(asset_id, frame_no)
        return self._made[wanted]

    async def _make(self, asset_id: str, frame_no: int | None) -> str:
        try:
            url = await answers.download_url(self._session, asset_id, frame_no)
            original = await answers.download(self._http, url, _MOST_BYTES)
        except Refusal:
            original = b""
        return await asyncio.to_thread(thumbnail, original)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()
