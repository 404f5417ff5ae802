"""What a picture shows, over gRPC, from `embedder`.  Implements `Labels`.

One forward pass: the picture becomes a vector, and labels are scored against the vector. The
embedder remembers the vectors of labels; it is asked for them in parts first, so that a slow
model learns them over several calls instead of none in time.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import numpy as np
from kioku.common.v1 import vector_pb2
from kioku.embedder.v1 import embedder_service_pb2 as messages
from kioku.embedder.v1.embedder_service_pb2_grpc import EmbedderServiceStub
from kioku_rt.errors import DependencyDown, KiokuError
from kioku_rt.reasons import Reason
from kioku_rt.rpc import call

from kioku_vlm.themes.shares import shares_of
from kioku_vlm.themes.theme import Look

if TYPE_CHECKING:
    from collections.abc import Sequence

    import grpc

    from kioku_vlm.themes.lexicon import Lexicon
    from kioku_vlm.themes.theme import Floats

NAME = "embedder"
_PART = 32
TEMPLATE = "a photo of {}."
_NO_WORDS = frozenset((Reason.TEXT_NOT_SUPPORTED, Reason.LABELS_UNSUPPORTED))


class LabelsClient:
    """Asks `embedder`.

    Args:
        channel: to `embedder`, with the token of this service; closed by its owner.
        template: the sentence that a label is put into, with `{}` where it goes.
        seconds: for a question.
    """

    def __init__(
        self,
        channel: grpc.aio.Channel,
        lexicon: Lexicon,
        *,
        template: str = TEMPLATE,
        seconds: float = 10.0,
    ) -> None:
        self._stub = EmbedderServiceStub(channel)
        self._lexicon = lexicon
        self._template = template
        self._learning = asyncio.Lock()
        self._known_in = ""
        self._seconds = seconds

    async def look(self, picture: bytes) -> Look:
        """See the port."""
        seen = await call(
            NAME,
            self._stub.EmbedImage(messages.EmbedImageRequest(image=picture), timeout=self._seconds),
            down=Reason.EMBEDDER_UNAVAILABLE,
        )
        labelled = await self._labelled(seen)
        vector = np.array(seen.embedding, np.float64)
        return Look(seen.space_id, vector / np.linalg.norm(vector), self._shares(labelled))

    async def _labelled(self, seen: messages.EmbedImageResponse) -> messages.LabelImageResponse:
        phrases = self._lexicon.phrases
        try:
            async with self._learning:
                if seen.space_id != self._known_in:
                    for start in range(0, len(phrases), _PART):
                        await self._label(seen, phrases[start : start + _PART])
                    self._known_in = seen.space_id
            return await self._label(seen, phrases)
        except DependencyDown:
            self._known_in = ""  # it may have been started anew, and knows no label
            raise
        except KiokuError as error:
            raise _without_words(error) from error

    async def _label(
        self, seen: messages.EmbedImageResponse, phrases: Sequence[str]
    ) -> messages.LabelImageResponse:
        request = messages.LabelImageRequest(
            vector=vector_pb2.Vector(space_id=seen.space_id, values=seen.embedding),
            labels=phrases,
            template=self._template,
            space_id=seen.space_id,
        )
        return await call(
            NAME,
            self._stub.LabelImage(request, timeout=self._seconds),
            down=Reason.EMBEDDER_UNAVAILABLE,
        )

    def _shares(self, labelled: messages.LabelImageResponse) -> Floats:
        scores = {one.label: one.score for one in labelled.labels}
        ordered = np.array([scores[phrase] for phrase in self._lexicon.phrases], np.float64)
        exclusive = labelled.calibration == messages.LABEL_CALIBRATION_EXCLUSIVE
        if not ordered.any():  # a sigmoid so far below that float32 has no number for it
            ordered = np.full(len(ordered), 1.0)
            exclusive = True
        return shares_of(ordered, exclusive=exclusive)


def _without_words(error: KiokuError) -> KiokuError:
    if error.reason not in _NO_WORDS:
        return error
    return KiokuError(
        error.reason,
        "Themes need an embedding model that understands words; the one that is served here is"
        " purely visual. Serve a SigLIP or CLIP checkpoint.",
    )
