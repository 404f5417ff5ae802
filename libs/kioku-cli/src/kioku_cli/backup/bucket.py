"""Promise: an object in a backup is the one that was stored, and the restored one is that again.

Each is hashed as it passes: SHA-256 against the inventory (and, of an original, against its own
key), MD5 against the store's etag. Objects never change, so one that was copied is done.
"""

from __future__ import annotations

import hashlib
import re
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from botocore.exceptions import ClientError

from kioku_cli.backup.inventory import Stored, line_of, object_path, read_notes
from kioku_cli.backup.manifest import BackupDamaged, sha256_of
from kioku_cli.refusal import Refusal

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PREFIXES = ("derived/", "originals/")
"""What is kept: `incoming/` holds what was never completed."""
_THREADS = 8
_IN_HAND = 4 * _THREADS
_PIECE = 1 << 20
_MD5 = re.compile(r"[0-9a-f]{32}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
T = TypeVar("T")
R = TypeVar("R")
Progress = Callable[[int], None]


@dataclass(frozen=True)
class Listed:
    """One line of the store's listing."""

    key: str
    size: int


def listing(client: S3Client, bucket: str) -> list[Listed]:
    """Every object that a backup keeps."""
    pages = client.get_paginator("list_objects_v2")
    return [
        Listed(one["Key"], one["Size"])
        for prefix in PREFIXES
        for page in pages.paginate(Bucket=bucket, Prefix=prefix)
        for one in page.get("Contents", [])
    ]


class CopyOut:
    """Copies a bucket into a backup's folder.

    Args:
        notes: a file in which each finished object is noted, for a run that goes on later.
    """

    def __init__(self, client: S3Client, bucket: str, folder: Path, notes: Path) -> None:
        self._client = client
        self._bucket = bucket
        self._folder = folder
        self._notes = notes
        self._known = read_notes(notes)
        self._writing = threading.Lock()
        self.reused = 0

    def run(self, listed: Iterable[Listed], progress: Progress) -> list[Stored]:
        """Every object that was still there, with the bytes that were put.

        Raises:
            OSError: the disk is full, or the folder cannot be written.
        """
        copied: list[Stored] = []
        for done, one in enumerate(_parallel(self._copy, listed), 1):
            copied += [one] if one is not None else []
            progress(done)
        return copied

    def _copy(self, listed: Listed) -> Stored | None:
        path = object_path(self._folder, listed.key)
        known = self._known.get(listed.key)
        if known and path.exists() and sha256_of(path) == known.sha256:
            with self._writing:
                self.reused += 1
            return known
        stored = self._fetch(listed.key, path)
        if stored is not None:
            self._note(stored)
        return stored

    def _fetch(self, key: str, path: Path) -> Stored | None:
        """Download one; None where it is gone by now, or damaged in the store."""
        try:
            found = self._client.get_object(Bucket=self._bucket, Key=key)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
                return None
            raise
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(path.name[:200] + ".part")
        sha256, md5, size = hashlib.sha256(), hashlib.md5(usedforsecurity=False), 0
        with closing(found["Body"]) as body, draft.open("wb") as file:
            for piece in body.iter_chunks(_PIECE):
                file.write(piece)
                sha256.update(piece)
                md5.update(piece)
                size += len(piece)
        stored = Stored(key, size, sha256.hexdigest(), found["ContentType"])
        if not _is_as_put(stored, found["ETag"].strip('"'), md5.hexdigest()):
            draft.unlink()
            return None
        draft.replace(path)
        return stored

    def _note(self, stored: Stored) -> None:
        with self._writing, self._notes.open("a") as file:
            file.write(line_of(stored))


def copy_in(
    client: S3Client, bucket: str, folder: Path, objects: Iterable[Stored], progress: Progress
) -> int:
    """Put every object of a backup; how many bytes.

    Raises:
        Refusal: BACKUP_DAMAGED for a file that is gone or has other bytes; CHECKSUM_MISMATCH.
    """

    def put(one: Stored) -> int:
        path = object_path(folder, one.key)
        if not path.is_file() or sha256_of(path) != one.sha256:
            raise BackupDamaged(f"the object {one.key} is not what it was.")
        with path.open("rb") as file:
            answer = client.put_object(
                Bucket=bucket, Key=one.key, Body=file, ContentType=one.content_type
            )
        with path.open("rb") as file:
            md5 = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False))
        if not _is_as_put(one, answer["ETag"].strip('"'), md5.hexdigest()):
            text = f"The store keeps other bytes of {one.key} than it was given."
            raise Refusal(text, reason="CHECKSUM_MISMATCH")
        return one.size

    total = 0
    for done, size in enumerate(_parallel(put, objects), 1):
        total += size
        progress(done)
    return total


def _is_as_put(stored: Stored, etag: str, md5: str) -> bool:
    """Whether etag, and an original's own name, agree with the bytes."""
    name = stored.key.rsplit("/", 1)[-1]
    if stored.key.startswith("originals/") and _SHA256.fullmatch(name) and name != stored.sha256:
        return False
    return not _MD5.fullmatch(etag) or etag == md5


def _parallel(work: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
    """Results in order, a bounded number of items in hand; the first failure ends it."""
    with ThreadPoolExecutor(_THREADS) as pool:
        waiting: deque[Future[R]] = deque()
        try:
            for item in items:
                waiting.append(pool.submit(work, item))
                if len(waiting) >= _IN_HAND:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for one in waiting:
                one.cancel()
