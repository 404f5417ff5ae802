"""A database that lacks something, or lies, is refused at the start with what is wrong with it."""

from __future__ import annotations

from contextlib import AsyncExitStack

import pytest
from kioku_rt.errors import KiokuError
from kioku_rt.reasons import Reason
from kioku_search.indexes.plans import check_plans
from kioku_search.main import open_service
from kioku_search.settings import Settings

from tests.integration.search.rig import space, unit

WRONG_CLASS = (
    "DROP INDEX search.{name}_hnsw; CREATE INDEX {name}_hnsw ON search.{name}"
    " USING hnsw ((embedding::halfvec(32)) halfvec_l2_ops)"
)
INVALID = (
    "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'search.{name}_{which}'::regclass"
)
OLD = "UPDATE pg_extension SET extversion = '0.8.3' WHERE extname = 'vector'"
ORDERED = (
    "INSERT INTO search.index_jobs (space_id, kind) SELECT space_id, 'BUILD' FROM search.spaces"
)


async def damaged(db, *statements):
    """A database with one space, then damaged; what the check says."""
    one = space()
    await db.register(one)
    await db.indexed("ann", one, unit("a"))
    name = await db.partition(one.space_id)
    for statement in statements:
        await db.owner.execute(statement.replace("{name}", name))
    try:
        await check_plans(db.worker)
    except KiokuError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        (OLD, "0.8.3; 0.8.4 or newer"),
        ("DROP EXTENSION vector CASCADE", "no extension `vector`"),
        ("DROP INDEX search.{name}_hnsw", "is missing"),
        (WRONG_CLASS, "is hnsw halfvec_l2_ops where hnsw halfvec_cosine_ops is needed"),
        (INVALID.replace("{which}", "hnsw"), "is invalid"),
        ("DROP INDEX search.{name}_shown", "(owner, shown_at)"),
        ("DROP INDEX search.{name}_kind", "(owner, kind)"),
        (INVALID.replace("{which}", "shown"), "(owner, shown_at)"),
        ("DROP TABLE search.{name}", "has no table"),
        ("DELETE FROM search.space_indexes", "says nothing of its index"),
        ("ALTER TABLE search.asset_tags DROP CONSTRAINT asset_tags_pkey", "(owner, tag)"),
        ("DROP TABLE search.space_indexes CASCADE", "older than this version"),
    ],
)
async def test_damage_is_named(db, statement, said):
    """One sentence that says what is missing, wrong or too old."""
    sentence = await damaged(db, statement)
    assert sentence.startswith(Reason.INDEX_UNSOUND)
    assert said in sentence
    assert sentence.endswith(".")


@pytest.mark.parametrize(
    "statements",
    [
        (),
        (ORDERED, "DROP INDEX search.{name}_hnsw"),
        (ORDERED, INVALID.replace("{which}", "hnsw")),
        (
            "DROP INDEX search.{name}_hnsw",
            "UPDATE search.space_indexes SET method = 'none', index_name = ''",
        ),
        ("UPDATE search.spaces SET state = 'retired'", "DROP TABLE search.{name}"),
    ],
    ids=["sound", "missing, being built", "invalid, being built", "none on purpose", "retired"],
)
async def test_what_is_sound(db, statements):
    """Nothing is said of a whole database, of an index being built, or of a retired space."""
    assert "" == await damaged(db, *statements)


async def test_a_process_does_not_serve_an_unsound_database(db, event_log):
    """`open_service` ends with the sentence, which `main` logs before it exits with 69."""
    await damaged(db, "DROP INDEX search.{name}_hnsw")
    settings = Settings(
        search_api_dsn=db.api_dsn, search_worker_dsn=db.worker_dsn, nats_url=event_log.url
    )
    async with AsyncExitStack() as resources:
        with pytest.raises(KiokuError, match="is missing"):
            await open_service(settings, resources)
