"""What the benches of `search` stand on: PostgreSQL, NATS, a filled schema, a service process."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import uuid
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import grpc
import numpy as np
import numpy.typing as npt
from kioku_rt.auth import DevIssuer
from kioku_rt.db import Migrations
from kioku_rt.db.vectors import register_codecs
from kioku_rt.rpc import channel
from kioku_search.spaces.space import Space
from kioku_stack import ports
from kioku_stack.nats import Nats
from kioku_stack.postgres import Postgres, PostgresTuning

Vectors = npt.NDArray[np.float32]
DIMENSION = 768
SPACE = Space(
    space_id="bench@0123456789ab",
    kind="IMAGE",
    model="bench",
    revision="r1",
    dimension=DIMENSION,
    metric="COSINE",
    preprocessing="none",
    normalised=True,
    precision="float32",
)
_TUNING = PostgresTuning(shared_buffers="1GB", maintenance_work_mem="1GB")
_WORDLESS = """
SELECT EXISTS (SELECT FROM search.assets a LEFT JOIN search.asset_words w USING (owner, asset_id)
    WHERE w.version IS NULL OR w.version = 0)
"""
_ASSET = ("owner", "asset_id", "kind", "state", "filename", "content_type", "size_bytes")
_VECTOR = ("space_id", "generation", "tags", "shown_at", "owner", "asset_id", "kind", "frame_no")


@dataclass(frozen=True)
class Stage:
    """The servers of one bench run."""

    postgres: Postgres
    nats: Nats
    folder: Path


@contextmanager
def servers(keep: Path | None = None) -> Iterator[Stage]:
    """PostgreSQL (fsync on) and NATS in a folder that goes away, or in `keep`, which stays."""
    with ExitStack() as stack:
        folder = keep or Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="kioku-bench-"))
        )
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o711)
        postgres = Postgres(folder / "postgres", auth="trust", tuning=_TUNING)
        nats = Nats(folder / "nats")
        postgres.start()
        nats.start()
        try:
            yield Stage(postgres, nats, folder)
        finally:
            nats.kill()
            postgres.stop()


def asset_ids(count: int) -> list[uuid.UUID]:
    """The ids of the assets that `fill` makes, in order."""
    return [uuid.UUID(int=number + 1) for number in range(count)]


@dataclass(frozen=True)
class Kept:
    """What one vector is of: a picture (`frame_no` -1) or a frame."""

    owner: str
    asset_id: uuid.UUID
    frame_no: int

    @property
    def kind(self) -> str:
        """Of its asset."""
        return "IMAGE" if self.frame_no < 0 else "VIDEO"


def kept(owners: Sequence[str], frames: Mapping[str, int]) -> list[Kept]:
    """What each vector is of; an owner named in `frames` has videos of so many frames each.

    Their vectors must stand together, and begin at a multiple of that number.
    """
    ids = asset_ids(len(owners))
    plain = [Kept(owner, one, -1) for owner, one in zip(owners, ids, strict=True)]
    for number, one in enumerate(plain):
        if each := frames.get(one.owner):
            plain[number] = Kept(one.owner, ids[number - number % each], number % each)
    return plain


async def fill(
    stage: Stage,
    database: str,
    vectors: Vectors,
    owners: Sequence[str],
    frames: Mapping[str, int] | None = None,
    space: Space = SPACE,
) -> float:
    """A database with the schema and its READY assets; seconds for the index build.

    One that a kept folder holds already is taken as it is.
    """
    known = stage.postgres.sql("SELECT datname FROM pg_database").splitlines()
    if database in known:
        return 0.0
    stage.postgres.create_database(database)
    dsn = stage.postgres.dsn(database)
    await Migrations("kioku_search.migrations", "search").apply(dsn)
    connection = await asyncpg.connect(dsn, command_timeout=1800)
    try:
        await register_codecs(connection)
        await _register(connection, space)
        rows = kept(owners, frames or {})
        await _copy_assets(connection, rows)
        return await _copy_vectors(connection, vectors, rows, space)
    finally:
        await connection.close()


async def _register(connection: asyncpg.Connection, space: Space) -> None:
    await connection.execute(
        "SELECT search.register_space($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        *(getattr(space, name) for name in space.__dataclass_fields__),
    )


async def _copy_assets(connection: asyncpg.Connection, rows: Sequence[Kept]) -> None:
    tail = ("image/jpeg", 1, ["bench"], datetime.now(UTC))
    await connection.copy_records_to_table(
        "assets",
        schema_name="search",
        columns=[*_ASSET, "tags", "upload_until"],
        records=(
            (row.owner, row.asset_id, row.kind, "READY", str(row.asset_id.int), *tail)
            for row in rows
            if row.frame_no <= 0
        ),
    )
    await connection.execute(
        "INSERT INTO search.videos (owner, asset_id, generation)"
        " SELECT owner, asset_id, 1 FROM search.assets WHERE kind = 'VIDEO'"
    )


async def _copy_vectors(
    connection: asyncpg.Connection, vectors: Vectors, rows: Sequence[Kept], space: Space
) -> float:
    """Load, then build the graph, then gather statistics; seconds for the graph."""
    now, loop = datetime.now(UTC), asyncio.get_running_loop()
    name = await connection.fetchval("SELECT partition_name FROM search.spaces")
    definition = await connection.fetchval(
        "SELECT indexdef FROM pg_indexes WHERE indexname = $1", f"{name}_hnsw"
    )
    await connection.execute(f"DROP INDEX search.{name}_hnsw")
    head = (space.space_id, 1, ["bench"], now)
    await connection.copy_records_to_table(
        "image_embeddings",
        schema_name="search",
        columns=[*_VECTOR, "embedding"],
        records=(
            (*head, row.owner, row.asset_id, row.kind, row.frame_no, vector)
            for row, vector in zip(rows, vectors, strict=True)
        ),
    )
    started = loop.time()
    await connection.execute(definition)
    seconds = loop.time() - started
    await connection.execute("VACUUM ANALYZE search.image_embeddings")
    await connection.execute("VACUUM ANALYZE search.assets")
    return seconds


@dataclass(frozen=True)
class Served:
    """A `search` process that answers."""

    issuer: DevIssuer
    port: int
    pid: int
    metrics_port: int

    def channel(self) -> grpc.aio.Channel:
        """A channel to the service; each call brings its own `metadata`."""
        return channel(f"127.0.0.1:{self.port}", default_timeout=30.0)

    def cpu_seconds(self) -> float:
        """CPU time the process has used so far: what a busy machine does not change."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def metadata(self, subject: str, *scopes: str) -> tuple[tuple[str, str], ...]:
        """What makes a call act for `subject`; with scopes, as the service of that name."""
        token = self.issuer.mint(subject, service=bool(scopes), scopes=scopes)
        return (("authorization", f"Bearer {token}"),)


@asynccontextmanager
async def service(stage: Stage, database: str, **environment: str) -> AsyncIterator[Served]:
    """`python -m kioku_search` on a database, once what was copied in has its words."""
    async with just_started(stage, database, **environment) as served:
        await _settled(stage, database)
        yield served


@asynccontextmanager
async def just_started(stage: Stage, database: str, **environment: str) -> AsyncIterator[Served]:
    """`python -m kioku_search` on a database, as soon as it is ready."""
    issuer = DevIssuer(stage.folder / "issuer")
    port, metrics_port = ports.reserve(), ports.reserve()
    settings = {
        "KIOKU_SEARCH_API_DSN": stage.postgres.dsn(database, "search_api"),
        "KIOKU_SEARCH_WORKER_DSN": stage.postgres.dsn(database, "search_worker"),
        "KIOKU_NATS_URL": stage.nats.url,
        "KIOKU_GRPC_PORT": str(port),
        "KIOKU_METRICS_PORT": str(metrics_port),
        "KIOKU_JWKS": str(stage.folder / "issuer" / "jwks.json"),
        **environment,
    }
    with (stage.folder / "search.log").open("ab") as log:
        process = subprocess.Popen(  # noqa: ASYNC220 - returns at once
            [sys.executable, "-m", "kioku_search"],
            env={**os.environ, **settings},
            stderr=log,
        )
        try:
            await _ready(metrics_port, process)
            yield Served(issuer, port, process.pid, metrics_port)
        finally:
            process.terminate()
            await asyncio.to_thread(process.wait)


async def _ready(port: int, process: subprocess.Popen[bytes]) -> None:
    async with asyncio.timeout(60):
        while not await _answers(port):
            if process.poll() is not None:
                raise RuntimeError(f"search ended with {process.returncode}")
            await asyncio.sleep(0.1)


async def _settled(stage: Stage, database: str) -> None:
    """Wait until what was copied in has its words: making them is not the load in question."""
    connection = await asyncpg.connect(stage.postgres.dsn(database))
    try:
        while await connection.fetchval(_WORDLESS):  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.5)
    finally:
        await connection.close()


async def _answers(port: int) -> bool:
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.write(b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n")
    line = await reader.readline()
    writer.close()
    return b" 200 " in line


def quantiles(milliseconds: Sequence[float]) -> tuple[float, float]:
    """p50 and p95."""
    values: Any = np.percentile(milliseconds, [50, 95])
    return float(values[0]), float(values[1])
