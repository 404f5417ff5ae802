"""A full disk under NATS is seen by health, loses nothing, and ends with the restart."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from kioku.events.v1 import events_pb2
from kioku_rt.db import acquire
from kioku_rt.errors import DependencyDown
from kioku_rt.events import EventBus, OutboxRelay, enqueue
from kioku_stack.nats import Nats


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 12 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", folder],
        check=False,
        capture_output=True,
    )
    if mount.returncode:
        pytest.skip("needs the right to mount a tmpfs")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


@pytest.fixture
def small_nats(small_disk: Path) -> Iterator[Nats]:
    """NATS whose store lies there."""
    server = Nats(small_disk / "nats")
    server.start()
    yield server
    server.kill()


async def test_a_full_disk_is_seen_and_survived(small_disk, small_nats, pool, at_work, until):
    """Health says so within ten seconds; after room and a restart every event is stored."""
    async with await EventBus.connect(small_nats.url, "t") as bus:
        await _fill(bus)
        async with at_work(OutboxRelay(pool, bus, "demo")):
            ids = await _enqueue(pool, 20)
            await until(lambda: _is_down(bus), 10)
            assert small_nats.process.alive
            subprocess.run(["mount", "-o", "remount,size=64m", small_disk], check=True)
            await asyncio.to_thread(small_nats.stop)
            await asyncio.to_thread(small_nats.start)
            await until(lambda: _drained(pool), 20)
        await bus.health()
        assert set(ids) <= set(await _stream(bus))


async def _fill(bus: EventBus) -> None:
    """Publish until the server refuses."""

    async def publish() -> None:
        for number in range(1000):
            await bus.publish("asset.uploaded", b"x" * 100_000, event_id=f"fill-{number}")

    with pytest.raises(DependencyDown):
        await publish()


async def _is_down(bus: EventBus) -> bool:
    try:
        await bus.health()
    except DependencyDown:
        return True
    return False


async def _enqueue(pool, count: int) -> list[str]:
    async with acquire(pool) as connection, connection.transaction():
        return [
            await enqueue(
                connection,
                schema="demo",
                subject="asset.uploaded",
                message=events_pb2.AssetUploaded(asset_id=str(number)),
            )
            for number in range(count)
        ]


async def _drained(pool) -> bool:
    async with acquire(pool) as connection:
        return not await connection.fetchval(
            "SELECT count(*) FROM demo.outbox WHERE published_at IS NULL"
        )


async def _stream(bus: EventBus) -> list[str]:
    found: list[str] = []
    sequence = 1
    while message := await bus.stored_after("KIOKU", sequence, "asset.>"):
        found.append(message.headers["Nats-Msg-Id"])
        sequence = message.sequence + 1
    return found
