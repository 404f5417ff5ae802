"""Bytes that are no request end the call with a reason, not with the decoder's words.

gRPC runs the deserialiser before any handler and sends what it raises to the client as UNKNOWN with
the exception's text. So it must not raise: it returns a `Refused`, which the guard turns into the
error it holds. For the same reason answers are written inside the door and not by gRPC.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from google.protobuf.message import DecodeError, Message

from kioku_rt.errors import InvalidInput, KiokuError
from kioku_rt.reasons import Reason
from kioku_rt.rpc.enums import check_enums

Reader = Callable[[bytes], Any]
Writer = Callable[[Any], bytes]


@dataclass(frozen=True)
class Refused:
    """In place of a request that could not be read."""

    error: KiokuError


def refusing(deserialize: Reader | None, max_bytes: int) -> Reader:
    """Wrap a deserialiser so that it never raises."""

    def read(data: bytes) -> Any:
        if len(data) > max_bytes:
            return Refused(_too_large(len(data), max_bytes))
        if deserialize is None:
            return data
        try:
            return deserialize(data)
        except (DecodeError, ValueError, RecursionError):
            return Refused(InvalidInput(Reason.REQUEST_NOT_DECODABLE))

    return read


def writing(serialize: Writer | None, max_bytes: int) -> Writer:
    """Wrap a serialiser so that no answer is too large for its reader."""

    def write(answer: Any) -> bytes:
        data: bytes = answer if serialize is None else serialize(answer)
        if len(data) > max_bytes:
            raise _too_large(len(data), max_bytes)
        return data

    return write


def checked(request: Any) -> Any:
    """Give the request if it is one and its enums are known.

    Raises:
        KiokuError: REQUEST_NOT_DECODABLE, MESSAGE_TOO_LARGE or ENUM_UNKNOWN.
    """
    if isinstance(request, Refused):
        raise request.error
    if isinstance(request, Message):
        check_enums(request)
    return request


def _too_large(size: int, limit: int) -> KiokuError:
    return KiokuError(
        Reason.MESSAGE_TOO_LARGE,
        f"The message has {size} bytes; the limit is {limit}.",
        metadata={"size": str(size), "limit": str(limit)},
    )
