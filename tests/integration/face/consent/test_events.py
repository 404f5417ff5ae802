"""What is announced reaches the event log once, in the order of the owner's sequence."""

from __future__ import annotations

import asyncio

from kioku.events.v1 import events_pb2
from kioku_rt.events import EventBus, OutboxRelay

from tests.integration.face.consent.rig import acting


async def test_changes_of_consent_and_removals_are_announced(service, db, fresh_nats):
    """Grant, withdrawal with the faces to erase, removal; each has its number and version."""
    ada, faces = await service.known("ann")
    eve, _ = await service.known("ann", sha256="e" * 64)
    await service.withdraw("ann", ada)
    await service.part.withdrawal.remove(acting("ann"), eve, request_id="")
    bus = await EventBus.connect(fresh_nats.url, "test")
    stop = asyncio.Event()
    relay = asyncio.create_task(OutboxRelay(db.worker, bus, "face").run(stop))
    async with bus, asyncio.timeout(40):
        while await db.count("outbox", "published_at IS NULL"):
            await asyncio.sleep(0.02)
        stop.set()
        await relay
    changed = [events_pb2.ConsentChanged.FromString(p) for p in await db.events("consent.changed")]
    assert [(1, str(ada), True, 1), (2, str(eve), True, 1)] == [key(one) for one in changed[:2]]
    assert [(3, str(ada), False, 2), (4, str(eve), False, 2)] == [key(one) for one in changed[2:]]
    assert {str(one) for one in faces} == set(changed[2].erase_face_ids)
    assert 2 == len(changed[3].erase_face_ids)
    assert 5 == await db.count("outbox")


def key(event: events_pb2.ConsentChanged) -> tuple[int, str, bool, int]:
    return event.consent_sequence, event.person_id, event.consented, event.version
