"""Keys are fetched seldom and never on an attacker's word; what cannot be fetched fails closed.

An unknown key id causes at most one fetch in ten seconds, shared by all callers. A failed fetch, or
a refused set, keeps the old keys for up to a day; with no keys at all the call ends UNAVAILABLE,
because that fault is ours and not the caller's.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

import httpx
import structlog

from kioku_rt.auth.keys import KeySet, UnusableKey, VerificationKey, public_key_set
from kioku_rt.errors import DependencyDown

MAX_DOCUMENT_BYTES = 256 * 1024
REFETCH_SECONDS = 10.0
REFRESH_SECONDS = 300.0
GIVE_UP_SECONDS = 86_400.0
_FETCH_TIMEOUT_SECONDS = 3.0
_LOOPBACK = frozenset(("localhost", "127.0.0.1", "::1"))

Fetch = Callable[[], Awaitable[bytes]]
_log = structlog.get_logger(__name__)


class KeySource(Protocol):
    """Where verification keys come from."""

    async def find(self, key_id: str | None, algorithm: str) -> VerificationKey | None:
        """Give the key, or None when the issuer does not have it."""


class FileKeys:
    """The keys in a file, read again whenever the file has changed."""

    def __init__(self, path: Path, algorithms: Iterable[str]) -> None:
        self._path = path
        self._algorithms = tuple(algorithms)
        self._stamp: tuple[int, ...] = ()
        self._keys: KeySet | None = None

    async def find(self, key_id: str | None, algorithm: str) -> VerificationKey | None:
        """Give the key of that id from the file as it is now."""
        self._read_if_changed()
        if self._keys is None:
            raise DependencyDown("key set of the token issuer")
        return self._keys.find(key_id, algorithm)

    def _read_if_changed(self) -> None:
        try:
            status = os.stat(self._path)  # noqa: PTH116 - one call, on the event loop
            stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
            if stamp == self._stamp:
                return
            self._stamp = stamp
            if status.st_size > MAX_DOCUMENT_BYTES:
                raise UnusableKey("too large")  # noqa: TRY301 - one place that keeps the old keys
            self._keys = public_key_set(self._path.read_bytes(), self._algorithms)
        except (OSError, UnusableKey) as error:
            _log.warning("keys.refused", source=self._path.name, why=str(error))


class FetchedKeys:
    """The keys at a URL, fetched by `fetch`, one fetch at a time."""

    def __init__(
        self,
        fetch: Fetch,
        algorithms: Iterable[str],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fetch = fetch
        self._algorithms = tuple(algorithms)
        self._clock = clock
        self._keys: KeySet | None = None
        self._fetched_at = float("-inf")
        self._tried_at = float("-inf")
        self._lock = asyncio.Lock()

    async def find(self, key_id: str | None, algorithm: str) -> VerificationKey | None:
        """Give the key of that id, fetching the set anew when it is unknown or old."""
        if self._keys is None or self._age() > REFRESH_SECONDS:
            await self._refresh()
        found = self._lookup(key_id, algorithm)
        if found is None and key_id is not None:
            await self._refresh()
            found = self._lookup(key_id, algorithm)
        return found

    def _age(self) -> float:
        return self._clock() - self._fetched_at

    def _lookup(self, key_id: str | None, algorithm: str) -> VerificationKey | None:
        if self._keys is None or self._age() > GIVE_UP_SECONDS:
            raise DependencyDown("key set of the token issuer")
        return self._keys.find(key_id, algorithm)

    async def _refresh(self) -> None:
        async with self._lock:  # those who waited find the try of the first one
            if self._clock() - self._tried_at < REFETCH_SECONDS:
                return
            self._tried_at = self._clock()
            try:
                self._keys = public_key_set(await self._fetch(), self._algorithms)
                self._fetched_at = self._clock()
            except (httpx.HTTPError, httpx.InvalidURL, OSError, TimeoutError, UnusableKey) as error:
                _log.warning("keys.refused", why=type(error).__name__)


def key_source(location: str, algorithms: Iterable[str]) -> KeySource:
    """Choose the source for a path, a `file:` URL, or an `https:` URL (`http:` on loopback only).

    Raises:
        ValueError: any other scheme or a remote `http:` host; keys must not come over an open wire.
    """
    if "://" not in location:
        return FileKeys(Path(location), algorithms)
    parts = urlsplit(location)
    if parts.scheme == "file" and not parts.netloc:
        return FileKeys(Path(unquote(parts.path)), algorithms)
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        return FetchedKeys(_http_fetch(location), algorithms)
    raise ValueError("the key set must be a file, an https URL, or on this machine")


def _http_fetch(url: str) -> Fetch:
    async def fetch() -> bytes:
        """Fetch at most 256 KiB; a redirect is not followed, it would be another issuer's set."""
        async with (
            asyncio.timeout(_FETCH_TIMEOUT_SECONDS),
            httpx.AsyncClient(follow_redirects=False, trust_env=False) as client,
            client.stream("GET", url, headers={"accept": "application/json"}) as response,
        ):
            if response.status_code != httpx.codes.OK:
                raise UnusableKey(f"status {response.status_code}")
            return await _bounded(response)

    return fetch


async def _bounded(response: httpx.Response) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > MAX_DOCUMENT_BYTES:
            raise UnusableKey("too large")
    return bytes(body)
