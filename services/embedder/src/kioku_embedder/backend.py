"""Promise: the port behind which vectors are made, on this machine or by a provider.

`Embedder` computes them here, `hosted.HostedEmbedder` asks a provider; rpcs and events cannot tell
which one they have.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from kioku_rt.space import Space
from kioku_rt.vectors import Vector

from kioku_embedder.engine import LabelScale
from kioku_embedder.waiting import Priority

Source = Callable[[], Awaitable[bytes]]


@dataclass(frozen=True)
class Timing:
    """How long the parts took, seconds, and how many items shared the pass.

    `queue` is all waiting: for a decoder and for the engine. `decode` ends with the model's pixels.
    """

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


class Backend(Protocol):
    """Pictures and texts to vectors of one space."""

    @property
    def space(self) -> Space:
        """The space of every vector."""
        ...

    @property
    def loaded(self) -> bool:
        """Whether nothing has to be loaded before the next vector."""
        ...

    def require_space(self, space_id: str) -> None:
        """Refuses any other space than the served one; empty is the served one.

        Raises:
            KiokuError: SPACE_NOT_SERVED.
        """
        ...

    def label_scale(self) -> LabelScale:
        """How cosines of this space become scores of labels.

        Raises:
            KiokuError: LABELS_UNSUPPORTED where nobody learnt such a scale.
        """
        ...

    async def image(
        self, source: Source, *, space_id: str, priority: Priority, derived: str = ""
    ) -> Embedding:
        """The vector of a picture.

        Args:
            source: gives the file's bytes when there is room for them.
            space_id: empty for the served one.
            priority: whether a person waits.
            derived: key prefix in the object store for what is made of the picture on the way;
                empty: there is none.

        Raises:
            KiokuError: SPACE_NOT_SERVED, IMAGE_*, OVERLOADED, MODEL_*, ENGINE_OUT_OF_MEMORY,
                HOSTED_*, EXTERNAL_AI_REFUSED and what `source` raises.
        """
        ...

    async def text(self, text: str, *, space_id: str, priority: Priority) -> Embedding:
        """The vector of a text.

        Raises:
            KiokuError: SPACE_NOT_SERVED, TEXT_*, OVERLOADED, MODEL_*, ENGINE_OUT_OF_MEMORY,
                HOSTED_* or EXTERNAL_AI_REFUSED.
        """
        ...
