"""Fixtures that give tests real servers, started when the first test asks and gone with pytest.

Session servers are shared by all tests of one pytest process (each xdist worker has its own set);
tests that stop or kill a server take a `fresh_...` one.  Tests isolate themselves by database,
emptied event log or bucket.  With no test asking, nothing is started.
"""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import asyncpg
import nats
import pytest
import pytest_asyncio

from kioku_stack.envoy import Edge, Envoy
from kioku_stack.nats import Nats
from kioku_stack.postgres import Postgres, PostgresTuning
from kioku_stack.scratch import scratch_folder
from kioku_stack.swift import Swift

Apply = Callable[[str], Awaitable[None]]
Database = Callable[..., Awaitable[str]]
_TEST_TUNING = PostgresTuning(shared_buffers="64MB", maintenance_work_mem="64MB", fsync=False)
_database_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def stack_dir() -> Iterator[Path]:
    """A folder for servers' data that PostgreSQL's unprivileged account can enter too."""
    with scratch_folder("kioku-stack-") as folder:
        yield folder


@pytest.fixture(scope="session")
def postgres_server(stack_dir: Path) -> Iterator[Postgres]:
    """PostgreSQL for all tests: no passwords, no fsync."""
    server = Postgres(stack_dir / "postgres", auth="trust", tuning=_TEST_TUNING)
    server.start()
    yield server
    server.abort()


@pytest.fixture
def fresh_postgres(stack_dir: Path) -> Iterator[Postgres]:
    """A PostgreSQL of this test's own, to be stopped and killed at will."""
    folder = Path(tempfile.mkdtemp(prefix="postgres-", dir=stack_dir))
    folder.chmod(0o711)
    server = Postgres(folder / "data", auth="trust", tuning=_TEST_TUNING)
    server.start()
    yield server
    server.abort()


@pytest.fixture(scope="session")
def nats_server(stack_dir: Path) -> Iterator[Nats]:
    """NATS with JetStream for all tests."""
    server = Nats(stack_dir / "nats")
    server.start()
    yield server
    server.kill()


@pytest_asyncio.fixture
async def event_log(nats_server: Nats) -> Nats:
    """The shared NATS without any stream: what earlier tests published is never delivered here."""
    client = await nats.connect(nats_server.url)
    try:
        jetstream = client.jetstream()
        for stream in await jetstream.streams_info():
            await jetstream.delete_stream(stream.config.name or "")
    finally:
        await client.close()
    return nats_server


@pytest.fixture
def fresh_nats(stack_dir: Path) -> Iterator[Nats]:
    """A NATS of this test's own, to be stopped, killed and wiped at will."""
    server = Nats(Path(tempfile.mkdtemp(prefix="nats-", dir=stack_dir)))
    server.start()
    yield server
    server.kill()


@pytest.fixture(scope="session")
def swift_server(stack_dir: Path) -> Iterator[Swift]:
    """The S3 store for all tests; take a bucket of your own by `create_bucket`."""
    server = Swift(stack_dir / "swift")
    server.start()
    yield server
    server.kill()


@pytest.fixture
def fresh_swift(stack_dir: Path) -> Iterator[Swift]:
    """An S3 store of this test's own, to be stopped and killed at will."""
    server = Swift(Path(tempfile.mkdtemp(prefix="swift-", dir=stack_dir)))
    server.start()
    yield server
    server.kill()


@pytest.fixture(scope="session")
def envoy_factory(stack_dir: Path) -> Iterator[Callable[[Edge], Envoy]]:
    """`envoy_factory(edge)`: an Envoy that serves; all of them end with the session."""
    started: list[Envoy] = []

    def start(edge: Edge) -> Envoy:
        envoy = Envoy(Path(tempfile.mkdtemp(prefix="envoy-", dir=stack_dir)), edge)
        started.append(envoy)
        envoy.start()
        return envoy

    yield start
    for envoy in started:
        envoy.kill()


@pytest_asyncio.fixture
async def database(postgres_server: Postgres) -> AsyncIterator[Database]:
    """`await database(apply, key)`: DSN of a fresh database on which `apply(dsn)` ran.

    `apply` runs once per `key` and session, on a template with the extension `vector`; each call
    clones it.  Without `apply` the database is empty but for the extension.  The databases are
    dropped after the test.
    """
    made: list[str] = []

    async def make(apply: Apply | None = None, key: str = "") -> str:
        template = await _template(postgres_server, apply, key)
        name = f"test_{next(_database_numbers)}"
        await _execute(postgres_server, f"CREATE DATABASE {name} TEMPLATE {template}")
        made.append(name)
        return postgres_server.dsn(name)

    yield make
    for name in made:
        await _execute(postgres_server, f"DROP DATABASE {name} WITH (FORCE)")


async def _template(server: Postgres, apply: Apply | None, key: str) -> str:
    if apply is not None and not key:
        raise ValueError("name what `apply` makes by a key, so that it runs once")
    name = "template_" + (key.encode().hex() or "empty")
    connection = await asyncpg.connect(server.dsn())
    try:
        if await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
            return name
        draft = "draft_" + name
        await connection.execute(f"DROP DATABASE IF EXISTS {draft} WITH (FORCE)")
        await connection.execute(f"CREATE DATABASE {draft}")
        await _fill(server.dsn(draft), apply)
        await connection.execute(f"ALTER DATABASE {draft} RENAME TO {name}")
    finally:
        await connection.close()
    return name


async def _fill(dsn: str, apply: Apply | None) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
    finally:
        await connection.close()
    if apply is not None:
        await apply(dsn)


async def _execute(server: Postgres, statement: str) -> None:
    connection = await asyncpg.connect(server.dsn())
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
