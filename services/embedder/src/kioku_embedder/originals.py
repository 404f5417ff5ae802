"""Promise: a picture's file is in memory until it is decoded; bulk work holds few of them."""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import NamedTuple, Protocol

from kioku_rt.images import DecodedImage, ImageLimits
from kioku_rt.images.weight import weight
from kioku_rt.reasons import Reason

from kioku_embedder.backend import Source
from kioku_embedder.load import Load
from kioku_embedder.preprocessing import Pixels
from kioku_embedder.waiting import Priority, Tower

# Originals that bulk work may hold in memory besides those at the decoder.
_FETCHED_AHEAD = 2


# Megapixels plus megabytes: some 65 photos of 12 megapixels, a second of two decoders.
WEIGHT_LIMIT = 1_000.0
_LIMITS = ImageLimits()


class Prepared(NamedTuple):
    """Pixels for the engine; seconds of waiting for a decoder, and of decoding."""

    pixels: Pixels
    waited: float
    seconds: float


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
        weight_limit: megapixels plus megabytes of the pictures in hand that somebody waits for.
    """

    def __init__(
        self,
        decoder: Decoder,
        *,
        decoders: int,
        observer: Observer,
        weight_limit: float = WEIGHT_LIMIT,
    ) -> None:
        self._decoder = decoder
        self._load = Load(weight_limit, decoders)
        self._bulk_originals = asyncio.Semaphore(decoders + _FETCHED_AHEAD)
        self._bulk_decodes = asyncio.Semaphore(decoders)
        self._observer = observer

    async def pixels(self, source: Source, priority: Priority) -> Prepared:
        """A picture's pixels; its bytes are gone afterwards.

        Raises:
            KiokuError: IMAGE_*, OVERLOADED, DEPENDENCY_UNAVAILABLE, and what `source` raises.
        """
        prepare = self._prompt if priority is Priority.INTERACTIVE else self._bulk
        prepared = await prepare(source)
        self._observer.decoded(priority, prepared.waited + prepared.seconds)
        return prepared

    async def _prompt(self, source: Source) -> Prepared:
        data = await source()
        heavy = weight(data, _LIMITS)
        with self._load.carry(heavy):
            prepared = await self._decoded(data, monotonic())
        self._load.learn(heavy, prepared.seconds)
        return prepared

    async def _bulk(self, source: Source) -> Prepared:
        async with self._bulk_originals:
            data = await source()
            begun = monotonic()
            async with self._bulk_decodes:
                return await self._decoded(data, begun)

    async def _decoded(self, data: bytes, begun: float) -> Prepared:
        decoded = await self._decoder.decode(data)
        waited = max(0.0, monotonic() - begun - decoded.seconds)
        return Prepared(decoded.pixels, waited, decoded.seconds)
