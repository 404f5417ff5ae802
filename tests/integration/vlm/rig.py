"""What the tests of `vlm` are made with: written notices, engines that read them, a database.

A notice is a picture file whose comment holds the entries that it announces, so that the fakes at
the model ports say exactly what the test wrote.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import asyncpg
import grpc
from google.protobuf.timestamp_pb2 import Timestamp
from kioku.assets.v1 import asset_pb2
from kioku.events.v1 import events_pb2
from kioku.vlm.v1.schedule_service_pb2_grpc import ScheduleServiceStub
from kioku_rt.auth import Acting, DevIssuer, Principal
from kioku_rt.errors import InvalidInput, KiokuError
from kioku_rt.events import EventBus
from kioku_rt.objects import MemoryObjectStore
from kioku_rt.objects.port import owner_hash
from kioku_rt.reasons import Reason
from kioku_rt.rpc import channel
from kioku_vlm.observing.observation import Original
from kioku_vlm.observing.ports import Picture
from kioku_vlm.page import Box, Document, Line, Page
from kioku_vlm.schedule_facts import Circumstances, Entry, Evidence, Kind, Schedule, Value
from kioku_vlm.settings import Settings
from PIL import Image, PngImagePlugin

UPLOADED_AT = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
BOX = Box(0.1, 0.2, 0.5, 0.05)


def notice(*entries: dict[str, Any], shade: int = 200) -> bytes:
    """A picture (PNG) that announces entries: each `title`, `start` and more fields of text."""
    picture = Image.new("L", (64, 64), shade)
    for place in range(64):
        picture.putpixel((place, (place * shade) % 64), 0)
    note = PngImagePlugin.PngInfo()
    note.add_text("entries", json.dumps(entries))
    stream = io.BytesIO()
    picture.save(stream, "PNG", pnginfo=note)
    return stream.getvalue()


def entries_in(data: bytes) -> list[dict[str, Any]]:
    """What a notice announces."""
    with Image.open(io.BytesIO(data)) as picture:
        picture.load()
        told: list[dict[str, Any]] = json.loads(picture.text["entries"])  # type: ignore[attr-defined]
        return told


def value(text: str, **more: Any) -> Value:
    """A value that was read in one place."""
    facts = {"confidence": 0.9, "resolved_by": "explicit", **more}
    return Value(text, text, evidence=(Evidence(1, BOX, text),), **facts)


def entry(told: dict[str, Any], circumstances: Circumstances) -> Entry:
    """The entry that a notice's words stand for."""
    texts = {
        name: value(told[name])
        for name in ("title", "start", "end", "place", "address", "rrule")
        if name in told
    }
    if told.get("ambiguous"):
        month_first = circumstances.locale == "en-US"
        texts["start"] = value(
            "2026-03-04" if month_first else "2026-04-03",
            resolved_by="locale" if circumstances.locale else "",
            flags=() if circumstances.locale else ("AMBIGUOUS_DATE",),
        )
    return Entry(
        kind=Kind(told.get("kind", "EVENT")),
        notes=tuple(map(value, told.get("notes", ()))),
        zone=circumstances.zone,
        zone_by="request" if circumstances.zone else "",
        confidence=0.8,
        **texts,  # type: ignore[arg-type]
    )


class NoticeReader:
    """Implements `Reader`: the comment is the page.

    Attributes:
        calls: files that were read.
        failure: raised instead of reading, where it is set.
        gate: readings wait for it.
    """

    def __init__(self) -> None:
        self.version = "notices@1"
        self.calls: list[bytes] = []
        self.failure: Exception | None = None
        self.gate = asyncio.Event()
        self.gate.set()

    async def read(self, data: bytes, content_type: str = "") -> Document:  # noqa: ARG002
        self.calls.append(data)
        await self.gate.wait()
        if self.failure is not None:
            raise self.failure
        if not data.startswith(b"\x89PNG"):
            raise InvalidInput(Reason.IMAGE_UNSUPPORTED_FORMAT)
        text = json.dumps(entries_in(data))
        line = Line(text, tuple(BOX for _ in text), 0.9)
        return Document((Page(1, 64, 64, (line,)),), "en")


class NoticeExtractor:
    """Implements `Extractor`: says what the page's one line holds.

    Attributes:
        asked: the circumstances of each call.
    """

    prompt_version = "p1"
    schema_version = "s1"

    def __init__(self, model_version: str = "notices@1") -> None:
        self.model_version = model_version
        self.asked: list[Circumstances] = []
        self.changes: dict[str, Any] = {}

    async def extract(
        self, pictures: Sequence[Picture], document: Document, circumstances: Circumstances
    ) -> Schedule:
        assert len(pictures) == 1
        self.asked.append(circumstances)
        told = json.loads(document.pages[0].lines[0].text)
        entries = tuple(entry({**one, **self.changes}, circumstances) for one in told)
        return Schedule(entries, document.language, "" if entries else "NO_EVENT")


class NoHasher:
    """Implements `Hasher`: the shade of a notice's corner decides."""

    async def hash_of(self, data: bytes) -> int | None:
        try:
            with Image.open(io.BytesIO(data)) as picture:
                return int(picture.getpixel((63, 0)) or 0)  # type: ignore[arg-type]
        except OSError:
            return None


class SearchAssets:
    """Implements `Assets`: what `search` knows.

    Attributes:
        known: by owner and asset.
    """

    def __init__(self) -> None:
        self.known: dict[tuple[str, uuid.UUID], Original | Reason] = {}

    async def original(self, owner: str, asset_id: uuid.UUID) -> Original:
        found = self.known.get((owner, asset_id), Reason.ASSET_NOT_FOUND)
        if isinstance(found, Reason):
            raise KiokuError(found)
        return found


def user(owner: str) -> Acting:
    """A user acting for themselves."""
    return Acting(owner, Principal(owner, False, frozenset(), "t"), on_behalf=False)


@dataclass
class Db:
    """A database with this service's schema and the pools of its roles."""

    dsn: str
    dsns: dict[str, str]
    owner: asyncpg.Pool
    api: asyncpg.Pool
    worker: asyncpg.Pool

    async def observations(self, owner: str) -> list[asyncpg.Record]:
        """All observations of an owner, the oldest first."""
        return await self.owner.fetch(
            "SELECT * FROM vlm.vlm_observations WHERE owner = $1 ORDER BY created_at", owner
        )

    async def entries(self, owner: str) -> list[asyncpg.Record]:
        """All entries of an owner, the oldest first."""
        return await self.owner.fetch(
            "SELECT *, fields -> 'title' ->> 'value' AS title FROM vlm.vlm_detection_entities"
            " WHERE owner = $1 AND parent_id IS NULL ORDER BY created_at, ordinal",
            owner,
        )

    async def audited(self, action: str) -> list[asyncpg.Record]:
        """What was audited as that action, in order."""
        return await self.owner.fetch(
            "SELECT * FROM vlm.audit_logs WHERE action = $1 ORDER BY id", action
        )

    async def told(self, subject: str, message: Any) -> list[Any]:
        """What the outbox holds of a subject, in order."""
        rows = await self.owner.fetch(
            "SELECT payload FROM vlm.outbox WHERE subject = $1 ORDER BY id", subject
        )
        return [message.FromString(row["payload"]) for row in rows]

    async def ready(self) -> list[events_pb2.ObservationReady]:
        """Every `observation.ready`."""
        return await self.told("observation.ready", events_pb2.ObservationReady)

    async def until_read(self, owner: str, count: int = 1) -> list[asyncpg.Record]:
        """The owner's observations once so many are finished, and none is pending."""

        async def finished() -> list[asyncpg.Record] | None:
            rows = await self.observations(owner)
            done = [row for row in rows if row["state"] != "PENDING"]
            return rows if len(done) == len(rows) and len(done) >= count else None

        rows: list[asyncpg.Record] = await until(finished)
        return rows


@dataclass
class Service:
    """A whole `vlm` process inside the test, with tokens for anybody."""

    port: int
    issuer: DevIssuer
    bus: EventBus
    objects: MemoryObjectStore
    reader: NoticeReader
    extractor: NoticeExtractor
    assets: SearchAssets
    settings: Settings
    channels: list[grpc.aio.Channel] = field(default_factory=list)

    def schedules(self, subject: str, **claims: Any) -> Any:
        """A stub of ScheduleService with somebody's token."""
        token = self.issuer.mint(subject, ttl=300.0, **claims)
        one = channel(
            f"127.0.0.1:{self.port}",
            token=lambda: token,
            default_timeout=30,
            retry_unavailable=False,
        )
        self.channels.append(one)
        return ScheduleServiceStub(one)

    async def stored(
        self, owner: str, data: bytes, asset_id: uuid.UUID | None = None, generation: int = 1
    ) -> Original:
        """Bytes in the bucket."""
        asset_id = asset_id or uuid.uuid4()
        sha256 = hashlib.sha256(data).hexdigest()
        key = f"originals/{owner_hash(owner)}/{asset_id}/{sha256}"
        await self.objects.put(key, data, "image/png")
        return Original(owner, asset_id, generation, key, sha256)

    async def upload(
        self,
        owner: str,
        data: bytes,
        *,
        asset_id: uuid.UUID | None = None,
        generation: int = 1,
        kind: asset_pb2.AssetKind.ValueType = asset_pb2.ASSET_KIND_IMAGE,
        event_id: str = "",
        **changes: Any,
    ) -> uuid.UUID:
        """Bytes in the bucket, and what `search` says of them."""
        original = await self.stored(owner, data, asset_id, generation)
        await self.tell(original, kind=kind, event_id=event_id, **changes)
        return original.asset_id

    async def tell(
        self,
        original: Original,
        *,
        kind: asset_pb2.AssetKind.ValueType = asset_pb2.ASSET_KIND_IMAGE,
        event_id: str = "",
        **changes: Any,
    ) -> None:
        """What `search` says of an upload."""
        when = Timestamp()
        when.FromDatetime(UPLOADED_AT)
        facts = {"object_key": original.object_key, "sha256": original.sha256, **changes}
        message = events_pb2.AssetUploaded(
            asset_id=str(original.asset_id),
            owner=original.owner,
            kind=kind,
            generation=original.generation,
            event_time=when,
            **facts,
        )
        await self.publish("asset.uploaded", message, event_id)

    async def delete(self, owner: str, asset_id: uuid.UUID, event_id: str = "") -> None:
        """What `search` says of a deletion."""
        message = events_pb2.AssetDeleted(asset_id=str(asset_id), owner=owner)
        await self.publish("asset.deleted", message, event_id)

    async def publish(self, subject: str, message: Any, event_id: str = "") -> None:
        """An event in the log."""
        await self.bus.publish(
            subject, message.SerializeToString(), event_id=event_id or str(uuid.uuid4())
        )


def again(original: Original, generation: int) -> Original:
    """The same asset, ordered anew."""
    return replace(original, generation=generation)


async def until(check: Any, seconds: float = 40.0) -> Any:
    """What the coroutine function `check` gives, once it is true."""
    async with asyncio.timeout(seconds):
        while not (found := await check()):
            await asyncio.sleep(0.02)
    return found
