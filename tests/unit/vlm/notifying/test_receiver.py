"""Calls to a real server on loopback: what it gets, and whatever it does to us."""

from __future__ import annotations

import asyncio
import base64
import json
import time
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from kioku_rt.reasons import Reason
from kioku_vlm.notifying.delivery import Answer, Delivery
from kioku_vlm.notifying.receiver import (
    HttpReceiver,
    ReceiverUnusable,
    body_of,
    checked_url,
    client_of,
)
from kioku_vlm.notifying.signing import SecretMalformed, secret_bytes
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

OLD, NEW = ("whsec_" + base64.b64encode(bytes([n]) * 32).decode() for n in (1, 2))
NOW = 1_800_000_000.0
DELIVERY = Delivery(uuid.uuid4(), "ann", uuid.uuid4(), 3, 1, {"asset_ids": ["a"], "entries": 2})


@dataclass
class Server:
    """Answers every request with the same bytes, and keeps what it got."""

    answer: bytes = b"HTTP/1.1 204 No Content\r\n\r\n"
    drip: float = 0.0
    requests: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    url: str = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[1:-2]
        headers = {name.lower(): text for name, text in (line.split(": ", 1) for line in head)}
        body = await reader.readexactly(int(headers["content-length"]))
        self.requests.append((headers, body))
        try:
            for at in range(len(self.answer)) if self.drip else [None]:
                writer.write(self.answer if at is None else self.answer[at : at + 1])
                await writer.drain()
                await asyncio.sleep(self.drip)
        except ConnectionError:
            pass
        finally:
            writer.close()


@asynccontextmanager
async def listening(server: Server) -> AsyncIterator[Server]:
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}/kioku"
    async with listener:
        yield server


async def told(
    server: Server, *, seconds: float = 5.0, clock: Callable[[], float] = lambda: NOW
) -> Answer:
    keys = [secret_bytes(secret) for secret in (NEW, OLD)]
    async with client_of(seconds, 2) as client:
        receiver = HttpReceiver(client, server.url, keys, seconds=seconds, clock=clock)
        return await receiver.tell(DELIVERY)


async def test_the_receiver_can_prove_that_it_was_us() -> None:
    """An independent implementation of Standard Webhooks verifies it, with either secret."""
    async with listening(Server()) as server:
        assert (await told(server, clock=time.time)).status == 204
    [(headers, body)] = server.requests
    for secret in (OLD, NEW):
        assert Webhook(secret).verify(body, headers)["data"]["entries"] == 2
    with pytest.raises(WebhookVerificationError):
        Webhook(NEW).verify(body.replace(b'"entries":2', b'"entries":3'), headers)
    with pytest.raises(WebhookVerificationError):
        Webhook("whsec_" + base64.b64encode(b"x" * 32).decode()).verify(body, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(NEW).verify(body, {**headers, "webhook-id": "other"})
    assert headers["idempotency-key"] == headers["webhook-id"] == str(DELIVERY.delivery_id)


async def test_an_old_call_cannot_be_played_again() -> None:
    async with listening(Server()) as server:
        await told(server, clock=lambda: time.time() - 3600)
    [(headers, body)] = server.requests
    with pytest.raises(WebhookVerificationError, match="too old"):
        Webhook(NEW).verify(body, headers)


def test_the_body_names_things_and_quotes_nothing() -> None:
    said = json.loads(body_of(DELIVERY))
    assert said == {
        "type": "observation.ready",
        "data": {
            "owner": "ann",
            "observation_id": str(DELIVERY.observation_id),
            "version": 3,
            "asset_ids": ["a"],
            "entries": 2,
        },
    }


async def test_a_redirect_is_not_followed() -> None:
    async with listening(Server()) as other:
        answer = f"HTTP/1.1 307 Moved\r\nlocation: {other.url}\r\ncontent-length: 0\r\n\r\n"
        async with listening(Server(answer.encode())) as server:
            assert (await told(server)).status == 307
    assert (len(server.requests), other.requests) == (1, [])


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        ("Fri, 15 Jan 2027 08:00:30 GMT", 30.0),
        ("Fri, 15 Jan 2021 08:00:30 GMT", 0.0),
        ("soon", None),
        ("-3", None),
        ("9" * 400, 999_999_999.0),
    ],
)
async def test_it_may_ask_to_wait(header: str, seconds: float | None) -> None:
    answer = f"HTTP/1.1 503 Busy\r\nretry-after: {header}\r\ncontent-length: 0\r\n\r\n"
    async with listening(Server(answer.encode())) as server:
        assert (await told(server)).retry_after == seconds


async def test_a_slow_drip_ends_in_time() -> None:
    """Each byte arrives within the client's timeout; the call as a whole does not."""
    answer = b"HTTP/1.1 200 OK\r\nx: " + b"a" * 10_000 + b"\r\ncontent-length: 0\r\n\r\n"
    async with listening(Server(answer, drip=0.02)) as server:
        assert (await told(server, seconds=0.3)).reason is Reason.WEBHOOK_TIMEOUT


@pytest.mark.parametrize("answer", [b"", b"\x00\xff\x00\r\n\r\n", b"HTTP/1.1 banana\r\n\r\n"])
async def test_nonsense_is_an_answer_too(answer: bytes) -> None:
    async with listening(Server(answer)) as server:
        said = await told(server)
    assert (said.status, said.reason) == (0, Reason.WEBHOOK_UNREACHABLE)


async def test_an_endless_body_is_not_read() -> None:
    """The status is enough; gigabytes may follow."""
    head = b"HTTP/1.1 200 OK\r\ncontent-length: 10000000000\r\n\r\n"
    async with listening(Server(head + b"x" * 100_000)) as server:
        assert (await told(server)).status == 200


async def test_nobody_listens() -> None:
    async with listening(Server()) as server:
        pass
    assert (await told(server)).reason is Reason.WEBHOOK_UNREACHABLE


@pytest.mark.parametrize(
    "url",
    ["", "ftp://a/b", "https://", "http://app/x", "https://u:p@app/", "https://app/#x", "/a"],
)
def test_an_unusable_address_is_refused(url: str) -> None:
    with pytest.raises(ReceiverUnusable) as error:
        checked_url(url, plaintext=False)
    assert "u:p" not in str(error.value)


def test_usable_addresses() -> None:
    assert checked_url("https://f.example/x?a=b", plaintext=False) == "https://f.example/x?a=b"
    assert checked_url("http://app:8080/x", plaintext=True) == "http://app:8080/x"


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_!!", "whsec_" + "YQ==", "c2VjcmV0" * 6])
def test_a_weak_or_broken_secret_is_refused_unrepeated(secret: str) -> None:
    with pytest.raises(SecretMalformed) as error:
        secret_bytes(secret)
    assert not secret.removeprefix("whsec_") or secret not in str(error.value)
