"""The object store on any S3 server, boto3 kept off the event loop.

Signing is arithmetic: `sign_put` and `sign_get` work while the store is down. URLs and secrets
never reach a log, a repr or an error.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from kioku_rt.errors import DependencyDown
from kioku_rt.images.refusal import too_large
from kioku_rt.objects.disposition import attachment
from kioku_rt.objects.failure import DEPENDENCY, mapped
from kioku_rt.objects.port import HEAD_BYTES, Digest, ListedObject, ObjectInfo, SignedUrl
from kioku_rt.objects.settings import S3Settings

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

P = ParamSpec("P")
T = TypeVar("T")
_PIECE = 1 << 20


class S3ObjectStore:
    """`ObjectStore` on the bucket that `settings` names."""

    def __init__(self, settings: S3Settings) -> None:
        self._settings = settings
        self._client = _client(settings, settings.endpoint)
        self._signer = _client(settings, settings.public_endpoint)
        # The store says nothing until a copy is done, which takes long for a long video.
        patient = replace(settings, read_seconds=settings.call_seconds)
        self._copier = _client(patient, settings.endpoint)
        self._threads = ThreadPoolExecutor(settings.threads, thread_name_prefix="kioku-s3")

    def __repr__(self) -> str:
        return f"S3ObjectStore(bucket={self._settings.bucket!r})"

    async def sign_put(self, key: str, *, content_type: str, size: int) -> SignedUrl:
        """See `ObjectStore`."""
        headers = {"Content-Type": content_type, "Content-Length": str(size)}
        parameters = {"Key": key, "ContentType": content_type, "ContentLength": size}
        return self._signed("put_object", parameters, headers)

    async def sign_get(self, key: str, *, filename: str | None = None) -> SignedUrl:
        """See `ObjectStore`."""
        parameters: dict[str, object] = {"Key": key}
        if filename is not None:
            parameters["ResponseContentDisposition"] = attachment(filename)
        return self._signed("get_object", parameters, {})

    async def head(self, key: str) -> ObjectInfo | None:
        """See `ObjectStore`."""
        return await self._run(self._head, key)

    async def get(self, key: str, *, max_bytes: int) -> bytes:
        """See `ObjectStore`."""
        return await self._run(self._get, key, max_bytes)

    async def get_range(self, key: str, *, start: int, size: int) -> bytes:
        """See `ObjectStore`."""
        return await self._run(self._get_range, key, start, size)

    async def digest(self, key: str) -> Digest:
        """See `ObjectStore`."""
        return await self._run(self._digest, key)

    async def copy(self, source: str, target: str, *, etag: str) -> None:
        """See `ObjectStore`."""
        await self._run(self._copy, source, target, etag)

    async def put(self, key: str, data: bytes, content_type: str) -> None:
        """See `ObjectStore`."""
        await self._run(self._put, key, data, content_type)

    async def delete(self, keys: Sequence[str]) -> None:
        """See `ObjectStore`."""
        if keys:
            await self._run(self._delete, keys)

    async def delete_prefix(self, prefix: str) -> int:
        """See `ObjectStore`."""
        return await self._run(self._delete_prefix, prefix)

    async def list_prefix(self, prefix: str) -> list[str]:
        """See `ObjectStore`."""
        return await self._run(lambda: [k for page in self._pages(prefix) for k in page])

    async def list_page(self, prefix: str, *, after: str = "") -> list[ListedObject]:
        """See `ObjectStore`."""
        return await self._run(self._list_page, prefix, after)

    async def ping(self) -> None:
        """See `ObjectStore`."""
        await self._run(self._ping)

    def close(self) -> None:
        """Ends the threads; calls in work are finished first."""
        self._threads.shutdown(wait=True)
        self._client.close()
        self._signer.close()
        self._copier.close()

    async def _run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        def call() -> T:
            with mapped():
                return function(*args, **kwargs)

        loop = asyncio.get_running_loop()
        with mapped():  # TimeoutError is an OSError
            async with asyncio.timeout(self._settings.call_seconds):
                return await loop.run_in_executor(self._threads, call)

    def _signed(
        self, method: str, parameters: dict[str, object], headers: dict[str, str]
    ) -> SignedUrl:
        ttl = self._settings.url_ttl_seconds
        expire_time = datetime.now(UTC) + timedelta(seconds=ttl)
        url = self._signer.generate_presigned_url(
            method, Params={"Bucket": self._settings.bucket, **parameters}, ExpiresIn=ttl
        )
        return SignedUrl(url, headers, expire_time)

    def _head(self, key: str) -> ObjectInfo | None:
        try:
            found = self._client.head_object(Bucket=self._settings.bucket, Key=key)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
                return None
            raise
        return ObjectInfo(
            key, found["ContentLength"], found["ETag"].strip('"'), found["ContentType"]
        )

    def _get(self, key: str, max_bytes: int) -> bytes:
        found = self._client.get_object(Bucket=self._settings.bucket, Key=key)
        with closing(found["Body"]) as body:  # its own `with` gives a stream that checks nothing
            if found["ContentLength"] > max_bytes:
                raise too_large(found["ContentLength"], max_bytes)
            return body.read()

    def _get_range(self, key: str, start: int, size: int) -> bytes:
        wanted = f"bytes={start}-{start + size - 1}"
        found = self._client.get_object(Bucket=self._settings.bucket, Key=key, Range=wanted)
        with closing(found["Body"]) as body:
            return body.read()

    def _digest(self, key: str) -> Digest:
        digest, head = hashlib.sha256(), b""
        found = self._client.get_object(Bucket=self._settings.bucket, Key=key)
        with closing(found["Body"]) as body:
            for piece in body.iter_chunks(_PIECE):
                digest.update(piece)
                if len(head) < HEAD_BYTES:
                    head += piece[: HEAD_BYTES - len(head)]
        return Digest(digest.hexdigest(), head, found["ContentLength"], found["ETag"].strip('"'))

    def _copy(self, source: str, target: str, etag: str) -> None:
        bucket = self._settings.bucket
        self._copier.copy_object(
            Bucket=bucket,
            Key=target,
            CopySource={"Bucket": bucket, "Key": source},
            CopySourceIfMatch=etag,
        )

    def _put(self, key: str, data: bytes, content_type: str) -> None:
        self._client.put_object(
            Bucket=self._settings.bucket, Key=key, Body=data, ContentType=content_type
        )

    def _delete_prefix(self, prefix: str) -> int:
        removed = 0
        for keys in self._pages(prefix):
            self._delete(keys)
            removed += len(keys)
        return removed

    def _delete(self, keys: Sequence[str]) -> None:
        answer = self._client.delete_objects(
            Bucket=self._settings.bucket,
            Delete={"Objects": [{"Key": key} for key in keys], "Quiet": True},
        )
        if answer.get("Errors"):
            raise OSError("the store kept an object it was told to delete")

    def _pages(self, prefix: str) -> Iterator[list[str]]:
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._settings.bucket,
            Prefix=prefix,
            PaginationConfig={"PageSize": self._settings.page_size},
        )
        for page in pages:
            if keys := [entry["Key"] for entry in page.get("Contents", [])]:
                yield keys

    def _list_page(self, prefix: str, after: str) -> list[ListedObject]:
        page = self._client.list_objects_v2(
            Bucket=self._settings.bucket,
            Prefix=prefix,
            StartAfter=after,
            MaxKeys=self._settings.page_size,
        )
        return [
            ListedObject(one["Key"], one["Size"], one["ETag"].strip('"'), one["LastModified"])
            for one in page.get("Contents", [])
        ]

    def _ping(self) -> None:
        try:
            self._client.head_bucket(Bucket=self._settings.bucket)
        except ClientError:  # a 404 here is a missing bucket, not a missing object
            raise DependencyDown(DEPENDENCY) from None


def _client(settings: S3Settings, endpoint: str) -> S3Client:
    """A thread-safe client: path style (no DNS per bucket), SigV4, bounded in time and retries."""
    config = Config(
        signature_version="s3v4",
        s3={"addressing_style": "path"},
        connect_timeout=settings.connect_seconds,
        read_timeout=settings.read_seconds,
        retries={"total_max_attempts": settings.attempts, "mode": "standard"},
        max_pool_connections=settings.threads,
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        proxies={},
    )
    return boto3.session.Session().client(
        "s3",
        endpoint_url=endpoint,
        region_name=settings.region,
        aws_access_key_id=settings.access_key,
        aws_secret_access_key=settings.secret_key,
        config=config,
    )
