"""A back-fill orders what is missing, once, at its pace, and says why something never came."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from kioku.events.v1 import events_pb2
from kioku_rt.errors import InvalidInput, KiokuError
from kioku_rt.events.outcome import Ack, Event
from kioku_rt.page_token import PageTokens
from kioku_rt.reasons import Reason
from kioku_search.assets.asset import Failure
from kioku_search.consumers import Consumers
from kioku_search.spaces.backfill import Backfills, Window
from kioku_search.spaces.filling import Outcome
from kioku_search.spaces.space import Share
from kioku_search.vectors.indexing import Effect

from tests.integration.search.film import whole_film
from tests.integration.search.model_change import NEW, OLD, RULES, Change, vector_in
from tests.integration.search.rig import space

BAD = Failure(Reason.IMAGE_TRUNCATED, "It ends early.")


@pytest.fixture
def change(db):
    """The use cases, without a service."""
    return Change(db)


@pytest.fixture
def jobs(change):
    """The rpcs' use case."""
    return Backfills(change.jobs, change.spaces, PageTokens(b"x" * 16))


async def refilled(change):
    """As if the next round came a minute later."""
    await change.db.owner.execute(
        "UPDATE search.backfills SET refilled_at = refilled_at - interval '1 min',"
        " look_after = '-infinity', counted_at = NULL"
    )


async def counted(change, jobs):
    await change.db.owner.execute("UPDATE search.backfills SET counted_at = NULL")
    change.fill._rested.clear()
    await change.fill.count(NEW.space_id, timedelta())
    return await jobs.get(NEW.space_id)


async def test_everything_is_ordered_once_and_then_it_is_done(change, jobs):
    """In the order of the key, in the new space only; done when the last vector has come."""
    ids = await change.begin(5)
    await change.orders()
    await refilled(change)
    assert (Outcome.ORDERED, 5) == ((claim := await change.claim()).outcome, claim.ordered)
    orders = await change.orders()
    assert sorted(map(str, ids)) == sorted(order.asset_id for order in orders)
    assert {NEW.space_id} == {order.space_id for order in orders}
    assert 5 == len({order.order_id for order in orders})
    job = await counted(change, jobs)
    assert (5, 0, 5, 0) == (job.total, job.done, job.in_flight, job.pending)
    for one in ids:
        await change.put(one)
    for outcome in (Outcome.WAITING, Outcome.COMPLETE):
        await refilled(change)
        got = (await change.claim()).outcome
        if got is Outcome.COMPLETE:
            break
        assert outcome == got
    job = await counted(change, jobs)
    assert ("DONE", 5, 5, 0) == (job.state, job.total, job.done, job.pending)
    assert job.finished_at is not None
    assert [] == await change.orders()


async def test_the_pace_is_kept(change):
    """60 a minute: five seconds' worth after a minute's pause, then one a second."""
    await change.begin(10, rate=60)
    assert Outcome.WAITING == (await change.claim()).outcome
    await refilled(change)
    assert 5 == (await change.claim()).ordered
    assert 0 == (await change.claim()).ordered
    await change.db.owner.execute(
        "UPDATE search.backfills SET refilled_at = refilled_at - interval '2 s'"
    )
    assert 2 == (await change.claim()).ordered


async def longer_ago(change, seconds):
    """As if the last word of slow searches, and the last round, were so much older."""
    await change.db.owner.execute(
        "UPDATE search.backfills SET strained_at = strained_at - make_interval(secs => $1),"
        " refilled_at = refilled_at - make_interval(secs => $1)",
        seconds,
    )


async def test_it_gives_way_to_searches(change, jobs):
    """Half its pace for each word of slow searches, two seconds apart; then up again in steps."""
    await change.begin(200, rate=6000)
    slow = change.filling(slow=lambda: True)
    for pace in (0.5, 0.25):
        await slow.run_once()
        await slow.run_once()
        assert pace == (await jobs.get(NEW.space_id)).pace
        await longer_ago(change, 2.5)
    for _ in range(10):
        await longer_ago(change, 2.5)
        await slow.run_once()
    assert 0.01 == (await jobs.get(NEW.space_id)).pace
    await longer_ago(change, 10)
    assert 5 == (await change.claim(replace(RULES, in_flight=5000))).ordered
    assert 0.21 == pytest.approx((await jobs.get(NEW.space_id)).pace, abs=0.05)
    await longer_ago(change, 60)
    await change.claim()
    assert 1.0 == (await jobs.get(NEW.space_id)).pace


async def test_work_in_flight_is_bounded(change):
    """No more is ordered than may be under way; what comes makes room."""
    ids = await change.begin(6)
    await refilled(change)
    rules = replace(RULES, in_flight=4)
    assert 4 == (await change.claim(rules)).ordered
    assert Outcome.WAITING == (await change.claim(rules)).outcome
    for one in sorted(ids)[:2]:
        await change.put(one)
    await refilled(change)
    assert 2 == (await change.claim(rules)).ordered


async def test_a_long_queue_is_waited_for(change):
    """Uploads of callers are not overtaken by thousands of orders."""
    await change.begin(2)
    await refilled(change)
    change.queue.number = 1000
    assert {NEW.space_id: Outcome.BUSY, OLD.space_id: Outcome.COMPLETE} == (
        await change.filling().run_once()
    )
    change.queue.number = 0
    assert Outcome.ORDERED == (await change.filling().run_once())[NEW.space_id]


async def test_what_became_ready_a_moment_ago_is_on_its_way(change):
    """Unless that was before the job began: then nobody has asked for its vector."""
    before = await change.begin(2)
    await change.db.indexed("ann", OLD, vector_in(OLD, "new"))
    await refilled(change)
    await change.claim(replace(RULES, grace=timedelta(hours=1)))
    assert sorted(map(str, before)) == sorted(order.asset_id for order in await change.orders())
    await refilled(change)
    assert 1 == (await change.claim(replace(RULES, grace=timedelta(0)))).ordered


async def test_two_processes_never_order_the_same(change):
    """Whoever comes second finds the job in hand and leaves it."""
    await change.begin(20)
    await refilled(change)
    claims = await asyncio.gather(*(change.claim(replace(RULES, in_flight=5)) for _ in range(6)))
    assert 5 == sum(claim.ordered for claim in claims)
    orders = [order.asset_id for order in await change.orders()]
    assert 5 == len(set(orders)) == len(orders)


async def test_paused_and_resumed(change, jobs):
    """Nothing is ordered in between; everything that was ordered is still known."""
    await change.begin(4)
    await refilled(change)
    await change.claim(replace(RULES, in_flight=2))
    await change.orders()
    assert "PAUSED" == (await jobs.pause(NEW.space_id, actor="op")).state
    await refilled(change)
    assert Outcome.ELSEWHERE == (await change.claim()).outcome
    assert NEW.space_id not in await change.fill.spaces()
    assert "RUNNING" == (await jobs.resume(NEW.space_id, actor="op")).state
    await refilled(change)
    assert 2 == (await change.claim()).ordered
    actions = await change.db.owner.fetch(
        "SELECT action FROM search.audit_logs WHERE action LIKE 'backfill.%' ORDER BY id"
    )
    expected = ["backfill.start", "backfill.pause", "backfill.resume"]
    assert expected == [row["action"] for row in actions]


def around(hours_from: int, hours_until: int) -> Window:
    """A window so many hours from now, in UTC."""
    minute = datetime.now(UTC).hour * 60 + datetime.now(UTC).minute
    return Window((minute + 60 * hours_from) % 1440, (minute + 60 * hours_until) % 1440)


@pytest.mark.parametrize(
    ("hours", "is_open"),
    [((-1, 2), True), ((-1, 22), True), ((2, 5), False), ((1, 23), False)],
)
async def test_it_works_in_its_hours(change, jobs, hours, is_open):
    """Also in a window that passes midnight."""
    await change.begin(2)
    job = await jobs.start(NEW.space_id, 6000, around(*hours), actor="op")
    assert is_open == job.in_window
    await refilled(change)
    assert (Outcome.ORDERED if is_open else Outcome.CLOSED) == (await change.claim()).outcome


async def test_the_window_is_meant_where_it_is_local(change, jobs):
    """The same minutes in two zones are other times."""
    await change.begin(1)
    here = around(-1, 1)
    job = await jobs.start(NEW.space_id, 0, replace(here, zone="Asia/Tokyo"), actor="op")
    assert (False, 600) == (job.in_window, job.rate_per_minute)


@pytest.mark.parametrize(
    ("rate", "window"),
    [
        (-1, None),
        (2_000_000, None),
        (0, Window(5, 5)),
        (0, Window(-1, 5)),
        (0, Window(0, 1440)),
        (0, Window(0, 5, "Nowhere/At all")),
    ],
)
async def test_a_pace_that_is_none_is_refused(change, jobs, rate, window):
    """Rates, minutes and zones."""
    await change.begin(0)
    with pytest.raises(InvalidInput):
        await jobs.start(NEW.space_id, rate, window, actor="op")


async def test_jobs_that_are_not_there(change, jobs):
    """An unknown space, and one that nobody fills."""
    await change.db.register(OLD)
    for work, reason in (
        (jobs.start("nothing@000000000000", 0, None, actor="op"), Reason.SPACE_NOT_FOUND),
        (jobs.get(OLD.space_id), Reason.BACKFILL_NOT_FOUND),
        (jobs.pause(OLD.space_id, actor="op"), Reason.BACKFILL_NOT_FOUND),
    ):
        with pytest.raises(KiokuError) as refused:
            await work
        assert reason is refused.value.reason


async def test_failures_are_listed_and_only_they_are_tried_again(change, jobs):
    """Page by page, with the reason of each; a retry is another order."""
    ids = sorted(await change.begin(5))
    await refilled(change)
    await change.claim()
    first = {order.asset_id: order.order_id for order in await change.orders()}
    for one in ids[:2]:
        await change.put(one)
    for one in ids[2:]:
        await change.fail(BAD, one)
    assert {"READY"} == {await change.asset_state(one) for one in ids}
    job = await counted(change, jobs)
    assert (2, 3, 0, 0.6) == (job.done, job.failed, job.pending, job.failure_rate)
    page = await jobs.failures(NEW.space_id, 2, "")
    rest = await jobs.failures(NEW.space_id, 2, page.next_page_token)
    listed = [*page.failures, *rest.failures]
    assert ids[2:] == [one.asset_id for one in listed]
    assert {(Reason.IMAGE_TRUNCATED, -1, 1)} == {
        (one.failure.reason, one.frame_no, one.orders) for one in listed
    }
    assert "" == rest.next_page_token
    await refilled(change)
    assert 0 == (await change.claim()).ordered
    assert 3 == (await jobs.retry(NEW.space_id, actor="op"))[1]
    await refilled(change)
    await change.claim()
    again = await change.orders()
    assert [str(one) for one in ids[2:]] == sorted(order.asset_id for order in again)
    assert all(order.order_id != first[order.asset_id] for order in again)


async def test_a_vector_that_comes_after_its_failure_counts(change, jobs):
    """What failed and came after all is no failure any more, and a late failure changes nothing."""
    (one,) = await change.begin(1)
    await change.fail(BAD, one)
    await change.put(one)
    await change.fail(BAD, one)
    await refilled(change)
    await change.claim()
    assert () == (await jobs.failures(NEW.space_id, 10, "")).failures
    assert "READY" == await change.asset_state(one)


async def test_an_order_that_brings_nothing_is_given_again_and_then_given_up(change, jobs):
    """Only when nothing is under way any more; after the last try it is a failure with a reason."""
    (one,) = await change.begin(1)
    rules = replace(RULES, most_orders=2)
    for again, ordered in ((True, 1), (False, 0), (True, 1), (True, 0)):
        await refilled(change)
        assert ordered == (await change.claim(rules, again=again)).ordered
        await change.db.owner.execute(
            "UPDATE search.backfill_items SET ordered_at = now() - interval '1 day'"
        )
    (failure,) = (await jobs.failures(NEW.space_id, 10, "")).failures
    assert (one, Reason.ATTEMPTS_EXHAUSTED) == (failure.asset_id, failure.failure.reason)


async def test_what_is_lost_later_is_ordered_again(change):
    """A job that is done keeps looking."""
    ids = await change.begin(3)
    for one in ids:
        await change.put(one)
    for _ in range(2):
        await refilled(change)
        await change.claim()
    assert "DONE" == (await change.jobs.find(NEW.space_id)).state
    await change.db.owner.execute(
        "DELETE FROM search.image_embeddings WHERE asset_id = $1 AND space_id = $2",
        ids[1],
        NEW.space_id,
    )
    await refilled(change)
    await change.claim()
    assert [str(ids[1])] == [order.asset_id for order in await change.orders()]


async def test_the_active_space_is_kept_complete_for_owners_of_a_canary(change):
    """They are served elsewhere, and a rollback of the canary must find everything."""
    await change.begin(1)
    await change.db.owner.execute("DELETE FROM search.image_embeddings")
    await refilled(change)
    inside, outside = Share(NEW.space_id, 100, inside=True), Share(NEW.space_id, 100)
    assert 0 == (await change.fill.claim(OLD.space_id, outside, RULES, again=False)).ordered
    await refilled(change)
    assert 1 == (await change.fill.claim(OLD.space_id, inside, RULES, again=False)).ordered
    assert {OLD.space_id} == {order.space_id for order in await change.orders()}


async def test_frames_are_embedded_without_being_cut_again(change, objects, jobs):
    """Stored frames are announced for the new space: missing ones only, in runs."""
    video = await whole_film(change.db, count=5)
    other = NEW
    await change.db.register(other)
    await change.jobs.start(other.space_id, 1_000_000, None, "op")
    await refilled(change)
    await change.orders()
    fill = change.filling(video.objects)
    assert Outcome.ORDERED == (await fill.run_once())[other.space_id]
    (told,) = await change.orders(events_pb2.FramesExtracted)
    assert (other.space_id, 0, 5, 1) == (
        told.space_id,
        told.first_frame_no,
        told.frame_count,
        told.generation,
    )
    assert told.order_id
    manifest = events_pb2.FrameManifest.FromString(
        await video.objects.get(told.manifest_key, max_bytes=10**6)
    )
    stored = await video.frames()
    assert [stored[n]["s3_key"] for n in range(5)] == [f.object_key for f in manifest.frames]
    job = await counted(change, jobs)
    assert (5, 0, 5) == (job.total, job.done, job.in_flight)


async def test_some_frames_of_a_video_are_enough_to_order(change, jobs):
    """Frames with a vector are left alone, failed ones are listed, and the rest come in runs."""
    other = space("frames", 32)
    video = await whole_film(change.db, count=6)
    await change.db.register(other)
    await change.jobs.start(other.space_id, 1_000_000, None, "op")
    await video.embed(2, 4, one=other, f4=BAD)
    await refilled(change)
    await change.orders()
    await change.filling(video.objects).run_once()
    told = await change.orders(events_pb2.FramesExtracted)
    runs = sorted((one.first_frame_no, one.frame_count) for one in told)
    assert [(0, 2), (3, 1), (5, 1)] == runs
    (failure,) = (await jobs.failures(other.space_id, 10, "")).failures
    assert (4, Reason.IMAGE_TRUNCATED) == (failure.frame_no, failure.failure.reason)
    assert ("READY", {"frames": "DONE", "embedding": "DONE"}) == await video.standing()
    await video.embed(0, 1, 3, 5, one=other)
    await refilled(change)
    await change.filling(video.objects).run_once()
    assert 0 == await change.db.owner.fetchval(
        "SELECT count(*) FROM search.backfill_items WHERE state = 'ORDERED'"
    )


async def test_search_leaves_its_own_announcements_alone():
    """Frames that it ordered are known: they are not stored again, nor fail a video."""
    message = events_pb2.FramesExtracted(
        asset_id="00000000-0000-0000-0000-000000000001", order_id="x"
    )
    event = Event("id", "frames.extracted", message.SerializeToString(), 1, {}, 1)
    nobody = Consumers(None, None, None)
    assert Ack() == await nobody.frames_extracted(event)


async def test_failures_elsewhere_do_not_touch_an_asset_in_process(change):
    """It waits for its own space's vector; the failure is listed where it happened."""
    await change.begin(0)
    one = await change.db.stored_asset("ann")
    assert Effect.DONE == await change.fail(BAD, one)
    assert "PROCESSING" == await change.asset_state(one)
    assert Effect.DONE == await change.fail(BAD, one, OLD)
    assert "FAILED" == await change.asset_state(one)
    assert Effect.DONE == await change.put(one, OLD)
    assert "READY" == await change.asset_state(one)
