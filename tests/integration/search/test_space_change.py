"""A whole change of the model, with two processes, under questions that never stop."""

from __future__ import annotations

import asyncio
import hashlib
import uuid
from contextlib import asynccontextmanager

import pytest
from kioku.assets.v1 import asset_pb2, asset_service_pb2
from kioku.search.v1 import space_service_pb2 as pb
from kioku.search.v1.space_service_pb2_grpc import SpaceServiceStub
from kioku_search.changes import DatabaseChanges
from kioku_search.spaces import space
from kioku_search.spaces.space import in_canary

from tests.integration.search.model_change import (
    NEW,
    OLD,
    Asker,
    BothSpaces,
    backfilled,
    embedder,
    vector_in,
)

COUNT = 300
JPEG = b"\xff\xd8\xff\xe0" + b"\x00" * 200
# One owner is in the first share of the canary, the other one is not.
NAMES = [f"owner-{number}" for number in range(100)]
FIRST = next(name for name in NAMES if in_canary(NEW.space_id, name, 30))
OTHER = next(name for name in NAMES if not in_canary(NEW.space_id, name, 30))
SETTINGS = {"backfill_seconds": 0.1, "backfill_grace_seconds": 0, "repair_seconds": 3600.0}


@pytest.fixture
async def library(db):
    """READY pictures of two owners, in the old space."""
    await db.register(OLD)
    ready = {FIRST: set(), OTHER: set()}
    for number in range(COUNT):
        owner = (FIRST, OTHER)[number % 2]
        asset_id = uuid.uuid4()
        await db.indexed(owner, OLD, vector_in(OLD, asset_id), asset_id=asset_id)
        ready[owner].add(str(asset_id))
    return ready


async def uploaded(assets, objects):
    """One more picture, READY."""
    made = await assets.CreateUpload(
        asset_service_pb2.CreateUploadRequest(
            filename="a.jpg",
            content_type="image/jpeg",
            size_bytes=len(JPEG),
            sha256=hashlib.sha256(JPEG).hexdigest(),
        )
    )
    await objects.put(f"incoming/{made.asset.asset_id}", JPEG, "image/jpeg")
    request = asset_service_pb2.CompleteUploadRequest(asset_id=made.asset.asset_id)
    await assets.CompleteUpload(request)
    watch = asset_service_pb2.WatchAssetRequest(asset_id=made.asset.asset_id)
    states = [change.asset.state async for change in assets.WatchAsset(watch, timeout=60)]
    assert asset_pb2.ASSET_STATE_READY == states[-1]
    return made.asset.asset_id


async def uploading(assets, objects, known, stop):
    """Pictures come all the time; each counts for the askers from the moment it is READY."""
    while not stop.is_set():
        known.add(await uploaded(assets, objects))


@asynccontextmanager
async def asked(start_service, objects, library, nats_url):
    """Two processes, asked without pause while pictures come; at the end no answer was wrong."""
    how = {"nats_url": nats_url, "embedder": BothSpaces(OLD), **SETTINGS}
    async with (
        start_service(objects, **how) as one,
        start_service(objects, **how) as two,
        embedder(nats_url),
    ):
        askers = [
            Asker(service.search(owner), owner, library)
            for service in (one, two)
            for owner in (FIRST, OTHER)
        ]
        stop = asyncio.Event()
        work = [asyncio.create_task(asker.run(stop)) for asker in askers]
        work += [
            asyncio.create_task(uploading(one.assets(owner), objects, library[owner], stop))
            for owner in (FIRST, OTHER)
        ]
        try:
            yield one, askers
        finally:
            stop.set()
            await asyncio.gather(*work)
    assert [] == [fault for asker in askers for fault in asker.faults]
    for asker in askers:
        assert {OLD.space_id, NEW.space_id} == set(asker.answers)


async def test_a_model_is_changed_without_a_gap(start_service, objects, library, fresh_nats):
    """Back-fill, canary, promotion, rollback and promotion again: no answer is mixed, none lacks
    what is READY, none fails, while pictures are uploaded.
    """
    async with asked(start_service, objects, library, fresh_nats.url) as (one, askers):
        await _change(one, askers)
    assert len(library[FIRST]) > COUNT // 2


async def test_a_process_that_hears_nothing_sees_it_with_the_next_search(
    start_service, objects, library, fresh_nats, monkeypatch
):
    """Each search asks whether spaces changed, so no announcement is needed."""
    deaf = set()
    monkeypatch.setattr(DatabaseChanges, "_space_changed", lambda self, *_: deaf.add(self))
    monkeypatch.setattr(space, "_FRESH_SECONDS", 3600.0)
    async with asked(start_service, objects, library, fresh_nats.url) as (one, askers):
        spaces = await _filled(one, askers)
        await spaces.PromoteSpace(pb.PromoteSpaceRequest(space_id=NEW.space_id))
        await _all_ask(askers, {NEW.space_id})
        async with asyncio.timeout(60):
            while len(deaf) < 2:
                await asyncio.sleep(0.02)


async def _filled(service, askers):
    spaces = SpaceServiceStub(service._channel("ops", service=True, scopes=["spaces.admin"]))
    await spaces.RegisterSpace(pb.RegisterSpaceRequest(space_id=NEW.space_id))
    await spaces.StartBackfill(
        pb.StartBackfillRequest(space_id=NEW.space_id, rate_per_minute=1_000_000)
    )
    await _all_ask(askers, {OLD.space_id})
    job = await backfilled(spaces, NEW.space_id)
    assert (job.failed, job.done >= COUNT) == (0, True)
    return spaces


async def _change(service, askers):
    spaces = await _filled(service, askers)
    await spaces.SetCanary(pb.SetCanaryRequest(space_id=NEW.space_id, percent=30))
    await _all_ask([asker for asker in askers if asker.owner == FIRST], {NEW.space_id})
    await _all_ask([asker for asker in askers if asker.owner == OTHER], {OLD.space_id})
    await spaces.PromoteSpace(pb.PromoteSpaceRequest(space_id=NEW.space_id))
    await _all_ask(askers, {NEW.space_id})
    await spaces.RollbackSpace(pb.RollbackSpaceRequest())
    await _all_ask(askers, {OLD.space_id})
    await spaces.PromoteSpace(pb.PromoteSpaceRequest(space_id=NEW.space_id))
    await _all_ask(askers, {NEW.space_id})


async def _all_ask(askers, spaces, times=5):
    """Until each has had so many answers from these spaces since now."""
    wanted = {id(asker): dict(asker.answers) for asker in askers}

    def had(asker):
        before = wanted[id(asker)]
        return all(asker.answers.get(one, 0) >= before.get(one, 0) + times for one in spaces)

    async with asyncio.timeout(60):
        while not all(had(asker) for asker in askers):
            await asyncio.sleep(0.02)
