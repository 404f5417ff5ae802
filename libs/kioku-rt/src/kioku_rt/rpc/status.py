"""A failure crosses the wire as `google.rpc.Status` with an `ErrorInfo` of domain `kioku`.

AIP-193. `status_of` writes it, `error_of` reads it back, so that a refusal of one service reaches
the caller of another with its reason whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import grpc
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import DecodeError, Message
from google.rpc import error_details_pb2, status_pb2

from kioku_rt.errors import KiokuError
from kioku_rt.reasons import CATALOGUE, Code, Reason

DOMAIN = "kioku"
DETAILS_KEY = "grpc-status-details-bin"
# Trailers share the peer's metadata limit (8 KiB, softly); a long text must not lose the status.
_MAX_TEXT = 512
_M = TypeVar("_M", bound=Message)
_CODES = {code: grpc.StatusCode[code.value] for code in Code}


@dataclass(frozen=True)
class WireStatus:
    """What `context.abort` takes."""

    code: grpc.StatusCode
    message: str
    trailers: tuple[tuple[str, bytes], ...]


def status_of(error: KiokuError) -> WireStatus:
    """Write an error for the wire."""
    code = _CODES[error.code]
    message = _short(error.message)
    status = status_pb2.Status(code=code.value[0], message=message)
    for detail in _details(error, message):
        packed = AnyMessage()
        packed.Pack(detail)
        status.details.append(packed)
    return WireStatus(code, message, ((DETAILS_KEY, status.SerializeToString()),))


def error_of(failure: grpc.aio.AioRpcError) -> KiokuError | None:
    """Read an error that another Kioku service wrote; None when the status is not one of ours."""
    status = _read_status(failure)
    info = _find(status, error_details_pb2.ErrorInfo()) if status else None
    if status is None or info is None or info.domain != DOMAIN:
        return None
    if info.reason not in CATALOGUE:
        return None  # a newer service; its code still says what to do
    violations = _find(status, error_details_pb2.BadRequest())
    delay = _find(status, error_details_pb2.RetryInfo())
    return KiokuError(
        Reason(info.reason),
        status.message,
        field=violations.field_violations[0].field if violations else None,
        metadata=info.metadata,
        retry_after=delay.retry_delay.ToTimedelta().total_seconds() if delay else None,
    )


def _details(error: KiokuError, message: str) -> list[Message]:
    metadata = {key: _short(value) for key, value in error.metadata.items()}
    details: list[Message] = [
        error_details_pb2.ErrorInfo(reason=error.reason, domain=DOMAIN, metadata=metadata)
    ]
    if error.field is not None:
        violation = error_details_pb2.BadRequest.FieldViolation(
            field=_short(error.field), description=message, reason=error.reason
        )
        details.append(error_details_pb2.BadRequest(field_violations=[violation]))
    if error.retry_after is not None:
        delay = Duration()
        delay.FromNanoseconds(int(error.retry_after * 1e9))
        details.append(error_details_pb2.RetryInfo(retry_delay=delay))
    return details


def _read_status(failure: grpc.aio.AioRpcError) -> status_pb2.Status | None:
    for key, value in failure.trailing_metadata() or ():
        if key == DETAILS_KEY and isinstance(value, bytes):
            try:
                return status_pb2.Status.FromString(value)
            except DecodeError:
                return None
    return None


def _find(status: status_pb2.Status, target: _M) -> _M | None:
    for detail in status.details:
        if detail.Is(target.DESCRIPTOR) and detail.Unpack(target):
            return target
    return None


def _short(text: str) -> str:
    return text if len(text) <= _MAX_TEXT else text[: _MAX_TEXT - 1] + "…"
