"""The app hears of observations through the whole service: signed, once, and again when asked."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from kioku.vlm.v1 import observation_pb2
from kioku.vlm.v1 import schedule_service_pb2 as messages
from standardwebhooks.webhooks import Webhook

from tests.integration.vlm.rig import Db, notice, until
from tests.integration.vlm.test_asking import refused

FAIR = {"title": "A secret party", "start": "2026-05-30T10:00", "place": "School hall"}
SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()


@dataclass
class App:
    """Confirms every call, or answers with a status of the test's, and keeps what it got."""

    status: str = "204 No Content"
    calls: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    url: str = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[1:-2]
        headers = {name.lower(): text for name, text in (line.split(": ", 1) for line in head)}
        self.calls.append((headers, await reader.readexactly(int(headers["content-length"]))))
        writer.write(f"HTTP/1.1 {self.status}\r\ncontent-length: 0\r\n\r\n".encode())
        await writer.drain()
        writer.close()


@asynccontextmanager
async def app_of(**facts: Any) -> AsyncIterator[App]:
    """An app that listens on loopback."""
    app = App(**facts)
    listener = await asyncio.start_server(app.serve, "127.0.0.1", 0)
    app.url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}/hook"
    async with listener:
        yield app


def told(app: App) -> dict[str, Any]:
    """What the app uses: plain addresses, quickly."""
    return {
        "vlm_webhook_url": app.url,
        "vlm_webhook_secrets": (SECRET,),
        "vlm_webhook_plaintext": True,
        "vlm_webhook_every_seconds": 0.1,
    }


async def test_the_app_hears_of_a_reading_by_references(db: Db, start_vlm: Any) -> None:
    """One signed call with ids and counts; no word of the picture is in it."""
    async with app_of() as app, start_vlm(**told(app)) as service:
        await service.upload("ann", notice(FAIR))
        [row] = await db.until_read("ann")

        async def called() -> bool:
            return len(app.calls) == 1

        await until(called)
        request = messages.ListDeliveriesRequest(observation_id=str(row["observation_id"]))

        async def delivered() -> Any:
            page = await service.schedules("ann").ListDeliveries(request)
            [one] = page.deliveries
            return one if one.state == observation_pb2.DELIVERY_STATE_DELIVERED else None

        delivery = await until(delivered)
    headers, body = app.calls[0]
    facts = Webhook(SECRET).verify(body, headers)
    assert ("observation.ready", str(row["observation_id"]), 1, 1) == (
        facts["type"],
        facts["data"]["observation_id"],
        facts["data"]["version"],
        facts["data"]["entries"],
    )
    assert (headers["webhook-id"], 1, 204) == (
        delivery.delivery_id,
        delivery.attempts,
        delivery.http_status,
    )
    assert b"secret party" not in body
    assert b"hall" not in body


async def test_a_call_that_was_given_up_is_made_again_when_asked(db: Db, start_vlm: Any) -> None:
    """Gone is final; RedeliverObservation makes a new call with its own id."""
    async with app_of(status="410 Gone") as app, start_vlm(**told(app)) as service:
        await service.upload("ann", b"no picture")
        [row] = await db.until_read("ann")
        schedules = service.schedules("ann")
        of = {"observation_id": str(row["observation_id"])}

        async def states() -> list[int]:
            page = await schedules.ListDeliveries(messages.ListDeliveriesRequest(**of))
            return [one.state for one in page.deliveries]

        async def given_up() -> bool:
            return await states() == [observation_pb2.DELIVERY_STATE_FAILED]

        await until(given_up)
        app.status = "200 OK"
        ordered = await schedules.RedeliverObservation(messages.RedeliverObservationRequest(**of))

        async def delivered() -> bool:
            return (await states())[0] == observation_pb2.DELIVERY_STATE_DELIVERED

        await until(delivered)
    assert ordered.delivery.delivery_id == app.calls[-1][0]["webhook-id"]
    assert ("observation.failed", "IMAGE_UNSUPPORTED_FORMAT") == (
        json.loads(app.calls[-1][1])["type"],
        json.loads(app.calls[-1][1])["data"]["failure"],
    )


async def test_without_an_address_nobody_is_told(db: Db, start_vlm: Any) -> None:
    """And who asks to be told again hears why not."""
    async with start_vlm() as service:
        await service.upload("ann", notice(FAIR))
        [row] = await db.until_read("ann")
        request = messages.RedeliverObservationRequest(observation_id=str(row["observation_id"]))
        assert "WEBHOOK_NOT_SET" == await refused(
            service.schedules("ann").RedeliverObservation(request)
        )
    assert 0 == await db.owner.fetchval("SELECT count(*) FROM vlm.webhook_deliveries")
