"""Dead letters are listed, shown, and replayed to the one who gave them up."""

from __future__ import annotations

from kioku_rt.events import (
    CONSUMERS,
    Ack,
    ConsumerSpec,
    Dead,
    DeadLetters,
    EventBus,
    Topology,
    Worker,
)
from kioku_rt.events.topology import STREAMS
from kioku_rt.reasons import Reason

DEAD = Dead(Reason.IMAGE_TRUNCATED, "broken")


async def test_letters_are_listed_oldest_first_and_shown(
    bus, make_worker, recorder, at_work, publish, until
):
    """`list` is bounded, `show` finds one by its sequence and None otherwise."""
    await publish(5)
    letters = DeadLetters(bus)
    async with at_work(make_worker(recorder(lambda _: DEAD), slots=1)):
        await until(lambda: _count(letters, 5))
    first_three = await letters.list(limit=3)
    assert ["event-0", "event-1", "event-2"] == [letter.event_id for letter in first_three]
    assert first_three[1] == await letters.show(first_three[1].sequence)
    assert await letters.show(999) is None


async def _count(letters: DeadLetters, count: int) -> bool:
    return len(await letters.list()) == count


async def test_a_replayed_event_runs_again_with_all_its_attempts(
    bus, make_worker, recorder, at_work, publish, until
):
    """A new id, the old payload, attempt 1; the letter is gone."""
    await publish(2)
    letters = DeadLetters(bus)
    broken = True
    handler = recorder(lambda _: DEAD if broken else Ack())
    async with at_work(make_worker(handler)):
        await until(lambda: _count(letters, 2))
        broken = False
        (one, two) = await letters.list()
        assert 1 == await letters.replay(one.sequence)
        await until(lambda: len(handler.events) == 3)
        assert [two] == await letters.list()
        assert 1 == await letters.replay()
        await until(lambda: len(handler.events) == 4)
    again = handler.events[2]
    assert (b"event-0", 1) == (again.payload, again.attempt)
    assert again.id.startswith("event-0-replay-")
    assert [] == await letters.list()
    assert 0 == await letters.replay(one.sequence)


async def test_an_event_may_die_and_be_replayed_many_times(
    bus, make_worker, recorder, at_work, publish, until
):
    """Each death is a letter of its own, and ids do not grow with each round."""
    await publish(1)
    letters = DeadLetters(bus)
    handler = recorder(lambda _: DEAD)
    async with at_work(make_worker(handler)):
        for round_ in range(1, 5):
            await until(lambda round_=round_: len(handler.events) == round_)
            await until(lambda: _count(letters, 1))
            await letters.replay()
        await until(lambda: len(handler.events) == 5)
    assert 5 == len(set(handler.ids))
    assert 1 == len({one.partition("-replay-")[0] for one in handler.ids})
    assert max(len(one) for one in handler.ids) < 40


async def test_a_replay_reaches_nobody_but_the_one_who_gave_up(
    fresh_nats, recorder, at_work, until
):
    """Two consumers of one subject: the healthy one does not see the event a second time."""
    other = ConsumerSpec("other-uploaded", ("asset.uploaded",))
    topology = Topology(STREAMS, (*CONSUMERS.values(), other))
    broken = True
    failing = recorder(lambda _: DEAD if broken else Ack())
    healthy = recorder()
    async with await EventBus.connect(fresh_nats.url, "t", topology=topology) as bus:
        letters = DeadLetters(bus)
        workers = [
            Worker(bus, spec, handler, slots=1, handler_timeout=1)
            for spec, handler in ((CONSUMERS["embedder-uploaded"], failing), (other, healthy))
        ]
        async with at_work(*workers):
            await bus.publish("asset.uploaded", b"", event_id="x")
            await until(lambda: _count(letters, 1))
            broken = False
            await letters.replay()
            await until(lambda: len(failing.events) == 2)
            await until(lambda: _acknowledged(bus, "other-uploaded"))
    assert ["x"] == healthy.ids


async def _acknowledged(bus, durable: str) -> bool:
    info = await bus.client.jetstream().consumer_info("KIOKU", durable)
    return info.num_pending == 0 and info.num_ack_pending == 0


async def test_a_letter_written_twice_is_stored_once(
    bus, make_worker, recorder, at_work, publish, until
):
    """The termination is lost and the event dies again: still one letter."""
    await publish(1)
    letters = DeadLetters(bus)
    handler = recorder(lambda _: DEAD)
    worker = make_worker(handler)
    real, calls = worker._settler._surely, []

    async def forget_the_first_term(action, stop):
        calls.append(action)
        if len(calls) == 3:
            return True
        return await real(action, stop)

    worker._settler._surely = forget_the_first_term
    async with at_work(worker):
        await until(lambda: len(handler.events) == 2)
        await until(lambda: len(calls) == 6)
    assert [1, 2] == handler.attempts
    assert 1 == len(await letters.list())
