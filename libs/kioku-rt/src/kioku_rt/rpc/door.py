"""Every call ends with a documented code, in bounded time, for a known caller.

Before the request's bytes are read: room, then the token. Then, outermost first: trace, log and
metrics, errors, deadline, the rpc. One door instead of six interceptors, because each of those
costs a wrapped handler for every call.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, NoReturn, Protocol

import grpc
import structlog

from kioku_rt.auth.principal import Principal, set_principal
from kioku_rt.errors import KiokuError
from kioku_rt.reasons import Reason
from kioku_rt.rpc.arrival import Arrival, current_arrival
from kioku_rt.rpc.config import MethodRules, ServerConfig
from kioku_rt.rpc.deadline import end_at
from kioku_rt.rpc.record import CallRecord
from kioku_rt.rpc.status import status_of
from kioku_rt.telemetry.tracing import current_trace_id

Context = grpc.aio.ServicerContext[Any, Any]
Body = Callable[[], Awaitable[Any]]
_SHED_RETRY_SECONDS = 0.5
_DRAIN_RETRY_SECONDS = 0.1
_log = structlog.get_logger("kioku_rt.rpc")


class Verifier(Protocol):
    """Turns a bearer token into a principal, or raises KiokuError."""

    async def verify(self, token: str) -> Principal:
        """Give whom the token speaks for."""


class Door:
    """What all calls of one server pass.

    Args:
        config: the limits.
        verifier: checks tokens.
    """

    def __init__(self, config: ServerConfig, verifier: Verifier) -> None:
        self._config = config
        self._verifier = verifier
        self.active = 0
        self._long_lived: set[asyncio.Task[Any]] = set()
        self._ended: set[asyncio.Task[Any]] = set()
        self._draining = False

    async def admit(self, rules: MethodRules, arrival: Arrival) -> KiokuError | None:
        """Let a call in, naming its caller for the rest of its task; or say why not."""
        current_arrival.set(arrival)
        try:
            self._check_room(rules)
            if not rules.public:
                arrival.principal = await self._verifier.verify(arrival.bearer())
                set_principal(arrival.principal)
        except KiokuError as refusal:
            return refusal
        except Exception as bug:  # noqa: BLE001 - it ends this call, as INTERNAL
            return _internal("admission", bug)
        return None

    def end_long_lived(self) -> None:
        """End streams that would hold a drain up; their clients hear UNAVAILABLE and come again."""
        self._draining = True
        self._ended |= self._long_lived
        for task in self._long_lived:
            task.cancel()

    async def serve(self, method: str, rules: MethodRules, context: Context, body: Body) -> Any:
        """Run `body` within the limits and end the call with its result or a documented code."""

        async def inside() -> Any:
            self._check_room(rules)  # those admitted at the same moment are counted here
            if rules.long_lived:
                return await self._long(body)
            return await self._short(context, body)

        return await self.record(method, rules, context, inside)

    async def record(self, method: str, rules: MethodRules, context: Context, body: Body) -> Any:
        """Run `body`, note how it ends, and turn what it raises into a status."""
        with CallRecord(method, current_arrival.get(), quiet=rules.probe) as record:
            try:
                result = await body()
            except KiokuError as error:
                await abort(context, error, record)
            except grpc.aio.AbortError:
                record.failed(_code_of(context), "")  # the handler ended the call itself
                raise
            except asyncio.CancelledError:
                await self._cancelled(context, record)
                raise
            except Exception as bug:  # noqa: BLE001 - it ends this call, as INTERNAL
                await abort(context, _known(bug) or _internal(method, bug), record)
            record.code = _code_of(context)
            return result

    def _check_room(self, rules: MethodRules) -> None:
        if rules.probe:
            return
        full = (
            len(self._long_lived) >= self._config.max_long_lived
            if rules.long_lived
            else self.active >= self._config.max_concurrent_rpcs
        )
        if full:
            raise KiokuError(Reason.OVERLOADED, retry_after=_SHED_RETRY_SECONDS)

    async def _short(self, context: Context, body: Body) -> Any:
        """Run `body` within its deadline.

        The client's own deadline is enforced by gRPC, which cancels this task; a timer of ours is
        needed only where there is none or too long a one.
        """
        remaining = context.time_remaining()
        ours = self._config.default_deadline if remaining is None else self._config.max_deadline
        self.active += 1
        try:
            if remaining is not None and remaining <= ours:
                end_at(asyncio.get_running_loop().time() + remaining)
                return await body()
            end_at(asyncio.get_running_loop().time() + ours)
            return await _within(ours, body)
        finally:
            self.active -= 1

    async def _long(self, body: Body) -> Any:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - gRPC runs every handler in a task
        if self._draining:
            raise _stopping()
        self._long_lived.add(task)
        try:
            return await body()
        finally:
            self._long_lived.discard(task)

    async def _cancelled(self, context: Context, record: CallRecord) -> None:
        """Note why the call was cancelled; a stream that we ended ourselves says so."""
        task = asyncio.current_task()
        if task is not None and task in self._ended and not context.done():
            self._ended.discard(task)
            task.uncancel()
            await abort(context, _stopping(), record)
        remaining = context.time_remaining()
        if remaining is not None and remaining <= 0:
            record.failed(grpc.StatusCode.DEADLINE_EXCEEDED, Reason.DEADLINE_EXCEEDED)
        else:
            record.failed(grpc.StatusCode.CANCELLED, "")


async def abort(context: Context, error: KiokuError, record: CallRecord) -> NoReturn:
    """End the call with `error`'s status.

    `abort`, not `abort_with_status`: only the first is seen by instrumentation.
    """
    status = status_of(error)
    record.failed(status.code, error.reason)
    await context.abort(status.code, status.message, status.trailers)


async def _within(seconds: float, body: Body) -> Any:
    try:
        async with asyncio.timeout(seconds) as timer:
            return await body()
    except TimeoutError:
        if timer.expired():
            raise KiokuError(Reason.DEADLINE_EXCEEDED) from None
        raise


def _code_of(context: Context) -> grpc.StatusCode:
    """Give the status the handler has set; OK when it has set none."""
    code: Any = context.code()
    return code if isinstance(code, grpc.StatusCode) else grpc.StatusCode.OK


def _stopping() -> KiokuError:
    return KiokuError(
        Reason.DEPENDENCY_UNAVAILABLE,
        "This server is stopping; call again to reach another.",
        retry_after=_DRAIN_RETRY_SECONDS,
    )


def _known(bug: Exception) -> KiokuError | None:
    """Give the error inside a task group's exception, if there are only such in it."""
    if not isinstance(bug, ExceptionGroup):
        return None
    leaves = list(_leaves(bug))
    found = [leaf for leaf in leaves if isinstance(leaf, KiokuError)]
    return found[0] if len(found) == len(leaves) else None


def _leaves(group: ExceptionGroup[Exception]) -> Iterator[Exception]:
    for error in group.exceptions:
        if isinstance(error, ExceptionGroup):
            yield from _leaves(error)
        else:
            yield error


def _internal(method: str, bug: Exception) -> KiokuError:
    """Log a bug with everything known; the caller gets an id to quote and nothing else."""
    request_id = current_trace_id() or os.urandom(16).hex()
    _log.error("rpc.bug", method=method, request_id=request_id, exc_info=bug)
    return KiokuError(
        Reason.INTERNAL,
        f"Something broke on our side; quote the request id {request_id}.",
        metadata={"request_id": request_id},
    )
