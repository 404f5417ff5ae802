"""Promise: the rpcs of `kioku.embedder.v1`, each decode, one call, encode.

Anybody with a valid token may embed; a service needs the scope `embed`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import grpc
from kioku.embedder.v1 import embedder_service_pb2 as pb
from kioku.embedder.v1 import embedder_service_pb2_grpc
from kioku_rt.auth.principal import current_principal, require_scope
from kioku_rt.errors import KiokuError
from kioku_rt.images import ImageLimits
from kioku_rt.images.refusal import too_large
from kioku_rt.space_message import space_message

from kioku_embedder.backend import Backend, Source
from kioku_embedder.labels import Labeller, question_of
from kioku_embedder.making import Making
from kioku_embedder.messages import (
    failed_message,
    image_message,
    label_message,
    labelled_space,
    streamed_message,
    text_message,
)
from kioku_embedder.multipart import picture_of
from kioku_embedder.spaces import Spaces
from kioku_embedder.waiting import Priority

SCOPE = "embed"
_MOST_BYTES = ImageLimits().max_bytes
_Context = grpc.aio.ServicerContext[Any, Any]


class EmbedderServicer(embedder_service_pb2_grpc.EmbedderServiceServicer):
    """See the contract for each rpc.

    Args:
        models: of this process, at least one; the first is the default one.
        window: pictures of one stream in hand at once; more are not read from it until one is
            answered.
        others: backends without a model that serve requests naming their spaces.
    """

    def __init__(
        self, models: Sequence[Making], *, window: int, others: Sequence[Backend] = ()
    ) -> None:
        self._models = models
        self._others = others
        self._spaces = Spaces(*(each.backend for each in models), *others)
        self._window = window
        self._labeller = Labeller()

    async def EmbedImage(  # noqa: N802 - the contract's name
        self, request: pb.EmbedImageRequest, _context: _Context
    ) -> pb.EmbedImageResponse:
        """One picture."""
        _require_caller()
        return image_message(
            await self._spaces.serving(request.space_id).image(
                _given(request.image),
                space_id=request.space_id,
                priority=Priority.INTERACTIVE,
            )
        )

    async def EmbedText(  # noqa: N802
        self, request: pb.EmbedTextRequest, _context: _Context
    ) -> pb.EmbedTextResponse:
        """One text."""
        _require_caller()
        return text_message(
            await self._spaces.serving(request.space_id).text(
                request.text, space_id=request.space_id, priority=Priority.INTERACTIVE
            )
        )

    async def Embed(  # noqa: N802
        self, request: pb.EmbedRequest, _context: _Context
    ) -> pb.EmbedResponse:
        """The picture in a request body, raw or as a form."""
        _require_caller()
        picture = picture_of(request.image.content_type, request.image.data)
        embedding = await self._spaces.default.image(
            _given(picture), space_id="", priority=Priority.INTERACTIVE
        )
        return pb.EmbedResponse(embedding=embedding.vector.tolist())

    async def EmbedImages(  # type: ignore[override]  # noqa: N802 - writes; yields nothing
        self, requests: AsyncIterator[pb.EmbedImagesRequest], context: _Context
    ) -> None:
        """A stream of pictures; each is answered as it is ready."""
        _require_caller()
        room = asyncio.Semaphore(self._window)
        writing = asyncio.Lock()

        async def answer(request: pb.EmbedImagesRequest) -> None:
            try:
                response = await self._streamed(request)
                async with writing:
                    await context.write(response)
            finally:
                room.release()

        async with asyncio.TaskGroup() as answers:
            await room.acquire()
            async for request in requests:
                answers.create_task(answer(request))
                await room.acquire()

    async def LabelImage(  # noqa: N802
        self, request: pb.LabelImageRequest, _context: _Context
    ) -> pb.LabelImageResponse:
        """Labels of one picture or one vector."""
        _require_caller()
        question = question_of(request.labels, request.template)
        space_id = labelled_space(request)
        backend = self._spaces.serving(space_id)
        backend.require_space(space_id)
        if request.WhichOneof("source") == "vector":
            values = request.vector.values
            return label_message(await self._labeller.label_vector(backend, values, question))
        picture = _given(request.image)
        return label_message(await self._labeller.label_image(backend, picture, question))

    async def ListModels(  # noqa: N802
        self, _request: pb.ListModelsRequest, _context: _Context
    ) -> pb.ListModelsResponse:
        """The models of this process, the default one first."""
        _require_caller()
        models = [_model(making, number == 0) for number, making in enumerate(self._models)]
        others = [_other_model(backend) for backend in self._others]
        return pb.ListModelsResponse(models=[*models, *others])

    async def _streamed(self, request: pb.EmbedImagesRequest) -> pb.EmbedImagesResponse:
        """A bad picture fails alone."""
        try:
            embedding = await self._spaces.serving(request.space_id).image(
                _given(request.image), space_id=request.space_id, priority=Priority.BULK
            )
        except KiokuError as error:
            return failed_message(request.key, error)
        return streamed_message(request.key, embedding)


def _model(making: Making, default: bool) -> pb.Model:
    facts = making.facts()
    return pb.Model(
        checkpoint=facts.checkpoint,
        space=space_message(making.backend.space),
        loaded=making.backend.loaded,
        device=facts.device,
        default=default,
        engine=facts.engine,
        fidelity=facts.fidelity,
        memory_bytes=facts.memory_bytes,
    )


def _other_model(backend: Backend) -> pb.Model:
    """A backend without a checkpoint; its engine has its model's name."""
    space = backend.space
    return pb.Model(
        checkpoint=space.model,
        space=space_message(space),
        loaded=backend.loaded,
        device="cpu",
        engine=space.model,
    )


def _require_caller() -> None:
    if current_principal().service:
        require_scope(SCOPE)


def _given(data: bytes) -> Source:
    """Bytes that came with the call; uploads, which share the decoder, may be larger."""

    async def source() -> bytes:
        if len(data) > _MOST_BYTES:
            raise too_large(len(data), _MOST_BYTES)
        return data

    return source
