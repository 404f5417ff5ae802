"""The sides of `bench.search_peers` that are reached over a socket: SQL, an echo, and Kioku."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import asyncpg
import grpc
from kioku.common.v1 import vector_pb2
from kioku.search.v1 import search_service_pb2 as pb
from kioku.search.v1.search_service_pb2_grpc import SearchServiceStub
from kioku_rt.db.vectors import register_codecs

from bench.peers.vector_side import Answers, Built, Library
from bench.search_stage import SPACE, Served, Stage, fill

CALLERS = 4
DATABASE = "peers"
_BARE = "bare"
_METHOD = "/kioku.bench.v1.EchoService/Search"
Ask = Callable[[int], Awaitable[list[int]]]


async def timed(ask: Ask, start: int, end: int) -> Answers:
    """Every query alone; then the same by four callers at once."""
    answers = Answers()
    for number in range(start, end):
        began = time.perf_counter()
        found = await ask(number)
        answers.milliseconds.append((time.perf_counter() - began) * 1e3)
        answers.ids.append(found)
    waiting = iter(range(start, end))

    async def caller() -> None:
        for number in waiting:
            await ask(number)

    began = time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(CALLERS)))
    answers.qps = (end - start) / (time.perf_counter() - began)
    return answers


class SqlSide:
    """A table of numbers and halfvecs with the same graph, through asyncpg, and nothing else."""

    name = "raw asyncpg"

    def __init__(self, stage: Stage, ef: int) -> None:
        self._stage = stage
        self._ef = ef

    async def build(self, library: Library) -> Built:
        """See `Side`."""
        self._stage.postgres.create_database(_BARE)
        self._library, dimension = library, library.base.shape[1]
        self._pool = await asyncpg.create_pool(
            self._stage.postgres.dsn(_BARE),
            min_size=CALLERS,
            max_size=CALLERS,
            init=register_codecs,
            server_settings={"hnsw.ef_search": str(self._ef)},
        )
        began = time.perf_counter()
        async with self._pool.acquire() as connection:
            await connection.execute(f"CREATE TABLE bare (n int, v halfvec({dimension}))")
            await connection.copy_records_to_table("bare", records=enumerate(library.base))
            await connection.execute(
                "CREATE INDEX ON bare USING hnsw (v halfvec_cosine_ops)"
                " WITH (m = 16, ef_construction = 128)"
            )
            seconds = time.perf_counter() - began
            await connection.execute("VACUUM ANALYZE bare")
            size = await connection.fetchval("SELECT pg_total_relation_size('bare')")
        return Built(seconds, size)

    async def search(self, start: int, end: int, k: int) -> Answers:
        """See `Side`."""
        query = f"SELECT n FROM bare ORDER BY v <=> $1 LIMIT {k:d}"

        async def ask(number: int) -> list[int]:
            rows = await self._pool.fetch(query, self._library.queries[number])
            return [row["n"] for row in rows]

        return await timed(ask, start, end)

    async def close(self) -> None:
        """See `Side`."""
        await self._pool.close()


class EchoSide:
    """A bare grpc.aio server that answers every call with the same twenty hits."""

    name = "grpc.aio echo of 20 hits"

    async def build(self, library: Library) -> Built:
        """See `Side`."""
        self._dimension = library.base.shape[1]
        hit = pb.Hit(asset_id=str(uuid.UUID(int=1)), score=0.5, filename="1", tags=["bench"])
        answer = pb.SearchResponse(hits=[hit] * 20)

        async def echo(_request: pb.SearchRequest, _context: Any) -> pb.SearchResponse:
            return answer

        handler: Any = grpc.unary_unary_rpc_method_handler(
            echo, pb.SearchRequest.FromString, pb.SearchResponse.SerializeToString
        )
        self._server = grpc.aio.server()
        generic = grpc.method_handlers_generic_handler(_METHOD.split("/")[1], {"Search": handler})
        self._server.add_generic_rpc_handlers([generic])
        port = self._server.add_insecure_port("127.0.0.1:0")
        await self._server.start()
        self._channel = grpc.aio.insecure_channel(f"127.0.0.1:{port}")
        return Built(0.0, 0)

    async def search(self, start: int, end: int, k: int) -> Answers:
        """See `Side`; it finds nothing, so it has no ids."""
        call = self._channel.unary_unary(
            _METHOD, pb.SearchRequest.SerializeToString, pb.SearchResponse.FromString
        )
        values = [0.1] * self._dimension
        request = pb.SearchRequest(vector=vector_pb2.Vector(space_id="x", values=values), k=k)

        async def ask(_number: int) -> list[int]:
            await call(request)
            return []

        return await timed(ask, start, end)

    async def close(self) -> None:
        """See `Side`."""
        await self._channel.close()
        await self._server.stop(None)


class KiokuSide:
    """The service over gRPC, as an app would call it; one owner has every row."""

    name = "Kioku over gRPC"

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    async def build(self, library: Library) -> Built:
        """Fill the database; `serve` then says where the service is."""
        self._library = library
        dimension = library.base.shape[1]
        self._space = replace(SPACE, dimension=dimension)
        began = time.perf_counter()
        owners = ["everything"] * len(library.base)
        await fill(self._stage, DATABASE, library.base, owners, space=self._space)
        seconds = time.perf_counter() - began
        connection = await asyncpg.connect(self._stage.postgres.dsn(DATABASE))
        size = await connection.fetchval(
            "SELECT sum(pg_total_relation_size(c.oid))::bigint FROM pg_class c"
            " WHERE c.relnamespace = 'search'::regnamespace AND c.relkind = 'r'"
        )
        await connection.close()
        return Built(seconds, size)

    def serve(self, served: Served) -> None:
        """Ask this process from now on."""
        self._channel = served.channel()
        self._token = served.metadata("everything")
        self._stub: Any = SearchServiceStub(self._channel)

    async def search(self, start: int, end: int, k: int) -> Answers:
        """See `Side`."""

        async def ask(number: int) -> list[int]:
            values = self._library.queries[number].tolist()
            vector = vector_pb2.Vector(space_id=self._space.space_id, values=values)
            request = pb.SearchRequest(vector=vector, k=k)
            answer = await self._stub.Search(request, metadata=self._token)
            return [uuid.UUID(hit.asset_id).int - 1 for hit in answer.hits]

        return await timed(ask, start, end)

    async def close(self) -> None:
        """See `Side`."""
        await self._channel.close()
