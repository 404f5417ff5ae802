"""Promise: a process that serves finds by the indexes it believes in, or it does not start.

Most wrong indexes give right-looking answers, only slowly, or silently too few; so they are looked
for once, at the start, and named in one sentence.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import asyncpg
from kioku_rt.db import acquire
from kioku_rt.errors import KiokuError
from kioku_rt.reasons import Reason

from kioku_search.spaces.space import FACE

if TYPE_CHECKING:
    from kioku_rt.db.pool import Connection

PGVECTOR_AT_LEAST = (0, 8, 4)
FILTERS = (("owner", "shown_at"), ("owner", "kind"))
FACE_FILTERS = (("owner",), ("owner", "asset_id"))
_SPACES = """
SELECT s.space_id, s.kind, s.dimension, s.partition_name, i.method, i.opclass,
    i.index_name, i.effort,
    to_regclass('search.' || quote_ident(s.partition_name)) IS NOT NULL AS stored,
    EXISTS (SELECT FROM search.index_jobs j WHERE j.space_id = s.space_id
        AND j.state IN ('PENDING', 'RUNNING')) AS building
FROM search.spaces s LEFT JOIN search.space_indexes i USING (space_id)
WHERE s.state <> 'retired' ORDER BY s.created_at
"""
_INDEXES = """
SELECT c.relname AS name, i.indisvalid AND i.indisready AS valid, m.amname AS method,
    (SELECT o.opcname FROM pg_opclass o WHERE o.oid = i.indclass[0]) AS opclass,
    pg_get_indexdef(i.indexrelid) AS text,
    ARRAY(SELECT a.attname::text FROM unnest(i.indkey::int[]) WITH ORDINALITY k(number, place)
        JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number
        ORDER BY k.place) AS columns
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am m ON m.oid = c.relam
WHERE i.indrelid = ('search.' || quote_ident($1))::regclass
"""


@dataclass(frozen=True)
class _Index:
    name: str
    valid: bool
    method: str
    opclass: str
    text: str
    columns: tuple[str, ...]


async def check_plans(pool: asyncpg.Pool) -> None:
    """Look at the extension, at every live space's filters and at its index of vectors.

    Args:
        pool: of the role `search_worker`.

    Raises:
        KiokuError: INDEX_UNSOUND with what is wrong and what mends it.
        DependencyDown: the database does not answer.
    """
    async with acquire(pool) as connection:
        await _check_extension(connection)
        if await connection.fetchval("SELECT to_regclass('search.space_indexes')") is None:
            raise _unsound("The schema is older than this version; run `kioku_search migrate`.")
        await _check_filter(connection, "asset_tags", ("owner", "tag"), "search")
        for space in await connection.fetch(_SPACES):
            await _check_space(connection, space)


async def _check_extension(connection: Connection) -> None:
    found = await connection.fetchval(
        "SELECT extversion FROM pg_extension WHERE extname = 'vector'"
    )
    if found is None:
        raise _unsound("The database has no extension `vector`; create it.")
    if tuple(map(int, re.findall(r"\d+", found)[:3])) < PGVECTOR_AT_LEAST:
        least = ".".join(map(str, PGVECTOR_AT_LEAST))
        raise _unsound(f"The extension `vector` is {found}; {least} or newer is needed.")


async def _check_space(connection: Connection, space: asyncpg.Record) -> None:
    name = space["space_id"]
    if not space["stored"]:
        raise _unsound(f"The space {name} has no table for its vectors.")
    if space["method"] is None:
        raise _unsound(f"The space {name} says nothing of its index.")
    for columns in FACE_FILTERS if space["kind"] == FACE else FILTERS:
        await _check_filter(connection, space["partition_name"], columns, name)
    if space["method"] == "none" or space["building"]:
        return
    indexes = await _indexes(connection, space["partition_name"])
    fault = _fault(space, indexes.get(space["index_name"]))
    if fault:
        raise _unsound(f"The index of vectors of {name} {fault}; drop it and build it anew.")
    await _check_served(connection, space)


async def _check_filter(
    connection: Connection, table: str, columns: tuple[str, ...], whose: str
) -> None:
    for index in (await _indexes(connection, table)).values():
        if index.valid and index.method == "btree" and index.columns[: len(columns)] == columns:
            return
    listed = ", ".join(columns)
    raise _unsound(f"A filter of {whose} has no index: {table} ({listed}).")


async def _indexes(connection: Connection, table: str) -> dict[str, _Index]:
    rows = await connection.fetch(_INDEXES, table)
    return {row["name"]: _Index(*[*list(row.values())[:-1], tuple(row["columns"])]) for row in rows}


def _fault(space: asyncpg.Record, index: _Index | None) -> str:
    """What is wrong with an index of vectors, if anything is."""
    if index is None:
        return "is missing"
    if not index.valid:
        return "is invalid"
    if (index.method, index.opclass) != (space["method"], space["opclass"]):
        wanted = f"{space['method']} {space['opclass']}"
        return f"is {index.method} {index.opclass} where {wanted} is needed"
    if f"halfvec({space['dimension']})" not in index.text:
        return f"is not on {space['dimension']} numbers"
    return ""


async def _check_served(connection: Connection, space: asyncpg.Record) -> None:
    """Ask the index once, by the text of searches: it is planned by name, and it answers."""
    text = await connection.fetchval(
        "SELECT search.whole_space_sql('whole_index', $1, $2)", space["space_id"], space["opclass"]
    )
    probe = [1.0] + [0.0] * (space["dimension"] - 1)
    try:
        async with connection.transaction():
            await connection.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
            plan = await connection.fetch("EXPLAIN " + text, probe, 1)
            await connection.fetch(text, probe, 1)
    except asyncpg.PostgresError as error:
        name = f"The index of vectors of {space['space_id']}"
        raise _unsound(f"{name} does not answer; build it anew.") from error
    if not any(f"using {space['index_name']} on" in row[0] for row in plan):
        raise _unsound(f"Searches of {space['space_id']} are not planned by its index of vectors.")


def _unsound(sentence: str) -> KiokuError:
    return KiokuError(Reason.INDEX_UNSOUND, sentence)
