"""Every call ends with a documented code, in bounded time, for a known caller.

Outermost first: trace, log and metrics, errors, admission, deadline, authentication, then the rpc.
One door instead of six interceptors, because each of those costs a wrapped handler for every call.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, NoReturn, Protocol

import grpc
import structlog

from kioku_rt.auth.principal import Principal, set_principal
from kioku_rt.errors import KiokuError
from kioku_rt.reasons import Reason
from kioku_rt.rpc.config import ServerConfig
from kioku_rt.rpc.deadline import end_at
from kioku_rt.rpc.record import CallRecord
from kioku_rt.rpc.status import status_of
from kioku_rt.telemetry.tracing import current_trace_id

Context = grpc.aio.ServicerContext[Any, Any]
Body = Callable[[], Awaitable[Any]]
_TRACE_HEADERS = frozenset(("traceparent", "tracestate"))
_log = structlog.get_logger("kioku_rt.rpc")


class Verifier(Protocol):
    """Turns a bearer token into a principal, or raises KiokuError."""

    async def verify(self, token: str) -> Principal:
        """Give whom the token speaks for."""


@dataclass(frozen=True)
class MethodRules:
    """What is special about one method.

    Attributes:
        public: needs no token.
        long_lived: no deadline of ours; ended when the server drains.
        probe: no log line, and admitted even when the server is full.
    """

    public: bool = False
    long_lived: bool = False
    probe: bool = False


@dataclass(frozen=True)
class _Call:
    """One call at the door."""

    rules: MethodRules
    context: Context
    record: CallRecord
    credentials: list[str] = field(repr=False)
    body: Body


class Door:
    """What all calls of one server pass.

    Args:
        config: the limits.
        verifier: checks tokens.
    """

    def __init__(self, config: ServerConfig, verifier: Verifier) -> None:
        self._config = config
        self._verifier = verifier
        self._active = 0
        self._long_lived: set[asyncio.Task[Any]] = set()
        self._draining = False

    def full(self, rules: MethodRules) -> bool:
        """Tell whether one more call would be too many."""
        return self._active >= self._config.max_concurrent_rpcs and not rules.probe

    def end_long_lived(self) -> None:
        """End streams that would hold a drain up; their clients hear UNAVAILABLE and come again."""
        self._draining = True
        for task in self._long_lived:
            task.cancel()

    async def serve(self, method: str, rules: MethodRules, context: Context, body: Body) -> Any:
        """Run `body` and end the call with its result or a documented code."""
        headers, credentials = _read_metadata(context.invocation_metadata() or ())
        with CallRecord(method, headers, quiet=rules.probe) as record:
            self._active += 1
            try:
                return await self._timed(_Call(rules, context, record, credentials, body))
            except KiokuError as error:
                await abort(context, error, record)
            except grpc.aio.AbortError:
                record.failed(context.code(), "")  # the handler ended the call itself
                raise
            except asyncio.CancelledError:
                await self._cancelled(context, record)
                raise
            except Exception as bug:  # noqa: BLE001 - it ends this call, as INTERNAL
                await abort(context, _internal(method, bug), record)
            finally:
                self._active -= 1

    async def _timed(self, call: _Call) -> Any:
        """Run the call within its deadline.

        The client's own deadline is enforced by gRPC, which cancels this task; a timer of ours is
        needed only where there is none or too long a one.
        """
        if call.rules.long_lived:
            return await self._long(call)
        remaining = call.context.time_remaining()
        ours = self._config.default_deadline if remaining is None else self._config.max_deadline
        seconds = ours if remaining is None else min(ours, remaining)
        end_at(asyncio.get_running_loop().time() + seconds)
        if remaining is not None and remaining <= ours:
            return await self._authenticated(call)
        try:
            async with asyncio.timeout(ours) as timer:
                return await self._authenticated(call)
        except TimeoutError:
            if timer.expired():
                raise KiokuError(Reason.DEADLINE_EXCEEDED) from None
            raise

    async def _long(self, call: _Call) -> Any:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - gRPC runs every handler in a task
        self._long_lived.add(task)
        try:
            if self._draining:
                raise _stopping()
            return await self._authenticated(call)
        finally:
            self._long_lived.discard(task)

    async def _authenticated(self, call: _Call) -> Any:
        if not call.rules.public:
            call.record.principal = await self._verifier.verify(_bearer(call.credentials))
            set_principal(call.record.principal)
        return await call.body()

    async def _cancelled(self, context: Context, record: CallRecord) -> None:
        """Note why the call was cancelled; a stream that we ended ourselves says so."""
        if self._draining and not context.done():
            task = asyncio.current_task()
            if task is not None:
                task.uncancel()
            await abort(context, _stopping(), record)
        remaining = context.time_remaining()
        late = remaining is not None and remaining <= 0
        code = grpc.StatusCode.DEADLINE_EXCEEDED if late else grpc.StatusCode.CANCELLED
        record.failed(code, Reason.DEADLINE_EXCEEDED if late else "")


async def abort(context: Context, error: KiokuError, record: CallRecord | None = None) -> NoReturn:
    """End the call with `error`'s status.

    `abort`, not `abort_with_status`: only the first is seen by instrumentation.
    """
    status = status_of(error)
    if record is not None:
        record.failed(status.code, error.reason)
    await context.abort(status.code, status.message, status.trailers)


def overloaded() -> KiokuError:
    """Make the error of a call for which there is no room."""
    return KiokuError(Reason.OVERLOADED, retry_after=0.5)


def _stopping() -> KiokuError:
    return KiokuError(
        Reason.DEPENDENCY_UNAVAILABLE,
        "This server is stopping; call again to reach another.",
        retry_after=0.1,
    )


def _internal(method: str, bug: Exception) -> KiokuError:
    """Log a bug with everything known; the caller gets an id to quote and nothing else."""
    request_id = current_trace_id() or os.urandom(16).hex()
    _log.error("rpc.bug", method=method, request_id=request_id, exc_info=bug)
    return KiokuError(
        Reason.INTERNAL,
        f"Something broke on our side; quote the request id {request_id}.",
        metadata={"request_id": request_id},
    )


def _read_metadata(
    metadata: Iterable[tuple[str, str | bytes]],
) -> tuple[dict[str, str], list[str]]:
    """Give the trace headers, and every `authorization` value there is."""
    headers: dict[str, str] = {}
    credentials: list[str] = []
    for key, value in metadata:
        if isinstance(value, bytes):
            continue
        if key == "authorization":
            credentials.append(value)
        elif key in _TRACE_HEADERS:
            headers[key] = value
    return headers, credentials


def _bearer(credentials: list[str]) -> str:
    """Give the one bearer token; two headers are refused, for two readers may pick differently."""
    if not credentials:
        raise KiokuError(Reason.TOKEN_MISSING)
    if len(credentials) > 1:
        raise KiokuError(Reason.TOKEN_INVALID)
    scheme, _, token = credentials[0].partition(" ")
    if scheme.lower() != "bearer":
        raise KiokuError(Reason.TOKEN_MISSING)
    return token.strip()
