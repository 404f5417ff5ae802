"""Reading, listing, watching, retrying and downloading one's own assets."""

from __future__ import annotations

import asyncio
import uuid
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta

import pytest
from kioku_rt.errors import InvalidInput, KiokuError
from kioku_rt.page_token import PageTokens
from kioku_rt.reasons import Reason
from kioku_search.assets.asset import AssetState, Failure, Kind
from kioku_search.assets.asset_store import AssetStore
from kioku_search.assets.library import AssetFilter, Library
from kioku_search.changes import DatabaseChanges
from kioku_search.vectors.indexing import Failed, Origin
from kioku_search.vectors.vector_store import VectorStore

from tests.integration.search.rig import space, unit, user

ANN, BOB = user("ann"), user("bob")
TOKENS = PageTokens(b"secret of sixteen bytes")


class Silent:
    """Changes that nobody announces."""

    def watching(self, _asset_id):
        return nullcontext(asyncio.Event())


@pytest.fixture
def library(db, objects):
    return Library(AssetStore(db.api), objects, Silent(), TOKENS)


async def pages(library, wanted, size):
    """Every page's ids, one list."""
    token, seen = "", []
    while True:
        page = await library.page(ANN, wanted, size, token)
        seen += [asset.asset_id for asset in page.assets]
        token = page.next_page_token
        if not token:
            return seen


async def test_pages_are_newest_first_and_complete(db, library):
    """Seven assets, three of them made at the same moment, in pages of two: each once."""
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    ids = [
        await db.stored_asset("ann", created_at=moment + timedelta(seconds=max(0, index - 2)))
        for index in range(7)
    ]
    await db.stored_asset("bob")
    seen = await pages(library, AssetFilter(), 2)
    assert list(reversed(ids[3:])) == seen[:4]
    assert set(ids) == set(seen)
    assert 7 == len(seen)


async def test_filters(db, library):
    """By state, by kind, and by all of several tags."""
    ready = await db.stored_asset("ann", state="READY", tags=["a", "b"])
    video = await db.stored_asset("ann", kind="VIDEO", tags=["a"])
    assert [ready] == await pages(library, AssetFilter(state=AssetState.READY), 5)
    assert [video] == await pages(library, AssetFilter(kind=Kind.VIDEO), 5)
    assert [ready] == await pages(library, AssetFilter(tags=("a", "b")), 5)


async def test_a_token_is_bound_to_owner_and_filter(db, library):
    """With another owner, filter or one changed character it is PAGE_TOKEN_INVALID."""
    for _ in range(3):
        await db.stored_asset("ann")
    token = (await library.page(ANN, AssetFilter(), 1, "")).next_page_token
    changed = token[:-1] + ("A" if token[-1] != "A" else "B")
    for acting, wanted, one in (
        (BOB, AssetFilter(), token),
        (ANN, AssetFilter(tags=("x",)), token),
        (ANN, AssetFilter(), changed),
        (ANN, AssetFilter(), "nonsense"),
    ):
        with pytest.raises(InvalidInput) as error:
            await library.page(acting, wanted, 1, one)
        assert Reason.PAGE_TOKEN_INVALID is error.value.reason


async def test_foreign_deleted_and_unknown_look_alike(db, library):
    """One answer for all three, in every call that names an asset."""
    foreign = await db.stored_asset("bob")
    deleting = await db.stored_asset("ann", state="DELETING")
    texts = set()
    for asset_id in (foreign, deleting, uuid.uuid4()):
        for call in (library.get, library.retry, library.download_url):
            with pytest.raises(KiokuError) as error:
                await call(ANN, asset_id)
            texts.add(str(error.value))
    assert 1 == len(texts)


async def test_retry_starts_a_failed_asset_again(db, library):
    """The generation rises, the attempts start afresh, and the embedder is asked once."""
    await db.register(space())
    asset_id = await db.stored_asset("ann")
    origin = Origin("e1", "ann", asset_id, 1, 6)
    failure = Failure(Reason.ATTEMPTS_EXHAUSTED, "It failed.")
    await VectorStore(db.worker).fail(Failed(origin, "embedding", failure))
    failed = await library.get(ANN, asset_id)
    assert (AssetState.FAILED, failure) == (failed.state, failed.failure)
    assert (6, failure) == (failed.stages[0].attempts, failed.stages[0].failure)
    again = await library.retry(ANN, asset_id)
    assert (AssetState.PROCESSING, 2, None) == (again.state, again.generation, again.failure)
    assert (0, None) == (again.stages[0].attempts, again.stages[0].failure)
    assert ["embedding.requested"] == [
        row[0] for row in await db.owner.fetch("SELECT subject FROM search.outbox")
    ]


async def test_only_failed_and_stored_assets_are_retried(db, library):
    """Others are told why not."""
    processing = await db.stored_asset("ann")
    expired = await db.stored_asset("ann", state="FAILED", object_key="", reason="UPLOAD_EXPIRED")
    for asset_id, reason in (
        (processing, Reason.ASSET_NOT_FAILED),
        (expired, Reason.ASSET_NOT_UPLOADED),
    ):
        with pytest.raises(KiokuError) as error:
            await library.retry(ANN, asset_id)
        assert reason is error.value.reason


async def test_download_needs_stored_bytes(db, library):
    """A URL for what is there, a reason for what is not."""
    stored = await db.stored_asset("ann")
    uploading = await db.stored_asset("ann", state="UPLOADING", object_key="")
    assert "originals" in (await library.download_url(ANN, stored)).url
    with pytest.raises(KiokuError) as error:
        await library.download_url(ANN, uploading)
    assert Reason.ASSET_NOT_UPLOADED is error.value.reason


@pytest.mark.parametrize("announced", [True, False])
async def test_watch_ends_when_the_asset_is_ready(db, objects, announced):
    """Each change is seen, by announcement or by asking again, and the stream ends by itself."""
    await db.register(space())
    asset_id = await db.stored_asset("ann")
    changes = DatabaseChanges(db.worker_dsn, on_space=lambda: None, on_deleted=lambda _sha256: None)
    stop = asyncio.Event()
    listening = asyncio.create_task(changes.run(stop)) if announced else None
    await asyncio.sleep(0.3)
    library = Library(AssetStore(db.api), objects, changes if announced else Silent(), TOKENS)
    states = []
    async for asset in library.watch(ANN, asset_id):
        states.append(asset.state)
        if asset.state is AssetState.PROCESSING:
            origin = Origin("e1", "ann", asset_id, 1, 1)
            await VectorStore(db.worker).put(origin, space().space_id, unit("x"))
    assert [AssetState.PROCESSING, AssetState.READY] == states
    if listening is not None:
        stop.set()
        await listening


async def test_watch_ends_when_the_asset_is_deleted(db, library):
    """The stream ends without an error; a watch of nothing is NOT_FOUND."""
    asset_id = await db.stored_asset("ann")
    async for _ in library.watch(ANN, asset_id):
        await db.owner.execute("UPDATE search.assets SET state = 'DELETING'")
    with pytest.raises(KiokuError):
        await anext(library.watch(ANN, asset_id))


async def test_listening_survives_a_lost_connection(db):
    """Changes after PostgreSQL cut the connection are announced again."""
    changes = DatabaseChanges(db.worker_dsn, on_space=lambda: None, on_deleted=lambda _sha256: None)
    asset_id = await db.stored_asset("ann")
    stop = asyncio.Event()
    listening = asyncio.create_task(changes.run(stop))
    await asyncio.sleep(0.3)
    await db.owner.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE application_name = 'kioku-search-changes' AND datname = current_database()"
    )
    with changes.watching(asset_id) as changed:
        async with asyncio.timeout(10):
            await changed.wait()  # told to look after the loss
            changed.clear()
            await db.owner.execute("UPDATE search.assets SET tags = '{x}'")
            await changed.wait()
    stop.set()
    await listening
