"""Dead letters can be read, and replayed to the consumer that gave them up, without loss."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from kioku_rt.events import headers as names
from kioku_rt.events.jetstream.bus import EventBus
from kioku_rt.events.jetstream.stored import Stored
from kioku_rt.events.letters import PREFIX, STREAM


@dataclass(frozen=True)
class DeadLetter:
    """One event that was given up.

    Args:
        sequence: its name for `show` and `replay`.
        subject: where the event was published.
        event_id: of the event.
        consumer: who gave it up.
        reason: from the catalogue.
        message: one sentence.
        attempts: deliveries it had.
        time: when it was given up.
        payload: the event's, a message of `kioku.events.v1`.
        headers: the event's own.
    """

    sequence: int
    subject: str
    event_id: str
    consumer: str
    reason: str
    message: str
    attempts: int
    time: datetime
    payload: bytes = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)


def _letter(stored: Stored) -> DeadLetter:
    headers = stored.headers
    return DeadLetter(
        sequence=stored.sequence,
        subject=stored.subject.removeprefix(PREFIX),
        event_id=names.event_id(headers, STREAM, stored.sequence),
        consumer=headers.get(names.CONSUMER, ""),
        reason=headers.get(names.REASON, ""),
        message=names.plain_text(headers.get(names.MESSAGE, "")),
        attempts=int(headers.get(names.ATTEMPTS, "0")),
        time=stored.time,
        payload=stored.payload,
        headers=names.passed_on(headers),
    )


class DeadLetters:
    """The dead letters of a bus. Every method raises DependencyDown when it does not answer."""

    def __init__(self, bus: EventBus) -> None:
        self._bus = bus

    async def _all(self) -> AsyncIterator[DeadLetter]:
        sequence = 1
        while stored := await self._bus.stored_after(STREAM, sequence, "dlq.>"):
            yield _letter(stored)
            sequence = stored.sequence + 1

    async def list(self, limit: int = 100) -> list[DeadLetter]:
        """The oldest letters, at most `limit`."""
        found: list[DeadLetter] = []
        async for letter in self._all():
            if len(found) == limit:
                break
            found.append(letter)
        return found

    async def show(self, sequence: int) -> DeadLetter | None:
        """One letter, or None."""
        stored = await self._bus.stored(STREAM, sequence)
        return None if stored is None else _letter(stored)

    async def replay(self, sequence: int | None = None) -> int:
        """Publish the event of one letter (None: of all there are now) again; how many.

        It goes to the consumer that gave it up and to no other, with a new event id and all its
        attempts; the letter is removed once the event is stored.
        """
        one = None if sequence is None else await self.show(sequence)
        chosen = await self.list(limit=2**31) if sequence is None else [one] if one else []
        for letter in chosen:
            await self._replay(letter)
        return len(chosen)

    async def _replay(self, letter: DeadLetter) -> None:
        origin = letter.event_id.partition("-replay-")[0]
        headers = dict(letter.headers)
        if letter.consumer:
            headers[names.ONLY_FOR] = letter.consumer
        await self._bus.publish(
            letter.subject,
            letter.payload,
            event_id=f"{origin}-replay-{letter.sequence}-{int(letter.time.timestamp())}",
            headers=headers,
        )
        await self._bus.remove(STREAM, letter.sequence)
