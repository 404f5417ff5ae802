"""Promise: an HTTP client whose every connection has passed the policy of `kioku_rt.policy`.

The name is resolved here, all of its addresses are checked, and the connection is made to a checked
address, so a name that resolves to something else a moment later (DNS rebinding) gains nothing. TLS
still verifies the name. Proxies of the environment are not used, and redirects are not followed; a
caller who follows one meets the same check.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import NoReturn

import httpcore
import httpx
import structlog

from kioku_rt.errors import KiokuError
from kioku_rt.policy import AiPolicy, Resolve, resolve

_MOST_ADDRESSES = 4
_KEEPALIVE_SECONDS = 30.0
_FAILURES = (
    httpcore.TimeoutException,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.UnsupportedProtocol,
)
_log = structlog.get_logger(__name__)
SocketOptions = Iterable[httpcore.SOCKET_OPTION] | None


class AnswerTooLarge(Exception):
    """An answer has more bytes than its reader takes."""


def outbound_client(
    policy: AiPolicy,
    *,
    base_url: str,
    headers: Mapping[str, str] | None = None,
    seconds: float,
    connections: int,
    resolver: Resolve = resolve,
) -> httpx.AsyncClient:
    """A client for one AI endpoint; close it when done.

    Args:
        policy: what may be connected to.
        base_url: before every relative URL.
        headers: of every request; a token belongs here.
        seconds: to connect, and between two pieces of an answer.
        connections: at the same time.
        resolver: name -> addresses.
    """
    return httpx.AsyncClient(
        base_url=base_url,
        headers={"Accept-Encoding": "identity", **(headers or {})},
        timeout=seconds,
        transport=PolicyTransport(policy, connections=connections, resolver=resolver),
        follow_redirects=False,
        trust_env=False,
    )


async def read_limited(response: httpx.Response, most: int) -> bytes:
    """The body of a streamed response as it came; we ask for uncompressed ones.

    Raises:
        AnswerTooLarge: after at most `most` bytes and one more piece.
    """
    body = bytearray()
    async for piece in response.aiter_raw():
        body += piece
        if len(body) > most:
            raise AnswerTooLarge(f"an answer of more than {most} bytes")
    return bytes(body)


class PolicyTransport(httpx.AsyncBaseTransport):
    """httpx's transport over httpcore's pool, with name resolution and policy between them."""

    def __init__(self, policy: AiPolicy, *, connections: int, resolver: Resolve = resolve) -> None:
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=httpx.create_ssl_context(trust_env=False),
            max_connections=connections,
            keepalive_expiry=_KEEPALIVE_SECONDS,
            network_backend=CheckedNetwork(policy, resolver),
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """One exchange.

        Raises:
            KiokuError: EXTERNAL_AI_REFUSED.
            httpx.TransportError: the endpoint was not reached, or broke off.
        """
        url = httpcore.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        )
        asked = httpcore.Request(
            request.method,
            url,
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        with _as_httpx():
            answer = await self._pool.handle_async_request(asked)
        return httpx.Response(
            answer.status,
            headers=answer.headers,
            stream=_Body(answer),
            extensions=answer.extensions,
        )

    async def aclose(self) -> None:
        """Closes every connection."""
        await self._pool.aclose()


class CheckedNetwork(httpcore.AsyncNetworkBackend):
    """Connects to addresses that the policy has seen, and to nothing else."""

    def __init__(self, policy: AiPolicy, resolver: Resolve) -> None:
        self._policy = policy
        self._resolver = resolver
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's interface
        local_address: str | None = None,
        socket_options: SocketOptions = None,
    ) -> httpcore.AsyncNetworkStream:
        """A connection to the first checked address that answers."""
        failure: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in (await self._checked(host, timeout))[:_MOST_ADDRESSES]:
            try:
                return await self._network.connect_tcp(
                    address, port, timeout, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ARG002, ASYNC109
        socket_options: SocketOptions = None,  # noqa: ARG002
    ) -> NoReturn:
        """Never: nobody can tell what listens there."""
        raise httpcore.UnsupportedProtocol(f"no connection to the socket {path}")

    async def sleep(self, seconds: float) -> None:
        """Waits."""
        await asyncio.sleep(seconds)

    async def _checked(self, host: str, seconds: float | None) -> list[str]:
        try:
            async with asyncio.timeout(seconds):
                addresses = list(await self._resolver(host))
        except TimeoutError as error:
            raise httpcore.ConnectTimeout(f"{host} was not resolved in time") from error
        except OSError as error:
            raise httpcore.ConnectError(f"{host} cannot be resolved") from error
        try:
            self._policy.check(host, addresses)
        except KiokuError:
            _log.warning("external_ai_refused", host=host, addresses=addresses)
            raise
        return addresses


class _Body(httpx.AsyncByteStream):
    """The pieces of an answer as httpx wants them."""

    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _as_httpx():
            async for piece in self._answer.aiter_stream():
                yield piece

    async def aclose(self) -> None:
        with _as_httpx():
            await self._answer.aclose()


@contextmanager
def _as_httpx() -> Iterator[None]:
    """httpcore's failures by the same names in httpx."""
    try:
        yield
    except _FAILURES as error:
        raise getattr(httpx, type(error).__name__)(str(error)) from error
