"""Recall is measured on live searches, kept as numbers alone, and kept up."""

from __future__ import annotations

import numpy as np
import pytest
import pytest_asyncio
from kioku_rt.auth import Acting, Principal
from kioku_search.indexes.index_store import IndexStore
from kioku_search.indexes.recall_store import ExactStore, RecallStore
from kioku_search.indexes.recall_watch import RecallRules, RecallWatch, WatchedNeighbours
from kioku_search.metrics import RECALL, recall_shown
from kioku_search.searching.neighbour_store import NeighbourStore
from kioku_search.searching.search import After, Probe, Wanted

from tests.integration.search.clustered import CLUSTERS, IDS, SPACE, K, fill, queries, truth
from tests.integration.search.rig import user
from tests.integration.search.test_routing import keeping

WINDOW = 200
OWNER = "everything"


@pytest_asyncio.fixture
async def db(open_db):
    """A clone of the clustered library, in which the index is chosen for large owners."""
    one = await open_db(fill, "search-clustered")
    await one.worker.execute("UPDATE search.space_indexes SET row_us = 9, tuple_us = 9")
    return one


class World:
    """Searches that are watched, every one of them."""

    def __init__(self, db, **rules):
        self.indexes, self.samples = IndexStore(db.worker), RecallStore(db.worker, WINDOW)
        self.outcomes = []
        self.watch = RecallWatch(
            ExactStore(db.api_dsn),
            self.samples,
            self.indexes,
            RecallRules(**{"share": 1.0, **rules}),
            outcome=self.outcomes.append,
        )
        self._neighbours = WatchedNeighbours(NeighbourStore(db.api, ef_search=200), self.watch)

    async def ask(self, query, owner=OWNER, wanted=None, after=None):
        probe = Probe(SPACE, query, None, wanted or Wanted(), after)
        return await self._neighbours.nearest(user(owner), probe, K + 1)

    async def ask_and_measure(self, drawn):
        for query in drawn:
            await self.ask(query)
            await self.watch.repeat_one()


async def damage(db):
    """Replace the graph by one of two neighbours a vector, which has islands everywhere."""
    name = await db.partition(SPACE.space_id)
    await db.owner.execute(f"DROP INDEX search.{name}_hnsw")
    await db.owner.execute(
        f"CREATE INDEX {name}_hnsw ON search.{name}"
        " USING hnsw ((embedding::halfvec(32)) halfvec_cosine_ops)"
        " WITH (m = 4, ef_construction = 8)",
        timeout=60,
    )


async def test_what_is_measured_is_the_truth(db):
    """Each sample's recall is that against comparing everything; the mean is told in answers."""
    await db.worker.execute("UPDATE search.space_indexes SET effort = 20")
    world, expected = World(db, target=0.0), []
    for query in queries():
        found = await world.ask(query)
        assert {"hnsw"} == {hit.strategy for hit in found}
        last = truth(query, keeping(None))[-1]
        expected.append(sum(hit.distance <= last + 1e-6 for hit in found[:K]) / K)
        await world.watch.repeat_one()
    window = (await world.samples.windows())[SPACE.space_id]
    assert np.allclose(expected, window[::-1])
    (found, *_) = await world.ask(queries()[0])
    assert found.recall == pytest.approx(np.mean(expected), abs=1e-6)
    assert ["measured"] * len(expected) == world.outcomes


async def test_nothing_of_the_query_is_kept(db):
    """A sample has a space, numbers and a time; neither owner nor vector nor asset."""
    world = World(db)
    await world.ask(queries()[0], wanted=Wanted(tags=("half",)))
    await world.watch.repeat_one()
    row = await db.worker.fetchrow("SELECT * FROM search.recall_samples")
    assert {"sample_id", "space_id", "answered_at", "effort", "k", "filtered", "recall"} == set(
        row.keys()
    )
    assert (SPACE.space_id, 200, K, True) == (
        row["space_id"],
        row["effort"],
        row["k"],
        row["filtered"],
    )


async def test_exact_answers_and_later_pages_are_not_repeated(db):
    """There is nothing to be learnt from them."""
    world = World(db)
    await world.ask(queries()[0], owner="three")
    await world.ask(queries()[0], after=After(0.1, IDS[0], 20))
    await world.watch.repeat_one()
    assert [] == world.outcomes


async def test_a_full_queue_drops(db):
    """Answers never wait for the watch."""
    world = World(db, waiting=3)
    for query in queries():
        await world.ask(query)
    assert ["dropped"] * (len(queries()) - 3) == world.outcomes


async def test_the_exact_run_is_bound_to_the_owner(db):
    """It sees what the owner sees, by row-level security."""
    exact = ExactStore(db.api_dsn)
    probe = Probe(SPACE, queries()[0], None, Wanted(), None)
    assert 3 == len(await exact.distances(user("three"), probe, 50))
    nobody = Acting("", Principal("", False, frozenset(), "t"), on_behalf=False)
    assert [] == await exact.distances(nobody, probe, 50)


async def test_a_damaged_graph_is_seen_and_made_up_for(db):
    """Recall falls below the target, effort goes up in the database until it is reached again."""
    await damage(db)
    await db.worker.execute("UPDATE search.space_indexes SET effort = 20")
    world = World(db, target=0.98)
    draws = CLUSTERS.draw(160, seed=3)
    await world.ask_and_measure(draws[:8])
    before, _ = (await world.watch.told())[SPACE.space_id]
    efforts = []
    for part in range(1, 20):
        await world.ask_and_measure(draws[8 * part : 8 * part + 8])
        efforts.append((await world.indexes.find(SPACE.space_id)).effort)
        after = (await world.samples.windows())[SPACE.space_id][:8]
        if np.mean(after) >= 0.97:
            break
    assert before.mean < 0.96  # eight questions; the graph is drawn anew each time
    assert sorted(efforts) == efforts
    assert np.mean(after) >= 0.97
    assert efforts[-1] > 40
    assert {efforts[-1]} == {hit.effort for hit in await world.ask(queries()[0])}


async def test_the_window_slides(db):
    """No more than the window is kept."""
    world = World(db)
    await db.owner.execute(
        "INSERT INTO search.recall_samples (space_id, effort, k, filtered, recall, answered_at)"
        " SELECT $1, 1, 20, false, 0, now() - n * interval '1 minute'"
        " FROM generate_series(1, 300) n",
        SPACE.space_id,
    )
    await world.ask_and_measure(queries()[:2])
    assert WINDOW == await db.worker.fetchval("SELECT count(*) FROM search.recall_samples")
    window = (await world.samples.windows())[SPACE.space_id]
    assert min(window[:2]) > 0.5


async def test_metrics_show_what_all_processes_know(db):
    """Mean, 5th percentile, count and effort of each space."""
    world = World(db)
    await world.ask_and_measure(queries()[:4])
    told = await World(db).watch.told()  # another process
    recall_shown(told)
    shown = {
        sample.labels["statistic"]: sample.value
        for metric in RECALL.collect()
        for sample in metric.samples
        if sample.labels["space"] == SPACE.space_id
    }
    recall, effort = told[SPACE.space_id]
    assert {"mean": recall.mean, "p5": recall.p5, "count": 4} == shown
    assert 200 == effort
    recall_shown({})
    assert [] == next(iter(RECALL.collect())).samples
