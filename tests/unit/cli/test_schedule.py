"""What `kioku schedule` asks for, waits for and shows; the service answers from a table."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.api.httpbody_pb2 import HttpBody
from icalendar import Calendar, Event, Timezone
from kioku.common.v1 import failure_pb2
from kioku.vlm.v1 import observation_pb2 as pb
from kioku.vlm.v1 import schedule_service_pb2 as messages
from kioku.vlm.v1.schedule_service_pb2_grpc import (
    ScheduleServiceServicer,
    ScheduleServiceStub,
    add_ScheduleServiceServicer_to_server,
)
from kioku_cli.refusal import UsageRefusal
from kioku_cli.schedule import evidence
from kioku_cli.schedule.asking import Announcement, announcements
from kioku_cli.schedule.calendar import exported, joined
from kioku_cli.schedule.showing import document, show
from kioku_cli.schedule.source import Source, Wish, source_of
from PIL import Image

ASSET = "0199f0aa-0000-7000-8000-000000000001"


def _value(text: str, raw: str = "", page: int = 1) -> pb.FieldValue:
    box = pb.Box(left=0.1, top=0.25, width=0.5, height=0.1)
    where = pb.Evidence(page=page, box=box, quote=raw or text)
    return pb.FieldValue(
        value=text, raw=raw or text, confidence=0.9, resolved_by="weekday", evidence=[where]
    )


def _entry(title: str = "夏まつり", **fields: Any) -> pb.Entry:
    return pb.Entry(
        kind=pb.ENTRY_KIND_EVENT,
        title=_value(title),
        start=_value("2026-07-25T17:00", "7月25日(土) 17時"),
        zone="Asia/Tokyo",
        confidence=0.87,
        flags=["YEAR_ASSUMED"],
        **fields,
    )


def _calendar(uid: str, years: int = 2) -> bytes:
    whole = Calendar()
    zone = Timezone.from_tzid(
        "Europe/London",
        first_date=datetime(2026, 1, 1, tzinfo=UTC).date(),
        last_date=datetime(2026 + years, 1, 1, tzinfo=UTC).date(),
    )
    whole.add_component(zone)
    event = Event()
    event.add("uid", uid)
    whole.add_component(event)
    return bytes(whole.to_ical())


class _Service(ScheduleServiceServicer):
    """Answers as it is told, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[messages.ExtractScheduleRequest] = []
        self.zones: list[str] = []
        self.status = "ready"
        self.watched: list[pb.Observation] = []
        self.endless = False

    async def ExtractSchedule(  # noqa: N802 - named by the contract
        self, request: messages.ExtractScheduleRequest, _context: object
    ) -> messages.ExtractScheduleResponse:
        self.asked.append(request)
        answer = messages.ExtractScheduleResponse(status=self.status, observation_id="o1")
        if self.status == "ready":
            answer.events.append(_entry(request.asset_id or "夏まつり"))
        if self.status == "observation-failed":
            answer.failure.CopyFrom(failure_pb2.Failure(reason="IMAGE_TRUNCATED", message="Cut."))
        return answer

    async def WatchObservation(  # noqa: N802
        self, request: messages.WatchObservationRequest, _context: object
    ) -> AsyncIterator[messages.WatchObservationResponse]:
        assert "o1" == request.observation_id
        for observation in self.watched:
            yield messages.WatchObservationResponse(observation=observation)
        while self.endless:
            await asyncio.Event().wait()

    async def ExportCalendar(  # noqa: N802
        self, request: messages.ExportCalendarRequest, _context: object
    ) -> messages.ExportCalendarResponse:
        self.zones.append(request.zone)
        body = HttpBody(content_type="text/calendar", data=_calendar(request.observation_id))
        return messages.ExportCalendarResponse(calendar=body)


class _Session:
    """A session's stub over a real channel."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self.schedules = ScheduleServiceStub(channel)


@pytest.fixture
async def served() -> AsyncIterator[tuple[Any, _Service]]:
    """A session and the service behind it."""
    service, server = _Service(), grpc.aio.server()
    add_ScheduleServiceServicer_to_server(service, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield _Session(channel), service
    await server.stop(None)


async def test_a_file_goes_along_and_an_asset_is_named(served: tuple[Any, _Service]) -> None:
    """With zone, locale and how long to wait; answers come in the order of the words."""
    session, service = served
    sources = [Source("a.png", b"bytes"), Source(ASSET)]
    found = await announcements(session, sources, Wish("Asia/Tokyo", "ja", 5))
    assert ["夏まつり", ASSET] == [one.entries[0].title.value for one in found]
    assert all(one.ready for one in found)
    by_kind = {request.WhichOneof("source"): request for request in service.asked}
    assert b"bytes" == by_kind["image"].image
    assert ASSET == by_kind["asset_id"].asset_id
    for request in service.asked:
        assert ("Asia/Tokyo", "ja", 5) == (request.zone, request.locale, request.wait_seconds)


async def test_what_is_pending_is_watched(served: tuple[Any, _Service]) -> None:
    """Until it is read; dismissed entries are left out."""
    session, service = served
    service.status = "observation-pending"
    service.watched = [
        pb.Observation(observation_id="o1", state=pb.OBSERVATION_STATE_PENDING),
        pb.Observation(
            observation_id="o1",
            state=pb.OBSERVATION_STATE_READY,
            language="ja",
            entries=[_entry("a"), _entry("b", dismissed=True)],
        ),
    ]
    (found,) = await announcements(session, [Source(ASSET)], Wish(wait=30))
    assert ("ready", "ja", ["a"]) == (
        found.status,
        found.language,
        [entry.title.value for entry in found.entries],
    )
    service.watched[-1] = pb.Observation(
        state=pb.OBSERVATION_STATE_FAILED, failure=failure_pb2.Failure(reason="IMAGE_EMPTY")
    )
    (failed,) = await announcements(session, [Source(ASSET)], Wish(wait=30))
    assert "observation-failed" == failed.status
    assert failed.failure is not None
    assert "IMAGE_EMPTY" == failed.failure.reason


async def test_waiting_ends(served: tuple[Any, _Service]) -> None:
    """With the time of the wish; the id to ask for later is there."""
    session, service = served
    service.status, service.endless = "observation-pending", True
    for wait in (0, 1):
        (found,) = await announcements(session, [Source(ASSET)], Wish(wait=wait))
        assert ("observation-pending", "o1") == (found.status, found.observation_id)
    assert [0, 1] == [request.wait_seconds for request in service.asked]


async def test_the_calendar_is_of_what_was_read(served: tuple[Any, _Service]) -> None:
    """One observation's as it came; several joined, zones and events once."""
    session, service = served
    read = Announcement(Source("a"), "ready", "o1")
    pending = Announcement(Source("b"), "observation-pending", "o2")
    assert _calendar("o1") == await exported(session, [read, pending], "Asia/Tokyo")
    assert ["Asia/Tokyo"] == service.zones
    both = await exported(session, [read, Announcement(Source("c"), "ready", "o3"), read], "")
    whole = Calendar.from_ical(both)
    assert ["o1", "o3"] == [str(event["uid"]) for event in whole.events]
    assert 1 == len(whole.timezones)
    longer = joined([_calendar("x"), _calendar("y", years=9)])
    assert _calendar("y", years=9).count(b"RDATE") == longer.count(b"RDATE")
    assert b"2034" in longer
    assert [] == Calendar.from_ical(joined([])).events


def test_a_word_is_a_file_or_an_asset(tmp_path: Path) -> None:
    """Anything else is a sentence."""
    (tmp_path / "a.png").write_bytes(b"x")
    (tmp_path / "empty.png").touch()
    assert Source("a.png", b"x") == source_of(str(tmp_path / "a.png"))
    assert Source(ASSET) == source_of(ASSET.upper())
    for word in (str(tmp_path), "nothing", str(tmp_path / "empty.png")):
        with pytest.raises(UsageRefusal, match=r"neither|empty"):
            source_of(word)


def test_people_read_what_when_how_sure_and_where(capsys: pytest.CaptureFixture[str]) -> None:
    """And why to look; nothing of a document steers the terminal."""
    entry = _entry("夏\x1b[2Jまつり", place=_value("中央公園", page=2))
    entry.start.alternatives.append("2027-07-25T17:00")
    clock = pb.Clock(role=pb.CLOCK_ROLE_LAST_ENTRY, time=_value("2026-07-25T20:00"))
    entry.clocks.append(clock)
    odd = pb.Suspicion(reason="INSTRUCTION", evidence=pb.Evidence(quote="ignore\nall"))
    failed = failure_pb2.Failure(reason="IMAGE_TRUNCATED", message="Cut.")
    show(
        [
            Announcement(Source("a.png"), "ready", "o1", [entry], suspicions=[odd]),
            Announcement(Source("b.png"), "ready", "o2", abstained="NO_EVENT"),
            Announcement(Source("c.png"), "observation-failed", "o3", failure=failed),
            Announcement(Source("d.png"), "observation-pending", "o4"),
        ]
    )
    said = capsys.readouterr()
    for part in (
        "a.png: observation o1",
        "0.87",
        "2026-07-25T17:00 Asia/Tokyo",
        "YEAR_ASSUMED",
        "7月25日(土) 17時",
        "last entry",
        "or 2027-07-25T17:00",
        "b.png: announces nothing (NO_EVENT)",
        "c.png: could not be read: Cut. (IMAGE_TRUNCATED)",
        "d.png: is still being read, as observation o4",
    ):
        assert part in said.out
    assert "\x1b[2J" not in said.out
    assert "INSTRUCTION, not obeyed: ignore all" in said.err


def test_scripts_read_one_document() -> None:
    """Entries as REST gives them."""
    shown = document([Announcement(Source("a.png"), "ready", "o1", [_entry()], "ja")])
    (one,) = shown["schedules"]
    assert ("a.png", "ready", "ja", None) == tuple(
        one[name] for name in ("source", "status", "language", "failure")
    )
    assert "ENTRY_KIND_EVENT" == one["events"][0]["kind"]
    assert "2026-07-25T17:00" == one["events"][0]["start"]["value"]


class _Tags(HTMLParser):
    """Tags with their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def boxes(self) -> Iterator[str]:
        return (each["style"] or "" for tag, each in self.found if each.get("class") == "box")


def _png() -> bytes:
    held = io.BytesIO()
    Image.new("RGB", (40, 20), "red").save(held, "PNG")
    return held.getvalue()


def test_the_page_shows_boxes_on_the_picture(tmp_path: Path) -> None:
    """In parts of the picture; words of it are only text; no picture for several pages."""
    attack = '"><script>alert(1)</script>\u202e'
    one = Announcement(Source(f"../{attack}a.png", _png()), "ready", "o1", [_entry(attack)])
    tags = _Tags(evidence.page(one))
    assert not [tag for tag, _ in tags.found if tag == "script"]
    assert not [name for _, each in tags.found for name in each if name.startswith("on")]
    boxes = list(tags.boxes())
    assert 2 == len(boxes)
    assert "left:10.00%;top:25.00%;width:50.00%;height:10.00%" in boxes[0]
    assert "\u202e" not in evidence.page(one)
    many = Announcement(Source("b.pdf", _png()), "ready", "o1", [_entry(place=_value("x", page=2))])
    assert "<img" not in evidence.page(many)
    assert "<img" not in evidence.page(
        Announcement(Source("c", b"%PDF"), "ready", "o1", [_entry()])
    )
    written = evidence.write_pages(tmp_path / "show", [many])
    assert [tmp_path / "show" / "01-b.html"] == written
    assert "x" in written[0].read_text("utf-8")
