"""The reconciler: holes are found by set difference and mended, and a queue is no hole."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from kioku.assets.v1 import asset_pb2
from kioku.events.v1 import events_pb2
from kioku_rt.errors import DependencyDown
from kioku_rt.reasons import Reason
from kioku_search.assets.asset import Failure, Kind
from kioku_search.assets.stats_store import StatsStore
from kioku_search.reconciling.repair import Hole, Reconciler, RepairRules, Round
from kioku_search.reconciling.repair_store import RepairStore, announce_outstanding
from kioku_search.spaces.space import Share, Spaces, in_canary
from kioku_search.spaces.space_store import SpaceStore

from tests.integration.search.film import film, whole_film
from tests.integration.search.rig import FakeEmbedder, space, unit, user

RULES = RepairRules(grace=timedelta(seconds=-1), longest=timedelta(hours=1), batch=10, every_nth=1)


class Queue:
    """As much waits as the test says; None: the event log is down."""

    def __init__(self, waiting=0, kinds=tuple(Kind)):
        self.number, self.kinds = waiting, kinds

    async def waiting(self, kind):
        if self.number is None:
            raise DependencyDown("event log")
        return self.number if kind in self.kinds else 0


def reconciler(db, queue=None, **changes):
    spaces = Spaces(SpaceStore(db.worker), FakeEmbedder(space()))
    return Reconciler(RepairStore(db.worker), spaces, queue or Queue(), replace(RULES, **changes))


async def sent(db):
    """The outbox, then empty."""
    rows = await db.owner.fetch("DELETE FROM search.outbox RETURNING subject, payload")
    return [(row["subject"], row["payload"]) for row in rows]


async def test_a_lost_event_is_mended(db):
    """A pending asset is ordered again in the active space, as a new generation."""
    await db.register(space())
    asset_id = await db.stored_asset("ann")
    assert Round(missing=1, ordered=1) == await reconciler(db).run_once()
    ((subject, payload),) = await sent(db)
    order = events_pb2.EmbeddingRequested.FromString(payload)
    assert ("embedding.requested", str(asset_id)) == (subject, order.asset_id)
    assert (space().space_id, 2, "ann") == (order.space_id, order.generation, order.owner)


async def test_waits_between_two_repairs_grow(db):
    """10, 20, 40 seconds, then the longest wait; in between the hole is seen and left alone."""
    await db.register(space())
    await db.stored_asset("ann")
    await db.owner.execute("UPDATE search.asset_stages SET updated_at = now() - interval '1 hour'")
    one = reconciler(db, grace=timedelta(seconds=10), longest=timedelta(seconds=60))
    waits = []
    for _ in range(5):
        assert Round(missing=1, ordered=1) == await one.run_once()
        await sent(db)
        assert Round(missing=1, ordered=0) == await one.run_once()
        wait = "SELECT extract(epoch FROM repair_after - now()) FROM search.asset_stages"
        waits.append(10 * round(float(await db.owner.fetchval(wait)) / 10))
        await db.owner.execute("UPDATE search.asset_stages SET repair_after = '-infinity'")
    assert [10, 20, 40, 60, 60] == waits


async def test_a_ready_asset_without_its_vector_is_mended(db):
    """A lost partition or row is found although everything says READY."""
    await db.register(space())
    asset_id = await db.indexed("ann", space(), unit("x"))
    whole = await db.indexed("ann", space(), unit("y"))
    await db.owner.execute("DELETE FROM search.image_embeddings WHERE asset_id = $1", asset_id)
    assert Round(missing=1, ordered=1) == await reconciler(db).run_once()
    states = await db.owner.fetch("SELECT asset_id, state FROM search.assets")
    assert {asset_id: "PROCESSING", whole: "READY"} == {row[0]: row[1] for row in states}


@pytest.mark.parametrize("state", ["UPLOADING", "FAILED", "DELETING"])
async def test_assets_that_should_have_no_vector_are_left_alone(db, state):
    """Not uploaded, failed and deleted ones are no holes."""
    await db.register(space())
    await db.stored_asset("ann", state=state)
    await db.stored_asset("ann", state=state, kind="VIDEO")
    assert Round(missing=0, ordered=0) == await reconciler(db).run_once()


async def nobody_moved(db):
    """As if everything had happened long ago."""
    await db.owner.execute("UPDATE search.videos SET updated_at = now() - interval '1 hour'")
    await db.owner.execute("UPDATE search.asset_stages SET updated_at = now() - interval '1 hour'")


@pytest.mark.parametrize("cut", ["nothing", "some", "all"])
async def test_a_video_that_is_stuck_is_cut_again(db, cut):
    """Whether its cutting never began, never ended, or its vectors are missing."""
    video = await film(db, filename="a.mp4", tags=["t"])
    if cut != "nothing":
        await video.cut(0, 3, 3 if cut == "all" else None)
        await video.embed(0, 1)
    await nobody_moved(db)
    one = reconciler(db, grace=timedelta(minutes=1))
    assert Round(missing=1, ordered=1) == await one.run_once()
    ((subject, payload),) = await sent(db)
    order = events_pb2.EmbeddingRequested.FromString(payload)
    assert ("embedding.requested", 2, asset_pb2.ASSET_KIND_VIDEO, "a.mp4", ["t"]) == (
        subject,
        order.generation,
        order.kind,
        order.filename,
        list(order.tags),
    )
    assert ("PROCESSING", {"frames": "PENDING", "embedding": "PENDING"}) == await video.standing()


async def test_a_video_under_way_is_left_alone(db):
    """Progress a moment ago is no hole, nor is a video all of whose frames ended."""
    video = await film(db)
    await nobody_moved(db)
    await video.cut(0, 3)
    whole = await film(db)
    await whole.cut(0, 2, 2)
    await whole.embed(0, 1, f1=Failure(Reason.IMAGE_TRUNCATED, "It ends early."))
    one = reconciler(db, grace=timedelta(minutes=1))
    assert Round(missing=0, ordered=0) == await one.run_once()


async def test_pictures_do_not_wait_for_videos(db):
    """A long queue of one kind is no reason to leave the other alone."""
    await db.stored_asset("ann")
    await film(db)
    one = reconciler(db, Queue(5, (Kind.VIDEO,)))
    assert Round(missing=2, ordered=1) == await one.run_once()
    ((_, payload),) = await sent(db)
    order = events_pb2.EmbeddingRequested.FromString(payload)
    assert asset_pb2.ASSET_KIND_IMAGE == order.kind


async def test_a_frame_that_lost_its_vector_is_mended(db):
    """The video stays READY, its other frames are found, and it is cut again."""
    video = await whole_film(db, count=3)
    await db.owner.execute("DELETE FROM search.image_embeddings WHERE frame_no = 1")
    await nobody_moved(db)
    assert Round(missing=1, ordered=1) == await reconciler(db).run_once()
    assert ("READY", {"frames": "DONE", "embedding": "DONE"}) == await video.standing()
    counts = await StatsStore(db.api).of(user("ann"))
    assert 1 == counts.missing_vectors
    video.generation = 2
    await video.cut(0, 3, 3)
    await video.embed(0, 1, 2)
    assert 0 == (await StatsStore(db.api).of(user("ann"))).missing_vectors
    assert Round(missing=0, ordered=0) == await reconciler(db).run_once()


async def test_videos_that_lack_vectors_are_counted(db):
    """Not yet cut, or with fewer vectors than frames; failed frames need none."""
    await film(db)
    some = await film(db)
    await some.cut(0, 2, 2)
    await some.embed(0)
    assert 2 == (await StatsStore(db.api).of(user("ann"))).missing_vectors
    await some.embed(1, f1=Failure(Reason.IMAGE_TRUNCATED, "It ends early."))
    assert 1 == (await StatsStore(db.api).of(user("ann"))).missing_vectors


async def test_work_under_way_is_no_hole(db):
    """Nothing is ordered twice because a queue is long, or an event not sent yet."""
    await db.register(space())
    await db.stored_asset("ann")
    assert Round(missing=1, ordered=0) == await reconciler(db, Queue(1)).run_once()
    await db.owner.execute(
        "INSERT INTO search.outbox (event_id, subject, payload) VALUES ('x', 'asset.deleted', '')"
    )
    assert Round(missing=1, ordered=0) == await reconciler(db).run_once()
    await sent(db)
    with pytest.raises(DependencyDown):
        await reconciler(db, Queue(None)).run_once()


async def test_owners_are_mended_where_they_are_served(db):
    """Those of a canary in its space, all others in the active one; a long back-fill is no queue
    to wait for.
    """
    new = space("new", 16)
    await db.register(space())
    await db.register(new)
    await db.worker.execute("SELECT search.start_backfill($1)", new.space_id)
    await db.worker.execute("SELECT search.set_canary($1, 50)", new.space_id)
    owners = [f"owner-{number}" for number in range(8)]
    for owner in owners:
        await db.stored_asset(owner)
    one = await db.indexed("ann", space(), unit("x"))
    await db.owner.execute(
        "INSERT INTO search.backfill_items (space_id, owner, asset_id, state, units)"
        " VALUES ($1, 'ann', $2, 'ORDERED', 3)",
        new.space_id,
        one,
    )
    assert 0 == (await reconciler(db, Queue(4))._mend(hole(space()), calm=True)).ordered
    found = await reconciler(db, Queue(3), every_nth=100).run_once()
    orders = [events_pb2.EmbeddingRequested.FromString(payload) for _, payload in await sent(db)]
    served = {order.owner: order.space_id for order in orders if order.owner != "ann"}
    assert served == {
        owner: (new if in_canary(new.space_id, owner, 50) else space()).space_id for owner in owners
    }
    assert {space().space_id, new.space_id} == set(served.values())
    assert len(orders) == found.ordered


def hole(one):
    """Pictures of all owners, in one space."""
    return Hole(Kind.IMAGE, one.space_id, Share(), everything=False)


async def test_the_grace_is_kept(db):
    """What is pending for a moment only is not missing."""
    await db.register(space())
    await db.stored_asset("ann")
    one = reconciler(db, grace=timedelta(minutes=5))
    assert Round(missing=0, ordered=0) == await one.run_once()


async def test_rounds_are_bounded(db):
    """At most a batch is ordered at once; the rest comes next."""
    await db.register(space())
    for _ in range(5):
        await db.stored_asset("ann")
    one = reconciler(db, batch=3)
    assert Round(missing=5, ordered=3) == await one.run_once()
    assert 3 == len(await sent(db))


async def test_without_any_space_the_embedder_chooses(db):
    """The order names no space."""
    await db.stored_asset("ann")
    assert Round(missing=1, ordered=1) == await reconciler(db).run_once()
    ((_, payload),) = await sent(db)
    assert "" == events_pb2.EmbeddingRequested.FromString(payload).space_id


async def test_a_lost_event_store_gets_the_unfinished_work_again(db):
    """Assets in process and open deletions are announced anew; finished ones are not."""
    await db.register(space())
    waiting = await db.stored_asset("ann")
    await db.indexed("ann", space(), unit("x"))
    gone = await db.stored_asset("ann", state="DELETING")
    await db.owner.execute(
        "INSERT INTO search.deletions (owner, asset_id, sweep_after) VALUES ('ann', $1, now())",
        gone,
    )
    async with db.worker.acquire() as connection, connection.transaction():
        assert 2 == await announce_outstanding(connection)
    uploaded, deleted = sorted(await sent(db), reverse=True)
    assert str(waiting) == events_pb2.AssetUploaded.FromString(uploaded[1]).asset_id
    assert str(gone) == events_pb2.AssetDeleted.FromString(deleted[1]).asset_id
