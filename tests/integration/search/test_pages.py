"""Pages of a ranking that stays as it was, while everything around it is written."""

from __future__ import annotations

import asyncio
import uuid

import grpc
import pytest
import pytest_asyncio
from kioku.assets.v1 import asset_service_pb2 as assets_pb2
from kioku.search.v1 import search_service_pb2 as pb
from kioku_rt.errors import DependencyDown
from kioku_rt.reasons import Reason
from kioku_rt.rpc import error_of
from kioku_search.answers import pages
from kioku_search.answers.ranking_store import OldRankingStore
from kioku_search.vectors.indexing import Effect, Origin
from kioku_search.vectors.vector_store import VectorStore
from structlog.testing import capture_logs

from tests.integration.search.rig import space, unit

SEEN = space()
TAGS = space("tags", kind="TAG", dimension=1024)
BY_SIGHT, BY_TAGS, BY_BOTH = (
    pb.SEARCH_METHOD_VISUAL,
    pb.SEARCH_METHOD_TAGS,
    pb.SEARCH_METHOD_COMBINED,
)


class TwoSpaces:
    """An embedder of both spaces; `failure`: what happens to words in that of pictures."""

    space = SEEN
    failure = None

    async def embed_text(self, text, space_id):
        await asyncio.sleep(0)
        if self.failure is not None and space_id == SEEN.space_id:
            raise self.failure
        return near(text, 0) if space_id == TAGS.space_id else unit(text)

    async def default_space(self):
        await asyncio.sleep(0)
        return SEEN

    async def ping(self):
        await asyncio.sleep(0)


def near(seed, number, dimension=1024):
    """A vector of tags near `seed`, the farther the greater `number` is."""
    vector = unit(seed, dimension) + 0.05 * number * unit(f"{seed}-{number}", dimension)
    return vector / (vector @ vector) ** 0.5


async def put(db, asset_id, one, vector, generation=1):
    origin = Origin(str(uuid.uuid4()), "ann", asset_id, generation, 1)
    assert Effect.DONE is await VectorStore(db.worker).put(origin, one.space_id, vector)


async def add(db, number, **changes):
    """An asset that is found by what it shows and by its tags."""
    asset_id = await db.indexed("ann", SEEN, unit(f"seen {number}"), **changes)
    await put(db, asset_id, TAGS, near("q", number))
    return asset_id


@pytest_asyncio.fixture
async def library(db):
    """Twenty-four assets of Ann's in both spaces."""
    for one in (SEEN, TAGS):
        await db.register(one)
    return [await add(db, number) for number in range(24)]


@pytest_asyncio.fixture
async def start(objects, start_service):
    """The service with its settings."""
    return lambda **settings: start_service(objects, embedder=TwoSpaces(), **settings)


def ask(token="", k=5, method=BY_SIGHT, **query):
    query = query or {"text": "q"}
    return pb.SearchRequest(**query, k=k, page_token=token, method=method)


def ids_of(answer):
    return [hit.asset_id for hit in answer.hits]


async def turn(search, request, *, between=None):
    """Every page of a search, as lists of ids."""
    found = []
    while True:
        answer = await search.Search(request)
        found.append(ids_of(answer))
        if not answer.next_page_token:
            return found
        request.page_token = answer.next_page_token
        if between is not None:
            await between(answer)
            between = None


async def refused(call):
    """Code and reason of a call that fails."""
    with pytest.raises(grpc.aio.AioRpcError) as failure:
        await call
    return failure.value.code().name, error_of(failure.value).reason.value


@pytest.mark.parametrize("depth", [200, 3], ids=["kept at once", "lengthened"])
@pytest.mark.parametrize("method", [BY_SIGHT, BY_TAGS, BY_BOTH], ids=["sight", "tags", "both"])
async def test_pages_neither_repeat_nor_skip(library, start, db, method, depth):
    """New vectors, better and worse, deletions and re-embedding between the pages."""
    async with start(page_depth=depth, page_depth_fused=depth) as service:
        search = service.search("ann")
        whole = ids_of(await search.Search(ask(k=100, method=method)))
        assert 24 == len(whole)
        gone = {whole[7], whole[13]}

        async def write(_page):
            for number in range(4):
                await put(db, await add(db, 100 + number), SEEN, unit("q"), generation=2)
            for one in gone:
                request = assets_pb2.DeleteAssetRequest(asset_id=one)
                await service.assets("ann").DeleteAsset(request)
            for place, vector in ((10, "q"), (6, "far"), (2, "far")):
                await put(db, uuid.UUID(whole[place]), SEEN, unit(vector), generation=2)

        pages_ = await turn(search, ask(method=method), between=write)
    flat = [one for page in pages_ for one in page]
    kept = [one for one in whole if one not in gone]
    # A fused list that is looked at less deeply has another order: there, each once is what counts.
    frozen = kept if depth > 24 else [] if method == BY_BOTH else kept[:7]
    assert frozen == [one for one in flat if one in set(whole)][: len(frozen)]
    assert len(flat) == len(set(flat))
    assert set(kept) <= set(flat)
    assert {5} == {len(page) for page in pages_[:-1]}


async def test_an_answer_for_want_of_a_better_one_is_not_kept(library, objects, start_service):
    """Tags alone while the model is away; as soon as it is back, what is seen."""
    embedder = TwoSpaces()
    embedder.failure = DependencyDown("embedder", reason=Reason.EMBEDDER_UNAVAILABLE)
    async with start_service(objects, embedder=embedder) as service:
        search = service.search("ann")
        request = ask(method=pb.SEARCH_METHOD_AUTO)
        away = [(await search.Search(request)).explain for _ in range(2)]
        embedder.failure = None
        back = [(await search.Search(request)).explain for _ in range(2)]
    told = [(one.method, one.cached_answer) for one in (*away, *back)]
    assert [(BY_TAGS, False), (BY_TAGS, False), (BY_SIGHT, False), (BY_SIGHT, True)] == told


@pytest.mark.parametrize("how", ["asset", "vector"])
async def test_pages_of_questions_without_words(library, start, how):
    """By an asset and by a vector, each asset once and in one order."""
    query = {"asset_id": str(library[0])}
    if how == "vector":
        query = {"vector": {"space_id": SEEN.space_id, "values": unit("v")}}
    async with start(page_depth=4, page_depth_fused=4) as service:
        search = service.search("ann")
        whole = ids_of(await search.Search(ask(k=100, **query)))
        found = await turn(search, ask(k=7, **query))
    assert whole == [one for page in found for one in page]


async def test_fused_pages_tell_their_places(library, start):
    """Parts and scores of a later page are those that the whole list has."""
    async with start() as service:
        search = service.search("ann")
        whole = await search.Search(ask(k=24, method=BY_BOTH))
        first = await search.Search(ask(k=12, method=BY_BOTH))
        second = await search.Search(ask(first.next_page_token, 12, BY_BOTH))
    assert list(whole.hits) == [*first.hits, *second.hits]
    assert (BY_BOTH, "") == (second.explain.method, second.next_page_token)


async def test_every_page_tells_how_it_was_found(library, start):
    """As the whole list does; only the page that has fewer than were asked for is short."""
    async with start() as service:
        search = service.search("ann")
        whole = (await search.Search(ask(k=100))).explain
        first = await search.Search(ask(k=20))
        last = (await search.Search(ask(first.next_page_token, 20))).explain
    assert ("exact", 24, "exhausted") == (whole.strategy, whole.matched, whole.shortfall)
    assert ("exact", 24, "") == (
        first.explain.strategy, first.explain.matched, first.explain.shortfall
    )  # fmt: skip
    assert ("exact", 24, "exhausted") == (last.strategy, last.matched, last.shortfall)


async def test_beyond_the_longest_ranking(library, start, monkeypatch):
    """A single list goes on by distance and id, without what was shown; a fused one ends."""
    monkeypatch.setattr(pages, "MOST", 10)
    async with start(page_depth=3, page_depth_fused=3) as service:
        search = service.search("ann")
        whole = ids_of(await search.Search(ask(k=100)))
        found = await turn(search, ask(k=4))
        fused = await turn(search, ask(k=4, method=BY_BOTH))
    assert [4] * 6 == [len(page) for page in found]
    assert 24 == len({one for page in found for one in page})
    assert whole[:10] == [one for page in found for one in page][:10]
    flat = [one for page in fused for one in page]
    assert 10 <= len(flat) == len(set(flat))


async def test_two_who_lengthen_at_the_same_time(library, start):
    """Both get the same page."""
    async with (
        start(page_depth=1, page_depth_fused=1, answer_cache_entries=0) as one,
        start(page_depth=1, page_depth_fused=1) as other,
    ):
        searches = [service.search("ann") for service in (one, other, one)]
        token = (await searches[0].Search(ask(k=5))).next_page_token
        answers = await asyncio.gather(*(search.Search(ask(token)) for search in searches))
        assert 1 == len({tuple(ids_of(answer)) for answer in answers})
        assert 5 == len(answers[0].hits)


async def test_what_is_deleted_leaves_every_ranking_at_once(library, start, db):
    """Its id is in none any more, and a ranking by likeness to it is gone."""
    held = "SELECT count(*) FROM search.result_pages WHERE $1 = ANY (asset_ids) OR $1 = ANY (about)"
    gone = library[3]
    async with start(page_depth=80) as service:
        search = service.search("ann")
        token = (await search.Search(ask())).next_page_token
        like = await search.Search(ask(asset_id=str(gone)))
        await db.rankings_kept(2)
        assert 2 == await db.owner.fetchval(held, gone)
        request = assets_pb2.DeleteAssetRequest(asset_id=str(gone))
        await service.assets("ann").DeleteAsset(request)
        assert 0 == await db.owner.fetchval(held, gone)
        assert 5 == len((await search.Search(ask(token))).hits)
        call = search.Search(ask(like.next_page_token, asset_id=str(gone)))
        assert ("FAILED_PRECONDITION", "PAGE_TOKEN_EXPIRED") == await refused(call)


async def test_a_ranking_made_before_a_deletion_is_kept_without_the_asset(library, db):
    """The tombstone counts, whenever the ranking is kept."""
    await db.owner.execute(
        "INSERT INTO search.deletions (owner, asset_id, sweep_after) VALUES ('ann', $1, now())",
        library[0],
    )
    async with db.api.acquire() as connection, connection.transaction():
        await connection.execute("SELECT set_config('kioku.owner', 'ann', true)")
        ids = await connection.fetchval("SELECT search.without_deleted('ann', $1)", library[:2])
    assert [None, library[1]] == ids


async def test_a_token_ends(library, start, db):
    """With its ranking: expired, or one of too many; housekeeping removes both."""
    async with start(page_life_seconds=600) as service:
        search = service.search("ann")
        tokens = [(await search.Search(ask(text=text))).next_page_token for text in ("a", "b", "c")]
        await db.rankings_kept(3)
        await db.owner.execute(
            "UPDATE search.result_pages SET expires_at = now() WHERE created_at ="
            " (SELECT min(created_at) FROM search.result_pages)"
        )
        call = search.Search(ask(tokens[0], text="a"))
        assert ("FAILED_PRECONDITION", "PAGE_TOKEN_EXPIRED") == await refused(call)
        assert 2 == await OldRankingStore(db.worker, most=1).forget()
        call = search.Search(ask(tokens[1], text="b"))
        assert ("FAILED_PRECONDITION", "PAGE_TOKEN_EXPIRED") == await refused(call)
        assert 5 == len((await search.Search(ask(tokens[2], text="c"))).hits)


async def test_tokens_that_are_none(library, start):
    """Cut, altered, lengthened, huge, of another question, another owner or another rpc."""
    async with start() as service:
        search, assets = service.search("ann"), service.assets("ann")
        token = (await search.Search(ask())).next_page_token
        listed = await assets.ListAssets(assets_pb2.ListAssetsRequest(page_size=1))
        altered = token[:9] + ("A" if token[9] != "A" else "B") + token[10:]
        bad = (token[:-1], token[1:], altered, token + "A", token + "=", "x" * 2**20, "\0", "é")
        wrong = [ask(one) for one in (*bad, listed.next_page_token)]
        wrong += [ask(token, text="p"), ask(token, method=BY_TAGS)]
        wrong += [ask(token, asset_id=str(library[0])), ask(token)]
        wrong[-1].filter.not_tags.append("t")
        for request in wrong:
            call = search.Search(request)
            assert ("INVALID_ARGUMENT", "PAGE_TOKEN_INVALID") == await refused(call)
        call = service.search("bob").Search(ask(token))
        assert ("INVALID_ARGUMENT", "PAGE_TOKEN_INVALID") == await refused(call)


async def test_a_request_id_gets_the_same_page_again(library, start, db):
    """In any process, though better ones came; and its next page is the same too."""
    name = str(uuid.uuid4())
    async with start() as one, start() as other:
        request = ask()
        request.request_id = name
        first = await one.search("ann").Search(request)
        new = await db.indexed("ann", SEEN, unit("q"))
        second = await other.search("ann").Search(request)
        assert (ids_of(first), first.next_page_token) == (ids_of(second), second.next_page_token)
        assert (name, name) == (first.request_id, second.request_id)
        assert str(new) == (await one.search("ann").Search(ask())).hits[0].asset_id
        bob = await one.search("bob").Search(request)
        assert ([], name) == (ids_of(bob), bob.request_id)


async def test_a_request_id_has_one_meaning(library, start):
    """Another question or k is refused, and so is what is no UUID; without one, one is made."""
    name = str(uuid.uuid4())
    async with start() as service:
        search = service.search("ann")
        await search.Search(_with(ask(), name))
        for other in (ask(k=6), ask(text="p")):
            call = search.Search(_with(other, name))
            assert ("ALREADY_EXISTS", "ASSET_ID_REUSED") == await refused(call)
        for wrong in ("x", name.upper(), "0" * 2**12):
            call = search.Search(_with(ask(), wrong))
            assert ("INVALID_ARGUMENT", "ID_MALFORMED") == await refused(call)
        made = [(await search.Search(ask())).request_id for _ in range(2)]
        assert 2 == len({uuid.UUID(one) for one in made})


async def test_the_request_id_is_on_the_line_of_its_call(library, start):
    """So that what a user saw can be found in the logs."""
    with capture_logs() as lines:
        async with start() as service:
            answer = await service.search("ann").Search(ask())
    assert [answer.request_id] == [one["request_id"] for one in lines if one["event"] == "rpc"]


async def test_calls_with_one_request_id_at_the_same_time(library, start, db):
    """All get the page of the one that was first."""
    request = _with(ask(), str(uuid.uuid4()))
    async with start() as one, start() as other:
        searches = [service.search("ann") for service in (one, other)] * 3
        answers = await asyncio.gather(*(search.Search(request) for search in searches))
    assert 1 == len({answer.next_page_token for answer in answers})
    assert 1 == await db.owner.fetchval("SELECT count(*) FROM search.result_pages")


def _with(request, name):
    request.request_id = name
    return request
