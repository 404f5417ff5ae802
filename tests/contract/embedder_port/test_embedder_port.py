"""What `search` may expect of an embedder, held against the fake and against gRPC."""

from __future__ import annotations

from collections.abc import AsyncIterator

import numpy as np
import pytest
import pytest_asyncio
from kioku.embedder.v1 import embedder_service_pb2 as pb
from kioku.embedder.v1.embedder_service_pb2_grpc import (
    EmbedderServiceServicer,
    add_EmbedderServiceServicer_to_server,
)
from kioku_rt.auth import Principal
from kioku_rt.errors import DependencyDown, InvalidInput, KiokuError
from kioku_rt.reasons import Reason
from kioku_rt.rpc import Registration, RpcServer, ServerConfig, channel
from kioku_search.embedder_client import EmbedderClient
from kioku_search.spaces.space_message import space_message

from tests.integration.search.rig import FakeEmbedder, space, unit

PICTURE = b"\xff\xd8\xff\xe0 a picture"


class Stub(EmbedderServiceServicer):
    """A real gRPC service in front of the fake."""

    def __init__(self, fake: FakeEmbedder) -> None:
        self.fake = fake

    async def EmbedText(self, request, _context):  # noqa: N802
        vector = await self.fake.embed_text(request.text, request.space_id)
        return pb.EmbedTextResponse(space_id=request.space_id, embedding=vector.tolist())

    async def EmbedImage(self, request, _context):  # noqa: N802
        vector = await self.fake.embed_image(request.image, request.space_id)
        return pb.EmbedImageResponse(space_id=request.space_id, embedding=vector.tolist())

    async def ListModels(self, _request, _context):  # noqa: N802
        one = space_message(await self.fake.default_space())
        return pb.ListModelsResponse(
            models=[pb.Model(space=space_message(space("x"))), pb.Model(space=one, default=True)]
        )


class Anybody:
    """Every token is good."""

    async def verify(self, token: str) -> Principal:
        return Principal("search", True, frozenset({"embed"}), token)


@pytest.fixture
def fake():
    return FakeEmbedder(space())


@pytest_asyncio.fixture(params=["fake", "grpc"])
async def embedder(request, fake) -> AsyncIterator[object]:
    """Each embedder in turn."""
    if request.param == "fake":
        yield fake
        return
    name = "kioku.embedder.v1.EmbedderService"
    registration = Registration(name, add_EmbedderServiceServicer_to_server, Stub(fake))
    server = RpcServer(ServerConfig(grace=0.2), [registration], verifier=Anybody())
    port = await server.start()
    async with channel(f"127.0.0.1:{port}", token=lambda: "t", retry_unavailable=False) as one:
        yield EmbedderClient(one)
    await server.drain()


async def test_texts_and_pictures_have_vectors(embedder, fake):
    """float32, of the space's length, and the space was named."""
    for call, content in ((embedder.embed_text, "cat"), (embedder.embed_image, PICTURE)):
        vector = await call(content, space().space_id)
        assert (np.dtype(np.float32), (32,)) == (vector.dtype, vector.shape)
        assert space().space_id == fake.calls[-1][2]
    assert np.allclose(unit("cat"), await embedder.embed_text("cat", space().space_id), atol=1e-6)


async def test_the_default_space_is_given_whole(embedder):
    """Every field, so that it can be registered."""
    assert space() == await embedder.default_space()


@pytest.mark.parametrize(
    "error",
    [
        InvalidInput(Reason.IMAGE_TRUNCATED),
        KiokuError(Reason.SPACE_NOT_SERVED),
        KiokuError(Reason.OVERLOADED),
    ],
)
async def test_what_is_said_about_the_request_keeps_its_reason(embedder, fake, error):
    """The caller can act on it."""
    fake.failure = error
    with pytest.raises(KiokuError) as caught:
        await embedder.embed_image(PICTURE, space().space_id)
    assert error.reason is caught.value.reason


async def test_an_embedder_that_cannot_is_down(embedder, fake):
    """Whatever it cannot do by itself is EMBEDDER_UNAVAILABLE."""
    fake.failure = DependencyDown("embedder", reason=Reason.EMBEDDER_UNAVAILABLE)
    for call in (
        embedder.embed_text("cat", "s"),
        embedder.embed_image(PICTURE, "s"),
        embedder.default_space(),
    ):
        with pytest.raises(DependencyDown) as caught:
            await call
        assert Reason.EMBEDDER_UNAVAILABLE is caught.value.reason


@pytest.mark.parametrize("reason", [Reason.MODEL_UNAVAILABLE, Reason.DEPENDENCY_UNAVAILABLE])
async def test_over_grpc_every_unavailability_is_the_embedders(fake, reason):
    """A model that is not loaded, or a server it needs: to us the embedder is away."""
    fake.failure = KiokuError(reason)
    registration = Registration(
        "kioku.embedder.v1.EmbedderService", add_EmbedderServiceServicer_to_server, Stub(fake)
    )
    server = RpcServer(ServerConfig(grace=0.2), [registration], verifier=Anybody())
    port = await server.start()
    async with channel(f"127.0.0.1:{port}", token=lambda: "t", retry_unavailable=False) as one:
        with pytest.raises(DependencyDown) as caught:
            await EmbedderClient(one).embed_text("cat", "s")
    await server.drain()
    assert Reason.EMBEDDER_UNAVAILABLE is caught.value.reason


async def test_nobody_there():
    """A closed port is EMBEDDER_UNAVAILABLE, within the deadline."""
    async with channel("127.0.0.1:1", default_timeout=1.0, retry_unavailable=False) as one:
        with pytest.raises(DependencyDown) as caught:
            await EmbedderClient(one).embed_text("cat", "s")
    assert Reason.EMBEDDER_UNAVAILABLE is caught.value.reason
