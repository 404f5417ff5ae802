"""The object store as a dictionary: the fake that passes the same contract as the real one.

Its URLs are `memory:` ones that no client can open; `expired`, altered or foreign requests are
the real server's business and are proven there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from kioku_rt.errors import DependencyDown, KiokuError
from kioku_rt.images.refusal import too_large
from kioku_rt.objects.disposition import attachment
from kioku_rt.objects.failure import DEPENDENCY
from kioku_rt.objects.port import HEAD_BYTES, Digest, ListedObject, ObjectInfo, SignedUrl
from kioku_rt.reasons import Reason

_PAGE = 3  # small, so that tests with few objects turn pages


@dataclass
class MemoryObjectStore:
    """`ObjectStore` without a server; set `down` to see what an outage does."""

    url_ttl_seconds: int = 300
    down: bool = False
    objects: dict[str, tuple[bytes, str]] = field(default_factory=dict, repr=False)
    modified: dict[str, datetime] = field(default_factory=dict, repr=False)

    async def sign_put(self, key: str, *, content_type: str, size: int) -> SignedUrl:
        """See `ObjectStore`."""
        headers = {"Content-Type": content_type, "Content-Length": str(size)}
        return self._signed(f"memory:put/{quote(key)}", headers)

    async def sign_get(self, key: str, *, filename: str | None = None) -> SignedUrl:
        """See `ObjectStore`."""
        query = "" if filename is None else f"?disposition={quote(attachment(filename))}"
        return self._signed(f"memory:get/{quote(key)}{query}", {})

    async def head(self, key: str) -> ObjectInfo | None:
        """See `ObjectStore`."""
        await self.ping()
        if key not in self.objects:
            return None
        data, content_type = self.objects[key]
        return ObjectInfo(key, len(data), _etag(data), content_type)

    async def get(self, key: str, *, max_bytes: int) -> bytes:
        """See `ObjectStore`."""
        data, _ = await self._found(key)
        if len(data) > max_bytes:
            raise too_large(len(data), max_bytes)
        return data

    async def get_range(self, key: str, *, start: int, size: int) -> bytes:
        """See `ObjectStore`."""
        data, _ = await self._found(key)
        return data[start : start + size]

    async def digest(self, key: str) -> Digest:
        """See `ObjectStore`."""
        data, _ = await self._found(key)
        return Digest(hashlib.sha256(data).hexdigest(), data[:HEAD_BYTES], len(data), _etag(data))

    async def copy(self, source: str, target: str, *, etag: str) -> None:
        """See `ObjectStore`."""
        data, content_type = await self._found(source)
        if _etag(data) != etag:
            raise KiokuError(Reason.CHECKSUM_MISMATCH)
        self._store(target, data, content_type)

    async def put(self, key: str, data: bytes, content_type: str) -> None:
        """See `ObjectStore`."""
        await self.ping()
        self._store(key, data, content_type)

    async def delete(self, keys: Sequence[str]) -> None:
        """See `ObjectStore`."""
        await self.ping()
        for key in keys:
            self.objects.pop(key, None)

    async def delete_prefix(self, prefix: str) -> int:
        """See `ObjectStore`."""
        keys = await self.list_prefix(prefix)
        for key in keys:
            del self.objects[key]
        return len(keys)

    async def list_prefix(self, prefix: str) -> list[str]:
        """See `ObjectStore`."""
        await self.ping()
        return sorted(key for key in self.objects if key.startswith(prefix))

    async def list_page(self, prefix: str, *, after: str = "") -> list[ListedObject]:
        """See `ObjectStore`."""
        keys = [key for key in await self.list_prefix(prefix) if key > after]
        return [self._listed(key) for key in keys[:_PAGE]]

    async def ping(self) -> None:
        """See `ObjectStore`."""
        if self.down:
            raise DependencyDown(DEPENDENCY)

    def _store(self, key: str, data: bytes, content_type: str) -> None:
        self.objects[key] = (data, content_type)
        self.modified[key] = datetime.now(UTC)

    def _listed(self, key: str) -> ListedObject:
        data, _ = self.objects[key]
        return ListedObject(key, len(data), _etag(data), self.modified[key])

    async def _found(self, key: str) -> tuple[bytes, str]:
        await self.ping()
        if key not in self.objects:
            raise KiokuError(Reason.OBJECT_MISSING)
        return self.objects[key]

    def _signed(self, url: str, headers: dict[str, str]) -> SignedUrl:
        return SignedUrl(url, headers, datetime.now(UTC) + timedelta(seconds=self.url_ttl_seconds))


def _etag(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()
