"""`/livez`, `/readyz` and `/metrics` answer from the event loop, so a stuck one does not answer.

Three fixed paths over HTTP/1.1 on the standard library; not a web server for anything else.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

import structlog

from kioku_rt.telemetry.metrics import exposition

Ping = Callable[[], Awaitable[None]]
_PING_SECONDS = 2.0
_PERIOD_SECONDS = 1.0
_REQUEST_SECONDS = 5.0
_MAX_HEAD_BYTES = 16 * 1024
_log = structlog.get_logger("kioku_rt.service")


class Readiness:
    """Whether the dependencies answer, asked once a second.

    Args:
        needed: pings that must pass.
        optional: pings that are only reported.
    """

    def __init__(self, needed: Mapping[str, Ping], optional: Mapping[str, Ping]) -> None:
        self._needed = dict(needed)
        self._optional = dict(optional)
        self._stopped = False
        self.ready = False
        self.report: dict[str, str] = {}

    def stop(self) -> None:
        """Be not ready from now on: the process is leaving."""
        self._stopped = True
        self.ready = False
        self.report = {"process": "stopping"}

    async def watch(self, stop: asyncio.Event) -> AsyncIterator[bool]:
        """Ask until `stop`, giving each change of readiness."""
        said: bool | None = None
        while not stop.is_set():
            await self._ask()
            if self.ready != said:
                said = self.ready
                _log.info("service.readiness", ready=said, **self.report)
                yield said
            try:
                await asyncio.wait_for(stop.wait(), _PERIOD_SECONDS)
            except TimeoutError:
                continue

    async def _ask(self) -> None:
        pings = {**self._optional, **self._needed}
        states = await asyncio.gather(*(_state(ping) for ping in pings.values()))
        if self._stopped:
            return
        self.report = dict(zip(pings, states, strict=True))
        self.ready = all(self.report[name] == "ok" for name in self._needed)


async def _state(ping: Ping) -> str:
    try:
        async with asyncio.timeout(_PING_SECONDS):
            await ping()
    except Exception as error:  # noqa: BLE001 - whatever it is, the dependency is not there
        return f"down ({type(error).__name__})"
    return "ok"


class ProbeServer:
    """The small HTTP server of the probes.

    Args:
        host: where to listen; loopback unless a deployment says otherwise.
        port: 0 picks a free one.
        readiness: what `/readyz` reports.
    """

    def __init__(self, host: str, port: int, readiness: Readiness) -> None:
        self._host = host
        self._port = port
        self._readiness = readiness
        self._server: asyncio.Server | None = None

    async def start(self) -> int:
        """Listen and give the port."""
        self._server = await asyncio.start_server(
            self._serve, self._host, self._port, limit=_MAX_HEAD_BYTES
        )
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def stop(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_REQUEST_SECONDS):
                head = await reader.readuntil(b"\r\n\r\n")
                writer.write(self._answer(head))
                await writer.drain()
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # a broken probe is the prober's affair
        finally:
            writer.close()

    def _answer(self, head: bytes) -> bytes:
        method, _, rest = head.partition(b" ")
        path = rest.partition(b" ")[0].partition(b"?")[0]
        if method not in (b"GET", b"HEAD"):
            return _response("405 Method Not Allowed", "text/plain", b"")
        status, kind, body = self._page(path)
        return _response(status, kind, b"" if method == b"HEAD" else body)

    def _page(self, path: bytes) -> tuple[str, str, bytes]:
        if path == b"/metrics":
            kind, text = exposition()
            return "200 OK", kind, text
        if path == b"/livez":
            return "200 OK", "text/plain", b"ok\n"
        if path == b"/readyz":
            status = "200 OK" if self._readiness.ready else "503 Service Unavailable"
            return status, "application/json", json.dumps(self._readiness.report).encode()
        return "404 Not Found", "text/plain", b"not found\n"


def _response(status: str, kind: str, body: bytes) -> bytes:
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
        "Connection: close\r\n\r\n"
    )
    return head.encode("ascii") + body
