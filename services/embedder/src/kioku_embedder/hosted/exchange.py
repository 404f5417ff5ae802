"""Promise: one question to a provider has one JSON answer of bounded size, or a typed failure.

What a provider says in words is logged, cut short, and never shown to a caller.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import structlog
from kioku_rt.errors import KiokuError
from kioku_rt.outbound import AnswerTooLarge, read_limited
from kioku_rt.reasons import Reason

from kioku_embedder.hosted.failure import Misconfigured, Outage, RateLimited, unusable
from kioku_embedder.hosted.retry_after import wait_of

_WAIT_UNTOLD = 5.0
_SHOWN = 200
_THROTTLED = 429
_PASSING = frozenset({408, 425, 409})
_SETTINGS = {
    401: "The hosted model's provider does not accept our credentials.",
    402: "The hosted model's provider asks for payment first.",
    403: "The hosted model's provider does not let us use the model.",
    404: "The hosted model's provider does not know the model or the address.",
    405: "The hosted model's provider does not know the address.",
}
_log = structlog.get_logger(__name__)


class Exchange:
    """Asks one provider.

    Args:
        http: a client that holds the policy; its headers carry the credentials.
        most_bytes: of an answer.
        seconds: from the question to the last byte, however slowly they come.
    """

    def __init__(self, http: httpx.AsyncClient, *, most_bytes: int, seconds: float) -> None:
        self._http = http
        self._seconds = seconds
        self._most_bytes = most_bytes

    @property
    def base_url(self) -> httpx.URL:
        """Where the provider is."""
        return self._http.base_url

    async def ask(self, method: str, url: str, body: Any = None) -> Any:
        """The JSON document of a successful answer.

        Raises:
            KiokuError: HOSTED_* as in `failure`, or EXTERNAL_AI_REFUSED.
        """
        try:
            async with (
                asyncio.timeout(self._seconds),
                self._http.stream(method, url, json=body) as response,
            ):
                content = await read_limited(response, self._most_bytes)
        except AnswerTooLarge as error:
            raise unusable("The hosted model's answer is larger than the limit.") from error
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise Outage(charged=False) from error
        except (httpx.TransportError, httpx.InvalidURL, TimeoutError) as error:
            raise Outage(charged=True) from error
        if not response.is_success:
            _log.warning("hosted_refused", status=response.status_code, said=_said(content))
            raise failure_of(response)
        return parsed(content)

    async def aclose(self) -> None:
        """Closes every connection."""
        await self._http.aclose()


def failure_of(response: httpx.Response) -> KiokuError:
    """What an unsuccessful status means."""
    status, wait = response.status_code, wait_of(response.headers)
    if status == _THROTTLED:
        return RateLimited(_WAIT_UNTOLD if wait is None else wait)
    if status in _SETTINGS:
        return Misconfigured(_SETTINGS[status])
    if response.is_server_error or status in _PASSING:
        return Outage(charged=True, retry_after=_WAIT_UNTOLD if wait is None else wait)
    if response.is_client_error:
        return KiokuError(Reason.HOSTED_ITEM_REFUSED)
    return Misconfigured("The hosted model's address leads elsewhere; redirects are not followed.")


def parsed(content: bytes) -> Any:
    """The JSON document.

    Raises:
        KiokuError: HOSTED_FAILED.
    """
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise unusable("The hosted model's answer is not JSON.") from error


def _said(content: bytes) -> str:
    return content[:_SHOWN].decode("utf-8", "replace")
