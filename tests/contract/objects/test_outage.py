"""A store that is down, deaf, wrong or slow is one typed error, soon."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Iterator

import pytest
from kioku_rt.errors import DependencyDown
from kioku_rt.objects import MemoryObjectStore, ObjectStore, S3ObjectStore, S3Settings
from kioku_rt.reasons import Reason
from kioku_stack.swift import Swift

Make = Callable[..., S3ObjectStore]


def uses(store: ObjectStore) -> list[Awaitable[object]]:
    """Every call that needs the server."""
    return [
        store.head("k"),
        store.get("k", max_bytes=9),
        store.digest("k"),
        store.delete(["k"]),
        store.copy("k", "l", etag="e"),
        store.put("k", b"x", "image/png"),
        store.delete_prefix("k"),
        store.list_prefix("k"),
        store.ping(),
    ]


async def seconds_until_down(use: Awaitable[object]) -> float:
    """How long a call takes to say that the object store does not answer."""
    begin = time.monotonic()
    with pytest.raises(DependencyDown) as down:
        await use
    assert ("object store", Reason.DEPENDENCY_UNAVAILABLE) == (
        down.value.dependency,
        down.value.reason,
    )
    assert None is down.value.__cause__
    return time.monotonic() - begin


def store_at(port: int, **changes: object) -> S3ObjectStore:
    """A store whose server is whatever listens at `port`."""
    url = f"http://127.0.0.1:{port}"
    return S3ObjectStore(S3Settings(url, url, "b", "us-east-1", "key", "word", **changes))  # type: ignore[arg-type]


async def test_nobody_listens() -> None:
    """A refused connection is known within five seconds, for every call."""
    store = store_at(1)
    took = await asyncio.gather(*(seconds_until_down(use) for use in uses(store)))
    store.close()
    assert max(took) < 5


async def test_the_fake_can_be_down_too() -> None:
    """Tests of others can play an outage."""
    for use in uses(MemoryObjectStore(down=True)):
        await seconds_until_down(use)


async def test_a_dead_path_ends() -> None:
    """Connections that are never accepted end by the connect timeout."""
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        port = full.getsockname()[1]
        hogs = [socket.socket() for _ in range(4)]
        for hog in hogs:
            hog.setblocking(False)
            hog.connect_ex(("127.0.0.1", port))
        store = store_at(port, connect_seconds=0.5)
        took = await seconds_until_down(store.ping())
        store.close()
        for hog in hogs:
            hog.close()
    assert took < 5


@pytest.fixture
def deaf() -> Iterator[int]:
    """The port of a server that accepts and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        held: list[socket.socket] = []

        def accept() -> None:
            while True:
                try:
                    held.append(server.accept()[0])
                except OSError:
                    return

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
        thread.join(5)
        for one in held:
            one.close()


async def test_a_silent_server_ends_by_the_read_timeout(deaf: int) -> None:
    """Accepted is not answered."""
    store = store_at(deaf, read_seconds=0.5)
    took = await seconds_until_down(store.head("k"))
    store.close()
    assert took < 4


async def test_a_whole_call_is_bounded(deaf: int) -> None:
    """The caller is free after `call_seconds`, whatever the threads still wait for."""
    store = store_at(deaf, read_seconds=2.0, attempts=1, call_seconds=0.3)
    took = await seconds_until_down(store.head("k"))
    assert took < 1.5
    await asyncio.to_thread(store.close)


async def test_wrong_credentials_and_a_missing_bucket_are_outages(s3: Make) -> None:
    """We are not served; the caller's argument is not at fault."""
    for store in (s3(secret_key="wrong"), s3(bucket="no-such-bucket")):
        await seconds_until_down(store.put("k", b"x", "image/png"))
        await seconds_until_down(store.get("k", max_bytes=9))
        await seconds_until_down(store.ping())


async def test_a_killed_server_is_down_and_then_back(fresh_swift: Swift) -> None:
    """The same store object works again once its server does."""
    fresh_swift.create_bucket("kept")
    store = S3ObjectStore(
        S3Settings(
            fresh_swift.endpoint,
            fresh_swift.endpoint,
            "kept",
            fresh_swift.region,
            fresh_swift.access_key,
            fresh_swift.secret_key,
        )
    )
    await store.put("k", b"kept", "image/png")
    fresh_swift.kill()
    assert await seconds_until_down(store.get("k", max_bytes=9)) < 5
    await asyncio.to_thread(fresh_swift.start)
    assert b"kept" == await store.get("k", max_bytes=9)
    store.close()


async def test_nothing_secret_is_logged(s3: Make, caplog: pytest.LogCaptureFixture) -> None:
    """Our own loggers say nothing of URLs, signatures or keys, whatever happens."""
    store = s3(secret_key="correct-horse-battery-staple")
    with caplog.at_level(logging.INFO):
        url = (await store.sign_get("k")).url
        with pytest.raises(DependencyDown) as down:
            await store.head("k")
    said = caplog.text + str(down.value) + repr(down.value) + repr(store)
    assert [] == [word for word in ("correct-horse", "X-Amz-Signature", url) if word in said]
