"""The worker on a real NATS: every outcome does what it says."""

from __future__ import annotations

import asyncio
import itertools
import time

import pytest
from kioku_rt.errors import DependencyDown, InvalidInput, KiokuError
from kioku_rt.events import (
    Ack,
    ConsumerSpec,
    Dead,
    DeadLetters,
    Elsewhere,
    Retry,
    Wait,
    Worker,
)
from kioku_rt.reasons import Reason


async def test_acknowledged_events_are_handled_once_each(
    make_worker, recorder, at_work, publish, until, consumer_info
):
    """Twenty events, twenty runs, nothing left pending at the server."""
    ids = await publish(20)
    handler = recorder()
    async with at_work(make_worker(handler)):
        await until(lambda: len(handler.events) == 20)
    info = await consumer_info()
    assert sorted(ids) == sorted(handler.ids)
    assert {1} == set(handler.attempts)
    assert (0, 0) == (info.num_ack_pending, info.num_pending)


async def test_a_retry_is_delivered_six_times_in_all(
    bus, make_worker, recorder, at_work, publish, until
):
    """The first delivery and five retries, then a letter with the last reason."""
    await publish(1)
    handler = recorder(lambda _: Retry(Reason.OVERLOADED, "busy"))
    letters = DeadLetters(bus)
    async with at_work(make_worker(handler)):
        await until(letters.list)
        await asyncio.sleep(1.5)  # longer than ack_wait: a seventh would have come
    (letter,) = await letters.list()
    assert [1, 2, 3, 4, 5, 6] == handler.attempts
    assert ("OVERLOADED", "busy", 6) == (letter.reason, letter.message, letter.attempts)


async def test_retries_wait_their_own_growing_delays(make_worker, at_work, publish, until):
    """Delivery n comes the n-th delay (give or take 20 %) after the one before."""
    await publish(1)
    times: list[float] = []

    async def handler(_):
        times.append(time.monotonic())
        return Retry(Reason.OVERLOADED, "busy") if len(times) < 4 else Ack()

    async with at_work(make_worker(handler, retry_delays=(0.2, 0.4, 0.8))):
        await until(lambda: len(times) == 4)
    waits = [later - earlier for earlier, later in itertools.pairwise(times)]
    for expected, waited in zip((0.2, 0.4, 0.8), waits, strict=True):
        assert 0.8 * expected <= waited <= 1.2 * expected + 0.25


async def test_a_retry_may_name_its_own_delay(make_worker, at_work, publish, until):
    """`Retry(delay=…)` wins over the worker's delays."""
    await publish(1)
    times: list[float] = []

    async def handler(_):
        times.append(time.monotonic())
        return Retry(Reason.OVERLOADED, "busy", delay=0.5) if len(times) == 1 else Ack()

    async with at_work(make_worker(handler, retry_delays=(30,))):
        await until(lambda: len(times) == 2)
    assert 0.5 <= times[1] - times[0] < 1.0


async def test_a_dead_event_is_a_letter_at_once(
    bus, make_worker, recorder, at_work, publish, until, consumer_info
):
    """One delivery; the letter carries reason, text in any script, consumer, id and payload."""
    await publish(1)
    handler = recorder(
        lambda _: Dead(Reason.IMAGE_TRUNCATED, "画像が途中で切れています: 50 %\nend")
    )
    letters = DeadLetters(bus)
    async with at_work(make_worker(handler)):
        await until(letters.list)
    (letter,) = await letters.list()
    assert [1] == handler.attempts
    assert "画像が途中で切れています: 50 % end" == letter.message
    assert ("asset.uploaded", "event-0", "embedder-uploaded", "IMAGE_TRUNCATED", 1, b"event-0") == (
        letter.subject,
        letter.event_id,
        letter.consumer,
        letter.reason,
        letter.attempts,
        letter.payload,
    )
    assert 0 == (await consumer_info()).num_ack_pending


async def test_on_dead_comes_before_the_letter(bus, make_worker, recorder, at_work, publish, until):
    """When `on_dead` runs there is no letter yet; if it fails by an outage it runs again."""
    await publish(1)
    letters = DeadLetters(bus)
    calls: list[int] = []

    async def on_dead(event, dead):
        calls.append(len(await letters.list()))
        if len(calls) == 1:
            raise DependencyDown("event log")

    handler = recorder(lambda _: Dead(Reason.IMAGE_EMPTY, "empty"))
    async with at_work(make_worker(handler, on_dead=on_dead)):
        await until(letters.list)
    assert [0, 0] == calls
    assert [1] == handler.attempts


async def test_a_broken_on_dead_does_not_lose_the_letter(
    bus, make_worker, recorder, at_work, publish, until
):
    """The letter is what a person can find, so a bug in `on_dead` does not stop it."""
    await publish(1)
    letters = DeadLetters(bus)

    async def on_dead(event, dead):
        raise ZeroDivisionError

    handler = recorder(lambda _: Dead(Reason.IMAGE_EMPTY, "empty"))
    async with at_work(make_worker(handler, on_dead=on_dead)):
        await until(letters.list)
    assert 1 == len(await letters.list())


@pytest.mark.parametrize("by_exception", [False, True])
async def test_an_outage_costs_no_attempt_and_stops_fetching(
    make_worker, recorder, at_work, publish, until, consumer_info, by_exception
):
    """Two slots hold two events for longer than ack_wait; the other eight stay on the server."""
    ids = await publish(10)
    up = False

    def rule(_):
        if up:
            return Ack()
        if by_exception:
            raise DependencyDown("object store")
        return Wait("object store")

    async def probe():
        return up

    handler = recorder(rule)
    async with at_work(make_worker(handler, slots=2, probe=probe)):
        await until(lambda: len(handler.events) >= 2)
        await asyncio.sleep(2.5)
        held = len(set(handler.ids))
        waiting = (await consumer_info()).num_pending
        up = True
        await until(lambda: set(handler.ids) == set(ids))
    assert (2, 8) == (held, waiting)
    assert {1} == set(handler.attempts)


async def test_without_a_probe_the_handler_finds_out(make_worker, at_work, publish, until):
    """An outage without a probe is tried again by time alone, still as the first attempt."""
    await publish(1)
    attempts: list[int] = []

    async def handler(event):
        attempts.append(event.attempt)
        return Ack() if len(attempts) == 3 else Wait("embedder")

    async with at_work(make_worker(handler)):
        await until(lambda: len(attempts) == 3)
    assert [1, 1, 1] == attempts


async def test_heartbeats_hold_an_event_beyond_ack_wait(make_worker, at_work, publish, until):
    """A handler three times longer than ack_wait runs once."""
    await publish(1)
    runs: list[int] = []
    done = asyncio.Event()

    async def handler(event):
        runs.append(event.attempt)
        await asyncio.sleep(3)
        done.set()
        return Ack()

    async with at_work(make_worker(handler)):
        await until(done.is_set)
    assert [1] == runs


async def test_a_handler_that_hangs_is_cut_and_tried_again(make_worker, at_work, publish, until):
    """`handler_timeout` ends a run; the event comes back as a retry."""
    await publish(1)
    attempts: list[int] = []

    async def handler(event):
        attempts.append(event.attempt)
        if event.attempt == 1:
            await asyncio.sleep(60)
        return Ack()

    async with at_work(make_worker(handler, handler_timeout=0.3)):
        await until(lambda: len(attempts) == 2)
    assert [1, 2] == attempts


@pytest.mark.parametrize(
    ("error", "attempts", "reason"),
    [
        (InvalidInput(Reason.IMAGE_TRUNCATED), 1, "IMAGE_TRUNCATED"),
        (KiokuError(Reason.OVERLOADED, retry_after=0.05), 6, "OVERLOADED"),
        (ZeroDivisionError("secret"), 6, "INTERNAL"),
    ],
)
async def test_exceptions_end_as_letters_without_their_text(
    bus, make_worker, recorder, at_work, publish, until, error, attempts, reason
):
    """A refusal is dead at once, a passing refusal and a bug after six attempts."""
    await publish(1)

    def rule(_):
        raise error

    handler = recorder(rule)
    letters = DeadLetters(bus)
    async with at_work(make_worker(handler)):
        await until(letters.list)
    (letter,) = await letters.list()
    assert (attempts, reason) == (len(handler.events), letter.reason)
    assert "secret" not in letter.message


async def test_what_is_for_another_process_goes_round_until_it_finds_it(
    bus, make_worker, recorder, at_work, publish, until, consumer_info
):
    """Twelve processes that cannot, one that can: one id, nearly all attempts left, no letter."""
    await publish(1)
    handler = recorder(
        lambda _: Ack() if len(handler.events) > 12 else Elsewhere("another model", 0.1)
    )
    async with at_work(make_worker(handler)):
        await until(lambda: len(handler.events) == 13)
    info = await consumer_info()
    assert ({"event-0"}, {1, 2}) == (set(handler.ids), set(handler.attempts))
    assert ([], 0, 0) == (await DeadLetters(bus).list(), info.num_ack_pending, info.num_pending)


async def test_what_is_for_another_process_waits_its_delay(make_worker, at_work, publish, until):
    """A process that is alone does not spin: at most two deliveries in each delay."""
    await publish(1)
    times: list[float] = []

    async def handler(_):
        times.append(time.monotonic())
        return Elsewhere("another model", 0.4)

    async with at_work(make_worker(handler)):
        await until(lambda: len(times) >= 7)
    assert times[6] - times[0] >= 3 * 0.4


async def test_no_more_handlers_run_than_there_are_slots(make_worker, at_work, publish, until):
    """Three slots: three at once at most, and all three are used."""
    await publish(12)
    now = most = done = 0

    async def handler(_):
        nonlocal now, most, done
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.05)
        now -= 1
        done += 1
        return Ack()

    async with at_work(make_worker(handler, slots=3)):
        await until(lambda: done == 12)
    assert 3 == most


async def test_one_poison_event_does_not_hold_up_the_rest(
    make_worker, recorder, at_work, publish, until
):
    """While one event waits for its retries the others pass, with a single slot."""
    await publish(10)
    handler = recorder(
        lambda event: Retry(Reason.OVERLOADED, "busy") if event.id == "event-0" else Ack()
    )
    async with at_work(make_worker(handler, slots=1, retry_delays=(30,))):
        await until(lambda: len(set(handler.ids)) == 10, 5)
    assert 10 == len(handler.ids)


async def test_duplicate_publishes_are_delivered_once(
    make_worker, recorder, at_work, publish, until
):
    """The same event id within the window is stored once."""
    for _ in range(3):
        await publish(2)
    handler = recorder()
    async with at_work(make_worker(handler)):
        await until(lambda: len(handler.events) == 2)
        await asyncio.sleep(0.3)
    assert ["event-0", "event-1"] == sorted(handler.ids)


async def test_a_worker_needs_a_declared_consumer(bus):
    """A consumer that nobody declares would be waited for in vain."""
    with pytest.raises(ValueError, match="does not declare"):
        Worker(bus, ConsumerSpec("x", ("asset.x",)), Ack, slots=1, handler_timeout=1)
