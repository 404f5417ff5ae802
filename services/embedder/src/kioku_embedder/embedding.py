"""Promise: one picture or one text becomes one vector of the space that was asked for.

The use case behind every rpc and event. Refusals come before work: the space, then the engine's
queue, then the decoder.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from kioku_rt.errors import KiokuError
from kioku_rt.reasons import Reason
from kioku_rt.space import Space
from kioku_rt.text import clean_text

from kioku_embedder.answer import Answer
from kioku_embedder.backend import Embedding, Source, Timing
from kioku_embedder.batcher import Batcher
from kioku_embedder.engine import LabelScale
from kioku_embedder.originals import WEIGHT_LIMIT, Decoder, Observer, Originals
from kioku_embedder.waiting import Priority, Tower


class Embedder:
    """Embeds pictures and texts for whoever asks; see `kioku_embedder.backend.Backend`.

    Args:
        space: the one this process serves.
        decoder: whose result already has the model's geometry.
        batcher: in front of the engine.
        decoders: bulk pictures at the decoder at once.
        observer: told of every decode and every answer.
        words: whether the model has a text tower.
        weight_limit: see `originals.Originals`.
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
        weight_limit: float = WEIGHT_LIMIT,
    ) -> None:
        self.space = space
        self._originals = Originals(
            decoder, decoders=decoders, observer=observer, weight_limit=weight_limit
        )
        self._batcher = batcher
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
                prepared = await self._originals.pixels(source, priority)
                answer = await self._batcher.embed(prepared.pixels, Tower.IMAGE, priority)
            return self._embedding(answer, prepared.waited, prepared.seconds)

    async def text(self, text: str, *, space_id: str, priority: Priority) -> Embedding:
        """See the port."""
        with self._observed(Tower.TEXT):
            self.require_space(space_id)
            if not self._words:
                raise KiokuError(Reason.TEXT_NOT_SUPPORTED)
            clean = clean_text(text)
            with self._batcher.room(Tower.TEXT, priority):
                answer = await self._batcher.embed(clean, Tower.TEXT, priority)
            return self._embedding(answer, 0.0, 0.0)

    def require_space(self, space_id: str) -> None:
        """See the port."""
        self.space.require(space_id)

    @contextmanager
    def _observed(self, tower: Tower) -> Iterator[None]:
        try:
            yield
        except KiokuError as error:
            self._observer.answered(tower, error.reason)
            raise
        self._observer.answered(tower, None)

    def _embedding(self, answer: Answer, waited: float, decode_seconds: float) -> Embedding:
        timing = Timing(
            waited + answer.queue_seconds,
            decode_seconds,
            answer.inference_seconds,
            answer.batch_size,
        )
        embedded = answer.embedded
        return Embedding(self.space, embedded.vector, embedded.truncated, timing)
