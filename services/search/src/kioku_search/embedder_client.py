"""The embedder over gRPC.  Implements `Embedder` and `Models`.

Whatever keeps it from answering becomes DependencyDown with EMBEDDER_UNAVAILABLE; what it says
about the request itself keeps its own reason.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from kioku.common.v1 import space_pb2, vector_pb2
from kioku.embedder.v1 import embedder_service_pb2 as messages
from kioku.embedder.v1.embedder_service_pb2_grpc import EmbedderServiceStub
from kioku_rt.errors import DependencyDown, KiokuError
from kioku_rt.reasons import Code, Reason
from kioku_rt.rpc import call

from kioku_search.spaces.space import Space

if TYPE_CHECKING:
    from collections.abc import Awaitable
    from typing import TypeVar

    import grpc
    import numpy.typing as npt

    _T = TypeVar("_T")

NAME = "embedder"


class EmbedderClient:
    """Asks the embedder for vectors of queries.

    Args:
        channel: to the embedder; closed by its owner.
    """

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub = EmbedderServiceStub(channel)

    async def embed_text(self, text: str, space_id: str) -> npt.NDArray[np.float32]:
        """The text's vector, float32 of shape (dimension,)."""
        request = messages.EmbedTextRequest(text=text, space_id=space_id)
        answer = await _ask(self._stub.EmbedText(request))
        return np.array(answer.embedding, np.float32)

    async def embed_image(self, image: bytes, space_id: str) -> npt.NDArray[np.float32]:
        """The picture's vector, float32 of shape (dimension,)."""
        request = messages.EmbedImageRequest(image=image, space_id=space_id)
        answer = await _ask(self._stub.EmbedImage(request))
        return np.array(answer.embedding, np.float32)

    async def default_space(self) -> Space:
        """The space of vectors made without naming one."""
        answer = await _ask(self._stub.ListModels(messages.ListModelsRequest()))
        for model in answer.models:
            if model.default:
                return space_of(model.space)
        raise _down()

    async def served_spaces(self) -> list[Space]:
        """The spaces of all models it serves, the default one first."""
        answer = await _ask(self._stub.ListModels(messages.ListModelsRequest()))
        return [space_of(model.space) for model in answer.models]

    async def ping(self) -> None:
        """Return when the embedder answers."""
        await self.default_space()


def space_of(message: space_pb2.Space) -> Space:
    """A space as the contracts write it."""
    return Space(
        space_id=message.space_id,
        kind=space_pb2.SpaceKind.Name(message.kind).removeprefix("SPACE_KIND_"),
        model=message.model,
        revision=message.revision,
        dimension=message.dimension,
        metric=vector_pb2.Metric.Name(message.metric).removeprefix("METRIC_"),
        preprocessing=message.preprocessing,
        normalised=message.normalised,
        precision=message.precision,
    )


async def _ask(answer: Awaitable[_T]) -> _T:
    try:
        return await call(NAME, answer, down=Reason.EMBEDDER_UNAVAILABLE)
    except DependencyDown:
        raise
    except KiokuError as error:
        if error.code is Code.UNAVAILABLE:  # it answers, but its model or its servers do not
            raise _down() from error
        raise


def _down() -> DependencyDown:
    return DependencyDown(NAME, reason=Reason.EMBEDDER_UNAVAILABLE)
