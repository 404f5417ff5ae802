"""The fake and the real object store behind one fixture."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import pytest
from kioku_rt.objects import MemoryObjectStore, ObjectStore, S3ObjectStore, S3Settings
from kioku_stack.swift import Swift

_buckets = itertools.count(1)


def settings_of(swift: Swift, **changes: object) -> S3Settings:
    """How to reach a bucket of a running Swift, with small pages so that paging is exercised."""
    values: dict[str, object] = {
        "endpoint": swift.endpoint,
        "public_endpoint": swift.endpoint,
        "region": swift.region,
        "access_key": swift.access_key,
        "secret_key": swift.secret_key,
        "page_size": 3,
    }
    return S3Settings(**{**values, **changes})  # type: ignore[arg-type]


@pytest.fixture
def s3(swift_server: Swift) -> Iterator[Callable[..., S3ObjectStore]]:
    """Makes stores on a bucket of this test's own; keyword arguments change their settings."""
    bucket = f"objects-{next(_buckets)}"
    swift_server.create_bucket(bucket)
    made: list[S3ObjectStore] = []

    def make(**changes: object) -> S3ObjectStore:
        made.append(S3ObjectStore(settings_of(swift_server, **{"bucket": bucket, **changes})))
        return made[-1]

    yield make
    for store in made:
        store.close()


@pytest.fixture(params=["memory", "s3"])
def store(request: pytest.FixtureRequest) -> ObjectStore:
    """Each store in turn, empty."""
    if request.param == "memory":
        return MemoryObjectStore()
    make: Callable[..., S3ObjectStore] = request.getfixturevalue("s3")
    return make()
