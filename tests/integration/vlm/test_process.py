"""The process as it is started, and as it is killed."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import sys
import uuid
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from kioku.assets.v1 import asset_pb2
from kioku.events.v1 import events_pb2
from kioku.vlm.v1 import schedule_service_pb2 as messages
from kioku.vlm.v1.schedule_service_pb2_grpc import ScheduleServiceStub
from kioku_rt.auth import DevIssuer
from kioku_rt.events import EventBus
from kioku_rt.objects.port import owner_hash
from kioku_rt.rpc import channel
from kioku_scenes.documents import Half, documents, missing_faces
from kioku_vlm.main import EXIT_UNUSABLE, open_service
from kioku_vlm.settings import Settings

from tests.integration.vlm.rig import UPLOADED_AT, Db, notice, until

FAIR = {"title": "Summer fair", "start": "2026-05-30T10:00", "place": "School hall"}
ROOT = Path(__file__).resolve().parents[3]


async def test_kill_9_while_reading_loses_and_doubles_nothing(
    db: Db, event_log: Any, start_vlm: Any, objects: Any, tmp_path: Path
) -> None:
    """A real process dies with a picture in hand; the next one reads it: one version, one event."""
    data, asset_id = notice(FAIR), uuid.uuid4()
    sha256 = hashlib.sha256(data).hexdigest()
    key = f"originals/{owner_hash('ann')}/{asset_id}/{sha256}"
    begun = tmp_path / "begun"
    issuer = DevIssuer(tmp_path / "issuer")
    told = {
        "settings": {
            "vlm_api_dsn": db.dsns["vlm_api"],
            "vlm_worker_dsn": db.dsns["vlm_worker"],
            "jwks": str(issuer.jwks_path),
            "nats_url": [event_log.url],
            "vlm_lease_seconds": 3,
        },
        "key": key,
        "data": data.hex(),
        "begun": str(begun),
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.integration.vlm.hanging",
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
    )
    try:
        assert process.stdin is not None
        process.stdin.write(json.dumps(told).encode())
        process.stdin.close()
        when = Timestamp()
        when.FromDatetime(UPLOADED_AT)
        message = events_pb2.AssetUploaded(
            asset_id=str(asset_id),
            owner="ann",
            kind=asset_pb2.ASSET_KIND_IMAGE,
            object_key=key,
            sha256=sha256,
            generation=1,
            event_time=when,
        )
        async with await EventBus.connect(event_log.url, "test") as bus:
            await bus.publish(
                "asset.uploaded", message.SerializeToString(), event_id=str(uuid.uuid4())
            )

            async def reading() -> bool:
                return begun.exists()

            await until(reading)
    finally:
        process.kill()
        await process.wait()
    assert "PENDING" == (await db.observations("ann"))[0]["state"]
    await objects.put(key, data, "image/png")
    async with start_vlm() as service:
        [row] = await db.until_read("ann")
        assert 1 == len(service.reader.calls)
    assert (1, 2) == (row["version"], row["attempts"])
    assert 1 == len(await db.entries("ann"))
    assert 1 == len(await db.ready())


def poster() -> tuple[bytes, set[str]]:
    """A drawn document as a file, and the days of what it announces."""
    if missing := missing_faces():
        pytest.skip(f"fonts are missing, scripts/fetch-debian fetches them: {sorted(missing)}")
    document = next(iter(documents(Half.DEVELOPMENT)))
    stream = io.BytesIO()
    document.pages[0].image.save(stream, "PNG")
    return stream.getvalue(), {one.start.isoformat()[:10] for one in document.entries}


async def test_a_webhook_that_may_not_be_called_is_one_sentence(db: Db, event_log: Any) -> None:
    """Exit code 78 and the reason, no traceback."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "kioku_vlm",
        env={
            "KIOKU_VLM_API_DSN": db.dsns["vlm_api"],
            "KIOKU_VLM_WORKER_DSN": db.dsns["vlm_worker"],
            "KIOKU_VLM_SEALER_DSN": db.dsns["vlm_sealer"],
            "KIOKU_NATS_URL": event_log.url,
            "KIOKU_JWKS": "none",
            "KIOKU_VLM_WEBHOOK_URL": "http://app.example/hook",
        },
        stderr=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    _, said = await asyncio.wait_for(process.communicate(), 60)
    assert EXIT_UNUSABLE == process.returncode
    assert "not https" in said.decode()
    assert "Traceback" not in said.decode()


async def test_the_service_as_main_opens_it(db: Db, event_log: Any, tmp_path: Path) -> None:
    """Real pools, decoders, reader, rules and event log: a drawn page in, what it announces out."""
    data, days = poster()
    issuer = DevIssuer(tmp_path / "issuer")
    settings = Settings(
        vlm_api_dsn=db.dsns["vlm_api"],
        vlm_worker_dsn=db.dsns["vlm_worker"],
        vlm_sealer_dsn=db.dsns["vlm_sealer"],
        jwks=str(issuer.jwks_path),
        nats_url=event_log.url,
        vlm_zone="Asia/Tokyo",
    )
    async with AsyncExitStack() as resources:
        running = await open_service(settings, resources)
        assert running.server is not None
        port = await running.server.start()
        for ping in running.pings.values():
            await ping()
        stop = asyncio.Event()
        tasks = [asyncio.create_task(run(stop)) for run in running.consumers.values()]
        token = issuer.mint("ann")
        async with channel(f"127.0.0.1:{port}", token=lambda: token, default_timeout=30) as one:
            stub = ScheduleServiceStub(one)
            page = await stub.ListObservations(messages.ListObservationsRequest())
            read = await stub.ExtractSchedule(
                messages.ExtractScheduleRequest(image=data, wait_seconds=60), timeout=90
            )
            calendar = (await stub.ExportCalendar(messages.ExportCalendarRequest())).calendar
        stop.set()
        await asyncio.wait_for(asyncio.gather(*tasks), 15)
        await running.server.drain()
    assert ([], "ready") == (list(page.observations), read.status)
    assert days <= {event.start.value[:10] for event in read.events}
    assert all(event.start.evidence for event in read.events)
    assert "text/calendar; charset=utf-8" == calendar.content_type
    assert len(read.events) == calendar.data.count(b"BEGIN:VEVENT")
    assert 1 == len(await db.audited("calendar.export"))
