"""Every connection of the client has passed the policy, whatever URL, DNS or redirect say."""

from __future__ import annotations

import ast
import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from kioku_rt.errors import KiokuError
from kioku_rt.outbound import AnswerTooLarge, outbound_client, read_limited
from kioku_rt.policy import AiPolicy, ExternalAi, Resolve, resolve
from kioku_rt.reasons import Reason

ROOT = Path(__file__).parents[3]
OPENS = re.compile(
    r"(^|\.)(AsyncClient|(Async)?HTTPTransport|ClientSession|HTTPS?Connection|urlopen|urlretrieve)$"
    r"|^httpx\.(Client|get|post|put|patch|delete|head|options|request|stream)$"
    r"|^(requests|aiohttp)\."
)


@dataclass
class Server:
    """Answers every request with the same bytes; keeps the heads it saw."""

    port: int
    answer: bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    heads: list[str] = field(default_factory=list)


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError):
            while head := await reader.readuntil(b"\r\n\r\n"):
                made.heads.append(head.decode())
                writer.write(made.answer)
                if b"Connection: close" in made.answer:
                    break
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    made = Server(listening.sockets[0].getsockname()[1])
    yield made
    listening.close()


def client(policy: AiPolicy | None = None, resolver: Resolve = resolve) -> httpx.AsyncClient:
    return outbound_client(
        policy or AiPolicy(), base_url="", seconds=5, connections=4, resolver=resolver
    )


def answering(*answers: Sequence[str]) -> Resolve:
    """A name server that gives these answers one after another, the last one for ever."""
    left = list(answers)

    async def look_up(_: str) -> Sequence[str]:
        return left.pop(0) if len(left) > 1 else left[0]

    return look_up


async def test_a_loopback_endpoint_is_reached(server: Server) -> None:
    """By address, by a decimal address and by a name that resolves to it; Host stays the name."""
    async with client(resolver=answering(["127.0.0.1"])) as http:
        assert "ok" == (await http.get(f"http://ai.internal:{server.port}/v1")).text
    async with client() as http:
        assert "ok" == (await http.get(f"http://2130706433:{server.port}/")).text
    assert "Host: ai.internal" in server.heads[0]


@pytest.mark.parametrize(
    "addresses", [["8.8.8.8"], ["127.0.0.1", "8.8.8.8"], ["::ffff:8.8.8.8"], []], ids=str
)
async def test_an_endpoint_outside_is_refused_before_a_byte_is_sent(addresses: list[str]) -> None:
    """Also when only one of its addresses is public."""
    async with client(resolver=answering(addresses)) as http:
        with pytest.raises(KiokuError) as caught:
            await http.post("http://ai.example/v1", content=b"secret")
    assert Reason.EXTERNAL_AI_REFUSED == caught.value.reason


async def test_a_name_that_changes_gains_nothing(server: Server) -> None:
    """The checked address is the one connected to; the next connection is checked anew."""
    server.answer = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"
    async with client(resolver=answering(["127.0.0.1"], ["8.8.8.8"])) as http:
        url = f"http://rebinding.example:{server.port}/"
        assert "ok" == (await http.get(url)).text
        with pytest.raises(KiokuError, match="EXTERNAL_AI_REFUSED"):
            await http.get(url)


async def test_a_redirect_does_not_lead_outside(server: Server) -> None:
    """It is not followed; a caller who follows it meets the policy."""
    server.answer = (
        b"HTTP/1.1 307 Temporary Redirect\r\nLocation: http://8.8.8.8/v1\r\n"
        b"Content-Length: 0\r\n\r\n"
    )
    async with client() as http:
        url = f"http://127.0.0.1:{server.port}/"
        assert 307 == (await http.post(url, content=b"x")).status_code
        with pytest.raises(KiokuError, match="EXTERNAL_AI_REFUSED"):
            await http.post(url, content=b"x", follow_redirects=True)


async def test_a_proxy_of_the_environment_is_not_used(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would be a way around, and see what is sent."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    async with client() as http:
        assert "ok" == (await http.get(f"http://127.0.0.1:{server.port}/")).text


async def test_unix_sockets_are_no_way_around() -> None:
    """Nobody can tell what listens there."""
    async with client(AiPolicy(ExternalAi.ALLOWED)) as http:
        network = http._transport._pool._network_backend  # type: ignore[attr-defined]
        with pytest.raises(Exception, match="no connection to the socket"):
            await network.connect_unix_socket("/run/docker.sock")


async def test_the_next_address_is_tried(server: Server) -> None:
    """A name with a dead address and a live one is reached; what fails has httpx's names."""
    async with client(resolver=answering(["127.0.0.2", "127.0.0.1"])) as http:
        assert "ok" == (await http.get(f"http://ai.internal:{server.port}/")).text
    async with client() as http:
        with pytest.raises(httpx.ConnectError):
            await http.get("http://127.0.0.2:9/")
        with pytest.raises(httpx.ConnectError):
            await http.get("http://no-such-name.invalid/")


async def test_a_cut_answer_is_a_transport_error(server: Server) -> None:
    """Announced bytes that do not come."""
    server.answer = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\nConnection: close\r\n\r\nok"
    async with client() as http:
        with pytest.raises(httpx.RemoteProtocolError):
            await http.get(f"http://127.0.0.1:{server.port}/")


async def test_an_answer_is_read_up_to_its_limit(server: Server) -> None:
    """No provider fills our memory."""
    server.answer = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + b"x" * 100
    async with client() as http:
        url = f"http://127.0.0.1:{server.port}/"
        async with http.stream("GET", url) as response:
            assert 100 == len(await read_limited(response, 100))
        async with http.stream("GET", url) as response:
            with pytest.raises(AnswerTooLarge):
                await read_limited(response, 99)


def test_no_other_client_speaks_to_an_ai() -> None:
    """In libraries and services only these modules open HTTP, and one of them to AIs."""
    # The second fetches token keys, the third tells the app at the operator's own address: no AI.
    allowed = {"outbound.py", "key_source.py", "receiver.py"}
    offenders = set()
    for folder in ("libs/kioku-rt/src", "services"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                name = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
                if OPENS.search(name) and path.name not in allowed:
                    offenders.add(f"{path.name}: {name}")
    assert set() == offenders
