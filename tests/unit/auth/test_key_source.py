"""When keys are read again, and what happens when they cannot be."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from kioku_rt.auth import AuthConfig, DevIssuer, TokenVerifier
from kioku_rt.auth.key_source import (
    GIVE_UP_SECONDS,
    REFETCH_SECONDS,
    REFRESH_SECONDS,
    FetchedKeys,
    FileKeys,
    key_source,
)
from kioku_rt.errors import DependencyDown, KiokuError
from kioku_rt.reasons import Reason


class Published:
    """A key set behind a network: counts fetches, and can be away or slow."""

    def __init__(self, document: bytes) -> None:
        self.document = document
        self.fetches = 0
        self.away = False
        self.gate = asyncio.Event()
        self.gate.set()

    async def fetch(self) -> bytes:
        """Answer a fetch."""
        self.fetches += 1
        await self.gate.wait()
        if self.away:
            raise httpx.ConnectError("away")
        return self.document


@pytest.fixture
def now() -> list[float]:
    """The source's clock: its first element."""
    return [0.0]


@pytest.fixture
def published(issuer: DevIssuer) -> Published:
    """The issuer's keys."""
    return Published(issuer.jwks_path.read_bytes())


@pytest.fixture
def source(published: Published, now: list[float]) -> FetchedKeys:
    """A source of them."""
    return FetchedKeys(published.fetch, ("ES256",), clock=lambda: now[0])


def kid_of(issuer: DevIssuer) -> str:
    kid: str = json.loads(issuer.jwks_path.read_text())["keys"][0]["kid"]
    return kid


async def test_a_flood_of_unknown_ids_fetches_once_in_ten_seconds(
    published: Published, source: FetchedKeys, now: list[float]
) -> None:
    """A thousand unknown ids cost one fetch; ten seconds later one more."""
    await asyncio.gather(*(source.find(f"unknown-{i}", "ES256") for i in range(1000)))
    first = published.fetches
    now[0] += REFETCH_SECONDS
    await asyncio.gather(*(source.find(f"unknown-{i}", "ES256") for i in range(1000)))
    assert (first, published.fetches) == (1, 2)


async def test_waiting_callers_share_one_fetch(
    published: Published, source: FetchedKeys, issuer: DevIssuer
) -> None:
    """Callers that come while a fetch runs get its keys."""
    published.gate.clear()
    calls = [asyncio.create_task(source.find(kid_of(issuer), "ES256")) for _ in range(50)]
    await asyncio.sleep(0)
    published.gate.set()
    assert all(await asyncio.gather(*calls))
    assert published.fetches == 1


async def test_a_rotated_key_is_found_at_once(
    published: Published, source: FetchedKeys, tmp_path: Path, issuer: DevIssuer, now: list[float]
) -> None:
    """A new key's first token makes the set be fetched again."""
    await source.find(kid_of(issuer), "ES256")
    rotated = DevIssuer(tmp_path / "rotated")
    published.document = rotated.jwks_path.read_bytes()
    now[0] += REFETCH_SECONDS
    assert await source.find(kid_of(rotated), "ES256") is not None


async def test_a_withdrawn_key_stops_counting(
    published: Published, source: FetchedKeys, tmp_path: Path, issuer: DevIssuer, now: list[float]
) -> None:
    """A key that is no longer published is forgotten within five minutes, unasked."""
    await source.find(kid_of(issuer), "ES256")
    published.document = DevIssuer(tmp_path / "next").jwks_path.read_bytes()
    now[0] += REFRESH_SECONDS + 1
    assert await source.find(kid_of(issuer), "ES256") is None


@pytest.mark.parametrize("document", [b"[]", b'{"keys": []}', b"<html>", None])
async def test_a_bad_answer_keeps_the_old_keys_for_a_day(
    published: Published,
    source: FetchedKeys,
    issuer: DevIssuer,
    now: list[float],
    document: bytes | None,
) -> None:
    """An outage or a broken set changes nothing, until the old keys are a day old."""
    await source.find(kid_of(issuer), "ES256")
    published.away, published.document = document is None, document or b""
    now[0] += REFRESH_SECONDS + 1
    assert await source.find(kid_of(issuer), "ES256") is not None
    now[0] += GIVE_UP_SECONDS
    with pytest.raises(DependencyDown):
        await source.find(kid_of(issuer), "ES256")


async def test_keys_that_were_never_read_are_our_fault(
    published: Published, source: FetchedKeys
) -> None:
    """Before the first good fetch every token is refused as UNAVAILABLE, not as invalid."""
    published.away = True
    with pytest.raises(DependencyDown):
        await source.find("any", "ES256")


async def test_a_missing_file_is_our_fault_until_it_is_there(
    tmp_path: Path, issuer: DevIssuer
) -> None:
    """A service may start before the key file; it needs no restart."""
    path = tmp_path / "late.json"
    source = FileKeys(path, ("ES256",))
    with pytest.raises(DependencyDown):
        await source.find(kid_of(issuer), "ES256")
    path.write_bytes(issuer.jwks_path.read_bytes())
    assert await source.find(kid_of(issuer), "ES256") is not None


@pytest.mark.parametrize("damage", [b"", b"{", b'{"keys": []}', b" " * 300_000])
async def test_a_damaged_file_keeps_the_old_keys(
    tmp_path: Path, issuer: DevIssuer, damage: bytes
) -> None:
    """A half-written or emptied file does not lock everybody out."""
    path = tmp_path / "keys.json"
    path.write_bytes(issuer.jwks_path.read_bytes())
    source = FileKeys(path, ("ES256",))
    await source.find(kid_of(issuer), "ES256")
    path.write_bytes(damage)
    assert await source.find(kid_of(issuer), "ES256") is not None


@pytest.mark.parametrize(
    "location",
    ["http://issuer.example/jwks.json", "ftp://x/jwks.json", "http://10.0.0.1/j", "file://host/j"],
)
def test_keys_never_come_over_an_open_wire(location: str) -> None:
    """A remote key set must be https."""
    with pytest.raises(ValueError, match="https"):
        key_source(location, ("ES256",))


@pytest.mark.parametrize("form", ["{}", "file://{}"])
async def test_a_path_may_hold_any_character(tmp_path: Path, issuer: DevIssuer, form: str) -> None:
    """A folder named with `#`, `?` or a space is read as it is."""
    folder = tmp_path / "a #?b"
    folder.mkdir()
    path = folder / "jwks.json"
    path.write_bytes(issuer.jwks_path.read_bytes())
    location = path.as_uri() if form.startswith("file") else str(path)
    source = key_source(location, ("ES256",))
    assert await source.find(kid_of(issuer), "ES256") is not None


Respond = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def web(answer: bytes) -> AsyncIterator[str]:
    """Serve one fixed HTTP answer on loopback."""

    async def respond(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        try:
            await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(respond, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/jwks.json"


def http_answer(body: bytes, status: str = "200 OK", more: str = "") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n{more}\r\n"
    return head.encode() + body


async def test_a_url_gives_the_issuers_keys(issuer: DevIssuer, clock: Callable[[], float]) -> None:
    """Tokens are verified with a key set fetched over HTTP."""
    async with web(http_answer(issuer.jwks_path.read_bytes())) as url:
        verifier = TokenVerifier(AuthConfig(issuer.issuer, jwks=url), clock=clock)
        assert (await verifier.verify(issuer.mint("ada"))).subject == "ada"


async def test_redirects_huge_answers_and_faults_are_refused(issuer: DevIssuer) -> None:
    """A redirect, ten megabytes or a 500 gives no keys: the call ends UNAVAILABLE."""
    good = issuer.jwks_path.read_bytes()
    async with web(http_answer(good)) as elsewhere:
        answers = [
            http_answer(good, "302 Found", f"Location: {elsewhere}\r\n"),
            http_answer(good + b" " * 10_000_000),
            http_answer(good, "500 Oops"),
            b"nonsense\r\n\r\n",
        ]
        reasons = []
        for answer in answers:
            async with web(answer) as url:
                verifier = TokenVerifier(AuthConfig(issuer.issuer, jwks=url))
                with pytest.raises(KiokuError) as caught:
                    await verifier.verify(issuer.mint("ada"))
                reasons.append(caught.value.reason)
    assert [Reason.DEPENDENCY_UNAVAILABLE] * len(answers) == reasons


async def test_a_verifier_says_whether_it_has_keys(tmp_path: Path, issuer: DevIssuer) -> None:
    """Readiness can ask before the first user does."""
    late = tmp_path / "late.json"
    verifier = TokenVerifier(AuthConfig(issuer.issuer, jwks=str(late)))
    with pytest.raises(DependencyDown):
        await verifier.ping()
    late.write_bytes(issuer.jwks_path.read_bytes())
    await verifier.ping()
