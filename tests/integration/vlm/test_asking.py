"""ExtractSchedule: what is stored at once, what is not when it is read, or where to ask for it."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

import grpc
import pytest
from kioku.vlm.v1 import observation_pb2
from kioku.vlm.v1 import schedule_service_pb2 as messages
from kioku_rt.errors import DependencyDown
from kioku_rt.rpc.status import error_of
from kioku_vlm.page import Box
from kioku_vlm.people.member import Member

from tests.integration.vlm.rig import Db, notice, until

FAIR = {"title": "Summer fair", "start": "2026-05-30T10:00", "place": "School hall"}
READY = observation_pb2.OBSERVATION_STATE_READY
PENDING = observation_pb2.OBSERVATION_STATE_PENDING


def ask(**fields: Any) -> messages.ExtractScheduleRequest:
    """A request."""
    return messages.ExtractScheduleRequest(**fields)


async def refused(call: Any) -> str:
    """The reason that a call is refused with."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    error = error_of(caught.value)
    assert error is not None
    return error.reason.value


async def test_what_is_stored_is_answered_without_reading(db: Db, start_vlm: Any) -> None:
    """Each field with its evidence; the picture is read once, by its event."""
    async with start_vlm() as service:
        asset_id = await service.upload("ann", notice(FAIR))
        await db.until_read("ann")
        answer = await service.schedules("ann").ExtractSchedule(ask(asset_id=str(asset_id)))
    assert ("ready", 1, "en", 0.0) == (
        answer.status,
        answer.version,
        answer.language,
        answer.retry_after_seconds,
    )
    [event] = answer.events
    assert ("Summer fair", "2026-05-30T10:00", "School hall") == (
        event.title.value,
        event.start.value,
        event.place.value,
    )
    assert observation_pb2.ENTRY_KIND_EVENT == event.kind
    [evidence] = event.start.evidence
    assert (1, "2026-05-30T10:00", pytest.approx(0.2)) == (
        evidence.page,
        evidence.quote,
        evidence.box.top,
    )
    assert 1 == len(service.reader.calls)


async def test_bytes_are_read_while_the_call_waits(db: Db, start_vlm: Any) -> None:
    """A picture in the request is read at once, kept no longer, and the same next time."""
    async with start_vlm() as service:
        schedules = service.schedules("ann")
        first = await schedules.ExtractSchedule(ask(image=notice(FAIR)))
        second = await schedules.ExtractSchedule(ask(image=notice(FAIR)))
        assert 0 == await db.owner.fetchval("SELECT count(*) FROM vlm.sent_pictures")
    assert ("ready", 1) == (first.status, len(first.events))
    assert first.observation_id == second.observation_id
    assert 1 == len(service.reader.calls)


async def test_who_does_not_wait_gets_a_place_to_ask(db: Db, start_vlm: Any) -> None:
    """`observation-pending` with the id and a hint; a watcher hears of the end."""
    async with start_vlm() as service:
        service.reader.gate.clear()
        schedules = service.schedules("ann")
        answer = await schedules.ExtractSchedule(ask(image=notice(FAIR), wait_seconds=0))
        assert ("observation-pending", 0) == (answer.status, len(answer.events))
        assert answer.retry_after_seconds > 0
        request = messages.WatchObservationRequest(observation_id=answer.observation_id)
        states = []
        async for change in schedules.WatchObservation(request):
            states.append(change.observation.state)
            service.reader.gate.set()
        assert (PENDING, READY) == (states[0], states[-1])
        found = await schedules.GetObservation(
            messages.GetObservationRequest(observation_id=answer.observation_id)
        )
    assert ["Summer fair"] == [one.title.value for one in found.observation.entries]
    assert [1] == [reading.version for reading in found.observation.readings]


async def test_whoever_waits_comes_first(db: Db, start_vlm: Any) -> None:
    """With one turn at a time, a request overtakes uploads that nobody waits for."""
    async with start_vlm(vlm_turns=1) as service:
        service.reader.gate.clear()
        for number in range(4):
            await service.upload("ann", notice({**FAIR, "title": f"Fair {number}"}))

        async def first_in() -> bool:
            return len(service.reader.calls) == 1

        await until(first_in)
        urgent = notice({**FAIR, "title": "Now"})
        asked = asyncio.ensure_future(
            service.schedules("ann").ExtractSchedule(ask(image=urgent, wait_seconds=30))
        )

        async def waits() -> bool:
            return bool(
                await db.owner.fetchval(
                    "SELECT EXISTS (SELECT FROM vlm.vlm_observations"
                    " WHERE interactive AND claim IS NOT NULL)"
                )
            )

        await until(waits)
        service.reader.gate.set()
        assert "ready" == (await asked).status
        await db.until_read("ann", 5)
    assert urgent in service.reader.calls[1:3]


async def test_an_asset_that_was_not_heard_of_is_asked_for(db: Db, start_vlm: Any) -> None:
    """`search` knows it: it is read; its event, coming later, changes nothing."""
    async with start_vlm() as service:
        original = await service.stored("ann", notice(FAIR))
        service.assets.known["ann", original.asset_id] = original
        schedules = service.schedules("ann")
        answer = await schedules.ExtractSchedule(ask(asset_id=str(original.asset_id)))
        assert "ready" == answer.status
        await service.tell(original)
        await service.upload("ben", notice())
        await db.until_read("ben")
    [row] = await db.observations("ann")
    assert (1, "READY") == (row["version"], row["state"])


async def test_what_is_not_the_callers_does_not_exist(db: Db, start_vlm: Any) -> None:
    """Neither the asset nor the observation of somebody else, by whatever rpc."""
    async with start_vlm() as service:
        asset_id = await service.upload("ann", notice(FAIR))
        [row] = await db.until_read("ann")
        ben = service.schedules("ben")
        observation_id = str(row["observation_id"])
        [known] = await db.entries("ann")
        entry = observation_pb2.Entry(
            observation_id=observation_id,
            entry_id=str(known["entity_id"]),
            title=observation_pb2.FieldValue(value="Mine"),
        )
        assert "ASSET_NOT_FOUND" == await refused(ben.ExtractSchedule(ask(asset_id=str(asset_id))))
        assert "ASSET_NOT_FOUND" == await refused(
            ben.ReanalyseAsset(messages.ReanalyseAssetRequest(asset_id=str(asset_id)))
        )
        assert "ENTRY_NOT_FOUND" == await refused(
            ben.UpdateEntry(messages.UpdateEntryRequest(entry=entry))
        )
        for request, method in (
            (messages.GetObservationRequest, ben.GetObservation),
            (messages.ListDeliveriesRequest, ben.ListDeliveries),
            (messages.ExportCalendarRequest, ben.ExportCalendar),
        ):
            reason = await refused(method(request(observation_id=observation_id)))
            assert "OBSERVATION_NOT_FOUND" == reason
        link = messages.LinkObservationRequest(observation_id=observation_id, document_path="a/b")
        assert "OBSERVATION_NOT_FOUND" == await refused(ben.LinkObservation(link))
        listed = await ben.ListObservations(messages.ListObservationsRequest())
        assert 0 == len(listed.observations)
        assert 0 == len((await ben.ListEntries(messages.ListEntriesRequest())).entries)
        assert "SCOPE_MISSING" == await refused(
            ben.ListEntries(messages.ListEntriesRequest(owner="ann"))
        )


async def test_a_service_may_act_for_an_owner_and_is_audited(db: Db, start_vlm: Any) -> None:
    """With the scope `vlm.act`; the audit names the service and the owner."""
    async with start_vlm() as service:
        app = service.schedules("app", service=True, scopes=("vlm.act",))
        answer = await app.ExtractSchedule(ask(image=notice(FAIR), owner="ann"))
        assert "ready" == answer.status
    [row] = await db.audited("schedule.extract")
    assert "app" == row["actor"]
    assert '"owner": "ann"' in row["details"]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({}, "ONEOF_NOT_EXACTLY_ONE"),
        ({"image": b""}, "ONEOF_NOT_EXACTLY_ONE"),
        ({"asset_id": "A"}, "ID_MALFORMED"),
        ({"image": b"x", "zone": "Mars/Olympus"}, "FIELD_INVALID"),
        ({"image": b"x", "locale": "no language"}, "FIELD_INVALID"),
        ({"image": b"x", "wait_seconds": 61}, "FIELD_INVALID"),
        ({"image": b"x", "wait_seconds": -1}, "FIELD_INVALID"),
    ],
)
async def test_requests_out_of_range_are_refused(
    start_vlm: Any, fields: dict[str, Any], reason: str
) -> None:
    """By their stable reasons, and nothing is read."""
    async with start_vlm() as service:
        assert reason == await refused(service.schedules("ann").ExtractSchedule(ask(**fields)))
    assert [] == service.reader.calls


async def test_what_cannot_be_read_is_an_answer_too(db: Db, start_vlm: Any) -> None:
    """`observation-failed` with the reason; the same bytes again are tried again."""
    async with start_vlm() as service:
        schedules = service.schedules("ann")
        answer = await schedules.ExtractSchedule(ask(image=b"no picture"))
        assert ("observation-failed", "IMAGE_UNSUPPORTED_FORMAT") == (
            answer.status,
            answer.failure.reason,
        )
        again = await schedules.ExtractSchedule(ask(image=b"no picture"))
        assert (answer.observation_id, 2) == (again.observation_id, again.version)


async def test_the_zone_of_the_caller_is_kept(db: Db, start_vlm: Any) -> None:
    """It names the local times of the observation in every later answer; nothing is read again."""
    async with start_vlm() as service:
        schedules = service.schedules("ann")
        first = await schedules.ExtractSchedule(ask(image=notice(FAIR)))
        assert ("", "") == (first.events[0].zone, first.events[0].zone_by)
        await schedules.ExtractSchedule(ask(image=notice(FAIR), zone="Asia/Tokyo"))
        page = await schedules.ListEntries(messages.ListEntriesRequest())
    assert ("Asia/Tokyo", "request") == (page.entries[0].zone, page.entries[0].zone_by)
    assert 1 == len(service.reader.calls)


async def test_another_locale_reads_again_only_where_it_decides(db: Db, start_vlm: Any) -> None:
    """03/04 is read anew under `en-US`; an unambiguous date is not."""
    async with start_vlm() as service:
        schedules = service.schedules("ann")
        ambiguous = notice({"title": "Fair", "ambiguous": True})
        plain = notice(FAIR)
        for data in (ambiguous, plain):
            await schedules.ExtractSchedule(ask(image=data))
        said = await schedules.ExtractSchedule(ask(image=ambiguous, locale="en-US"))
        await schedules.ExtractSchedule(ask(image=plain, locale="en-US"))
    assert ("ready", "2026-03-04", 2) == (
        said.status,
        said.events[0].start.value,
        said.version,
    )
    assert [ambiguous, plain, ambiguous] == service.reader.calls


class Faces:
    """Implements `Faces`: one person on every picture, or nobody who can say."""

    def __init__(self) -> None:
        self.down = False

    async def members(self, _owner: str, _asset_id: uuid.UUID) -> list[Member]:
        if self.down:
            raise DependencyDown("face")
        return [Member(uuid.UUID(int=1), Box(0, 0, 0.5, 0.5), uuid.UUID(int=2), score=0.7)]


async def test_members_are_asked_for_each_answer(db: Db, start_vlm: Any) -> None:
    """Of assets, not of bytes; while nobody can say, the schedule is answered without them."""
    faces = Faces()
    async with start_vlm(faces=faces) as service:
        schedules = service.schedules("ann")
        asset_id = await service.upload("ann", notice(FAIR))
        await db.until_read("ann")
        answer = await schedules.ExtractSchedule(ask(asset_id=str(asset_id)))
        [member] = answer.member_candidates
        assert (str(uuid.UUID(int=2)), pytest.approx(0.7)) == (member.person_id, member.score)
        faces.down = True
        answer = await schedules.ExtractSchedule(ask(asset_id=str(asset_id)))
        assert (0, 1) == (len(answer.member_candidates), len(answer.events))


async def test_bytes_that_are_no_asset_are_forgotten_in_time(db: Db, start_vlm: Any) -> None:
    """The observation ends with its time, unless its bytes became an asset."""
    from kioku_vlm.observing.gap_store import GapStore  # noqa: PLC0415

    async with start_vlm() as service:
        schedules = service.schedules("ann")
        for title in ("Gone", "Stays"):
            await schedules.ExtractSchedule(ask(image=notice({**FAIR, "title": title})))
        await service.upload("ann", notice({**FAIR, "title": "Stays"}))

        async def attached() -> bool:
            count = await db.owner.fetchval("SELECT count(*) FROM vlm.vlm_observation_assets")
            return bool(count)

        await until(attached)
        kept = [row["kept_until"] for row in await db.observations("ann")]
        assert [True, False] == [one is not None for one in kept]
        await db.owner.execute("UPDATE vlm.vlm_observations SET kept_until = now()"
                               " WHERE kept_until IS NOT NULL")  # fmt: skip
        await GapStore(db.worker).forget()
    assert ["Stays"] == [row["title"] for row in await db.entries("ann")]
