"""Events that name spaces, on a real event log: each space is served, or fails, by itself."""

from __future__ import annotations

import asyncio
import shutil
import signal
import uuid
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from kioku.assets.v1 import asset_pb2
from kioku.embedder.v1 import embedder_service_pb2 as pb
from kioku.embedder.v1.embedder_service_pb2_grpc import EmbedderServiceStub
from kioku.events.v1 import events_pb2
from kioku_embedder.checkpoint import open_checkpoint
from kioku_rt.auth import DevIssuer
from kioku_rt.rpc import channel

from tests.integration.embedder.rig import Child, World

pytestmark = pytest.mark.timeout(240)
Start = Callable[..., Child]


def space_of(model: Path) -> str:
    return open_checkpoint(str(model), precision="float32", long_edge=1024).space.space_id


def now() -> Timestamp:
    stamp = Timestamp()
    stamp.GetCurrentTime()
    return stamp


async def vectors(world: World) -> Counter[tuple[str, str]]:
    """Asset and space of each vector that was told."""
    told = await world.told("embedding.ready", events_pb2.EmbeddingReady)
    return Counter((event.asset_id, event.space.space_id) for event in told)


async def failures(world: World) -> dict[tuple[str, str], str]:
    """The reason for each asset and space that failed."""
    told = await world.told("asset.failed", events_pb2.AssetFailed)
    return {(event.asset_id, event.space_id): event.failure.reason for event in told}


async def until(fact: Callable[[], Any], seconds: float = 90) -> None:
    async with asyncio.timeout(seconds):
        while not await fact():
            await asyncio.sleep(0.1)


async def scraped(child: Child) -> dict[str, float]:
    """Every sample of a process's metrics by its whole name."""
    port = await child.port("metrics_port")
    async with httpx.AsyncClient() as client:
        text = (await client.get(f"http://127.0.0.1:{port}/metrics")).text
    lines = (line.rpartition(" ") for line in text.splitlines() if line[:1] not in ("", "#"))
    return {name: float(value) for name, _, value in lines}


async def readiness(child: Child) -> tuple[int, dict[str, Any]]:
    port = await child.port("metrics_port")
    async with httpx.AsyncClient() as client:
        answer = await client.get(f"http://127.0.0.1:{port}/readyz")
    return answer.status_code, answer.json()


async def test_an_upload_gets_a_vector_in_each_space_it_names(
    world: World,
    start_embedder: Start,
    tiny_model: Path,
    second_model: Path,
    make_jpeg: Callable[..., bytes],
) -> None:
    """Both, one, or the default one; a bad picture fails in each; each model has its own gauges."""
    first, second = space_of(tiny_model), space_of(second_model)
    child = start_embedder(**world.environment, KIOKU_EMBEDDER_SECOND_MODEL=str(second_model))
    both = [await world.upload(make_jpeg(n), space_ids=[first, second]) for n in range(3)]
    other = await world.upload(make_jpeg(3), space_ids=[second])
    unnamed = await world.upload(make_jpeg(4))
    bad = await world.upload(make_jpeg(5)[:900], space_ids=[first, second])

    async def all_settled() -> bool:
        return (await vectors(world)).total() >= 8 and len(await failures(world)) >= 2

    await until(all_settled)
    expected = Counter((asset, space) for asset in both for space in (first, second))
    assert expected + Counter([(other, second), (unnamed, first)]) == await vectors(world)
    assert {(bad, first): "IMAGE_TRUNCATED", (bad, second): "IMAGE_TRUNCATED"} == (
        await failures(world)
    )
    seen = await scraped(child)
    for model in ("tiny-siglip2", "tiny-clip"):
        assert f'kioku_embedder_model_memory_bytes{{model="{model}"}}' in seen
        assert 1 == seen[f'kioku_embedder_model_works{{model="{model}"}}']
        assert 4 <= seen[f'kioku_embedder_items_total{{model="{model}",reason="OK",tower="image"}}']
    assert seen['kioku_embedder_model_memory_bytes{model="tiny-siglip2"}'] > 0
    child.process.send_signal(signal.SIGTERM)
    assert 0 == await child.wait()


async def test_a_broken_second_model_harms_its_own_space_only(
    world: World,
    issuer: DevIssuer,
    start_embedder: Start,
    tiny_model: Path,
    second_model: Path,
    tmp_path: Path,
    make_jpeg: Callable[..., bytes],
) -> None:
    """The first goes on, health tells which is down, and what waits is done by the next process."""
    copy = shutil.copytree(second_model, tmp_path / "tiny-clip")
    first, second = space_of(tiny_model), space_of(copy)
    environment = {**world.environment, "KIOKU_EMBEDDER_SECOND_MODEL": str(copy)}
    child = start_embedder(**environment)
    await child.port()
    weights = copy / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:2000])  # opened whole, not yet loaded
    assets = [await world.upload(make_jpeg(n), space_ids=[first, second]) for n in range(3)]

    async def second_is_down() -> bool:
        return not (await scraped(child))['kioku_embedder_model_works{model="tiny-clip"}']

    await until(second_is_down)
    assets += [await world.upload(make_jpeg(n), space_ids=[first, second]) for n in (3, 4)]
    await world.until_ready(5)
    assert Counter((asset, first) for asset in assets) == await vectors(world)

    async def told() -> bool:
        code, report = await readiness(child)
        return code == 200 and "down" in report["second model"] and report["engine"] == "ok"

    await until(told)
    opened = channel(
        f"127.0.0.1:{await child.port()}",
        token=lambda: issuer.mint("user-1"),
        default_timeout=20,
        retry_unavailable=False,
    )
    stub = EmbedderServiceStub(opened)
    assert 48 == len((await stub.EmbedText(pb.EmbedTextRequest(text="x"))).embedding)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await stub.EmbedText(pb.EmbedTextRequest(text="x", space_id=second))
    assert grpc.StatusCode.UNAVAILABLE is caught.value.code()
    await opened.close()
    child.process.send_signal(signal.SIGTERM)
    assert 0 == await child.wait()
    shutil.copy(second_model / "model.safetensors", weights)
    start_embedder(**environment)
    await world.until_ready(10)
    assert Counter((asset, space) for asset in assets for space in (first, second)) == (
        await vectors(world)
    )
    assert {} == await failures(world)
    assert await world.bus.stored_after("DLQ", 1, "dlq.>") is None


async def test_two_fleets_share_one_queue_and_kill_nothing(
    world: World,
    start_embedder: Start,
    tiny_model: Path,
    second_model: Path,
    make_jpeg: Callable[..., bytes],
) -> None:
    """Each gives back what is the other's; a space of nobody at all is dead in the end."""
    first, second = space_of(tiny_model), space_of(second_model)
    one = start_embedder(**world.environment, KIOKU_EMBEDDER_FOREIGN_SECONDS="60")
    other = start_embedder(**world.environment, SIGLIP_MODEL_NAME=str(second_model))
    await asyncio.gather(one.port(), other.port())
    assets = [
        await world.upload(make_jpeg(n), space_ids=[first, second], event_time=now())
        for n in range(12)
    ]

    async def all_there() -> bool:
        return (await vectors(world)).total() >= 24

    await until(all_there)
    assert Counter((asset, space) for asset in assets for space in (first, second)) == (
        await vectors(world)
    )
    assert {} == await failures(world)
    made = now()
    made.seconds -= 3599 + 60  # older than either fleet's patience
    request = events_pb2.EmbeddingRequested(
        asset_id=assets[0],
        owner="user-1",
        kind=asset_pb2.ASSET_KIND_IMAGE,
        object_key=f"originals/o/{assets[0]}/1",
        space_id="gone@0",
        event_time=made,
    )
    await world.bus.publish(
        "embedding.requested", request.SerializeToString(), event_id=str(uuid.uuid4())
    )
    await until(lambda: failures(world))
    assert {(assets[0], "gone@0"): "SPACE_NOT_SERVED"} == await failures(world)
