"""A small real HTTP server that lies: on loopback, each way of lying by name."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

Answer = Callable[["LyingServer", asyncio.StreamWriter], Awaitable[None]]


def completion(content: object, *, finish: str = "stop", tokens: int = 9) -> bytes:
    """A chat completion that says `content`."""
    return json.dumps(
        {
            "object": "chat.completion",
            "choices": [
                {
                    "index": 0,
                    "finish_reason": finish,
                    "message": {"role": "assistant", "content": content},
                }
            ],
            "usage": {"completion_tokens": tokens},
        }
    ).encode()


def http(
    body: bytes, *, status: str = "200 OK", kind: str = "application/json", more: str = ""
) -> bytes:
    """A whole answer."""
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n{more}"
    return f"{head}Connection: close\r\n\r\n".encode() + body


def says(data: bytes) -> Answer:
    """Answers at once."""

    async def answer(_: LyingServer, writer: asyncio.StreamWriter) -> None:
        writer.write(data)

    return answer


async def hangs(_: LyingServer, writer: asyncio.StreamWriter) -> None:
    """Takes the question and says nothing."""
    await asyncio.Event().wait()


async def drips(_: LyingServer, writer: asyncio.StreamWriter) -> None:
    """A letter of a right answer at a time, for ever in time for the next one."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
    for letter in completion('{"entries":[]}') * 1000:
        writer.write(bytes([letter]))
        await writer.drain()
        await asyncio.sleep(0.01)


async def never_ends(_: LyingServer, writer: asyncio.StreamWriter) -> None:
    """Text without an end."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
    while True:
        writer.write(b"a" * 65_536)
        await writer.drain()


async def breaks_off(_: LyingServer, writer: asyncio.StreamWriter) -> None:
    """Promises more than it gives."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{")


@dataclass
class LyingServer:
    """See `lying_server`; `answer` may be changed at any time."""

    answer: Answer
    port: int = 0
    questions: list[dict[str, Any]] = field(default_factory=list)
    headers: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            length = next(
                int(row.split(":")[1])
                for row in head.split("\r\n")
                if row.lower().startswith("content-length")
            )
            body = await reader.readexactly(length)
            self.headers.append(head)
            self.questions.append(json.loads(body))
            await self.answer(self, writer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def lying_server(answer: Answer) -> AsyncIterator[LyingServer]:
    """Serves until the block ends; what hangs then is cancelled."""
    liar = LyingServer(answer)
    held: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        held.add(task)
        task.add_done_callback(held.discard)
        try:
            await liar.serve(reader, writer)
        except asyncio.CancelledError:
            writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, limit=2**24)
    liar.port = server.sockets[0].getsockname()[1]
    try:
        yield liar
    finally:
        server.close()
        for task in list(held):
            task.cancel()
        await asyncio.gather(*held, return_exceptions=True)
