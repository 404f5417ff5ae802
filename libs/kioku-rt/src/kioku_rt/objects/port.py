"""What Kioku needs of an object store; `MemoryObjectStore` and `S3ObjectStore` both give it.

Keys: `incoming/<asset_id>` before an upload is complete,
`originals/<owner-hash>/<asset_id>/<sha256>` after, `derived/<owner-hash>/<asset_id>/…` for what is
made from it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol

HEAD_BYTES: Final = 4_096
"""Leading bytes that a digest gives back, enough to sniff a media type."""


def owner_hash(owner: str) -> str:
    """The part of a key that stands for `owner`: 16 hex digits, so that no name is in a key."""
    return hashlib.sha256(owner.encode()).hexdigest()[:16]


def derived_prefix(owner: str, asset_id: str) -> str:
    """Where everything lies that is made from an asset; goes when the asset goes."""
    return f"derived/{owner_hash(owner)}/{asset_id}/"


@dataclass(frozen=True)
class SignedUrl:
    """A short-lived permission for one request; its URL is a secret and stays out of `repr`.

    Args:
        url: for one method on one key.
        headers: to be sent exactly as they are; they are signed.
        expire_time: UTC; the store refuses the URL after it.
    """

    url: str = field(repr=False)
    headers: Mapping[str, str]
    expire_time: datetime


@dataclass(frozen=True)
class ObjectInfo:
    """What the store knows of one object; `etag` without quotes."""

    key: str
    size: int
    etag: str
    content_type: str


@dataclass(frozen=True)
class ListedObject:
    """One line of a listing; `modified` is UTC."""

    key: str
    size: int
    etag: str
    modified: datetime


@dataclass(frozen=True)
class Digest:
    """What one reading of an object tells: SHA-256 in hex, the leading bytes, size and etag."""

    sha256: str
    head: bytes
    size: int
    etag: str


class ObjectStore(Protocol):
    """A private bucket. Every method but the two `sign_*` may raise DependencyDown."""

    async def sign_put(self, key: str, *, content_type: str, size: int) -> SignedUrl:
        """A URL that accepts exactly `size` bytes of exactly `content_type` as `key`."""
        ...

    async def sign_get(self, key: str, *, filename: str | None = None) -> SignedUrl:
        """A URL that gives `key`, as an attachment called `filename` where one is named."""
        ...

    async def head(self, key: str) -> ObjectInfo | None:
        """What is stored under `key`, or None."""
        ...

    async def get(self, key: str, *, max_bytes: int) -> bytes:
        """All bytes of `key`.

        Raises:
            KiokuError: OBJECT_MISSING.
            InvalidInput: IMAGE_TOO_LARGE, before more than `max_bytes` were read.
        """
        ...

    async def get_range(self, key: str, *, start: int, size: int) -> bytes:
        """At most `size` (>= 1) bytes of `key` from `start`, which must lie inside the object.

        Raises:
            KiokuError: OBJECT_MISSING.
        """
        ...

    async def digest(self, key: str) -> Digest:
        """Reads `key` once, in pieces; `head` has at most `HEAD_BYTES` bytes.

        Raises:
            KiokuError: OBJECT_MISSING.
        """
        ...

    async def copy(self, source: str, target: str, *, etag: str) -> None:
        """Copies `source` to `target` within the store, only while it is still the `etag` one.

        Raises:
            KiokuError: OBJECT_MISSING; CHECKSUM_MISMATCH when the source has another etag.
        """
        ...

    async def put(self, key: str, data: bytes, content_type: str) -> None:
        """Stores `data` as `key`, over whatever was there."""
        ...

    async def delete(self, keys: Sequence[str]) -> None:
        """Removes these keys, at most 1,000, in one request; absent ones are no error."""
        ...

    async def delete_prefix(self, prefix: str) -> int:
        """Removes every object whose key starts with `prefix`; how many there were."""
        ...

    async def list_prefix(self, prefix: str) -> list[str]:
        """Every key that starts with `prefix`, in order."""
        ...

    async def list_page(self, prefix: str, *, after: str = "") -> list[ListedObject]:
        """The next objects under `prefix` with keys greater than `after`, in order of their keys.

        At most 1,000, whatever the bucket holds; none: that was all.
        """
        ...

    async def ping(self) -> None:
        """Returns when the bucket answers."""
        ...
