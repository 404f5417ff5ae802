"""Promise: a request to a model's server has one bounded JSON answer in time, or a typed failure.

Redirects are never followed, whatever the server streams is read up to a bound, and everything
together has one deadline. What a server says in words is logged, cut short, and shown to nobody.
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

from kioku_vlm.engines.failure import AnswerUnusable, ModelDown

_SHOWN = 200
_BUSY = frozenset({408, 425, 429})
_REFUSES_ITEM = frozenset({400, 409, 413, 415, 422})
_log = structlog.get_logger(__name__)


class Exchange:
    """Asks one server.

    Args:
        http: a client that holds the policy (`kioku_rt.outbound`); its headers have the key.
        most_bytes: of an answer.
        seconds: from the question to the last byte, however slowly they come.
    """

    def __init__(self, http: httpx.AsyncClient, *, most_bytes: int, seconds: float) -> None:
        self._http = http
        self._most_bytes = most_bytes
        self._seconds = seconds

    async def post(self, path: str, body: Any) -> Any:
        """The JSON document of a successful answer.

        Raises:
            ModelDown: the server is not reached, late, broken, or none of this kind; the policy
                refuses it.
            AnswerUnusable: it refuses this request, or says too much.
        """
        try:
            async with (
                asyncio.timeout(self._seconds),
                self._http.stream("POST", path, json=body) as response,
            ):
                content = await read_limited(response, self._most_bytes)
        except AnswerTooLarge as error:
            raise AnswerUnusable("The model's answer is larger than the limit.") from error
        except TimeoutError as error:
            raise ModelDown("The model's server did not answer in time.") from error
        except (httpx.TransportError, httpx.InvalidURL) as error:
            raise ModelDown("The model's server is not reached.") from error
        except KiokuError as error:
            if error.reason is not Reason.EXTERNAL_AI_REFUSED:
                raise
            raise ModelDown(error.message, reason=error.reason, retry_after=None) from error
        if response.status_code != httpx.codes.OK:
            _log.warning("model_refused", status=response.status_code, said=_said(content))
            raise failure_of(response.status_code)
        return _parsed(content)

    async def aclose(self) -> None:
        """Closes every connection."""
        await self._http.aclose()


def failure_of(status: int) -> KiokuError:
    """What a status other than 200 means."""
    if status in _REFUSES_ITEM:
        return AnswerUnusable("The model's server refuses this picture.")
    if status in _BUSY or status >= httpx.codes.INTERNAL_SERVER_ERROR:
        return ModelDown("The model's server is busy or broken.")
    if httpx.codes.is_redirect(status):
        return ModelDown("The model's address leads elsewhere; redirects are not followed.")
    return ModelDown(f"The model's server refuses us with status {status}.", retry_after=30.0)


def _parsed(content: bytes) -> Any:
    """Whoever answers 200 with something else than JSON is no server of this kind."""
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ModelDown("The model's server does not speak JSON.", retry_after=30.0) from error


def _said(content: bytes) -> str:
    return content[:_SHOWN].decode("utf-8", "replace")
