"""Labels that change: the asset, its vectors' rows, what finds it, and the vector of its tags."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from types import SimpleNamespace

import grpc
import numpy as np
import pytest
import pytest_asyncio
from google.protobuf.timestamp_pb2 import Timestamp
from kioku.assets.v1 import asset_service_pb2 as pb
from kioku.events.v1 import events_pb2
from kioku.search.v1 import search_service_pb2 as search_pb2
from kioku_cli import answers
from kioku_rt.db import close_pool, open_pool
from kioku_rt.rpc import error_of
from kioku_search.assets.label_store import LabelStore
from kioku_search.assets.labelling import Change
from kioku_search.vectors.bulk_store import BulkStore
from kioku_search.vectors.indexing import Effect, Origin
from kioku_search.vectors.vector_store import VectorStore

from tests.integration.search.film import whole_film
from tests.integration.search.rig import FakeEmbedder, space, unit, user

SEEN = space()
TAGS = space("tags", kind="TAG", dimension=64)
TAKEN = datetime(2001, 2, 3, 4, 5, 6, tzinfo=UTC)


@pytest_asyncio.fixture
async def service(db, objects, start_service):
    """The service with a space of pictures and one of tags."""
    for one in (SEEN, TAGS):
        await db.register(one)
    async with start_service(objects, embedder=FakeEmbedder(SEEN)) as running:
        yield running


def change(asset_id, paths=(), owner="", **fields):
    return pb.UpdateAssetRequest(
        asset={"asset_id": str(asset_id), **fields}, update_mask={"paths": paths}, owner=owner
    )


async def refused(call):
    """Code, reason and field of a call that fails."""
    with pytest.raises(grpc.aio.AioRpcError) as failure:
        await call
    error = error_of(failure.value)
    return failure.value.code().name, error.reason.value, error.field


async def found(service, **wanted):
    request = search_pb2.SearchRequest(text="q", filter=search_pb2.Filter(**wanted))
    return {hit.asset_id for hit in (await service.search("ann").Search(request)).hits}


async def put_tags(db, asset_id, generation):
    origin = Origin(str(uuid.uuid4()), "ann", asset_id, generation, 1)
    return await VectorStore(db.worker).put(origin, TAGS.space_id, unit(generation, 64))


async def orders(db):
    """The orders of vectors that wait in the outbox or went out, oldest first."""
    rows = await db.owner.fetch(
        "SELECT payload FROM search.outbox WHERE subject = 'embedding.requested' ORDER BY id"
    )
    return [events_pb2.EmbeddingRequested.FromString(row["payload"]) for row in rows]


async def test_what_is_changed_is_found(service, db):
    """By the new labels and not by the old ones, in the next search."""
    one = await db.indexed("ann", SEEN, unit("a"), tags=["old", "both"])
    assert {str(one)} == await found(service, tags=["old"])
    answer = await service.assets("ann").UpdateAsset(
        change(one, ["tags", "albums", "taken_time"], tags=["new", "both"], albums=["旅行"],
               taken_time=TAKEN)
    )  # fmt: skip
    asset = answer.asset
    assert (["new", "both"], ["旅行"]) == (list(asset.tags), list(asset.albums))
    assert TAKEN == asset.taken_time.ToDatetime(UTC)
    for wanted in ({"tags": ["new"]}, {"albums": ["旅行"]}, {"any_tags": ["x", "both"]}):
        assert {str(one)} == await found(service, **wanted)
    for wanted in ({"tags": ["old"]}, {"tags": ["旅行"]}, {"albums": ["new"]}):
        assert set() == await found(service, **wanted)
    day = Timestamp()
    day.FromDatetime(datetime(2001, 2, 4, tzinfo=UTC))
    assert {str(one)} == await found(service, end_time=day)


async def test_words_follow_a_change_at_once(service, db):
    """New tags are found as they are written, old ones are not, and filters by labels hold."""
    one = str(await db.indexed("ann", SEEN, unit("a"), tags=["lighthouse"]))
    await service.assets("ann").UpdateAsset(
        change(one, ["tags", "albums"], tags=["windmill", "red"], albums=["trip"])
    )
    search = service.search("ann")

    async def written(text, **wanted):
        wanted = search_pb2.Filter(**wanted)
        by_words = search_pb2.SEARCH_METHOD_WORDS
        request = search_pb2.SearchRequest(text=text, filter=wanted, method=by_words)
        return [hit.asset_id for hit in (await search.Search(request)).hits]

    assert [] == await written("lighthouse")
    assert [one] == await written("windmill", albums=["trip"], any_tags=["red", "x"])
    for wanted in ({"albums": ["red"]}, {"tags": ["trip"]}, {"any_tags": ["x"]}):
        assert [] == await written("windmill", **wanted)
    assert [] == await written("windmill", not_tags=["red"])


async def test_the_command_line_changes_labels(service, db):
    """With the mask of the one field that the command is about."""
    one = str(await db.indexed("ann", SEEN, unit("a"), tags=["t"]))
    session = SimpleNamespace(assets=service.assets("ann"))
    await answers.relabel(session, one, "albums", ["trip"])
    asset = await answers.relabel(session, one, "tags", [])
    assert ([], ["trip"]) == (list(asset.tags), list(asset.albums))


async def test_only_what_the_mask_names_is_changed(service, db):
    """An empty mask means what is set, `*` everything; what is named and unset is cleared."""
    one = await db.indexed("ann", SEEN, unit("a"), tags=["t"], taken_at=TAKEN)
    update = service.assets("ann").UpdateAsset

    async def after(*args, **fields):
        asset = (await update(change(one, *args, **fields))).asset
        return list(asset.tags), list(asset.albums), asset.HasField("taken_time")

    assert (["t"], ["a"], True) == await after(albums=["a"])
    assert (["t"], ["a"], True) == await after(["albums"], albums=["a"], tags=["x"], filename="x")
    assert (["t"], [], True) == await after(["albums"])
    assert (["u"], [], False) == await after(["*"], tags=["u"])
    assert ([], [], False) == await after(["tags"])


async def test_an_update_changes_the_labels_of_every_frame(service, db):
    """Of a picture and of a video."""
    one = await db.indexed("ann", SEEN, unit("a"))
    film = (await whole_film(db, "ann", 5)).asset_id
    for asset_id in (one, film):
        await service.assets("ann").UpdateAsset(change(asset_id, tags=["t"], albums=["a"]))
    rows = await db.owner.fetch("SELECT tags FROM search.image_embeddings")
    assert [["t", "\x01album:a"]] * 6 == [row["tags"] for row in rows]
    assert {str(one), str(film)} == await found(service, tags=["t"], albums=["a"])


@pytest.mark.parametrize("dimension", [32, 768])
async def test_relabelling_is_a_heap_only_update(db, dimension):
    """Counted by PostgreSQL: no index, above all not the graph, gets a new entry for nearly any."""
    one = space(dimension=dimension)
    await db.register(one)
    vectors = [unit(number, dimension) for number in range(40)]
    ids = [await db.indexed("ann", one, vector, tags=["one"]) for vector in vectors]
    pool = await open_pool(db.api_dsn, max_size=1, application_name="test")
    store = LabelStore(pool)
    for asset_id in ids:
        assert await store.change(user("ann"), asset_id, Change(frozenset(("tags",)), ("two",)))
    await pool.execute("SELECT pg_stat_force_next_flush()")
    await close_pool(pool)
    counted = await db.owner.fetchrow(
        "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = $1",
        await db.partition(one.space_id),
    )
    assert 40 == counted["n_tup_upd"]
    assert counted["n_tup_hot_upd"] >= 36  # a page without room moves one row out


async def test_a_vector_of_the_new_tags_is_ordered(service, db):
    """As a newer generation; the one that says a tag which is gone goes at once."""
    one = await db.indexed("ann", SEEN, unit("a"), tags=["old"])
    assert Effect.DONE is await put_tags(db, one, 1)
    held = "SELECT count(*) FROM search.image_embeddings WHERE space_id = $1"
    update = service.assets("ann").UpdateAsset
    await update(change(one, tags=["old", "new"]))
    assert 1 == await db.owner.fetchval(held, TAGS.space_id)
    await update(change(one, tags=["new"]))
    assert 0 == await db.owner.fetchval(held, TAGS.space_id)
    await update(change(one, albums=["a"]))
    await update(change(one, tags=["new"]))
    ordered = [(one.space_id, one.generation, list(one.tags)) for one in await orders(db)]
    assert [(TAGS.space_id, 2, ["old", "new"]), (TAGS.space_id, 3, ["new"])] == ordered
    assert [Effect.OVERTAKEN, Effect.DONE] == [await put_tags(db, one, late) for late in (2, 3)]
    assert 1 == await db.owner.fetchval(held, TAGS.space_id)
    state = await db.owner.fetchrow("SELECT state, generation FROM search.assets")
    assert ("READY", 1) == tuple(state)


async def test_a_vector_that_comes_later_has_the_labels(service, db):
    """Labels given before there is a vector, and before the bytes are there."""
    for state in ("PROCESSING", "UPLOADING"):
        key = "" if state == "UPLOADING" else "k"
        one = await db.stored_asset("ann", state=state, object_key=key)
        await service.assets("ann").UpdateAsset(change(one, tags=["t"], albums=["a"]))
        origin = Origin(str(uuid.uuid4()), "ann", one, 1, 1)
        assert Effect.DONE is await VectorStore(db.worker).put(origin, SEEN.space_id, unit("a"))
        assert str(one) in await found(service, tags=["t"], albums=["a"])
    assert 1 == len(await orders(db))


async def test_a_vector_that_is_loaded_in_bulk_has_the_labels(service, db):
    """As one that comes by event."""
    one = await db.stored_asset("ann", tags=["t"], albums=["a"])
    into = SimpleNamespace(space_id=SEEN.space_id)
    await BulkStore(db.worker_dsn).put(into, "ann", [one], np.array([unit("a")]))
    assert {str(one)} == await found(service, tags=["t"], albums=["a"])


@pytest.mark.parametrize(
    ("paths", "fields", "reason", "field"),
    [
        (["nothing"], {}, "FIELD_INVALID", "update_mask"),
        (["filename"], {"filename": "x"}, "FIELD_INVALID", "update_mask"),
        (["tags", "*"], {}, "FIELD_INVALID", "update_mask"),
        (["tags.0"], {}, "FIELD_INVALID", "update_mask"),
        ([""], {}, "FIELD_INVALID", "update_mask"),
        (["\0" * 4096], {}, "FIELD_INVALID", "update_mask"),
        ([], {}, "FIELD_MISSING", "update_mask"),
        ([], {"filename": "x"}, "FIELD_MISSING", "update_mask"),
        ([], {"tags": [str(number) for number in range(65)]}, "FIELD_INVALID", "asset.tags"),
        ([], {"tags": ["a\0b"]}, "TEXT_INVALID_CHARACTER", "asset.tags[0]"),
        ([], {"albums": ["a", ""]}, "TEXT_EMPTY", "asset.albums[1]"),
        ([], {"albums": ["\x01album:a"]}, "TEXT_INVALID_CHARACTER", "asset.albums[0]"),
        ([], {"albums": ["x" * 65]}, "TEXT_TOO_LONG", "asset.albums[0]"),
        (["*"], {"taken_time": Timestamp(seconds=2**60)}, "TIME_OUT_OF_RANGE", "asset.taken_time"),
    ],
)
async def test_changes_that_are_refused(service, db, paths, fields, reason, field):
    """Each with its reason and its field, and nothing is changed."""
    one = await db.indexed("ann", SEEN, unit("a"), tags=["t"])
    call = service.assets("ann").UpdateAsset(change(one, paths, **fields))
    assert ("INVALID_ARGUMENT", reason, field) == await refused(call)
    row = await db.owner.fetchrow("SELECT tags, albums FROM search.assets")
    assert (["t"], []) == tuple(row)


async def test_only_the_owner_changes_an_asset(service, db):
    """Somebody else's looks as if it did not exist; a service may, and is audited."""
    one = await db.indexed("ann", SEEN, unit("a"))
    for asset_id in (one, uuid.uuid4()):
        call = service.assets("bob").UpdateAsset(change(asset_id, tags=["x"]))
        assert ("NOT_FOUND", "ASSET_NOT_FOUND", None) == await refused(call)
    call = service.assets("bob").UpdateAsset(change(one, tags=["x"], owner="ann"))
    assert ("PERMISSION_DENIED", "SCOPE_MISSING", None) == await refused(call)
    backend = service.assets("backend", service=True, scopes=("assets.act",))
    await backend.UpdateAsset(change(one, tags=["t"], owner="ann"))
    row = await db.owner.fetchrow(
        "SELECT action, subject, details ->> 'owner' FROM search.audit_logs WHERE actor = 'backend'"
    )
    assert ("asset.update", str(one), "ann") == tuple(row)
    call = service.assets("ann").UpdateAsset(change("x", tags=["t"]))
    assert ("INVALID_ARGUMENT", "ID_MALFORMED", "asset.asset_id") == await refused(call)
