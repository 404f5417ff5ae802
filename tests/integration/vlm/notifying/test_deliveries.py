"""Deliveries in the real database: claimed by one, repeated until confirmed, never doubled."""

from __future__ import annotations

import asyncio
import uuid
from collections import Counter
from datetime import timedelta

import asyncpg
import pytest
from kioku.common.v1 import failure_pb2
from kioku.events.v1 import events_pb2
from kioku_rt.auth import Acting, Principal
from kioku_rt.errors import InvalidInput, KiokuError
from kioku_rt.events.outcome import Ack, Dead, Event
from kioku_rt.page_token import PageTokens
from kioku_rt.reasons import Reason
from kioku_vlm.notifying.delivery import Answer, Delivery, DeliveryState, Verdict
from kioku_vlm.notifying.delivery_rows import DeliveryRowStore
from kioku_vlm.notifying.telling import Telling
from kioku_vlm.notifying.told import Told
from kioku_vlm.notifying.told_again import ToldAgain

from tests.integration.vlm.notifying.conftest import FACTS, Rows

TOKENS = PageTokens(b"0123456789abcdef")


class Receiver:
    """Answers as it is told to, and keeps what it heard."""

    def __init__(self, *answers: int) -> None:
        self.answers = list(answers)
        self.heard: list[Delivery] = []

    async def tell(self, delivery: Delivery) -> Answer:
        self.heard.append(delivery)
        await asyncio.sleep(0)
        return Answer(self.answers.pop(0) if self.answers else 204)


def acting(owner: str) -> Acting:
    return Acting(owner, Principal(owner, False, frozenset(), "t"), on_behalf=False)


def ready(observation_id: uuid.UUID, owner: str = "ann", **facts: object) -> Event:
    message = events_pb2.ObservationReady(
        observation_id=str(observation_id), owner=owner, version=1, entry_count=2, **facts
    )
    return Event(str(uuid.uuid4()), "observation.ready", message.SerializeToString(), 1, {}, 1)


async def test_an_event_becomes_one_delivery(rows: Rows) -> None:
    """However often it comes, and by whatever ids."""
    observation_id = await rows.observation()
    told = Told(rows.store)
    for _ in range(3):
        assert await told.ready(ready(observation_id)) == Ack()
    [delivery] = await rows.store.due(10, 60)
    assert (delivery.observation_id, delivery.version, delivery.attempt) == (observation_id, 1, 1)
    assert (delivery.facts["entries"], delivery.facts["failure"]) == (2, None)


async def test_a_failed_reading_is_told_with_its_reason_alone(rows: Rows) -> None:
    observation_id = await rows.observation()
    failure = failure_pb2.Failure(reason="IMAGE_TRUNCATED", message="words")
    await Told(rows.store).ready(ready(observation_id, failure=failure))
    [delivery] = await rows.store.due(10, 60)
    assert delivery.facts["failure"] == "IMAGE_TRUNCATED"
    assert "words" not in str(delivery.facts)


async def test_events_that_nobody_can_tell_of(rows: Rows) -> None:
    """Of an observation that is gone nobody is told; nonsense is dead at once."""
    assert await Told(rows.store).ready(ready(uuid.uuid4())) == Ack()
    for payload, reason in [
        (b"\xff", Reason.EVENT_NOT_DECODABLE),
        (events_pb2.ObservationReady(owner="ann").SerializeToString(), Reason.ID_MALFORMED),
        (
            events_pb2.ObservationReady(observation_id=str(uuid.uuid4())).SerializeToString(),
            Reason.FIELD_MISSING,
        ),
    ]:
        outcome = await Told(rows.store).ready(Event("1", "observation.ready", payload, 1, {}, 1))
        assert isinstance(outcome, Dead)
        assert outcome.reason is reason
    assert await rows.all() == []


async def test_a_failing_receiver_hears_it_again_with_the_same_id(rows: Rows) -> None:
    """500, 429, then 204: three calls, one id, and none after it was confirmed."""
    await rows.store.expect("ann", await rows.observation(), 1, FACTS)
    receiver = Receiver(500, 429)
    telling = Telling(rows.store, receiver)
    assert await telling.round() == 1
    assert await telling.round() == 0  # not before its time
    [row] = await rows.all()
    assert (row["state"], row["http_status"], row["reason"]) == ("PENDING", 500, "WEBHOOK_REFUSED")
    for _ in range(3):
        await rows.hasten()
        await telling.round()
    assert [one.attempt for one in receiver.heard] == [1, 2, 3]
    assert len({one.delivery_id for one in receiver.heard}) == 1
    [row] = await rows.all()
    assert (row["state"], row["http_status"], row["reason"]) == ("DELIVERED", 204, "")


async def test_it_ends_among_the_dead_letters(rows: Rows) -> None:
    await rows.store.expect("ann", await rows.observation(), 1, FACTS)
    await Telling(rows.store, Receiver(410)).round()
    assert list(await rows.store.outstanding()) == [DeliveryState.FAILED]
    await rows.hasten()
    assert await Telling(rows.store, Receiver()).round() == 0


async def test_many_tellers_call_once_each(rows: Rows) -> None:
    """Four at once, thirty deliveries: nobody hears anything twice."""
    for _ in range(30):
        await rows.store.expect("ann", await rows.observation(), 1, FACTS)
    receiver = Receiver()
    made = await asyncio.gather(*(Telling(rows.store, receiver).round() for _ in range(4)))
    assert sum(made) == 30
    assert set(Counter(one.delivery_id for one in receiver.heard).values()) == {1}


async def test_who_was_killed_with_a_call_in_hand_loses_it(rows: Rows) -> None:
    """The call comes again after the lease; what the dead one would have noted counts no more."""
    await rows.store.expect("ann", await rows.observation(), 1, FACTS)
    [lost] = await rows.store.due(1, 60)
    assert await rows.store.due(1, 60) == []
    await rows.hasten()
    [again] = await rows.store.due(1, 60)
    assert (again.delivery_id, again.attempt) == (lost.delivery_id, 2)
    late = Verdict(DeliveryState.PENDING, timedelta(hours=1), Reason.WEBHOOK_TIMEOUT)
    await rows.store.settle(again, Answer(200), Verdict(DeliveryState.DELIVERED))
    await rows.store.settle(lost, Answer(0), late)
    assert [row["state"] for row in await rows.all()] == ["DELIVERED"]


async def test_it_ends_with_its_observation(rows: Rows) -> None:
    await rows.store.expect("ann", await rows.observation(), 1, FACTS)
    await rows.owner.execute("DELETE FROM vlm.vlm_observations")
    assert await rows.all() == []


async def test_settled_ones_are_forgotten_in_time(rows: Rows) -> None:
    await rows.store.expect("ann", await rows.observation(), 1, FACTS)
    await rows.store.expect("ann", await rows.observation(), 1, FACTS)
    await Telling(rows.store, Receiver(204, 500), at_once=1).round()
    await rows.owner.execute(
        "UPDATE vlm.webhook_deliveries SET updated_at = now() - interval '40 days'"
    )
    assert await rows.store.forget(30) == 1
    assert [row["state"] for row in await rows.all()] == ["PENDING"]


async def test_told_again_by_its_owner(rows: Rows) -> None:
    """A new id, the same facts; the list has both, the last first, and pages."""
    observation_id = await rows.observation()
    await rows.store.expect("ann", observation_id, 1, FACTS)
    await Telling(rows.store, Receiver()).round()
    again = ToldAgain(DeliveryRowStore(rows.api), TOKENS, receives=True)
    asked = await again.again(acting("ann"), observation_id)
    assert asked.state is DeliveryState.PENDING
    receiver = Receiver()
    await Telling(rows.store, receiver).round()
    assert [(one.delivery_id, one.facts) for one in receiver.heard] == [(asked.delivery_id, FACTS)]
    first = await again.page(acting("ann"), observation_id, 1, "")
    second = await again.page(acting("ann"), observation_id, 1, first.next_page_token)
    listed = [one.delivery_id for one in (*first.deliveries, *second.deliveries)]
    assert listed == sorted((row["delivery_id"] for row in await rows.all()), reverse=True)
    assert second.next_page_token == ""
    with pytest.raises(InvalidInput) as error:
        await again.page(acting("bob"), observation_id, 1, first.next_page_token)
    assert error.value.reason is Reason.PAGE_TOKEN_INVALID


async def test_others_see_and_order_nothing(rows: Rows) -> None:
    observation_id = await rows.observation()
    await rows.store.expect("ann", observation_id, 1, FACTS)
    again = ToldAgain(DeliveryRowStore(rows.api), TOKENS, receives=True)
    for call in (
        again.page(acting("bob"), observation_id, 10, ""),
        again.again(acting("bob"), observation_id),
    ):
        with pytest.raises(KiokuError) as error:
            await call
        assert error.value.reason is Reason.OBSERVATION_NOT_FOUND
    async with rows.api.acquire() as connection, connection.transaction():
        assert await connection.fetch("SELECT * FROM vlm.webhook_deliveries") == []
        await connection.execute("SELECT set_config('kioku.owner', 'bob', true)")
        assert await connection.fetch("SELECT * FROM vlm.webhook_deliveries") == []
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("UPDATE vlm.webhook_deliveries SET state = 'DELIVERED'")


async def test_without_a_version_or_a_receiver_there_is_nothing_to_tell(rows: Rows) -> None:
    unread = await rows.observation(version=0)
    store = DeliveryRowStore(rows.api)
    for receives, reason in [(True, Reason.OBSERVATION_NOT_READY), (False, Reason.WEBHOOK_NOT_SET)]:
        with pytest.raises(KiokuError) as error:
            await ToldAgain(store, TOKENS, receives=receives).again(acting("ann"), unread)
        assert error.value.reason is reason
    assert await Told(None).ready(ready(unread)) == Ack()
    assert await rows.all() == []
