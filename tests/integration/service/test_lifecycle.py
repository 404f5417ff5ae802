"""A real process lives and ends as the lifecycle promises."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from kioku_rt.service import EXIT_CANNOT_START, EXIT_DRAIN_TOO_LONG, EXIT_SIDE_TASK_DIED

CHILD = Path(__file__).with_name("child.py")
SLOW = "/kioku.test.v1.ChildService/Slow"


@dataclass
class Child:
    """The process, what it says, and where it listens."""

    process: asyncio.subprocess.Process
    said: asyncio.Queue[str]
    log: list[dict[str, Any]]

    @property
    def started(self) -> dict[str, Any]:
        """Its log line with the ports."""
        return next(line for line in self.log if line["event"] == "service.started")

    async def hears(self, word: str) -> None:
        """Wait until it has said `word`."""
        async with asyncio.timeout(10):
            while await self.said.get() != word:
                pass

    async def exit_code(self) -> int:
        """Wait for its end."""
        async with asyncio.timeout(15):
            return await self.process.wait()

    def words(self) -> list[str]:
        """What it has said that nobody has heard yet."""
        return [self.said.get_nowait() for _ in range(self.said.qsize())]

    async def probe(self, path: str) -> httpx.Response:
        """Ask its probe server."""
        async with httpx.AsyncClient(trust_env=False) as client:
            return await client.get(f"http://127.0.0.1:{self.started['metrics_port']}{path}")


async def _read_log(stream: asyncio.StreamReader, log: list[dict[str, Any]]) -> None:
    async for line in stream:
        log.append(json.loads(line))  # noqa: PERF401 - it is read while it grows


async def _read_words(stream: asyncio.StreamReader, said: asyncio.Queue[str]) -> None:
    async for line in stream:
        said.put_nowait(line.decode().strip())


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(15):
        while not condition():
            await asyncio.sleep(0.02)


@pytest.fixture
async def child(request: pytest.FixtureRequest) -> AsyncIterator[Child]:
    """The child in the mode that the test is parametrised with, once it has started."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("KIOKU_")}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(CHILD),
        request.param,
        env=environment | {"KIOKU_DRAIN_SECONDS": "3"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    running = Child(process, asyncio.Queue(), [])
    readers = (
        asyncio.create_task(_read_log(process.stderr, running.log)),
        asyncio.create_task(_read_words(process.stdout, running.said)),
    )
    await _until(lambda: any(line["event"] == "service.started" for line in running.log))
    yield running
    if process.returncode is None:
        process.kill()
    await process.wait()
    await asyncio.gather(*readers)


def mode(name: str) -> pytest.MarkDecorator:
    """Run the child in that mode."""
    return pytest.mark.parametrize("child", [name], indirect=True)


async def _call(child: Child, milliseconds: int) -> bytes:
    address = f"127.0.0.1:{child.started['grpc_port']}"
    async with grpc.aio.insecure_channel(address) as channel:
        rpc = channel.unary_unary(SLOW, bytes, bytes)
        headers = (("authorization", "Bearer t"),)
        return bytes(await rpc(str(milliseconds).encode(), timeout=10, metadata=headers))


@mode("normal")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_drains_and_exits_0(child: Child, number: signal.Signals) -> None:
    """Work in hand finishes, then relays flush, then resources close in reverse order."""
    call = asyncio.create_task(_call(child, 800))
    await child.hears("call-started")
    child.process.send_signal(number)
    assert (await call, await child.exit_code()) == (b"done", 0)
    await asyncio.sleep(0.05)
    expected = [
        "consumer-stopped", "call-finished", "relay-flushed", "second-closed", "first-closed",
    ]  # fmt: skip
    assert expected == child.words()


@mode("stubborn")
async def test_a_second_signal_exits_at_once(child: Child) -> None:
    """Who signals twice does not want to wait."""
    child.process.send_signal(signal.SIGTERM)
    await child.hears("consumer-stopped")
    started = time.monotonic()
    child.process.send_signal(signal.SIGTERM)
    assert await child.exit_code() == 128 + signal.SIGTERM
    assert time.monotonic() - started < 1


@mode("stubborn")
async def test_a_stubborn_task_does_not_stop_the_end(child: Child) -> None:
    """A consumer that does not come to an end is cancelled; the drain's time holds."""
    started = time.monotonic()
    child.process.send_signal(signal.SIGTERM)
    assert await child.exit_code() == 0
    assert time.monotonic() - started < 6
    cancelled = [line for line in child.log if line["event"] == "service.task_cancelled"]
    assert [line["task"] for line in cancelled] == ["consumer"]


@pytest.mark.parametrize("child", ["dying", "leaving"], indirect=True)
async def test_a_dead_side_task_ends_the_process(child: Child) -> None:
    """A consumer that raises, or just returns, takes the process with it, drained and loud."""
    assert await child.exit_code() == EXIT_SIDE_TASK_DIED
    await _until(lambda: any(line["event"] == "service.drained" for line in child.log))
    (death,) = [line for line in child.log if line["event"] == "service.task_died"]
    assert death["task"] == "consumer"
    assert child.words()[-2:] == ["second-closed", "first-closed"]


@mode("normal")
async def test_probes_answer(child: Child) -> None:
    """`/livez`, `/readyz` and `/metrics` say what is; anything else is not there."""
    await _until(lambda: any(line["event"] == "service.readiness" for line in child.log))
    assert await _call(child, 0) == b"done"
    answers = {
        path: await child.probe(path) for path in ("/livez", "/readyz", "/metrics", "/x", "/")
    }
    assert [answer.status_code for answer in answers.values()] == [200, 200, 200, 404, 404]
    report = answers["/readyz"].json()
    assert (report["database"], report["event log"]) == ("ok", "down (DependencyDown)")
    assert 'kioku_rpc_server_seconds_count{code="OK"' in answers["/metrics"].text


@mode("normal")
async def test_probes_survive_nonsense(child: Child) -> None:
    """Half a request, a huge one or another verb does not hurt the probe server."""
    port = child.started["metrics_port"]
    for data in (b"", b"GET", b"POST / HTTP/1.1\r\n\r\n", b"x" * 100_000, b"\x00\r\n\r\n"):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        # A server that hangs up on unread bytes resets the connection: that is an answer, too.
        with suppress(ConnectionResetError):
            writer.write(data)
            writer.write_eof()
            await asyncio.wait_for(reader.read(), 5)
        writer.close()
    assert (await child.probe("/livez")).status_code == 200


@mode("down")
async def test_a_needed_dependency_down_means_not_ready(child: Child) -> None:
    """Alive but not ready: /readyz is 503 and gRPC health NOT_SERVING."""
    await _until(lambda: any(line["event"] == "service.readiness" for line in child.log))
    live, ready = await child.probe("/livez"), await child.probe("/readyz")
    async with grpc.aio.insecure_channel(f"127.0.0.1:{child.started['grpc_port']}") as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        health = await stub.Check(health_pb2.HealthCheckRequest(), timeout=5)
    assert (live.status_code, ready.status_code) == (200, 503)
    assert health.status == health_pb2.HealthCheckResponse.NOT_SERVING


async def end_of(name: str) -> tuple[int | None, str]:
    """Run the child in a mode in which it ends by itself; give its exit code and log."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(CHILD), name,
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    _, log = await asyncio.wait_for(process.communicate(), 15)
    return process.returncode, log.decode()


async def test_a_bug_while_opening_fails_loudly() -> None:
    """A bug while opening ends the process with its traceback."""
    code, log = await end_of("broken")
    assert (1, True) == (code, "cannot open" in log)


async def test_a_dependency_that_is_not_there_is_one_line() -> None:
    """A dependency down at start is a sentence and an exit code that says: try again."""
    code, log = await end_of("unreachable")
    (line,) = [json.loads(line) for line in log.splitlines()]
    assert (EXIT_CANNOT_START, "service.cannot_start") == (code, line["event"])


@mode("stuck")
async def test_a_close_that_hangs_does_not_hang_the_process(child: Child) -> None:
    """Even a blocked event loop cannot keep a stopping process alive."""
    started = time.monotonic()
    child.process.send_signal(signal.SIGTERM)
    assert EXIT_DRAIN_TOO_LONG == await child.exit_code()
    assert time.monotonic() - started < 14
