"""Promise: one prediction gives one vector, or is cancelled when nobody wants it any more.

Replicate's HTTP API: `POST /v1/predictions`, then its own address until it has ended.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from typing import Any

import httpx
import structlog
from kioku_rt.errors import KiokuError

from kioku_embedder.hosted.exchange import Exchange
from kioku_embedder.hosted.failure import Misconfigured, Outage, RateLimited, unusable
from kioku_embedder.hosted.provider import Row, row_of

_ID = re.compile(r"[A-Za-z0-9_-]{1,100}")
_RUNNING = frozenset({"starting", "processing", "queued"})
_FIRST_LOOK, _LONGEST_LOOK, _GROWTH = 0.1, 5.0, 1.5
_MOST_MISSES = 5
_CANCEL_SECONDS = 5.0
_SHOWN = 200
_log = structlog.get_logger(__name__)


class Replicate:
    """See `Provider`.

    Args:
        exchange: with the header `Authorization: Token …`.
        version: of the model, `owner/name:digest` or the digest alone.
        seconds: that one prediction may take, its waiting in the provider's queue included.
    """

    takes_urls = True

    def __init__(self, exchange: Exchange, *, version: str, seconds: float) -> None:
        self._exchange = exchange
        self._version = version
        self._seconds = seconds
        self._cancelling: set[asyncio.Task[None]] = set()

    async def image(self, address: str) -> Row:
        """See the port."""
        return await self._predicted({"image": address})

    async def text(self, text: str) -> Row:
        """See the port."""
        return await self._predicted({"text": text})

    async def aclose(self) -> None:
        """See the port."""
        if self._cancelling:
            await asyncio.wait(self._cancelling, timeout=_CANCEL_SECONDS)
        await self._exchange.aclose()

    async def _predicted(self, given: Mapping[str, str]) -> Row:
        body = {"version": self._version, "input": given}
        prediction = _checked(await self._exchange.ask("POST", "/v1/predictions", body))
        address = self._address(prediction, "get")
        try:
            async with asyncio.timeout(self._seconds):
                ended = await self._ended(prediction, address)
        except TimeoutError as error:
            self._give_up(prediction)
            raise Outage(charged=True) from error
        except (asyncio.CancelledError, KiokuError):
            self._give_up(prediction)
            raise
        return _output(ended)

    async def _ended(self, prediction: dict[str, Any], address: str) -> dict[str, Any]:
        """Looks until the prediction has ended; less and less often."""
        pause, misses = _FIRST_LOOK, 0
        while prediction["status"] in _RUNNING:
            await asyncio.sleep(pause)
            pause = min(_LONGEST_LOOK, pause * _GROWTH)
            try:
                prediction = _checked(await self._exchange.ask("GET", address))
                misses = 0
            except (Outage, RateLimited) as error:  # the prediction goes on without us
                misses += 1
                if misses >= _MOST_MISSES:
                    raise Outage(charged=True) from error
                pause = max(pause, error.retry_after or 0.0)
            except Misconfigured as error:
                raise unusable("The hosted model lost the prediction.") from error
        return prediction

    def _address(self, prediction: Mapping[str, Any], use: str) -> str:
        """Where to ask for the prediction: as told if that is the provider itself, else by its id.

        Our credentials are never sent to another host because an answer says so.
        """
        urls = prediction.get("urls")
        told = urls.get(use) if isinstance(urls, dict) else None
        if isinstance(told, str) and _same_origin(told, self._exchange.base_url):
            return told
        suffix = "/cancel" if use == "cancel" else ""
        return f"/v1/predictions/{prediction['id']}{suffix}"

    def _give_up(self, prediction: Mapping[str, Any]) -> None:
        """Tells the provider to stop, without anybody waiting for it."""
        task = asyncio.create_task(self._cancel(self._address(prediction, "cancel")))
        self._cancelling.add(task)
        task.add_done_callback(self._cancelling.discard)

    async def _cancel(self, address: str) -> None:
        try:
            async with asyncio.timeout(_CANCEL_SECONDS):
                await self._exchange.ask("POST", address)
        except (KiokuError, TimeoutError) as error:
            _log.warning("hosted_cancel_failed", error=str(error))


def _checked(answer: Any) -> dict[str, Any]:
    if not isinstance(answer, dict) or not isinstance(answer.get("status"), str):
        raise unusable("The hosted model's answer is no prediction.")
    if not isinstance(answer.get("id"), str) or not _ID.fullmatch(answer["id"]):
        raise unusable("The hosted model's answer is no prediction.")
    return answer


def _same_origin(told: str, base: httpx.URL) -> bool:
    try:
        url = httpx.URL(told)
    except httpx.InvalidURL:
        return False
    return (url.scheme, url.host, url.port) == (base.scheme, base.host, base.port)


def _output(prediction: Mapping[str, Any]) -> Row:
    """The vector in one of the shapes that models of this kind answer in."""
    if prediction["status"] != "succeeded":
        said = str(prediction.get("error"))[:_SHOWN]
        _log.warning("hosted_prediction_failed", status=prediction["status"], said=said)
        raise unusable("The hosted model failed on this item.")
    output = prediction.get("output")
    if isinstance(output, list) and len(output) == 1 and isinstance(output[0], dict | list):
        output = output[0]
    if isinstance(output, dict):
        output = output.get("embedding")
    return row_of(output)
