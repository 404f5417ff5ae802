"""A real server of a small service with an rpc of every shape, and a client that speaks to all.

The service's messages are built in memory, so that the tests need no contract of their own.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc
import pytest
import structlog
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from kioku_rt.auth import Principal, current_principal
from kioku_rt.errors import InvalidInput, KiokuError
from kioku_rt.reasons import Reason
from kioku_rt.rpc import Registration, RpcServer, ServerConfig, remaining_time
from kioku_rt.telemetry import current_trace_id

SERVICE = "kioku.test.v1.DoorService"
SHAPES = {  # streams requests, streams responses
    "Ask": (False, False),
    "Many": (False, True),
    "ManyWritten": (False, True),
    "Sum": (True, False),
    "Chat": (True, True),
    "ChatWritten": (True, True),
}
TOKENS = {"good": Principal("ada", service=False, scopes=frozenset(), token_id="t")}


def _messages() -> tuple[Any, Any]:
    """Build `Ask`, with enums in every place a field can hold one, and `Reply`."""
    file = descriptor_pb2.FileDescriptorProto(
        name="kioku/test/door.proto", package="kioku.test.v1", syntax="proto3"
    )
    colour = file.enum_type.add(name="Colour")
    for number, name in enumerate(("COLOUR_UNSPECIFIED", "COLOUR_RED", "COLOUR_BLUE")):
        colour.value.add(name=name, number=number)
    enum, message = ".kioku.test.v1.Colour", ".kioku.test.v1.Nested"
    nested = file.message_type.add(name="Nested")
    nested.field.add(name="colour", number=1, type=14, type_name=enum, label=1)
    nested.field.add(name="child", number=2, type=11, type_name=message, label=1)
    ask = file.message_type.add(name="Ask")
    ask.oneof_decl.add(name="pick")
    ask.field.add(name="do", number=1, type=9, label=1)
    ask.field.add(name="body", number=2, type=12, label=1)
    ask.field.add(name="colour", number=3, type=14, type_name=enum, label=1)
    ask.field.add(name="colours", number=4, type=14, type_name=enum, label=3)
    ask.field.add(name="nested", number=5, type=11, type_name=message, label=1)
    ask.field.add(name="more", number=6, type=11, type_name=message, label=3)
    ask.field.add(name="one", number=7, type=14, type_name=enum, label=1, oneof_index=0)
    for number, name, kind, of in ((8, "ByName", 14, enum), (9, "Deep", 11, message)):
        entry = ask.nested_type.add(name=f"{name}Entry")
        entry.options.map_entry = True
        entry.field.add(name="key", number=1, type=9, label=1)
        entry.field.add(name="value", number=2, type=kind, type_name=of, label=1)
        path = f".kioku.test.v1.Ask.{name}Entry"
        json_name = "by_name" if name == "ByName" else "deep"
        ask.field.add(name=json_name, number=number, type=11, type_name=path, label=3)
    reply = file.message_type.add(name="Reply")
    reply.field.add(name="text", number=1, type=9, label=1)
    reply.field.add(name="body", number=2, type=12, label=1)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    classes = [pool.FindMessageTypeByName(f"kioku.test.v1.{n}") for n in ("Ask", "Reply")]
    found = [message_factory.GetMessageClass(descriptor) for descriptor in classes]
    return found[0], found[1]


Ask, Reply = _messages()


@dataclass
class DoorServicer:
    """Does what each request's `do` says."""

    cancelled: list[str] = field(default_factory=list)
    started: asyncio.Event = field(default_factory=asyncio.Event)
    release: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self, request: Any, context: Any) -> Any:
        """Give the reply to one request, or fail as it says."""
        self.started.set()
        action = getattr(self, f"_{request.do}", self._echo)
        try:
            return await action(request, context)
        except asyncio.CancelledError:
            self.cancelled.append(request.do)
            raise

    async def _echo(self, request: Any, _: Any) -> Any:
        return Reply(text="echo", body=request.body)

    async def _bug(self, _request: Any, _: Any) -> Any:
        raise ValueError("secret postgres://user:password@host/db")

    async def _bad(self, _request: Any, _: Any) -> Any:
        raise InvalidInput(Reason.TEXT_TOO_LONG, "at most 5", field="do", metadata={"limit": "5"})

    async def _words(self, request: Any, _: Any) -> Any:
        raise InvalidInput(Reason.FIELD_INVALID, request.body.decode())

    async def _busy(self, _request: Any, _: Any) -> Any:
        raise KiokuError(Reason.OVERLOADED, retry_after=1.5)

    async def _group(self, request: Any, context: Any) -> Any:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._bad(request, context))

    async def _mixed(self, request: Any, context: Any) -> Any:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._bad(request, context))
            group.create_task(self._bug(request, context))

    async def _own_timeout(self, _request: Any, _: Any) -> Any:
        raise TimeoutError("the handler's own")

    async def _nothing(self, _request: Any, _: Any) -> Any:
        return None

    async def _huge(self, _request: Any, _: Any) -> Any:
        return Reply(body=b"x" * 2_000_000)

    async def _sleep(self, _request: Any, _: Any) -> Any:
        await asyncio.sleep(30)

    async def _wait(self, _request: Any, _: Any) -> Any:
        await self.release.wait()
        return Reply(text="finished")

    async def _remaining(self, _request: Any, _: Any) -> Any:
        return Reply(text=f"{remaining_time():.3f}")

    async def _principal(self, _request: Any, _: Any) -> Any:
        return Reply(text=current_principal().subject)

    async def _trace(self, _request: Any, _: Any) -> Any:
        return Reply(text=current_trace_id())

    async def _abort(self, _request: Any, context: Any) -> Any:
        await context.abort(grpc.StatusCode.NOT_FOUND, "own words")

    async def ask(self, request: Any, context: Any) -> Any:
        """Unary to unary."""
        return await self.answer(request, context)

    async def many(self, request: Any, context: Any) -> AsyncIterator[Any]:
        """Unary to stream, as an async generator."""
        yield await self.answer(request, context)
        yield Reply(text="end")

    async def many_written(self, request: Any, context: Any) -> None:
        """Unary to stream, writing by itself."""
        answer = await self.answer(request, context)
        await context.write(answer)
        await context.write(Reply(text="end"))

    async def sum(self, requests: AsyncIterator[Any], context: Any) -> Any:
        """Stream to unary."""
        answers = [await self.answer(request, context) async for request in requests]
        return answers[-1]

    async def chat(self, requests: AsyncIterator[Any], context: Any) -> AsyncIterator[Any]:
        """Stream to stream, as an async generator."""
        async for request in requests:
            yield await self.answer(request, context)
        yield Reply(text="end")

    async def chat_written(self, requests: AsyncIterator[Any], context: Any) -> None:
        """Stream to stream, writing by itself."""
        async for request in requests:
            answer = await self.answer(request, context)
            await context.write(answer)
        await context.write(Reply(text="end"))

    def forgotten(self, _request: Any, _context: Any) -> Any:
        """As the generated base class has it for an rpc that its servicer forgot."""
        raise NotImplementedError("Method not implemented!")


def add_door_servicer(servicer: DoorServicer, server: Any) -> None:
    """Do what generated code does."""
    codecs = (Ask.FromString, Reply.SerializeToString)
    handlers = {
        "Ask": grpc.unary_unary_rpc_method_handler(servicer.ask, *codecs),
        "Many": grpc.unary_stream_rpc_method_handler(servicer.many, *codecs),
        "ManyWritten": grpc.unary_stream_rpc_method_handler(servicer.many_written, *codecs),
        "Sum": grpc.stream_unary_rpc_method_handler(servicer.sum, *codecs),
        "Chat": grpc.stream_stream_rpc_method_handler(servicer.chat, *codecs),
        "ChatWritten": grpc.stream_stream_rpc_method_handler(servicer.chat_written, *codecs),
        "Watch": grpc.unary_stream_rpc_method_handler(servicer.many, *codecs),
        "Public": grpc.unary_unary_rpc_method_handler(servicer.ask, *codecs),
        "Forgotten": grpc.unary_unary_rpc_method_handler(servicer.forgotten, *codecs),
    }
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(SERVICE, handlers)])


class NamedTokens:
    """Knows its tokens by heart."""

    async def verify(self, token: str) -> Principal:
        """Give the principal of a known token."""
        if token == "breaks":
            raise ValueError("secret of the verifier")
        if token not in TOKENS:
            raise KiokuError(Reason.TOKEN_INVALID)
        return TOKENS[token]


@dataclass
class Door:
    """A running server, and calls to it."""

    server: RpcServer
    servicer: DoorServicer
    port: int
    channel: grpc.aio.Channel
    Ask: Any = Ask
    Reply: Any = Reply

    def call(
        self,
        method: str = "Ask",
        request: Any = None,
        *,
        timeout: float | None = 5.0,
        token: str | None = "good",
        metadata: tuple[tuple[str, str], ...] = (),
        channel: grpc.aio.Channel | None = None,
    ) -> Any:
        """Start a call of any shape; a request may be bytes, sent as they are."""
        ways = SHAPES.get(method, (False, method == "Watch"))
        shape = {
            (False, False): "unary_unary",
            (False, True): "unary_stream",
            (True, False): "stream_unary",
            (True, True): "stream_stream",
        }[ways]
        make = getattr(channel or self.channel, shape)
        rpc = make(f"/{SERVICE}/{method}", _bytes, Reply.FromString)
        headers = metadata + ((("authorization", f"Bearer {token}"),) if token else ())
        sent = Ask(do="echo") if request is None else request
        return rpc(_once(sent) if ways[0] else sent, timeout=timeout, metadata=headers)

    async def answers(self, method: str = "Ask", request: Any = None, **how: Any) -> list[Any]:
        """Make a call of any shape and give all its replies."""
        call = self.call(method, request, **how)
        if SHAPES.get(method, (False, method == "Watch"))[1]:
            return [reply async for reply in call]
        return [await call]

    async def failure(self, method: str = "Ask", request: Any = None, **how: Any) -> Any:
        """Make a call that must fail and give its error."""
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await self.answers(method, request, **how)
        return caught.value


def _bytes(message: Any) -> bytes:
    return message if isinstance(message, bytes) else bytes(message.SerializeToString())


async def _once(request: Any) -> AsyncIterator[Any]:
    yield request


OpenDoor = Callable[..., Any]


@pytest.fixture(autouse=True)
def plain_logs() -> Iterator[None]:
    """Expected failures are logged in one line each."""
    structlog.configure(processors=[structlog.processors.JSONRenderer(default=repr)])
    yield
    structlog.reset_defaults()


@pytest.fixture
def open_door() -> OpenDoor:
    """Open a server with a given configuration: `async with open_door(...) as door`."""

    @asynccontextmanager
    async def opened(**limits: Any) -> AsyncIterator[Door]:
        servicer = DoorServicer()
        registration = Registration(
            SERVICE,
            add_door_servicer,
            servicer,
            public_methods=frozenset(("Public",)),
            long_lived=frozenset(("Watch",)),
        )
        limits = {"max_message_bytes": 1_000_000, "grace": 1.0} | limits
        server = RpcServer(ServerConfig(**limits), [registration], verifier=NamedTokens())
        port = await server.start()
        await server.set_serving(True)
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            try:
                yield Door(server, servicer, port, channel)
            finally:
                servicer.release.set()
                await server.drain()

    return opened


@pytest.fixture
async def door(open_door: OpenDoor) -> AsyncIterator[Door]:
    """A server with small limits."""
    async with open_door() as opened:
        yield opened


@pytest.fixture
def wait_until() -> Callable[[Callable[[], bool]], Awaitable[None]]:
    """Wait for a condition, at most ten seconds."""

    async def wait(condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not condition():
                await asyncio.sleep(0.005)

    return wait
