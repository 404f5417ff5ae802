"""Searches by several lists at once through the whole service: what each option does."""

from __future__ import annotations

import asyncio
import itertools
import uuid

import grpc
import numpy as np
import pytest
from kioku.assets.v1 import asset_service_pb2
from kioku.common.v1 import vector_pb2
from kioku.search.v1 import search_service_pb2 as pb
from kioku_rt.rpc import error_of
from kioku_search.hybrid.calibrating import SAMPLE, Calibrating, Calibrations
from kioku_search.hybrid.calibration_store import CalibrationStore
from kioku_search.spaces.space import Spaces
from kioku_search.spaces.space_store import SpaceStore
from kioku_search.vectors.indexing import FrameVector, Origin
from kioku_search.videos.frame_store import FrameStore

from tests.integration.search.rig import DIMENSION, FakeEmbedder, space, unit

NAN, INF = float("nan"), float("inf")
SEEN = space()


@pytest.fixture
async def ready(db):
    """The space is there."""
    await db.register(SEEN)
    return db


def near(vector, amount, seed):
    """A vector at about this distance from another one's direction."""
    moved = vector + amount * unit(seed)
    return (moved / np.linalg.norm(moved)).astype(np.float32)


def asked(values, **how):
    """A request by vector."""
    vector = vector_pb2.Vector(space_id=SEEN.space_id, values=values)
    return pb.SearchRequest(vector=vector, **how)


async def refused(call):
    """The reason of a call that fails."""
    with pytest.raises(grpc.aio.AioRpcError) as failure:
        await call
    assert failure.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    return error_of(failure.value).reason.value


def ids(answer):
    """Ids of the hits."""
    return [hit.asset_id for hit in answer.hits]


async def test_words_and_sight_are_fused_and_told(ready, start_service, objects):
    """Each place, its weight and what it adds; words alone; weights; AUTO joins what is written."""
    sight = await ready.indexed("ann", SEEN, unit("運動会"), filename="a.jpg")
    named = await ready.indexed("ann", SEEN, unit("else"), filename="運動会.jpg")
    await ready.indexed("bob", SEEN, unit("運動会"), filename="運動会.jpg")
    async with start_service(objects, words_seconds=0.05) as service:
        search = service.search("ann")
        await words_made(ready)
        auto = await search.Search(pb.SearchRequest(text="運動会"))
        assert [str(named), str(sight)] == ids(auto)
        assert pb.SEARCH_METHOD_COMBINED == auto.explain.method
        assert pb.FUSION_KIND_RRF == auto.explain.fusion
        for part in (part for hit in auto.hits for part in hit.parts):
            assert part.contribution == pytest.approx(1 / (60 + part.rank))
        only = await search.Search(
            pb.SearchRequest(text="運動会 no", method=pb.SEARCH_METHOD_WORDS)
        )
        assert ([str(named)], "") == (ids(only), only.space_id)
        assert only.hits[0].relevance == only.hits[0].score > 0
        fusion = pb.Fusion(kind=pb.FUSION_KIND_MIN_MAX, visual_weight=9)
        heavy = await search.Search(pb.SearchRequest(text="運動会", fusion=fusion))
        assert [str(sight), str(named)] == ids(heavy)
        assert [9.0] == [part.weight for part in heavy.hits[0].parts]


async def words_made(db):
    """Wait until the job has written all words."""
    async with asyncio.timeout(30):
        while await db.owner.fetchval("SELECT count(*) FROM search.asset_words WHERE version = 0"):
            await asyncio.sleep(0.05)


async def test_a_picture_and_words_are_looked_for_together(ready, start_service, objects):
    """What is near to both goes before what is near to one; the asset itself is left out."""
    start, words = unit("start"), unit("at night")
    base = await ready.indexed("ann", SEEN, start)
    like = await ready.indexed("ann", SEEN, near(start, 0.4, 1))
    both = await ready.indexed("ann", SEEN, near(start, 1.0, "at night"))
    said = await ready.indexed("ann", SEEN, words)
    async with start_service(objects, embedder=FakeEmbedder(SEEN)) as service:
        search = service.search("ann")
        also = pb.AlsoText(text="at night")
        for request in (
            pb.SearchRequest(asset_id=str(base), also_text=also),
            asked(start, also_text=also),
        ):
            answer = await search.Search(request)
            found = [one for one in ids(answer) if one != str(base)]
            assert (str(both), "vector") == (found[0], answer.explain.also_text)
        assert {str(like), str(said)} == set(found[1:])
        for weight, first in ((0.0, like), (1.0, said)):
            also.weight = weight
            answer = await search.Search(pb.SearchRequest(asset_id=str(base), also_text=also))
            assert str(first) == ids(answer)[0]
            assert str(base) not in ids(answer)
        page = await search.Search(pb.SearchRequest(asset_id=str(base), also_text=also, k=2))
        again = pb.SearchRequest(
            asset_id=str(base), also_text=also, k=2, page_token=page.next_page_token
        )
        assert set(ids(page)) | set(ids(await search.Search(again))) == set(
            map(str, (like, both, said))
        )


async def test_later_pages_and_kept_answers_tell_the_same(ready, start_service, objects):
    """Parts, relevance, moments and what is common; another option is another question."""
    for number in range(40):
        await ready.indexed("ann", SEEN, unit(number), filename=f"sea {number}.jpg")
    video = await ready.stored_asset("ann", kind="VIDEO", state="READY", filename="sea.mp4")
    frames = [FrameVector(n, 1000 * n, near(unit("sea"), n, n)) for n in range(3)]
    origin = Origin(str(uuid.uuid4()), "ann", video, 1, 1)
    await FrameStore(ready.worker).put_vectors(origin, SEEN.space_id, frames)
    assert await calibrating(ready).run_once()
    options = pb.ResultOptions(moments_per_asset=2)

    def request(token="", k=5, **changes):
        return pb.SearchRequest(**{"text": "sea", "options": options, **changes}, k=k,
                                page_token=token)  # fmt: skip

    async with start_service(objects, words_seconds=0.05) as service:
        search = service.search("ann")
        await words_made(ready)
        whole = await search.Search(request(k=41))
        pages = [await search.Search(request())]
        while token := pages[-1].next_page_token:
            pages.append(await search.Search(request(token)))
            assert len(pages) < 12
        assert list(whole.hits) == [hit for page in pages for hit in page.hits]
        assert all(hit.HasField("relevance") and len(hit.parts) == 2 for hit in whole.hits)
        assert [2] == [len(hit.moments) for hit in whole.hits if hit.moments]
        for page in pages:
            assert (whole.best_relevance, whole.explain.fusion) == pytest.approx(
                (page.best_relevance, page.explain.fusion)
            )
        kept = await search.Search(request(pages[0].next_page_token))
        assert kept.explain.cached_answer
        assert (list(pages[1].hits), pages[1].best_relevance) == (
            list(kept.hits), kept.best_relevance
        )  # fmt: skip
        for changes in (
            {"options": pb.ResultOptions(moments_per_asset=1)},
            {"options": pb.ResultOptions(min_relevance=0.1, moments_per_asset=2)},
            {"fusion": pb.Fusion(visual_weight=2)},
        ):
            assert not (await search.Search(request(**changes))).explain.cached_answer


async def test_a_result_and_its_look_alikes_are_forgotten_together(ready, start_service, objects):
    """With a request id the page is kept; when one that was folded is deleted, it is made anew."""
    query = unit("query")
    burst = [await ready.indexed("ann", SEEN, near(query, 0.02, n)) for n in range(3)]
    options = pb.ResultOptions(collapse_near_duplicates=True)
    name = str(uuid.uuid4())
    async with start_service(objects) as service:
        search = service.search("ann")
        told = []
        for gone in (None, 0):
            if gone is not None:
                folded = told[0].hits[0].similar_asset_ids[gone]
                request = asset_service_pb2.DeleteAssetRequest(asset_id=folded)
                await service.assets("ann").DeleteAsset(request)
            told += [
                await search.Search(asked(query, options=options, request_id=name))
                for _ in range(2)
            ]
    assert [2, 2, 1, 1] == [one.hits[0].similar_count for one in told]
    assert list(told[0].hits) == list(told[1].hits)
    assert {told[0].hits[0].asset_id} < set(map(str, burst))


async def test_nothing_like_that_is_an_answer(ready, start_service, objects):
    """Against the background of the space; without one, nothing is claimed."""
    for number in range(29):
        await ready.indexed("ann", SEEN, unit(number))
    async with start_service(objects, calibration_seconds=3600) as service:
        before = await service.search("ann").Search(asked(unit(3)))
    assert not before.hits[0].HasField("relevance")
    assert not before.HasField("best_relevance")
    assert not before.nothing_relevant
    for number in range(29, 60):
        await ready.indexed("ann", SEEN, unit(number))
    assert await calibrating(ready).run_once()
    assert not await calibrating(ready).run_once()
    async with start_service(objects, calibration_seconds=3600) as service:
        search = service.search("ann")
        options = pb.ResultOptions(min_relevance=0.99)
        there = await search.Search(asked(unit(3), options=options))
        absent = await search.Search(asked(unit("absent"), options=options))
        plain = await search.Search(asked(unit("absent")))
    assert 1 == len(there.hits)
    assert there.best_relevance == there.hits[0].relevance > 0.99
    assert not there.nothing_relevant
    assert ([], True) == (list(absent.hits), absent.nothing_relevant)
    assert (20, absent.best_relevance) == (len(plain.hits), plain.best_relevance)
    assert plain.hits == sorted(plain.hits, key=lambda hit: -hit.relevance)


def calibrating(db):
    """The job, as the service makes it."""
    store = CalibrationStore(db.worker, most=SAMPLE)
    embedder = FakeEmbedder(SEEN)
    return Calibrating(
        store, Spaces(SpaceStore(db.worker), embedder), embedder, Calibrations(store)
    )


async def test_a_background_follows_its_space(ready):
    """None of too few assets; of pictures and words; anew when there are twice as many."""
    for number in range(29):
        await ready.indexed("ann", SEEN, unit(number))
    assert not await calibrating(ready).run_once()
    await ready.indexed("bob", SEEN, unit(29))
    assert await calibrating(ready).run_once()
    rows = await ready.owner.fetch(
        "SELECT query, mean, deviation, assets FROM search.space_backgrounds"
    )
    assert {"IMAGE": 30, "TEXT": 30} == {row["query"]: row["assets"] for row in rows}
    for row in rows:  # random directions: right angles, off by 1 / sqrt(dimension)
        assert (0, DIMENSION**-0.5) == pytest.approx((row["mean"], row["deviation"]), abs=0.06)
    for number in range(30, 60):
        await ready.indexed("ann", SEEN, unit(number))
    assert await calibrating(ready).run_once()


async def test_look_alikes_are_folded_and_results_spread(ready, start_service, objects):
    """A burst is one hit that tells of the others; variety brings what differs onto the page."""
    query = unit("query")
    burst = [await ready.indexed("ann", SEEN, near(query, 0.05, n)) for n in range(5)]
    others = [await ready.indexed("ann", SEEN, near(query, 1.0, f"other{n}")) for n in range(3)]
    async with start_service(objects) as service:
        search = service.search("ann")
        options = pb.ResultOptions(collapse_near_duplicates=True)
        folded = await search.Search(asked(query, k=4, options=options))
        first = folded.hits[0]
        assert set(map(str, burst)) == {first.asset_id, *first.similar_asset_ids}
        assert (4, 4) == (first.similar_count, len(folded.hits))
        assert set(map(str, others)) == set(ids(folded)[1:])
        options.near_duplicate_similarity = 1.0
        assert 0 == (await search.Search(asked(query, options=options))).hits[0].similar_count
        spread = await search.Search(asked(query, k=4, options=pb.ResultOptions(diversity=0.9)))
        assert set(map(str, others)) == set(ids(spread)[1:])
        assert "" == spread.next_page_token
        plain = await search.Search(asked(query, k=4))
        assert set(ids(plain)) <= set(map(str, burst))


async def test_videos_tell_their_best_moments(ready, start_service, objects):
    """Best first, as many as asked for; of a search by asset as well; pictures have none."""
    query = unit("scene")
    picture = await ready.indexed("ann", SEEN, near(query, 0.3, "p"))
    video = await ready.stored_asset("ann", kind="VIDEO", state="READY")
    frames = [FrameVector(n, 1000 * n, near(query, abs(n - 3) / 2, n)) for n in range(8)]
    origin = Origin(str(uuid.uuid4()), "ann", video, 1, 1)
    await FrameStore(ready.worker).put_vectors(origin, SEEN.space_id, frames)
    options = pb.ResultOptions(moments_per_asset=3)
    async with start_service(objects) as service:
        search = service.search("ann")
        answer = await search.Search(asked(query, options=options))
        hits = {hit.asset_id: hit for hit in answer.hits}
        moments = hits[str(video)].moments
        assert (3, 3000) == (moments[0].frame_no, moments[0].time_ms)
        assert {2, 3, 4} == {one.frame_no for one in moments}
        assert moments[0].score == pytest.approx(hits[str(video)].score, abs=1e-3)
        assert list(moments) == sorted(moments, key=lambda one: -one.score)
        assert [] == list(hits[str(picture)].moments)
        by_asset = await search.Search(pb.SearchRequest(asset_id=str(picture), options=options))
        assert 3 == len(by_asset.hits[0].moments)
        assert [] == list((await search.Search(asked(query))).hits[0].moments)


async def test_groups_of_look_alikes_are_told_once(ready, start_service, objects):
    """Connected pairs are one group; pages join; nobody else's, nothing apart."""
    groups = []
    for number, size in enumerate((2, 3, 4)):
        one = unit(f"group{number}")
        groups.append({await ready.indexed("ann", SEEN, near(one, 0.05, n)) for n in range(size)})
        await ready.indexed("bob", SEEN, one)
    for number in range(20):
        await ready.indexed("ann", SEEN, unit(f"lone{number}"))
    async with start_service(objects) as service:
        search, told, token, pages = service.search("ann"), [], "", 0
        while pages < 10:
            request = pb.ListDuplicateGroupsRequest(page_size=1, page_token=token)
            page = await search.ListDuplicateGroups(request)
            told += [[one.asset_id for one in group.assets] for group in page.groups]
            token, pages = page.next_page_token, pages + 1
            if not token:
                break
        assert 3 < pages + 1
        assert sorted(map(sorted, told)) == sorted(sorted(map(str, group)) for group in groups)
        assert all(group == sorted(group) for group in told)
        whole = await search.ListDuplicateGroups(pb.ListDuplicateGroupsRequest())
        assert (29, "", 3) == (whole.looked_at, whole.next_page_token, len(whole.groups))
        assert all(one.similarity > 0.97 for group in whole.groups for one in group.assets)
        strict = pb.ListDuplicateGroupsRequest(min_similarity=1)
        assert [] == list((await search.ListDuplicateGroups(strict)).groups)
        strange = pb.ListDuplicateGroupsRequest(min_similarity=0.9, page_token=token or "x")
        assert "PAGE_TOKEN_INVALID" == await refused(search.ListDuplicateGroups(strange))


REFUSED = [
    ({"fusion": pb.Fusion(visual_weight=NAN)}, "FIELD_INVALID"),
    ({"fusion": pb.Fusion(words_weight=-1)}, "FIELD_INVALID"),
    ({"fusion": pb.Fusion(tags_weight=INF)}, "FIELD_INVALID"),
    ({"fusion": pb.Fusion(visual_weight=0, tags_weight=0, words_weight=0)}, "FIELD_INVALID"),
    ({"fusion": pb.Fusion(kind=77)}, "ENUM_UNKNOWN"),
    ({"method": 77}, "ENUM_UNKNOWN"),
    ({"also_text": pb.AlsoText(text="y")}, "FIELD_INVALID"),
    ({"also_text": pb.AlsoText(text="a\0b")}, "TEXT_INVALID_CHARACTER"),
    ({"also_text": pb.AlsoText(text="y" * 1_000_000)}, "TEXT_TOO_LONG"),
    ({"also_text": pb.AlsoText()}, "TEXT_EMPTY"),
    ({"also_text": pb.AlsoText(text="y", weight=NAN)}, "FIELD_INVALID"),
    ({"options": pb.ResultOptions(min_relevance=NAN)}, "FIELD_INVALID"),
    ({"options": pb.ResultOptions(min_relevance=1.1)}, "FIELD_INVALID"),
    ({"options": pb.ResultOptions(diversity=-0.1)}, "FIELD_INVALID"),
    ({"options": pb.ResultOptions(diversity=NAN)}, "FIELD_INVALID"),
    ({"options": pb.ResultOptions(near_duplicate_similarity=0.4)}, "FIELD_INVALID"),
    ({"options": pb.ResultOptions(moments_per_asset=-1)}, "FIELD_INVALID"),
    ({"options": pb.ResultOptions(moments_per_asset=11)}, "FIELD_INVALID"),
    ({"options": pb.ResultOptions(diversity=0.5), "page_token": "x"}, "PAGE_TOKEN_INVALID"),
    ({"method": pb.SEARCH_METHOD_COMBINED, "page_token": "x"}, "PAGE_TOKEN_INVALID"),
    ({"method": pb.SEARCH_METHOD_WORDS, "page_token": "x"}, "PAGE_TOKEN_INVALID"),
    ({"method": pb.SEARCH_METHOD_WORDS, "text": "x" * 1_000_000}, "TEXT_TOO_LONG"),
    ({"method": pb.SEARCH_METHOD_WORDS, "text": "a\0b"}, "TEXT_INVALID_CHARACTER"),
    ({"method": pb.SEARCH_METHOD_WORDS, "asset_id": str(uuid.uuid4())}, "FIELD_INVALID"),
]
ODD = ["🎉", "\u202eabc", "שלום", "'", "\\", "a & b | !c:*", "%", "(((", "<->", "\u3000会"]


async def test_bad_input_is_refused_and_odd_words_are_words(ready, start_service, objects):
    """A documented reason for each; whatever is no error finds what is called so, or nothing."""
    async with start_service(objects) as service:
        search = service.search("ann")
        for changes, reason in REFUSED:
            request = pb.SearchRequest(
                **{"text": "x", **changes} if "asset_id" not in changes else changes
            )
            assert reason == await refused(search.Search(request)), changes
        for value in (NAN, 0.4, 1.1):
            request = pb.ListDuplicateGroupsRequest(min_similarity=value)
            assert "FIELD_INVALID" == await refused(search.ListDuplicateGroups(request))
        for size, token, reason in ((-1, "", "FIELD_INVALID"), (1, "x", "PAGE_TOKEN_INVALID")):
            request = pb.ListDuplicateGroupsRequest(page_size=size, page_token=token)
            assert reason == await refused(search.ListDuplicateGroups(request))
        kinds = (pb.SEARCH_METHOD_WORDS, pb.SEARCH_METHOD_AUTO, pb.SEARCH_METHOD_COMBINED)
        for text, method in itertools.product(ODD, kinds):
            answer = await search.Search(pb.SearchRequest(text=text, method=method))
            assert [] == list(answer.hits), (text, method)
