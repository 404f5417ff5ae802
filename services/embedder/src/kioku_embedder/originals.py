"""Promise: a picture's file is in memory until it is decoded; bulk work holds few of them."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from time import monotonic
from typing import Protocol

from kioku_rt.images import DecodedImage
from kioku_rt.reasons import Reason

from kioku_embedder.backend import Source
from kioku_embedder.preprocessing import Pixels
from kioku_embedder.waiting import Priority, Tower

# Originals that bulk work may hold in memory besides those at the decoder.
_FETCHED_AHEAD = 2


class Observer(Protocol):
    """Is told what happens, for metrics."""

    def decoded(self, priority: Priority, seconds: float) -> None:
        """A picture has been decoded, waiting for a decoder included."""
        ...

    def answered(self, tower: Tower, reason: Reason | None) -> None:
        """An item got a vector (None) or a reason why not."""
        ...


class Decoder(Protocol):
    """Bytes to pixels, off the event loop."""

    async def decode(self, data: bytes) -> DecodedImage:
        """Raises InvalidInput (IMAGE_*) or DependencyDown."""
        ...


class Originals:
    """Fetches and decodes.

    Args:
        decoder: its result is what `pixels` gives.
        decoders: bulk pictures at the decoder at once, so that an interactive one finds a decoder
            after at most one of them; a few more are fetched meanwhile.
        observer: told of every decode.
    """

    def __init__(self, decoder: Decoder, *, decoders: int, observer: Observer) -> None:
        self._decoder = decoder
        self._bulk_originals = asyncio.Semaphore(decoders + _FETCHED_AHEAD)
        self._bulk_decodes = asyncio.Semaphore(decoders)
        self._observer = observer

    async def pixels(self, source: Source, priority: Priority) -> tuple[Pixels, float]:
        """A picture's pixels and the seconds of decoding; its bytes are gone afterwards.

        Raises:
            KiokuError: IMAGE_*, DEPENDENCY_UNAVAILABLE, and what `source` raises.
        """
        bulk = priority is Priority.BULK
        async with self._bulk_originals if bulk else nullcontext():
            data = await source()
            started = monotonic()
            async with self._bulk_decodes if bulk else nullcontext():
                decoded = await self._decoder.decode(data)
        seconds = monotonic() - started
        self._observer.decoded(priority, seconds)
        return decoded.pixels, seconds
