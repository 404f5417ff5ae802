"""Promise: one picture or one text becomes one vector of the space that was asked for.

The use case behind every rpc and event. Refusals come before work: the space, then the engine's
queue, then the decoder.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from time import monotonic
from typing import Protocol

from kioku_rt.errors import KiokuError
from kioku_rt.images import DecodedImage
from kioku_rt.reasons import Reason
from kioku_rt.text import clean_text

from kioku_embedder.answer import Answer
from kioku_embedder.backend import Embedding, Source, Timing
from kioku_embedder.batcher import Batcher
from kioku_embedder.engine import LabelScale
from kioku_embedder.preprocessing import Pixels
from kioku_embedder.space import Space
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
    """Bytes to the model's pixels, off the event loop."""

    async def decode(self, data: bytes) -> DecodedImage:
        """Raises InvalidInput (IMAGE_*) or DependencyDown."""
        ...


class Embedder:
    """Embeds pictures and texts for whoever asks; see `kioku_embedder.backend.Backend`.

    Args:
        space: the one this process serves.
        decoder: whose result already has the model's geometry.
        batcher: in front of the engine.
        decoders: bulk pictures at the decoder at once, so that an interactive one finds a decoder
            after at most one of them; a few more are fetched meanwhile.
        observer: told of every decode and every answer.
        words: whether the model has a text tower.
    """

    def __init__(
        self,
        space: Space,
        decoder: Decoder,
        batcher: Batcher,
        *,
        decoders: int,
        observer: Observer,
        words: bool = True,
    ) -> None:
        self.space = space
        self._decoder = decoder
        self._batcher = batcher
        self._bulk_originals = asyncio.Semaphore(decoders + _FETCHED_AHEAD)
        self._bulk_decodes = asyncio.Semaphore(decoders)
        self._observer = observer
        self._words = words

    @property
    def loaded(self) -> bool:
        """Whether the model's weights are in memory."""
        return self._batcher.loaded

    def label_scale(self) -> LabelScale:
        """See the port."""
        try:
            return self._batcher.label_scale()
        except ValueError as error:
            raise KiokuError(Reason.LABELS_UNSUPPORTED) from error

    async def image(
        self,
        source: Source,
        *,
        space_id: str,
        priority: Priority,
        derived: str = "",  # noqa: ARG002 - nothing of a picture is stored on the way
    ) -> Embedding:
        """See the port; nothing of HOSTED_* is raised here."""
        with self._observed(Tower.IMAGE):
            self.require_space(space_id)
            with self._batcher.room(Tower.IMAGE, priority):
                pixels, seconds = await self._pixels(source, priority)
                answer = await self._batcher.embed(pixels, Tower.IMAGE, priority)
            return self._embedding(answer, seconds)

    async def text(self, text: str, *, space_id: str, priority: Priority) -> Embedding:
        """See the port."""
        with self._observed(Tower.TEXT):
            self.require_space(space_id)
            if not self._words:
                raise KiokuError(Reason.TEXT_NOT_SUPPORTED)
            clean = clean_text(text)
            with self._batcher.room(Tower.TEXT, priority):
                answer = await self._batcher.embed(clean, Tower.TEXT, priority)
            return self._embedding(answer, 0.0)

    def require_space(self, space_id: str) -> None:
        """See the port."""
        if space_id not in ("", self.space.space_id):
            raise KiokuError(
                Reason.SPACE_NOT_SERVED,
                f"This embedder serves the space {self.space.space_id} only.",
                field="space_id",
                metadata={"served": self.space.space_id},
            )

    async def _pixels(self, source: Source, priority: Priority) -> tuple[Pixels, float]:
        """The model's pixels and the seconds of decoding; the file's bytes are gone afterwards."""
        bulk = priority is Priority.BULK
        async with self._bulk_originals if bulk else nullcontext():
            data = await source()
            started = monotonic()
            async with self._bulk_decodes if bulk else nullcontext():
                decoded = await self._decoder.decode(data)
        seconds = monotonic() - started
        self._observer.decoded(priority, seconds)
        return decoded.pixels, seconds

    @contextmanager
    def _observed(self, tower: Tower) -> Iterator[None]:
        try:
            yield
        except KiokuError as error:
            self._observer.answered(tower, error.reason)
            raise
        self._observer.answered(tower, None)

    def _embedding(self, answer: Answer, decode_seconds: float) -> Embedding:
        timing = Timing(
            answer.queue_seconds, decode_seconds, answer.inference_seconds, answer.batch_size
        )
        embedded = answer.embedded
        return Embedding(self.space, embedded.vector, embedded.truncated, timing)
