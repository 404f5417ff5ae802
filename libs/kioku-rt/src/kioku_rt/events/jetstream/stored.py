"""Messages as they lie in a stream, by sequence; one that is gone is None, never an error."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from nats.aio.client import Client
from nats.js import errors as js_errors

_GONE = 404
_NO_MESSAGE = (10037, 10057)  # no message found; sequence not found, in a delete


@dataclass(frozen=True)
class Stored:
    """One message of a stream.

    Args:
        subject: it was published on.
        payload: its bytes.
        headers: as published.
        sequence: its place in the stream.
        time: when it was stored, UTC.
    """

    subject: str
    payload: bytes = field(repr=False)
    headers: Mapping[str, str]
    sequence: int
    time: datetime


def _stored(message: Mapping[str, Any]) -> Stored:
    lines = base64.b64decode(message.get("hdrs", "")).decode().split("\r\n")[1:]
    pairs = (line.partition(":") for line in lines if ":" in line)
    return Stored(
        subject=message["subject"],
        payload=base64.b64decode(message.get("data", "")),
        headers={name: value.strip() for name, _, value in pairs},
        sequence=message["seq"],
        time=datetime.fromisoformat(message["time"]),
    )


async def _ask(
    client: Client, verb: str, stream: str, query: Mapping[str, Any], seconds: float
) -> dict[str, Any]:
    subject = f"$JS.API.STREAM.MSG.{verb}.{stream}"
    reply = await client.request(subject, json.dumps(query).encode(), timeout=seconds)
    answer: dict[str, Any] = json.loads(reply.data)
    return answer


async def read(
    client: Client, stream: str, query: Mapping[str, Any], seconds: float
) -> Stored | None:
    """The message that `query` (`seq`, and perhaps `next_by_subj`) names, or None."""
    answer = await _ask(client, "GET", stream, query, seconds)
    error = answer.get("error")
    if error is None:
        return _stored(answer["message"])
    if error["code"] == _GONE:
        return None
    raise js_errors.APIError(**error)


async def remove(client: Client, stream: str, sequence: int, seconds: float) -> bool:
    """Delete one message; False if there was none."""
    answer = await _ask(client, "DELETE", stream, {"seq": sequence}, seconds)
    error = answer.get("error")
    if error is None:
        return True
    if error["err_code"] in _NO_MESSAGE:
        return False
    raise js_errors.APIError(**error)
