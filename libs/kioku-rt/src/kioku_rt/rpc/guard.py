"""Every method of a server stands behind its door, whatever its shape.

Handlers of all four shapes may be coroutines; those that answer with a stream may also be async
generators. A method is wrapped once, at its first call. A handler that is neither (such as an rpc
its servicer forgot) answers UNIMPLEMENTED, as an unknown method does.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import aclosing
from typing import Any, TypeAlias

import grpc

from kioku_rt.errors import KiokuError
from kioku_rt.reasons import Reason
from kioku_rt.rpc.arrival import read_arrival
from kioku_rt.rpc.codec import Reader, Writer, checked, refusing, writing
from kioku_rt.rpc.config import MethodRules, ServerConfig
from kioku_rt.rpc.door import Context, Door

Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"  # generic in its stubs only
Behaviour = Callable[[Any, Context], Any]
Body = Callable[[], Awaitable[Any]]
Serve = Callable[[Context, Body], Awaitable[Any]]
_NO_RULES = MethodRules()
_FIRST_MESSAGE_SECONDS = 0.25
_UNKNOWN = "unknown"  # one name for all of them: callers must not make metrics' labels


class Guard(grpc.aio.ServerInterceptor):
    """The one interceptor of a server.

    Args:
        config: its message limit is used here.
        door: what each call passes.
        rules: by full method path; methods not named have no exceptions.
    """

    def __init__(self, config: ServerConfig, door: Door, rules: Mapping[str, MethodRules]) -> None:
        self._max_bytes = config.max_message_bytes
        self._door = door
        self._rules = rules
        self._wrapped: dict[str, Handler] = {}

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler | None]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler:
        """Give the wrapped handler of the method, or one that says why not."""
        method = handler_call_details.method
        rules = self._rules.get(method, _NO_RULES)
        arrival = read_arrival(handler_call_details.invocation_metadata or ())
        refusal = await self._door.admit(rules, arrival)
        wrapped = self._wrapped.get(method)
        if wrapped is None:
            handler: Any = await continuation(handler_call_details)
            if handler is None or not _is_asynchronous(_behaviour(handler)):
                unknown = refusal or KiokuError(Reason.METHOD_UNKNOWN)
                return self._refuse(_UNKNOWN, rules, unknown, streaming=True)
            wrapped = self._wrapped[method] = self._wrap(method, rules, handler)
        if refusal is None:
            return wrapped
        streaming: bool = wrapped.request_streaming
        return self._refuse(method, rules, refusal, streaming=streaming)

    def _wrap(self, method: str, rules: MethodRules, handler: Any) -> Handler:
        async def serve(context: Context, body: Body) -> Any:
            return await self._door.serve(method, rules, context, body)

        read = refusing(handler.request_deserializer, self._max_bytes)
        write = writing(handler.response_serializer, self._max_bytes)
        make = _SHAPES[handler.request_streaming, handler.response_streaming]
        return make(_behaviour(handler), serve, read, write)

    def _refuse(
        self, method: str, rules: MethodRules, error: KiokuError, *, streaming: bool
    ) -> Handler:
        """Make a handler that ends the call; its shape fits every method.

        It reads nothing of a single request. Of a stream it waits for the first message, for a
        `grpc.aio` client whose first write meets a call that has ended says INTERNAL.
        """

        async def refuse(requests: AsyncIterator[bytes], context: Context) -> None:
            async def body() -> None:
                if streaming:
                    await _first(requests)
                raise error

            await self._door.record(method, rules, context, body)

        return grpc.stream_stream_rpc_method_handler(refuse, None, None)


async def _first(requests: AsyncIterator[bytes]) -> None:
    try:
        async with asyncio.timeout(_FIRST_MESSAGE_SECONDS):
            await anext(requests, None)
    except TimeoutError:
        return


def _unary_unary(inner: Behaviour, serve: Serve, read: Reader, write: Writer) -> Handler:
    async def handle(request: Any, context: Context) -> bytes:
        async def body() -> bytes:
            return write(await inner(checked(request), context))

        answer: bytes = await serve(context, body)
        return answer

    return grpc.unary_unary_rpc_method_handler(handle, read, None)


def _stream_unary(inner: Behaviour, serve: Serve, read: Reader, write: Writer) -> Handler:
    async def handle(requests: AsyncIterator[Any], context: Context) -> bytes:
        async def body() -> bytes:
            async with aclosing(_each_checked(requests)) as sound:
                return write(await inner(sound, context))

        answer: bytes = await serve(context, body)
        return answer

    return grpc.stream_unary_rpc_method_handler(handle, read, None)


def _unary_stream(inner: Behaviour, serve: Serve, read: Reader, write: Writer) -> Handler:
    async def handle(request: Any, context: Context) -> None:
        async def body() -> None:
            await _answer(inner(checked(request), context), write, context)

        await serve(context, body)

    return grpc.unary_stream_rpc_method_handler(handle, read, _late(inner, write))


def _stream_stream(inner: Behaviour, serve: Serve, read: Reader, write: Writer) -> Handler:
    async def handle(requests: AsyncIterator[Any], context: Context) -> None:
        async def body() -> None:
            async with aclosing(_each_checked(requests)) as sound:
                await _answer(inner(sound, context), write, context)

        await serve(context, body)

    return grpc.stream_stream_rpc_method_handler(handle, read, _late(inner, write))


_SHAPES = {
    (False, False): _unary_unary,
    (False, True): _unary_stream,
    (True, False): _stream_unary,
    (True, True): _stream_stream,
}


def _behaviour(handler: Any) -> Behaviour:
    found: Behaviour = (
        handler.unary_unary or handler.unary_stream or handler.stream_unary or handler.stream_stream
    )
    return found


def _is_asynchronous(behaviour: Behaviour) -> bool:
    return inspect.iscoroutinefunction(behaviour) or inspect.isasyncgenfunction(behaviour)


def _late(inner: Behaviour, write: Writer) -> Writer | None:
    """Leave writing to gRPC only for a coroutine that calls `context.write` by itself."""
    return None if inspect.isasyncgenfunction(inner) else write


async def _answer(answers: Any, write: Writer, context: Context) -> None:
    """Send what an async generator yields, or wait for a coroutine that writes by itself."""
    if not inspect.isasyncgen(answers):
        await answers
        return
    async with aclosing(answers) as stream:
        async for answer in stream:
            await context.write(write(answer))


async def _each_checked(requests: AsyncIterator[Any]) -> AsyncGenerator[Any, None]:
    async for request in requests:
        yield checked(request)
