"""A small service for the lifecycle's tests: run as a process of its own, told what to do by name.

Usage: `python child.py MODE`; it prints one line for each thing it does.
"""

from __future__ import annotations

import asyncio
import sys
import time
from contextlib import AsyncExitStack
from typing import Any

import grpc
from kioku_rt.auth import Principal
from kioku_rt.errors import DependencyDown
from kioku_rt.rpc import Registration, RpcServer
from kioku_rt.service import Running, main
from kioku_rt.settings import RuntimeSettings

MODE = sys.argv[1]
SERVICE = "kioku.test.v1.ChildService"


def say(word: str) -> None:
    """Tell the test."""
    print(word, flush=True)


async def slow(request: bytes, _context: Any) -> bytes:
    """Answer after as many milliseconds as the request says."""
    say("call-started")
    await asyncio.sleep(int(request) / 1000)
    say("call-finished")
    return b"done"


def add(_servicer: object, server: Any) -> None:
    """Register the one rpc."""
    handlers: dict[str, Any] = {"Slow": grpc.unary_unary_rpc_method_handler(slow)}
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(SERVICE, handlers)])


class Everybody:
    """Accepts every token."""

    async def verify(self, _token: str) -> Principal:
        """Give the one principal."""
        return Principal("ada", service=False, scopes=frozenset(), token_id="t")


async def consume(stop: asyncio.Event) -> None:
    """Take work in until told to stop."""
    if MODE == "dying":
        await asyncio.sleep(0.3)
        raise RuntimeError("the consumer broke")
    if MODE == "leaving":
        await asyncio.sleep(0.3)
        return
    await stop.wait()
    say("consumer-stopped")
    if MODE == "stubborn":
        await asyncio.sleep(60)


async def relay(stop: asyncio.Event) -> None:
    """Send what is left when told to stop."""
    await stop.wait()
    say("relay-flushed")


async def ping() -> None:
    """Be down in the mode of that name."""
    if MODE == "down":
        raise DependencyDown("database")


async def optional_ping() -> None:
    """Always down."""
    raise DependencyDown("event log")


async def open_service(stack: AsyncExitStack) -> Running:
    """Open what there is to open."""
    if MODE == "broken":
        raise RuntimeError("cannot open")
    if MODE == "unreachable":
        raise DependencyDown("database")
    if MODE == "stuck":
        stack.callback(time.sleep, 60)
    for name in ("first", "second"):
        stack.callback(say, f"{name}-closed")
    registration = Registration(SERVICE, add, None)
    server = RpcServer(settings.server_config(), [registration], verifier=Everybody())
    return Running(
        server=server,
        consumers={"consumer": consume},
        relays={"relay": relay},
        pings={"database": ping},
        optional_pings={"event log": optional_ping},
    )


settings = RuntimeSettings()
main("child", settings, open_service)
