"""The app's HTTPS address, by httpx.  Implements `Receiver`.

The address comes from the operator's settings and from nowhere else: no document, model or caller
can name one. Redirects are not followed, proxies of the environment not used, and of an answer
nothing but its status and `Retry-After` is read.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import httpx
from kioku_rt.reasons import Reason

from kioku_vlm.notifying.delivery import Answer, Delivery
from kioku_vlm.notifying.signing import signed

TYPE = "observation.ready"
_FAILED = "observation.failed"


class ReceiverUnusable(ValueError):
    """The setting names no address that may be called."""


def checked_url(url: str, *, plaintext: bool) -> str:
    """The address, if it may be called.

    Args:
        plaintext: whether `http` will do, within a cluster for example.

    Raises:
        ReceiverUnusable: with one sentence for the operator; the address's secrets are not in it.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise ReceiverUnusable("the webhook's address is no https URL")
    if parts.username or parts.password or parts.fragment:
        raise ReceiverUnusable("the webhook's address has a user, a password or a fragment")
    if parts.scheme == "http" and not plaintext:
        raise ReceiverUnusable(
            "the webhook's address is not https; set KIOKU_VLM_WEBHOOK_PLAINTEXT=true if its"
            " network is yours"
        )
    return url


class HttpReceiver:
    """Calls one address; close the client when done.

    Args:
        client: without redirects, without the environment's proxies, with timeouts.
        keys: of the signature, the newest first.
        seconds: for a whole call.
        clock: seconds since 1970.
    """

    def __init__(
        self,
        client: httpx.AsyncClient,
        url: str,
        keys: Sequence[bytes],
        *,
        seconds: float,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._client = client
        self._url = url
        self._keys = tuple(keys)
        self._seconds = seconds
        self._clock = clock

    async def tell(self, delivery: Delivery) -> Answer:
        """Make the call; whatever goes wrong is an answer, too."""
        body = body_of(delivery)
        headers = {
            "content-type": "application/json",
            "user-agent": "Kioku-Webhooks/1",
            "idempotency-key": str(delivery.delivery_id),
            **signed(self._keys, str(delivery.delivery_id), int(self._clock()), body),
        }
        try:
            async with asyncio.timeout(self._seconds):
                async with self._client.stream(
                    "POST", self._url, content=body, headers=headers
                ) as response:
                    return Answer(response.status_code, _wait(response.headers, self._clock()))
        except (TimeoutError, httpx.TimeoutException):
            return Answer(0, reason=Reason.WEBHOOK_TIMEOUT)
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError):
            return Answer(0, reason=Reason.WEBHOOK_UNREACHABLE)


def body_of(delivery: Delivery) -> bytes:
    """What the app is told, the same bytes at each attempt: references, to be asked for.

    `data` is where a Firebase callable function looks for its argument.
    """
    kind = _FAILED if delivery.facts.get("failure") else TYPE
    return json.dumps(
        {
            "type": kind,
            "data": {
                "owner": delivery.owner,
                "observation_id": str(delivery.observation_id),
                "version": delivery.version,
                **delivery.facts,
            },
        },
        ensure_ascii=False,
        separators=(",", ":"),
        sort_keys=True,
    ).encode()


def client_of(seconds: float, connections: int) -> httpx.AsyncClient:
    """The client that `HttpReceiver` wants."""
    return httpx.AsyncClient(
        timeout=seconds,
        limits=httpx.Limits(max_connections=connections),
        follow_redirects=False,
        trust_env=False,
    )


def _wait(headers: httpx.Headers, now: float) -> float | None:
    """Seconds of `Retry-After` (RFC 9110, 10.2.3): a number, or a date."""
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        then = parsedate_to_datetime(text)
    except ValueError:
        return None
    if then.tzinfo is None:
        then = then.replace(tzinfo=UTC)
    return max(0.0, (then - datetime.fromtimestamp(now, UTC)).total_seconds())
