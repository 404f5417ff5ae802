"""Promise: queries of the tags space are answered in this process, even while no model works.

Implements `Backend`; it has words only, so a picture is refused.
"""

from __future__ import annotations

from time import monotonic

from kioku_rt.errors import KiokuError
from kioku_rt.reasons import Reason
from kioku_rt.space import Space
from kioku_rt.text import clean_text

from kioku_embedder.backend import Embedding, Source, Timing
from kioku_embedder.engine import LabelScale
from kioku_embedder.tags.encoder import TagsEncoder
from kioku_embedder.waiting import Priority


class TagsBackend:
    """Texts to vectors of the tags space."""

    loaded = True

    def __init__(self, encoder: TagsEncoder) -> None:
        self._encoder = encoder

    @property
    def space(self) -> Space:
        """The tags space."""
        return self._encoder.space

    def require_space(self, space_id: str) -> None:
        """Refuses any other space.  Raises KiokuError SPACE_NOT_SERVED."""
        if space_id != self.space.space_id:
            raise _not_served(f"The tags of this process are the space {self.space.space_id}.")

    def label_scale(self) -> LabelScale:
        """Raises KiokuError LABELS_UNSUPPORTED: nobody learnt such a scale for tags."""
        raise KiokuError(Reason.LABELS_UNSUPPORTED)

    async def image(
        self,
        source: Source,  # noqa: ARG002 - the port's
        *,
        space_id: str,  # noqa: ARG002
        priority: Priority,  # noqa: ARG002
        derived: str = "",  # noqa: ARG002
    ) -> Embedding:
        """Raises KiokuError SPACE_NOT_SERVED: what a picture shows is not in this space."""
        raise _not_served("The tags space holds words; a picture has no vector in it.")

    async def text(
        self,
        text: str,
        *,
        space_id: str,
        priority: Priority,  # noqa: ARG002 - the port's
    ) -> Embedding:
        """The vector of a query, at once.

        Raises:
            KiokuError: SPACE_NOT_SERVED or TEXT_*.
        """
        self.require_space(space_id)
        started = monotonic()
        vector = self._encoder.query(clean_text(text))
        return Embedding(self.space, vector, False, Timing(0.0, 0.0, monotonic() - started, 1))


def _not_served(message: str) -> KiokuError:
    return KiokuError(Reason.SPACE_NOT_SERVED, message, field="space_id")
