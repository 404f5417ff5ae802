"""The bytes of an erased vector are in the files before the scrub, and nowhere after it."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest
from kioku_rt.db.vectors import encode_halfvec
from kioku_rt.errors import DependencyDown
from kioku_search.faces.keeping_store import KeepingStore
from kioku_search.faces.matching import Bounds, Probe
from kioku_search.faces.near_store import FaceNearStore
from kioku_search.faces.scrubber import ErasureStore, TableScrubber
from kioku_search.faces.scrubbing import Scrubbing
from kioku_search.indexes.index_builder import builders
from kioku_search.indexes.index_job_store import IndexJobStore
from kioku_search.indexes.index_jobs import IndexJobs
from kioku_search.indexes.index_store import IndexStore
from kioku_search.indexes.plans import check_plans

from tests.integration.search.face_rig import SPACE, access, ids, put, stored
from tests.integration.search.rig import unit

FACES = 60
LAST_IN_ITS_PAGE = "SELECT face_id FROM search.face_embeddings ORDER BY ctid DESC LIMIT 1"
"""Vacuum moves nothing over it."""
MEMORY = 64 * 2**20


def on_disk(vector: np.ndarray) -> bytes:
    """The numbers of a stored vector as they lie in a page, without the header."""
    return np.frombuffer(encode_halfvec(vector)[4:], dtype=">f2").astype("<f2").tobytes()


async def files_with(db, postgres_server, vector: np.ndarray) -> list[str]:
    """Files of the database that hold the vector."""
    await db.owner.execute("CHECKPOINT")
    number = await db.owner.fetchval(
        "SELECT oid FROM pg_database WHERE datname = current_database()"
    )
    folder = postgres_server.data_dir / "base" / str(number)
    wanted = on_disk(vector)

    def look() -> list[str]:
        return [one.name for one in sorted(folder.iterdir()) if wanted in one.read_bytes()]

    return await asyncio.to_thread(look)


@pytest.fixture
async def faces(db):
    """Some faces of one owner."""
    vectors = {one: unit(str(one)) for one in ids(FACES)}
    await put(db, vectors)
    return vectors


def scrubbing(db, **changes):
    return Scrubbing(ErasureStore(db.worker), TableScrubber(db.dsn, **changes))


async def plain_vacuum(db):
    await db.owner.execute(f"VACUUM search.{await db.partition(SPACE.space_id)}")


@pytest.mark.parametrize("large", [10_000, 10], ids=["index in place", "index apart"])
async def test_no_byte_is_left(db, postgres_server, faces, large):
    """Heap and graph; plain VACUUM leaves them there; what is alive stays and is found."""
    keeping = KeepingStore(db.api)
    gone = await db.owner.fetchval(LAST_IN_ITS_PAGE)
    kept = [one for one in faces if one != gone]
    await db.owner.execute("ANALYZE search.face_embeddings")
    erased = await keeping.erase(access(), None, [gone])
    assert await files_with(db, postgres_server, faces[gone])
    await plain_vacuum(db)
    assert await files_with(db, postgres_server, faces[gone])
    assert await keeping.scrubbed(erased.scrub_ticket) is None

    assert 1 == await scrubbing(db, large=large).run_once()
    assert [] == await files_with(db, postgres_server, faces[gone])
    assert await keeping.scrubbed(erased.scrub_ticket) is not None
    assert set(kept) == await stored(db)

    jobs = IndexJobs(
        IndexJobStore(db.worker), IndexStore(db.worker), builders(db.dsn, MEMORY), MEMORY
    )
    await jobs.run_once()
    await check_plans(db.worker)
    found = await FaceNearStore(db.api, ef_search=200).faces(
        access(), Probe(SPACE.space_id, [(None, faces[kept[0]])]), Bounds(1, 0.99)
    )
    assert [kept[0]] == [hit.face_id for hit in found[0]]
    assert [] == await files_with(db, postgres_server, faces[gone])


async def test_nothing_erased_nothing_rewritten(db, faces):
    """The file of the table stays the same."""
    partition = await db.partition(SPACE.space_id)
    before = await db.owner.fetchval(f"SELECT pg_relation_filenode('search.{partition}')")
    assert 0 == await scrubbing(db).run_once()
    after = await db.owner.fetchval(f"SELECT pg_relation_filenode('search.{partition}')")
    assert before == after


async def test_what_somebody_may_still_see_is_not_called_gone(db, postgres_server, faces):
    """An old snapshot keeps the row alive in the new file; so it is done once more."""
    gone = next(iter(faces))
    async with db.owner.acquire() as old:
        reading = old.transaction(isolation="repeatable_read")
        await reading.start()
        await old.fetchval("SELECT 1")
        await KeepingStore(db.api).erase(access(), None, [gone])
        assert 0 == await scrubbing(db).run_once()
        assert await files_with(db, postgres_server, faces[gone])
        await reading.rollback()
    assert 1 == await scrubbing(db).run_once()
    assert [] == await files_with(db, postgres_server, faces[gone])


async def test_it_waits_for_who_has_the_table(db, faces):
    """A search that is under way is not cut off; the erasure stays open."""
    await KeepingStore(db.api).erase(access(), None, [next(iter(faces))])
    async with db.owner.acquire() as busy, busy.transaction():
        await busy.fetchval("SELECT count(*) FROM search.face_embeddings")
        with pytest.raises(DependencyDown):
            await scrubbing(db, tries=2).run_once()
    store = ErasureStore(db.worker)
    assert 1 == len(await store.open())
    assert 0 < await store.oldest_seconds()
    assert 1 == await scrubbing(db).run_once()
    assert 0 == await store.oldest_seconds()


async def test_one_at_a_time(db, faces):
    """While an index job or another scrub holds the lock, it is left for the next round."""
    await KeepingStore(db.api).erase(access(), None, [next(iter(faces))])
    async with builders(db.dsn, MEMORY)() as builder:
        assert builder is not None
        assert 0 == await scrubbing(db).run_once()
    assert 1 == await scrubbing(db).run_once()


async def test_a_ticket_nobody_gave(db):
    """It is never scrubbed."""
    assert await KeepingStore(db.api).scrubbed(12345) is None
