"""First pages do not wait for their rankings, and later pages find them."""

from __future__ import annotations

import asyncio
import uuid
from types import SimpleNamespace

import pytest
from kioku_rt.errors import DependencyDown
from kioku_search.answers import late_rankings
from kioku_search.answers.late_rankings import LateRankings
from uuid_utils.compat import uuid7


class Store:
    """Rankings by id; `slow` is what writing waits for."""

    def __init__(self) -> None:
        self.kept: dict[uuid.UUID, object] = {}
        self.batches: list[int] = []
        self.down = False
        self.slow = asyncio.Event()
        self.slow.set()

    async def keep(self, _acting, ranking, _request_id):
        await self.keep_all([(None, ranking)])
        return True

    async def keep_all(self, rankings):
        await self.slow.wait()
        if self.down:
            raise DependencyDown("database")
        self.batches.append(len(rankings))
        self.kept.update({ranking.ranking_id: ranking for _, ranking in rankings})

    async def cut(self, _acting, ranking_id, _after, _limit):
        return self.kept.get(ranking_id)


def ranking():
    return SimpleNamespace(ranking_id=uuid7())


@pytest.fixture
def store():
    return Store()


@pytest.fixture
async def late(store):
    """With its job running."""
    rankings, stop = LateRankings(store), asyncio.Event()
    job = asyncio.create_task(rankings.run(stop))
    yield rankings
    stop.set()
    await job


async def until(condition):
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.005)


async def test_many_are_written_at_once(store, late):
    for _ in range(50):
        assert await late.keep(None, ranking(), None)
    assert {} == store.kept
    await until(lambda: len(store.kept) == 50)
    assert [50] == store.batches


async def test_a_page_that_is_turned_at_once_finds_its_ranking(store):
    """Without the job: whoever asks writes."""
    late, one = LateRankings(store), ranking()
    await late.keep(None, one, None)
    assert late.unwritten(one.ranking_id)
    assert one is await late.cut(None, one.ranking_id, 0, 10)
    assert not late.unwritten(one.ranking_id)


async def test_a_page_that_is_turned_while_it_is_written_waits(store, late):
    store.slow.clear()
    one = ranking()
    await late.keep(None, one, None)
    await until(lambda: not late._waiting)
    assert late.unwritten(one.ranking_id)
    turning = asyncio.create_task(late.cut(None, one.ranking_id, 0, 10))
    await asyncio.sleep(0)
    store.slow.set()
    assert one is await turning
    assert not late.unwritten(one.ranking_id)


async def test_a_page_that_is_turned_elsewhere_is_waited_for(store):
    """The process that made it has not written it yet."""
    here, there, one = LateRankings(store), LateRankings(store), ranking()
    await there.keep(None, one, None)
    turning = asyncio.create_task(here.cut(None, one.ranking_id, 0, 10))
    await asyncio.sleep(0)
    assert not turning.done()
    await there.write()
    assert one is await turning


async def test_an_old_one_that_is_gone_is_not_waited_for(store, monkeypatch):
    monkeypatch.setattr(late_rankings, "_PATIENCE_SECONDS", 3600.0)
    old = uuid.UUID(int=(1_700_000_000_000 << 80) | uuid7().int % (1 << 80))
    assert await LateRankings(store).cut(None, old, 0, 10) is None


async def test_with_a_request_id_it_is_written_at_once(store):
    await LateRankings(store).keep(None, ranking(), uuid.uuid4())
    assert [1] == store.batches


async def test_a_slow_database_is_not_run_away_from(store, monkeypatch):
    monkeypatch.setattr(late_rankings, "_MOST", 3)
    late = LateRankings(store)
    for _ in range(4):
        await late.keep(None, ranking(), None)
    assert [1] == store.batches


async def test_a_database_that_is_away_does_not_end_the_job(store, late):
    store.down = True
    lost, kept = ranking(), ranking()
    await late.keep(None, lost, None)
    await until(lambda: not late.unwritten(lost.ranking_id))
    store.down = False
    await late.keep(None, kept, None)
    await until(lambda: kept.ranking_id in store.kept)
    assert lost.ranking_id not in store.kept


async def test_what_waits_is_written_before_the_end(store):
    late, stop = LateRankings(store), asyncio.Event()
    job = asyncio.create_task(late.run(stop))
    await late.keep(None, ranking(), None)
    stop.set()
    await job
    assert 1 == len(store.kept)
