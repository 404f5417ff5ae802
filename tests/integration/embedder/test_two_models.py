"""Two models behind one door: each request gets the vector of the space it names."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest
from kioku.common.v1 import vector_pb2
from kioku.embedder.v1 import embedder_service_pb2 as pb
from kioku_embedder.checkpoint import CheckpointUnusable
from kioku_embedder.extraction import extract_image_embeddings
from kioku_embedder.local_model import local_making, open_model
from kioku_embedder.main import open_server
from kioku_embedder.second_model import open_second
from kioku_embedder.settings import Settings
from kioku_rt.auth import DevIssuer, TokenVerifier
from kioku_rt.reasons import Reason
from kioku_rt.rpc import error_of

from tests.integration.embedder.rig import Served

VISUAL = Path(__file__).resolve().parents[3] / "models" / "kioku-visual"
Start = Callable[..., Awaitable[Served]]


def settings_of(first: Path, second: Path, issuer: DevIssuer, cache: Path, **more: Any) -> Settings:
    return Settings(
        SIGLIP_MODEL_NAME=str(first),
        SIGLIP_DEVICE="cpu",
        embedder_second_model=str(second),
        jwks=str(issuer.jwks_path),
        embedder_decoders=1,
        embedder_engine="torch",
        embedder_cache_dir=cache,
        **more,
    )


@pytest.fixture
async def start(tiny_model: Path, issuer: DevIssuer, tmp_path: Path) -> AsyncIterator[Start]:
    """`await start(second, …)`: an embedder with two models behind a port."""
    async with AsyncExitStack() as resources:

        async def begin(second: Path, **more: Any) -> Served:
            settings = settings_of(tiny_model, second, issuer, tmp_path, **more)
            model = await open_model(settings, resources)
            other = settings.second()
            assert other is not None
            makings = [
                local_making(settings, model),
                await open_second(other, resources, model.checkpoint.space),
            ]
            server = open_server(settings, makings, TokenVerifier(settings.auth_config()))
            resources.push_async_callback(server.drain)
            served = Served(model, await server.start(), issuer)

            async def close() -> None:
                for opened in served.channels:
                    await opened.close()

            resources.push_async_callback(close)
            return served

        yield begin


async def refusal(call: Awaitable[Any]) -> tuple[grpc.StatusCode, Any]:
    """Code and error of a call that is refused."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return caught.value.code(), error_of(caught.value)


async def models_of(stub: Any) -> list[Any]:
    """The models with a checkpoint folder, as ListModels tells of them."""
    answer = await stub.ListModels(pb.ListModelsRequest())
    return [model for model in answer.models if Path(model.checkpoint).is_dir()]


def cosine(left: Any, right: Any) -> float:
    return float(np.dot(left, right) / np.linalg.norm(left) / np.linalg.norm(right))


async def test_each_space_gets_its_own_models_vector(
    start: Start, tiny_model: Path, second_model: Path, make_jpeg: Callable[..., bytes]
) -> None:
    """Named or not, in a stream or alone: what the model alone would say, in the space named."""
    served = await start(second_model)
    stub = served.stub()
    first, second = [model.space for model in await models_of(stub)]
    assert (48, 40) == (first.dimension, second.dimension)
    data = make_jpeg(1, (500, 333))
    expected = {
        first.space_id: extract_image_embeddings([data], model=str(tiny_model))[0],
        second.space_id: extract_image_embeddings([data], model=str(second_model))[0],
    }
    for named, answered in (("", first), (first.space_id, first), (second.space_id, second)):
        picture = await stub.EmbedImage(pb.EmbedImageRequest(image=data, space_id=named))
        text = await stub.EmbedText(pb.EmbedTextRequest(text="a cat", space_id=named))
        assert {answered.space_id} == {picture.space_id, text.space_id}
        assert cosine(picture.embedding, expected[answered.space_id]) > 0.9999
        assert answered.dimension == len(text.embedding)
    requests = [
        pb.EmbedImagesRequest(key=str(number), image=data, space_id=space)
        for number, space in enumerate((second.space_id, "", second.space_id, "no@such"))
    ]
    answers = {answer.key: answer async for answer in stub.EmbedImages(iter(requests))}
    assert [second.space_id, first.space_id, second.space_id, ""] == [
        answers[str(number)].space_id for number in range(4)
    ]
    assert "SPACE_NOT_SERVED" == answers["3"].failure.reason


async def test_labels_are_of_the_space_that_is_named(
    start: Start, second_model: Path, make_jpeg: Callable[..., bytes]
) -> None:
    """CLIP's scores exclude each other, SigLIP's do not; a vector's space decides likewise."""
    stub = (await start(second_model)).stub()
    first, second = [model.space for model in await models_of(stub)]
    data = make_jpeg(3)

    async def calibration(**what: Any) -> Any:
        request = pb.LabelImageRequest(labels=["cat", "dog"], **what)
        return (await stub.LabelImage(request)).calibration

    vector = vector_pb2.Vector(values=[1.0] + [0.0] * 39, space_id=second.space_id)
    assert pb.LABEL_CALIBRATION_INDEPENDENT == await calibration(image=data)
    assert pb.LABEL_CALIBRATION_EXCLUSIVE == await calibration(image=data, space_id=second.space_id)
    assert pb.LABEL_CALIBRATION_EXCLUSIVE == await calibration(vector=vector)
    assert first.space_id != second.space_id


async def test_a_space_of_nobody_is_refused_with_those_there_are(
    start: Start, second_model: Path
) -> None:
    """Text, picture and labels alike; the answer names both models' spaces."""
    stub = (await start(second_model)).stub()
    spaces = {model.space.space_id for model in await models_of(stub)}
    for call in (
        stub.EmbedText(pb.EmbedTextRequest(text="x", space_id="no@such")),
        stub.EmbedImage(pb.EmbedImageRequest(image=b"x", space_id="no@such")),
        stub.LabelImage(pb.LabelImageRequest(image=b"x", labels=["a"], space_id="no@such")),
    ):
        code, error = await refusal(call)
        assert (grpc.StatusCode.FAILED_PRECONDITION, Reason.SPACE_NOT_SERVED) == (
            code,
            error.reason,
        )
        assert spaces <= set(error.metadata["served"].split(","))


async def test_a_picture_only_second_model_has_no_words(
    start: Start, make_jpeg: Callable[..., bytes]
) -> None:
    """It refuses words by its own reason; the first model goes on having them."""
    stub = (await start(VISUAL)).stub()
    visual = (await models_of(stub))[1].space.space_id
    request = pb.EmbedImageRequest(image=make_jpeg(2), space_id=visual)
    assert visual == (await stub.EmbedImage(request)).space_id
    code, error = await refusal(stub.EmbedText(pb.EmbedTextRequest(text="x", space_id=visual)))
    assert (grpc.StatusCode.FAILED_PRECONDITION, Reason.TEXT_NOT_SUPPORTED) == (code, error.reason)
    assert 48 == len((await stub.EmbedText(pb.EmbedTextRequest(text="x"))).embedding)


async def test_each_model_is_loaded_and_unloaded_by_itself(
    start: Start, second_model: Path
) -> None:
    """Nothing is loaded before its first item; the one that nobody asks leaves memory again."""
    stub = (await start(second_model, embedder_idle_seconds=3.0)).stub()
    ask = pb.EmbedTextRequest(text="a cat")
    before = await models_of(stub)
    assert [(True, False, 0), (False, False, 0)] == [
        (model.default, model.loaded, model.memory_bytes) for model in before
    ]
    await stub.EmbedText(ask)
    first, second = await models_of(stub)
    assert (True, False) == (first.loaded, second.loaded)
    await stub.EmbedText(pb.EmbedTextRequest(text="x", space_id=second.space.space_id))
    assert all(model.loaded for model in await models_of(stub))
    async with asyncio.timeout(60):
        while (await models_of(stub))[1].loaded:
            await stub.EmbedText(ask)
    await stub.EmbedText(ask)
    first, second = await models_of(stub)
    assert (True, False, 0) == (first.loaded, second.loaded, second.memory_bytes)


async def test_the_same_model_twice_is_refused(start: Start, tiny_model: Path) -> None:
    """With one sentence for the operator that names the setting."""
    with pytest.raises(CheckpointUnusable, match=r"KIOKU_EMBEDDER_SECOND_MODEL: .*first model"):
        await start(tiny_model)
