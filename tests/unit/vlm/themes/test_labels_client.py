"""What the embedder is asked for, by a server that counts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import grpc
import numpy as np
import pytest
import pytest_asyncio
from kioku.embedder.v1 import embedder_service_pb2 as messages
from kioku.embedder.v1.embedder_service_pb2_grpc import (
    EmbedderServiceServicer,
    add_EmbedderServiceServicer_to_server,
)
from kioku_rt.errors import DependencyDown
from kioku_rt.reasons import Reason
from kioku_rt.rpc import channel
from kioku_vlm.themes.labels_client import LabelsClient

from tests.unit.vlm.themes.rig import LEXICON, at

PARTS = [32] * 7 + [29]


class CountingEmbedder(EmbedderServiceServicer):
    """Every picture shows a dog."""

    def __init__(self) -> None:
        self.asked: list[int] = []
        self.away = False
        self.calibration: Any = messages.LABEL_CALIBRATION_INDEPENDENT

    async def EmbedImage(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        return messages.EmbedImageResponse(space_id="m@1", embedding=[3.0, 4.0])

    async def LabelImage(self, request: Any, context: Any) -> Any:  # noqa: N802
        if self.away:
            await context.abort(grpc.StatusCode.INTERNAL, "gone")
        self.asked.append(len(request.labels))
        assert (request.template, request.space_id) == ("a photo of {}.", "m@1")
        return messages.LabelImageResponse(
            calibration=self.calibration,
            labels=[
                messages.LabelScore(label=one, score=0.5 if one == "a dog" else 0.001)
                for one in reversed(request.labels)
            ],
        )


@pytest_asyncio.fixture
async def served() -> AsyncIterator[tuple[CountingEmbedder, LabelsClient]]:
    embedder, server = CountingEmbedder(), grpc.aio.server()
    add_EmbedderServiceServicer_to_server(embedder, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with channel(f"127.0.0.1:{port}") as opened:
        yield embedder, LabelsClient(opened, LEXICON)
    await server.stop(0)


async def test_shares_are_in_the_lexicons_order_and_the_vector_is_a_unit(served: Any) -> None:
    _, client = served
    look = await client.look(b"x")
    odds = 0.001 / 0.999
    assert look.space_id == "m@1"
    assert look.vector == pytest.approx(np.array([0.6, 0.8]))
    assert look.shares[at("dog")] == pytest.approx(1 / (1 + 252 * odds), rel=1e-5)
    assert look.shares.sum() == pytest.approx(1)


async def test_shares_of_a_model_that_gives_shares_stay(served: Any) -> None:
    embedder, client = served
    embedder.calibration = messages.LABEL_CALIBRATION_EXCLUSIVE
    look = await client.look(b"x")
    assert look.shares[at("dog")] == pytest.approx(0.5 / (0.5 + 252 * 0.001), rel=1e-5)


async def test_labels_are_learnt_in_parts_once(served: Any) -> None:
    embedder, client = served
    for _ in range(2):
        await client.look(b"x")
    assert embedder.asked == [*PARTS, 253, 253]


async def test_after_a_failure_they_are_learnt_again(served: Any) -> None:
    embedder, client = served
    await client.look(b"x")
    embedder.away = True
    with pytest.raises(DependencyDown) as down:
        await client.look(b"x")
    assert down.value.reason is Reason.EMBEDDER_UNAVAILABLE
    embedder.away = False
    await client.look(b"x")
    assert embedder.asked == [*PARTS, 253, *PARTS, 253]
