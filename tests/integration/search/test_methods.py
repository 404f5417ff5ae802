"""Vectors of tags beside those of pictures in real PostgreSQL: kept, searched, nobody else's."""

from __future__ import annotations

import asyncio
import uuid

import pytest
from kioku.search.v1 import search_service_pb2 as pb
from kioku_rt.auth import Acting, Principal
from kioku_rt.errors import InvalidInput
from kioku_search.hybrid.coverage_store import CoverageStore
from kioku_search.vectors.indexing import Effect, Origin
from kioku_search.vectors.vector_store import VectorStore

from tests.integration.search.rig import space, unit, user

SEEN = space()
TAGS = space("tags", kind="TAG", dimension=1024)


def tags_vector(seed):
    """A vector of the tags space."""
    return unit(seed, 1024)


async def tagged(db, owner, seed, **changes):
    """A PROCESSING asset with a vector of tags only."""
    asset_id = await db.stored_asset(owner, **changes)
    origin = Origin(str(uuid.uuid4()), owner, asset_id, 1, 1)
    assert Effect.DONE is await VectorStore(db.worker).put(origin, TAGS.space_id, tags_vector(seed))
    return asset_id


@pytest.fixture
async def spaces(db):
    """Both kinds have their first space, which is active."""
    states = [await db.register(one) for one in (SEEN, TAGS)]
    assert ["active", "active"] == states
    return db


async def test_each_kind_has_an_active_space_of_its_own(spaces):
    """A second space of tags waits, and other kinds and metrics are refused."""
    assert "registered" == await spaces.register(space("tags", kind="TAG", revision="r2"))
    for changes in ({"kind": "USER"}, {"kind": "TAG", "metric": "L2"}):
        with pytest.raises(InvalidInput):
            await spaces.register(space("other", **changes))


async def test_a_vector_of_tags_finishes_nothing(spaces):
    """The asset stays PROCESSING until it has been seen."""
    asset_id = await tagged(spaces, "ann", "dress")
    row = await spaces.owner.fetchrow(
        "SELECT a.state, s.state AS stage FROM search.assets a JOIN search.asset_stages s"
        " USING (owner, asset_id) WHERE asset_id = $1",
        asset_id,
    )
    assert ("PROCESSING", "PENDING") == (row["state"], row["stage"])


async def test_coverage_looks_at_unfinished_assets_of_one_owner(spaces):
    """True while one of them has tags only; a finished one and another owner's do not count."""
    coverage = CoverageStore(spaces.api)
    asked = (TAGS.space_id, SEEN.space_id)
    await spaces.indexed("ann", SEEN, unit("seen"))
    await tagged(spaces, "bob", "dress")
    assert [False, True] == [
        await coverage.some_by_tags_only(user(name), *asked) for name in ("ann", "bob")
    ]
    acting = Acting("bob", Principal("svc", True, frozenset({"search.act"}), "t"), on_behalf=True)
    assert await coverage.some_by_tags_only(acting, *asked)
    assert 1 == await spaces.owner.fetchval(
        "SELECT count(*) FROM search.audit_logs WHERE action = 'search.coverage'"
    )


async def test_coverage_finds_unfinished_assets_by_their_index(spaces):
    """The question is asked before every search, so it must not read finished assets."""
    rows = await spaces.owner.fetch(
        "SELECT indexdef FROM pg_indexes WHERE indexname = 'assets_processing'"
    )
    assert "WHERE (state = 'PROCESSING'::text)" in rows[0]["indexdef"]


async def test_a_catalogue_is_searchable_before_it_is_seen(spaces, start_service, objects):
    """AUTO gives both lists, then what is seen alone; each method that is named is what is done."""
    by_tags = await tagged(spaces, "ann", "red dress")
    seen = await spaces.indexed("ann", SEEN, unit("red dress"))
    async with start_service(objects, embedder=_TwoSpaces()) as service:
        search = service.search("ann")

        async def ask(method=pb.SEARCH_METHOD_UNSPECIFIED, **query):
            request = pb.SearchRequest(**(query or {"text": "red dress"}), method=method)
            answer = await search.Search(request)
            return answer.explain.method, {hit.asset_id for hit in answer.hits}

        assert (pb.SEARCH_METHOD_COMBINED, {str(by_tags), str(seen)}) == await ask()
        assert (pb.SEARCH_METHOD_TAGS, {str(by_tags)}) == await ask(pb.SEARCH_METHOD_TAGS)
        assert (pb.SEARCH_METHOD_VISUAL, {str(seen)}) == await ask(pb.SEARCH_METHOD_VISUAL)
        assert pb.SEARCH_METHOD_TAGS == (await ask(asset_id=str(by_tags)))[0]
        origin = Origin(str(uuid.uuid4()), "ann", by_tags, 1, 1)
        await VectorStore(spaces.worker).put(origin, SEEN.space_id, unit("blue"))
        assert pb.SEARCH_METHOD_VISUAL == (await ask())[0]


async def test_fused_hits_tell_their_places(spaces, start_service, objects):
    """Rank and score in each list; one page, whose token nobody can make up."""
    both = await spaces.indexed("ann", SEEN, unit("red dress"))
    origin = Origin(str(uuid.uuid4()), "ann", both, 1, 1)
    await VectorStore(spaces.worker).put(origin, TAGS.space_id, tags_vector("red dress"))
    async with start_service(objects, embedder=_TwoSpaces()) as service:
        request = pb.SearchRequest(text="red dress", method=pb.SEARCH_METHOD_COMBINED)
        answer = await service.search("ann").Search(request)
    parts = [(part.method, part.rank, round(part.score, 2)) for part in answer.hits[0].parts]
    assert [(pb.SEARCH_METHOD_VISUAL, 1, 1.0), (pb.SEARCH_METHOD_TAGS, 1, 1.0)] == parts
    assert ("", pb.SEARCH_METHOD_COMBINED) == (answer.next_page_token, answer.explain.method)


async def test_tags_of_strangers_are_not_found(spaces, start_service, objects):
    """What is no nearer than chance is left out, and of other owners there is nothing at all."""
    await tagged(spaces, "ann", "red dress")
    async with start_service(objects, embedder=_TwoSpaces()) as service:
        request = pb.SearchRequest(text="blue car", method=pb.SEARCH_METHOD_TAGS)
        assert [] == list((await service.search("ann").Search(request)).hits)
        request.text = "red dress"
        assert [] == list((await service.search("bob").Search(request)).hits)
        assert 1 == len((await service.search("ann").Search(request)).hits)


class _TwoSpaces:
    """An embedder whose vectors depend on the words and have the space's dimension."""

    space = SEEN

    async def embed_text(self, text, space_id):
        await asyncio.sleep(0)
        return tags_vector(text) if space_id == TAGS.space_id else unit(text)

    async def default_space(self):
        return SEEN

    async def ping(self):
        await asyncio.sleep(0)
