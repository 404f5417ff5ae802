"""Vectors of a server with OpenAI's embeddings API."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import numpy as np
import pytest
from kioku_embedder.hosted.embeddings_api import EmbeddingsApi
from kioku_embedder.hosted.exchange import Exchange
from kioku_embedder.hosted.opening import HostedModel
from kioku_embedder.waiting import Priority
from kioku_rt.errors import KiokuError
from kioku_rt.outbound import outbound_client
from kioku_rt.policy import AiPolicy
from kioku_rt.reasons import Reason

from tests.integration.hosted.provider_server import Answer, ProviderServer, vector_of

Open = Callable[..., Awaitable[HostedModel]]


@pytest.fixture
async def open_api(open_model: Open) -> Callable[..., Awaitable[HostedModel]]:
    """A hosted model of an embeddings API, free of charge."""

    async def make(**changes: Any) -> HostedModel:
        usual = {"embedder_backend": "openai", "hosted_model": "org/siglip", "hosted_api_key": "k1"}
        free = {"hosted_usd_per_image": 0, "hosted_usd_per_text": 0, "hosted_budget_usd": 0}
        return await open_model(**(usual | free | changes))

    return make


async def text(model: HostedModel, words: str) -> Any:
    return await model.embedder.text(words, space_id="", priority=Priority.INTERACTIVE)


@pytest.mark.parametrize("encoding", ["base64", "float"])
async def test_a_text_becomes_a_unit_vector(
    open_api: Open, provider: ProviderServer, encoding: str
) -> None:
    """Both ways of writing it; a server of text models is told nothing it does not know."""
    model = await open_api(hosted_encoding=encoding, hosted_base_url=f"{provider.url}/v1/")
    embedding = await text(model, "a red cat")
    row = np.array(vector_of("a red cat"))
    np.testing.assert_allclose(embedding.vector, row / np.linalg.norm(row), atol=1e-6)
    [asked] = provider.asked
    assert "Bearer k1" == asked.headers["authorization"]
    expected = {"model": "org/siglip", "input": ["a red cat"], "encoding_format": encoding}
    assert expected == asked.json


async def test_a_picture_is_a_data_uri_with_its_modality(
    open_api: Open, provider: ProviderServer, make_jpeg: Callable[..., bytes]
) -> None:
    """Also one of an event: such servers fetch nothing."""
    model = await open_api()

    async def source() -> bytes:
        return make_jpeg()

    await model.embedder.image(source, space_id="", priority=Priority.BULK, derived="derived/o/a/")
    [asked] = provider.asked
    assert "image" == asked.json["modality"]
    assert asked.json["input"][0].startswith("data:image/jpeg;base64,")


async def test_vectors_come_in_the_order_asked(provider: ProviderServer) -> None:
    """By the answer's own numbers, whatever its order."""
    provider.shuffled = True
    http = outbound_client(AiPolicy(), base_url=provider.url, seconds=5, connections=1)
    api = EmbeddingsApi(Exchange(http, most_bytes=2**20, seconds=5), model="m", encoding="float")
    rows = await api.vectors(["a", "b", "c"], {})
    assert [vector_of(each) for each in "abc"] == rows
    await api.aclose()


@pytest.mark.parametrize(
    "document",
    [
        {"data": []},
        {"data": [{"index": 1, "embedding": [1.0]}]},
        {"data": [{"index": True, "embedding": [1.0]}]},
        {"data": [{"embedding": [1.0]}]},
        {"data": [{"index": 0, "embedding": [1.0]}, {"index": 0, "embedding": [1.0]}]},
        {"data": [{"index": 0, "embedding": "AAAA!"}]},
        {"data": [{"index": 0, "embedding": "AAAA"}]},
        {"data": [{"index": 0, "embedding": ""}]},
        {"data": [{"index": 0, "embedding": ["x"]}]},
        {"data": [[1.0]]},
        {"data": {"0": [1.0]}},
        {"error": {"message": "model not loaded"}},
        [],
    ],
    ids=lambda each: str(each)[:40],
)
async def test_an_answer_that_is_none_is_tried_again(
    open_api: Open, provider: ProviderServer, document: Any
) -> None:
    """Too few, too many, wrongly numbered, not numbers, not base64 of float32."""
    provider.faults.append(Answer.of(document))
    with pytest.raises(KiokuError) as caught:
        await text(await open_api(), "a")
    assert Reason.HOSTED_FAILED == caught.value.reason


async def test_people_go_before_bulk_work(open_api: Open, provider: ProviderServer) -> None:
    """A query that came last begins before the pictures that wait."""
    model = await open_api(hosted_concurrency=1, hosted_requests_per_minute=1200)
    embedder = model.embedder
    bulk = [
        asyncio.create_task(embedder.text(f"bulk {n}", space_id="", priority=Priority.BULK))
        for n in range(5)
    ]
    await asyncio.sleep(0)
    await text(model, "query")
    await asyncio.gather(*bulk)
    order = [asked.json["input"][0] for asked in provider.begun()]
    assert order.index("query") <= 1


async def test_too_much_work_is_refused_with_a_time(
    open_api: Open, provider: ProviderServer
) -> None:
    """Beyond the queue's limit, before anything is fetched."""
    model = await open_api(hosted_concurrency=1)
    provider.faults.append(Answer(500, delay=0.5))
    calls = [asyncio.create_task(text(model, str(number))) for number in range(64)]
    await asyncio.sleep(0)
    with pytest.raises(KiokuError) as caught:
        await text(model, "one more")
    assert Reason.OVERLOADED == caught.value.reason
    assert (caught.value.retry_after or 0) > 0
    await asyncio.gather(*calls, return_exceptions=True)
