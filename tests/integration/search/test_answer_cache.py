"""An answer is given again while it is right, and never after: two processes on one database."""

from __future__ import annotations

import asyncio
import random
import uuid

import pytest
import pytest_asyncio
from kioku.assets.v1 import asset_service_pb2 as assets_pb2
from kioku.search.v1 import search_service_pb2 as pb
from kioku_search.vectors.indexing import Effect, Origin
from kioku_search.vectors.vector_store import VectorStore

from tests.integration.search.rig import FakeEmbedder, space, unit
from tests.integration.search.test_epochs import become

SEEN = space()
WORDS = ("red", "green", "blue")


@pytest_asyncio.fixture
async def two(db, objects, start_service):
    """Two processes that keep answers, and one that keeps none."""
    await db.register(SEEN)
    async with (
        start_service(objects, embedder=FakeEmbedder(SEEN)) as one,
        start_service(objects, embedder=FakeEmbedder(SEEN)) as other,
    ):
        yield one, other


@pytest_asyncio.fixture
async def oracle(two, objects, start_service):
    """A process that makes every answer anew."""
    async with start_service(objects, embedder=FakeEmbedder(SEEN), answer_cache_entries=0) as third:
        yield third


def asked(text="red", **fields):
    return pb.SearchRequest(text=text, **fields)


def shown(answer):
    return [(hit.asset_id, list(hit.tags), round(hit.score, 5)) for hit in answer.hits]


async def again(db, asset_id, vector, generation):
    """The asset's vector is another one now."""
    origin = Origin(str(uuid.uuid4()), "ann", asset_id, generation, 1)
    assert Effect.DONE is await VectorStore(db.worker).put(origin, SEEN.space_id, vector)


async def test_the_same_question_is_answered_from_memory(two, db):
    """Word for word, and it says so; another k, filter or owner is another question."""
    for number in range(3):
        await db.indexed("ann", SEEN, unit(number), tags=["t"])
    search = two[0].search("ann")
    first, second = [await search.Search(asked(k=2)) for _ in range(2)]
    assert (False, True) == (first.explain.cached_answer, second.explain.cached_answer)
    assert second.explain.cached_vector
    assert (list(first.hits), first.next_page_token) == (list(second.hits), second.next_page_token)
    for other in (asked(k=1), asked(k=2, filter=pb.Filter(tags=["t"])), asked(k=2, min_score=0)):
        assert not (await search.Search(other)).explain.cached_answer
    stranger = await two[0].search("bob").Search(asked(k=2))
    assert ([], False) == (list(stranger.hits), stranger.explain.cached_answer)


async def test_pages_are_kept_too(two, db):
    """The second page is given again, and ends with the next write."""
    for number in range(5):
        await db.indexed("ann", SEEN, unit(number))
    search = two[0].search("ann")
    token = (await search.Search(asked(k=2))).next_page_token
    pages = [await search.Search(asked(k=2, page_token=token)) for _ in range(2)]
    assert [False, True] == [page.explain.cached_answer for page in pages]
    assert list(pages[0].hits) == list(pages[1].hits)
    await db.indexed("ann", SEEN, unit("new"))
    assert not (await search.Search(asked(k=2, page_token=token))).explain.cached_answer


async def test_what_one_process_deletes_another_does_not_find(two, db):
    """The search that begins after the deletion's answer; every time."""
    ids = [str(await db.indexed("ann", SEEN, unit(number))) for number in range(6)]
    assets, search = two[0].assets("ann"), two[1].search("ann")
    for number, gone in enumerate(ids):
        for _ in range(2):
            found = await search.Search(asked())
        assert found.explain.cached_answer
        await assets.DeleteAsset(assets_pb2.DeleteAssetRequest(asset_id=gone))
        found = await search.Search(asked())
        assert set(ids[number + 1 :]) == {hit.asset_id for hit in found.hits}


async def test_deletions_at_the_same_time_as_searches(two, db):
    """No answer to a search that began later shows what was gone by then."""
    ids = [str(await db.indexed("ann", SEEN, unit(number))) for number in range(24)]
    gone: set[str] = set()
    assets, searches = two[0].assets("ann"), [one.search("ann") for one in two]

    async def delete() -> None:
        for one in ids[:16]:
            await assets.DeleteAsset(assets_pb2.DeleteAssetRequest(asset_id=one))
            gone.add(one)

    async def look(search) -> int:
        looked = 0
        while len(gone) < 16:
            before = set(gone)
            found = {hit.asset_id for hit in (await search.Search(asked(k=100))).hits}
            assert not before & found
            looked += 1
        return looked

    deleting = asyncio.create_task(delete())
    assert all(await asyncio.gather(*(look(search) for search in searches for _ in range(2))))
    await deleting
    last = await searches[1].Search(asked(k=100))
    assert set(ids[16:]) == {hit.asset_id for hit in last.hits}


@pytest.mark.parametrize("seed", range(4))
async def test_any_order_of_writes_and_searches(two, oracle, db, seed):
    """Every answer is the one that is made anew at that moment."""
    chance = random.Random(seed)
    assets = two[0].assets("ann")
    alive = [await db.indexed("ann", SEEN, unit(f"{seed}-{number}")) for number in range(8)]
    generation = kept = 0
    for step in range(60):
        what = chance.choice(("search",) * 7 + ("add", "delete", "tag", "embed"))
        one = chance.choice(alive)
        if what == "add":
            alive.append(await db.indexed("ann", SEEN, unit(f"{seed}-{step}"), tags=["new"]))
        elif what == "delete" and len(alive) > 3:
            alive.remove(one)
            await assets.DeleteAsset(assets_pb2.DeleteAssetRequest(asset_id=str(one)))
        elif what == "tag":
            request = assets_pb2.UpdateAssetRequest(update_mask={"paths": ["tags"]})
            request.asset.asset_id = str(one)
            request.asset.tags.extend(chance.sample(WORDS, 2))
            await assets.UpdateAsset(request)
        elif what == "embed":
            generation += 1
            await again(db, one, unit(f"{seed}-{step}"), generation + 1)
        else:
            tags = chance.choice(([], ["red"]))
            request = asked(chance.choice(WORDS[:2]), k=5, filter=pb.Filter(tags=tags))
            answer = await chance.choice(two).search("ann").Search(request)
            expected = await oracle.search("ann").Search(request)
            assert shown(expected) == shown(answer)
            assert not expected.explain.cached_answer
            kept += answer.explain.cached_answer
    assert kept > 0


async def test_a_kept_answer_is_audited_like_any_other(two, db):
    """The same rows for the first call of a service on somebody's behalf and for the next."""
    await db.indexed("bob", SEEN, unit("bob"))
    await two[0].search("bob").Search(asked())  # the user's own leaves nothing to be audited
    claims = {"service": True, "scopes": ("search.act",)}
    rows, seen = [], 0
    for service in ("backend", "backend", "other"):
        search = two[0].search(service, **claims)
        answer = await search.Search(asked(filter=pb.Filter(owner="bob")))
        found = await db.owner.fetch(
            "SELECT actor, action, subject, details ->> 'owner' AS whose FROM search.audit_logs"
            " WHERE action LIKE 'search%' ORDER BY id OFFSET $1",
            seen,
        )
        seen += len(found)
        rows.append((answer.explain.cached_answer, sorted(map(tuple, found))))
    records = [("search", SEEN.space_id, "bob"), ("search.words", "", "bob")]
    assert [
        (False, [("backend", *one) for one in records]),
        (True, [("backend", *one) for one in records]),
        (True, [("other", *one) for one in records]),
    ] == rows


async def test_a_space_that_is_not_searched_is_never_answered_from_memory(two, db):
    """Its writes touch no epoch, so an answer from it cannot be told to be right."""
    later = space("later", 16)
    await db.register(later)
    asset_id = await db.indexed("ann", SEEN, unit("a"))
    request = pb.SearchRequest()
    request.vector.space_id = later.space_id
    request.vector.values.extend(unit("x", 16))
    search = two[0].search("ann")
    for count in (0, 1):
        answers = [await search.Search(request) for _ in range(2)]
        assert [(count, False)] * 2 == [(len(a.hits), a.explain.cached_answer) for a in answers]
        origin = Origin(str(uuid.uuid4()), "ann", asset_id, 1, 1)
        await VectorStore(db.worker).put(origin, later.space_id, unit("a", 16))


async def test_a_promotion_is_seen_by_the_next_search(two, db):
    """Though no process was told: the spaces' epoch is read with every search."""
    later = space("later")
    await db.register(later)
    await db.indexed("ann", SEEN, unit("a"))
    search = two[0].search("ann")
    for _ in range(2):
        before = await search.Search(asked())
    assert (SEEN.space_id, True) == (before.space_id, before.explain.cached_answer)
    await db.owner.execute("ALTER TABLE search.spaces DISABLE TRIGGER spaces_notify")
    await become(db, (later, "backfilling"), (SEEN, "retired"), (later, "active"))
    after = await search.Search(asked())
    assert (later.space_id, 0) == (after.space_id, len(after.hits))


async def test_an_old_ranking_is_not_handed_out_again(two, db):
    """A kept first page is as good as the ranking its next page is cut from."""
    for number in range(4):
        await db.indexed("ann", SEEN, unit(number))
    search = two[0].search("ann")
    first = await search.Search(asked(k=2))
    await db.rankings_kept(1)
    await db.owner.execute("UPDATE search.result_pages SET created_at = now() - interval '1 h'")
    second = await search.Search(asked(k=2))
    assert (False, list(first.hits)) == (second.explain.cached_answer, list(second.hits))
    assert first.next_page_token != second.next_page_token
    assert (await search.Search(asked(k=2))).explain.cached_answer
