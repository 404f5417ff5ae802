"""Calls to other services end in time, carry our token and trace, and fail by name.

Every call has a deadline (the channel's default, or shorter when the call being served has less
left). Only UNAVAILABLE is retried, by gRPC itself, inside that deadline.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import grpc
import structlog
from grpc.aio import ClientCallDetails
from opentelemetry import trace
from opentelemetry.trace import Span, SpanKind, Status, StatusCode

from kioku_rt.errors import DependencyDown, KiokuError
from kioku_rt.reasons import Code, Reason
from kioku_rt.rpc.config import MEBIBYTE
from kioku_rt.rpc.deadline import clamp
from kioku_rt.rpc.status import error_of
from kioku_rt.telemetry.tracing import inject, tracer

TokenSource = Callable[[], str]
_T = TypeVar("_T")
_log = structlog.get_logger("kioku_rt.rpc")
_RETRY_POLICY = {
    "methodConfig": [
        {
            "name": [{}],
            "retryPolicy": {
                "maxAttempts": 4,
                "initialBackoff": "0.1s",
                "maxBackoff": "1s",
                "backoffMultiplier": 2,
                "retryableStatusCodes": ["UNAVAILABLE"],
            },
        }
    ],
    "retryThrottling": {"maxTokens": 10, "tokenRatio": 0.1},
}
# The dependency answered, but not to the question: our credentials or our time, not the caller's.
_OUR_FAULT = frozenset(
    (
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.UNAUTHENTICATED,
        grpc.StatusCode.PERMISSION_DENIED,
        grpc.StatusCode.UNIMPLEMENTED,
    )
)


def channel(
    target: str,
    *,
    token: TokenSource | None = None,
    default_timeout: float = 5.0,
    retry_unavailable: bool = True,
    max_message_bytes: int = 17 * MEBIBYTE,
) -> grpc.aio.Channel:
    """Open a channel to another service.

    Args:
        target: `host:port`, or a comma-separated list behind `ipv4:`; calls go round the addresses.
        token: gives the bearer token of each call; None for public methods.
        default_timeout: seconds for a call that names none.
        retry_unavailable: let gRPC try again; only where every method may run twice.
        max_message_bytes: of one message either way.
    """
    options: list[tuple[str, Any]] = [
        ("grpc.max_receive_message_length", max_message_bytes),
        ("grpc.max_send_message_length", max_message_bytes),
        ("grpc.lb_policy_name", "round_robin"),
        ("grpc.enable_retries", int(retry_unavailable)),
        ("grpc.initial_reconnect_backoff_ms", 100),
        ("grpc.max_reconnect_backoff_ms", 2000),
    ]
    if retry_unavailable:
        options.append(("grpc.service_config", json.dumps(_RETRY_POLICY)))
    prepare = _Outgoing(token, default_timeout)
    interceptors = [shape(prepare) for shape in _SHAPES]
    return grpc.aio.insecure_channel(target, options, interceptors=interceptors)


async def call(
    dependency: str,
    answer: Awaitable[_T],
    *,
    down: Reason = Reason.DEPENDENCY_UNAVAILABLE,
) -> _T:
    """Await another service's answer and translate its failure.

    Args:
        dependency: its name for people and metrics, for example `embedder`.
        answer: the call.
        down: the reason to give when it does not answer.

    Raises:
        DependencyDown: it is unreachable, too slow, refuses our credentials, or fails by a bug of
            its own: that must not be ours, or one broken server takes down whoever asks it.
        KiokuError: what it said, with its own reason, when that is about the request.
    """
    try:
        return await answer
    except grpc.aio.AioRpcError as failure:
        raise translated(dependency, failure, down) from failure


def translated(
    dependency: str, failure: grpc.aio.AioRpcError, down: Reason = Reason.DEPENDENCY_UNAVAILABLE
) -> KiokuError:
    """Give the error that `call` would raise, for streams that are read by hand."""
    said = None if failure.code() in _OUR_FAULT else error_of(failure)
    if said is not None and said.code is not Code.INTERNAL:
        return said
    if failure.code() is grpc.StatusCode.RESOURCE_EXHAUSTED:
        return KiokuError(Reason.OVERLOADED, retry_after=1.0)
    if failure.code() is not grpc.StatusCode.DEADLINE_EXCEEDED:
        _log.warning("dependency.down", dependency=dependency, code=failure.code().name)
    return DependencyDown(dependency, reason=down)


class _Outgoing:
    """Adds deadline, token and trace to a call's details and times it as a span."""

    def __init__(self, token: TokenSource | None, default_timeout: float) -> None:
        self._token = token
        self._default_timeout = default_timeout

    def start(self, details: ClientCallDetails) -> tuple[ClientCallDetails, Span]:
        asked = self._default_timeout if details.timeout is None else details.timeout
        timeout = clamp(asked)
        headers = {} if self._token is None else {"authorization": f"Bearer {self._token()}"}
        span = tracer.start_span(_path(details.method)[1:], kind=SpanKind.CLIENT)
        with trace.use_span(span, end_on_exit=False):
            inject(headers)
        metadata = grpc.aio.Metadata(*(details.metadata or ()), *headers.items())
        ready = ClientCallDetails(
            details.method, timeout, metadata, details.credentials, details.wait_for_ready
        )
        return ready, span


class _Interceptor:
    def __init__(self, outgoing: _Outgoing) -> None:
        self._outgoing = outgoing

    async def _call(self, continuation: Any, details: ClientCallDetails, request: Any) -> Any:
        ready, span = self._outgoing.start(details)
        try:
            answer = await continuation(ready, request)
        except BaseException:
            span.end()
            raise
        answer.add_done_callback(lambda done: _end(span, done))
        return answer


class _UnaryUnary(_Interceptor, grpc.aio.UnaryUnaryClientInterceptor):
    async def intercept_unary_unary(
        self, continuation: Any, client_call_details: ClientCallDetails, request: Any
    ) -> Any:
        return await self._call(continuation, client_call_details, request)


class _UnaryStream(_Interceptor, grpc.aio.UnaryStreamClientInterceptor):
    async def intercept_unary_stream(
        self, continuation: Any, client_call_details: ClientCallDetails, request: Any
    ) -> Any:
        return await self._call(continuation, client_call_details, request)


class _StreamUnary(_Interceptor, grpc.aio.StreamUnaryClientInterceptor):
    async def intercept_stream_unary(
        self, continuation: Any, client_call_details: ClientCallDetails, request_iterator: Any
    ) -> Any:
        return await self._call(continuation, client_call_details, request_iterator)


class _StreamStream(_Interceptor, grpc.aio.StreamStreamClientInterceptor):
    async def intercept_stream_stream(
        self, continuation: Any, client_call_details: ClientCallDetails, request_iterator: Any
    ) -> Any:
        return await self._call(continuation, client_call_details, request_iterator)


_SHAPES = (_UnaryUnary, _UnaryStream, _StreamUnary, _StreamStream)


def _path(method: str | bytes) -> str:
    return method.decode() if isinstance(method, bytes) else method


def _end(span: Span, done: Any) -> None:
    if span.is_recording() and done.cancelled():
        span.set_status(Status(StatusCode.ERROR, "cancelled"))
    span.end()
