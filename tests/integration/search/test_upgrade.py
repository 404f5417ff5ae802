"""A database that was filled before videos keeps everything when it learns of them."""

from __future__ import annotations

import uuid
from pathlib import Path

import kioku_search.migrations
import pytest
from kioku_rt.db import Migrations, close_pool, open_pool
from kioku_search.spaces.space_store import SpaceStore
from kioku_search.vectors.indexing import Effect, Origin
from kioku_search.vectors.vector_store import VectorStore

from tests.integration.search.rig import space, unit

_ASSET = """
INSERT INTO search.assets (owner, asset_id, kind, state, filename, content_type, size_bytes,
    upload_until) VALUES ('ann', $1, 'IMAGE', 'READY', 'a.jpg', 'image/jpeg', 1, now())
"""
_VECTOR = """
INSERT INTO search.image_embeddings (owner, asset_id, kind, tags, space_id, generation, shown_at,
    embedding) VALUES ('ann', $1, 'IMAGE', '{}', $2, 1, now(), $3)
"""
_ONE, _TWO = uuid.UUID(int=1), uuid.UUID(int=2)


@pytest.fixture
def before(tmp_path):
    """The migrations up to the last one before videos."""
    for file in Path(kioku_search.migrations.__path__[0]).glob("000[1-6]_*.sql"):
        (tmp_path / file.name).write_text(file.read_text())
    return Migrations(tmp_path, "search")


async def test_an_old_database_is_brought_up_to_date(database, before):
    """Rows, keys of partitions, searches, the view, and writing go on; two spaces, two pictures."""

    async def fill(dsn):
        await before.apply(dsn)
        pool = await open_pool(dsn, application_name="fill")
        for one in (space(), space("other", 16)):
            await SpaceStore(pool).register(one)
            for asset_id in (_ONE, _TWO):
                await pool.execute(_VECTOR, asset_id, one.space_id, unit(asset_id, one.dimension))
        for asset_id in (_ONE, _TWO):
            await pool.execute(_ASSET, asset_id)
        await close_pool(pool)

    dsn = await database(fill, "search-before-videos")
    assert "0007_pre_frames.sql" in await Migrations("kioku_search.migrations", "search").apply(dsn)
    pool = await open_pool(dsn, application_name="test")
    try:
        for one in (space(), space("other", 16)):
            rows = await pool.fetch(
                "SELECT * FROM search.nearest_images('ann', $1, $2, NULL, 5)",
                one.space_id,
                unit(_TWO, one.dimension),
            )
            assert [(_TWO, None), (_ONE, None)] == [(row[0], row["frame_no"]) for row in rows]
        keys = await pool.fetch(
            "SELECT pg_get_constraintdef(oid) AS key FROM pg_constraint WHERE contype = 'p'"
            " AND conrelid::regclass::text LIKE 'search.image_embeddings%'"
        )
        assert {"PRIMARY KEY (owner, asset_id, frame_no, space_id)"} == {row["key"] for row in keys}
        assert 3 == len(keys)
        origin = Origin("e", "ann", _ONE, 2, 1)
        effect = await VectorStore(pool).put(origin, space().space_id, unit("new"))
        models = await pool.fetch("SELECT frame_no FROM search.image_embedding_models")
        assert (Effect.DONE, [-1] * 4) == (effect, [row["frame_no"] for row in models])
    finally:
        await close_pool(pool)
