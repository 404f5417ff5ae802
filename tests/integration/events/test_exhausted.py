"""A poison event that kills its process ends as a dead letter, and the queue behind it flows."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

from kioku_rt.events import (
    CONSUMERS,
    AdvisoryFeeder,
    DeadLetters,
    Event,
    Retry,
)
from kioku_rt.reasons import Reason

POISON = Path(__file__).with_name("poison.py")


@contextmanager
def _process(url: str):
    """The worker process, killed at the end of the block."""
    process = subprocess.Popen(
        [sys.executable, str(POISON), url], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


async def test_a_poison_that_kills_the_process_is_a_letter_after_six_deaths(
    fresh_nats, bus, at_work, publish, until, consumer_info
):
    """Restarted as by a launcher: six deaths, then the feeder tells the owner and writes."""
    await bus.publish("asset.uploaded", b"poison", event_id="poison")
    await publish(1)
    told: list[tuple[str, str]] = []

    async def on_dead(event, dead):
        told.append((event.id, dead.reason))

    letters = DeadLetters(bus)
    feeder = AdvisoryFeeder(bus, {"embedder-uploaded": on_dead})
    deaths = 0
    async with at_work(feeder.worker(CONSUMERS["embedder-exhausted"])):
        for _ in range(20):
            with _process(fresh_nats.url) as process:
                if not await _died(process, letters):
                    break
                deaths += 1
        await until(letters.list)
    (letter,) = await letters.list()
    assert 6 == deaths
    assert ("poison", "ATTEMPTS_EXHAUSTED", 6, b"poison") == (
        letter.event_id,
        letter.reason,
        letter.attempts,
        letter.payload,
    )
    assert [("poison", "ATTEMPTS_EXHAUSTED")] == told
    info = await consumer_info()
    assert (0, 0) == (info.num_pending, info.num_ack_pending)  # the event behind it went through


async def _died(process: subprocess.Popen[bytes], letters: DeadLetters) -> bool:
    """Whether the process dies before there is a letter."""
    for _ in range(400):
        if process.poll() is not None:
            return True
        if await letters.list(1):
            return False
        await asyncio.sleep(0.05)
    raise TimeoutError


async def test_the_feeder_misses_nothing_while_it_is_down(
    bus, make_worker, recorder, at_work, publish, until
):
    """Advisories wait in their own stream for a feeder that starts later."""
    await publish(1)
    worker = make_worker(recorder(lambda _: Retry(Reason.OVERLOADED, "busy")))

    async def no_burial(*_):
        return None

    worker._settler._bury = no_burial  # what a worker that dies at its last attempt leaves behind
    letters = DeadLetters(bus)
    async with at_work(worker):
        await until(lambda: _advised(bus))
    assert [] == await letters.list()
    async with at_work(AdvisoryFeeder(bus, {}).worker(CONSUMERS["embedder-exhausted"])):
        await until(letters.list)
    (letter,) = await letters.list()
    assert ("event-0", "ATTEMPTS_EXHAUSTED") == (letter.event_id, letter.reason)


async def _advised(bus) -> bool:
    return await bus.stored_after("ADVISORIES", 1, "$JS.EVENT.ADVISORY.>") is not None


async def test_an_advisory_about_an_event_that_is_gone_is_done(bus):
    """Nothing can be written about an event nobody has any more."""
    named = {"stream": "KIOKU", "stream_seq": 77, "consumer": "embedder-uploaded", "deliveries": 6}
    advisory = Event("a", "s", json.dumps(named).encode(), 1, {}, 1)
    await AdvisoryFeeder(bus, {}).handle(advisory)
    assert [] == await DeadLetters(bus).list()
