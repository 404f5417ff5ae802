"""Promise: one picture or one text becomes one vector of the space that was asked for.

The use case behind every rpc and event. Refusals come before work: the space, then the engine's
queue, then the decoder.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from time import monotonic
from typing import Protocol

from kioku_rt.errors import KiokuError
from kioku_rt.images import DecodedImage
from kioku_rt.reasons import Reason
from kioku_rt.text import clean_text
from kioku_rt.vectors import Vector

from kioku_embedder.answer import Answer
from kioku_embedder.batcher import Batcher
from kioku_embedder.space import Space
from kioku_embedder.waiting import Priority, Tower


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


@dataclass(frozen=True)
class Timing:
    """How long the parts took, seconds, and how many items shared the pass."""

    queue: float
    decode: float
    inference: float
    batch_size: int


@dataclass(frozen=True)
class Embedding:
    """A vector of length one, float32 of shape (dimension,), in its space."""

    space: Space
    vector: Vector
    truncated: bool
    timing: Timing


class Embedder:
    """Embeds pictures and texts for whoever asks.

    Args:
        space: the one this process serves.
        decoder: whose result already has the model's geometry.
        batcher: in front of the engine.
        bulk_decodes: most bulk pictures at the decoder, so that an interactive one finds a decoder
            after at most one bulk picture.
        observer: told of every decode and every answer.
    """

    def __init__(
        self,
        space: Space,
        decoder: Decoder,
        batcher: Batcher,
        *,
        bulk_decodes: int,
        observer: Observer,
    ) -> None:
        self.space = space
        self._decoder = decoder
        self._batcher = batcher
        self._bulk_decodes = asyncio.Semaphore(bulk_decodes)
        self._observer = observer

    @property
    def loaded(self) -> bool:
        """Whether the model's weights are in memory."""
        return self._batcher.loaded

    async def image(self, data: bytes, *, space_id: str, priority: Priority) -> Embedding:
        """The vector of a picture.

        Args:
            data: the file's bytes.
            space_id: empty for the served one.
            priority: whether a person waits.

        Raises:
            KiokuError: SPACE_NOT_SERVED, IMAGE_*, OVERLOADED, MODEL_* or ENGINE_OUT_OF_MEMORY.
        """
        with self._observed(Tower.IMAGE):
            self.require_space(space_id)
            self._batcher.check_room(Tower.IMAGE, priority)
            started = monotonic()
            async with self._bulk_decodes if priority is Priority.BULK else nullcontext():
                decoded = await self._decoder.decode(data)
            seconds = monotonic() - started
            self._observer.decoded(priority, seconds)
            answer = await self._batcher.embed(decoded.pixels, Tower.IMAGE, priority)
            return self._embedding(answer, seconds)

    async def text(self, text: str, *, space_id: str, priority: Priority) -> Embedding:
        """The vector of a text.

        Raises:
            KiokuError: SPACE_NOT_SERVED, TEXT_*, OVERLOADED, MODEL_* or ENGINE_OUT_OF_MEMORY.
        """
        with self._observed(Tower.TEXT):
            self.require_space(space_id)
            clean = clean_text(text)
            answer = await self._batcher.embed(clean, Tower.TEXT, priority)
            return self._embedding(answer, 0.0)

    def require_space(self, space_id: str) -> None:
        """Refuses any other space than the served one.

        Raises:
            KiokuError: SPACE_NOT_SERVED.
        """
        if space_id not in ("", self.space.space_id):
            raise KiokuError(
                Reason.SPACE_NOT_SERVED,
                f"This embedder serves the space {self.space.space_id} only.",
                field="space_id",
                metadata={"served": self.space.space_id},
            )

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
