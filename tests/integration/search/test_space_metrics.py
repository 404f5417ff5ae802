"""What the gauges of spaces say is what the tables say."""

from __future__ import annotations

from kioku_rt.reasons import Reason
from kioku_search.assets.asset import Failure
from kioku_search.spaces.figure_store import FigureStore
from kioku_search.spaces.space_metrics import Shown
from prometheus_client import REGISTRY

from tests.integration.search.model_change import NEW, OLD, Change, vector_in


def value(name: str, one, **labels):
    return REGISTRY.get_sample_value(f"kioku_search_{name}", {"space": one.space_id, **labels})


async def test_the_gauges_follow_a_change(db):
    """States, vectors, what is missing, the back-fill; a forgotten space is shown no more."""
    change = Change(db)
    ids = await change.begin(4)
    await change.put(ids[0])
    await change.put(ids[1])
    await change.fail(Failure(Reason.IMAGE_TRUNCATED, "It ends early."), ids[2])
    await change.fill.count(NEW.space_id, change.filling()._rules.count_every)
    shown = Shown(FigureStore(db.worker))
    await shown.show()
    assert (1, 0) == (
        value("space_state", OLD, state="active"),
        value("space_state", OLD, state="standby"),
    )
    assert 1 == value("space_state", NEW, state="backfilling")
    assert (4, 2) == (value("space_vectors", OLD), value("space_vectors", NEW))
    assert (4, 2) == (value("space_wanted", NEW), value("space_missing", NEW))
    states = ("done", "failed", "in_flight", "pending")
    assert [2, 1, 0, 1] == [value("backfill_items", NEW, state=state) for state in states]
    await change.put(ids[3])
    await change.life.set_canary(NEW.space_id, 25, accept_failures=1, actor="op")
    await shown.show()
    assert 25 == value("space_canary_percent", NEW)
    await change.life.retire(NEW.space_id, force=True, actor="op")
    await shown.show()
    assert 1 == value("space_state", NEW, state="retired")
    assert 0 == sum(value("backfill_items", NEW, state=state) for state in states)
    await db.worker.execute("SELECT search.forget_retired($1)", NEW.space_id)
    await shown.show()
    assert value("space_state", NEW, state="retired") is None


async def test_a_space_without_a_back_fill_shows_what_it_lacks(db):
    """The first one, which nobody ever filled."""
    await db.register(OLD)
    await db.indexed("ann", OLD, vector_in(OLD, 1))
    lost = await db.indexed("ann", OLD, vector_in(OLD, 2))
    await db.owner.execute("DELETE FROM search.image_embeddings WHERE asset_id = $1", lost)
    await Shown(FigureStore(db.worker)).show()
    assert (2, 1) == (value("space_wanted", OLD), value("space_missing", OLD))
