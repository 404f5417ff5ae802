"""Asks the stack what pictures announce, and waits until it has read them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

import grpc
from kioku.common.v1 import failure_pb2
from kioku.vlm.v1 import observation_pb2 as pb
from kioku.vlm.v1 import schedule_service_pb2 as messages

from kioku_cli.schedule.source import Source, Wish
from kioku_cli.session import Session

_LONGEST_WAIT = 60
_SLACK_SECONDS = 15.0
_AT_ONCE = 4
_SETTLED = (pb.OBSERVATION_STATE_READY, pb.OBSERVATION_STATE_FAILED)


@dataclass(frozen=True)
class Announcement:
    """What one picture announces, as far as that is known.

    Attributes:
        source: the picture.
        status: `ready`, `observation-pending` or `observation-failed`.
        observation_id: for everything that can be asked later.
        entries: without dismissed ones.
        language, abstained, suspicions: as the contract says.
        failure: why it failed; None: it did not.
    """

    source: Source
    status: str
    observation_id: str
    entries: Sequence[pb.Entry] = ()
    language: str = ""
    abstained: str = ""
    suspicions: Sequence[pb.Suspicion] = ()
    failure: failure_pb2.Failure | None = None

    @property
    def ready(self) -> bool:
        """Whether it was read."""
        return self.status == "ready"


async def announcements(
    session: Session, sources: Sequence[Source], wish: Wish
) -> list[Announcement]:
    """What each picture announces, in their order, a few of them asked for at once."""
    room = asyncio.Semaphore(_AT_ONCE)

    async def one(source: Source) -> Announcement:
        async with room:
            return await announcement(session, source, wish)

    return list(await asyncio.gather(*(one(source) for source in sources)))


async def announcement(session: Session, source: Source, wish: Wish) -> Announcement:
    """What one picture announces; still pending where the time of the wish is over."""
    deadline = time.monotonic() + wish.wait
    seconds = min(_LONGEST_WAIT, wish.wait)
    request = source.request(wish, seconds)
    answer = await session.schedules.ExtractSchedule(request, timeout=seconds + _SLACK_SECONDS)
    found = _answered(source, answer)
    if found.status != "observation-pending":
        return found
    return await _watched(session, found, deadline - time.monotonic())


def _answered(source: Source, answer: messages.ExtractScheduleResponse) -> Announcement:
    return Announcement(
        source,
        answer.status,
        answer.observation_id,
        answer.events,
        answer.language,
        answer.abstained,
        answer.suspicions,
        answer.failure if answer.HasField("failure") else None,
    )


async def _watched(session: Session, pending: Announcement, left: float) -> Announcement:
    """Follow the observation for as long as there is time."""
    if left <= 0:
        return pending
    request = messages.WatchObservationRequest(observation_id=pending.observation_id)
    try:
        async for answer in session.schedules.WatchObservation(request, timeout=left):
            if answer.observation.state in _SETTLED:
                return _settled(pending, answer.observation)
    except grpc.aio.AioRpcError as failure:
        if failure.code() is not grpc.StatusCode.DEADLINE_EXCEEDED:
            raise
    return pending


def _settled(pending: Announcement, observation: pb.Observation) -> Announcement:
    failed = observation.state == pb.OBSERVATION_STATE_FAILED
    return Announcement(
        pending.source,
        "observation-failed" if failed else "ready",
        observation.observation_id,
        [entry for entry in observation.entries if not entry.dismissed],
        observation.language,
        observation.abstained,
        observation.suspicions,
        observation.failure if failed else None,
    )
