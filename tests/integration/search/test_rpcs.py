"""Every rpc over a real gRPC server: documented codes, stable reasons, nobody else's data."""

from __future__ import annotations

import uuid

import grpc
import pytest
import pytest_asyncio
from google.protobuf.timestamp_pb2 import Timestamp
from kioku.assets.v1 import asset_pb2
from kioku.assets.v1 import asset_service_pb2 as assets_pb2
from kioku.common.v1 import vector_pb2
from kioku.search.v1 import search_service_pb2 as search_pb2
from kioku_rt.errors import DependencyDown, InvalidInput
from kioku_rt.reasons import Reason
from kioku_rt.rpc import error_of

from tests.integration.search.rig import FakeEmbedder, space, unit

JPEG = b"\xff\xd8\xff\xe0" + b"\x00" * 100
UPLOAD = {"filename": "a.jpg", "content_type": "image/jpeg", "size_bytes": 9}
NAN, INF = float("nan"), float("inf")


@pytest_asyncio.fixture
async def service(db, objects, start_service):
    """The service with one space and one picture of Ann's and one of Bob's."""
    await db.register(space())
    async with start_service(objects, embedder=FakeEmbedder(space())) as running:
        yield running


async def refused(call):
    """Code and reason of a call that fails."""
    with pytest.raises(grpc.aio.AioRpcError) as failure:
        await call
    error = error_of(failure.value)
    return failure.value.code().name, error.reason.value if error else None


def vector(values, space_id=None):
    named = space().space_id if space_id is None else space_id
    return vector_pb2.Vector(space_id=named, values=values)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"filename": ""}, "FIELD_MISSING"),
        ({"filename": "x" * 256}, "FIELD_INVALID"),
        ({"filename": "é" * 128}, "FIELD_INVALID"),
        ({"filename": "a\0b"}, "TEXT_INVALID_CHARACTER"),
        ({"size_bytes": 0}, "IMAGE_EMPTY"),
        ({"size_bytes": -5}, "FIELD_INVALID"),
        ({"size_bytes": 2**62}, "IMAGE_TOO_LARGE"),
        ({"content_type": ""}, "IMAGE_UNSUPPORTED_FORMAT"),
        ({"content_type": "video/mp4", "size_bytes": 2**31 + 1}, "VIDEO_TOO_LARGE"),
        ({"content_type": "video/mp4", "size_bytes": 0}, "FIELD_INVALID"),
        ({"sha256": "A" * 64}, "FIELD_INVALID"),
        ({"sha256": "0" * 63}, "FIELD_INVALID"),
        ({"tags": ["x" * 65]}, "TEXT_TOO_LONG"),
        ({"tags": ["\u200b"]}, "TEXT_EMPTY"),
        ({"tags": [str(number) for number in range(65)]}, "FIELD_INVALID"),
        ({"request_id": "{" + str(uuid.uuid4()) + "}"}, "ID_MALFORMED"),
        ({"taken_time": Timestamp(seconds=2**62)}, "TIME_OUT_OF_RANGE"),
        ({"taken_time": Timestamp(seconds=0, nanos=-1)}, "TIME_OUT_OF_RANGE"),
        ({"taken_time": Timestamp(seconds=-(2**40))}, "TIME_OUT_OF_RANGE"),
    ],
)
async def test_uploads_that_are_refused(service, changes, reason):
    """Each bad field has its reason, and nothing is registered."""
    call = service.assets("ann").CreateUpload(
        assets_pb2.CreateUploadRequest(**{**UPLOAD, **changes})
    )
    assert ("INVALID_ARGUMENT", reason) == await refused(call)
    page = await service.assets("ann").ListAssets(assets_pb2.ListAssetsRequest())
    assert 0 == len(page.assets)


@pytest.mark.parametrize(
    ("name", "tags"),
    [("猫.jpg", ["猫", "🐈‍⬛"]), ("../../etc/passwd", ["'; DROP TABLE x; --"]), ("x" * 255, [])],
)
async def test_odd_names_and_tags_are_text(service, name, tags):
    """They come back as they were given, and no storage key shows them."""
    made = await service.assets("ann").CreateUpload(
        assets_pb2.CreateUploadRequest(**{**UPLOAD, "filename": name, "tags": tags})
    )
    assert (name, tags) == (made.asset.filename, list(made.asset.tags))
    assert f"incoming/{made.asset.asset_id}" in made.upload_url


@pytest.mark.parametrize("first_second", [-62135596800, 0, 253402300799])
async def test_every_legal_time_is_kept(service, first_second):
    """Years 1 to 9999."""
    stamp = Timestamp(seconds=first_second, nanos=999_999_000)
    made = await service.assets("ann").CreateUpload(
        assets_pb2.CreateUploadRequest(**UPLOAD, taken_time=stamp)
    )
    assert stamp == made.asset.taken_time


BAD_IDS = [
    "",
    "x",
    "../x",
    str(uuid.UUID(int=10**37)).upper(),
    uuid.UUID(int=10**37).hex,
    "0" * 4096,
]


@pytest.mark.parametrize("bad", BAD_IDS)
async def test_malformed_ids(service, bad):
    """ID_MALFORMED in every rpc that takes one."""
    assets = service.assets("ann")
    for method, request in (
        (assets.CompleteUpload, assets_pb2.CompleteUploadRequest),
        (assets.GetAsset, assets_pb2.GetAssetRequest),
        (assets.DeleteAsset, assets_pb2.DeleteAssetRequest),
        (assets.GetDeletion, assets_pb2.GetDeletionRequest),
        (assets.RetryAsset, assets_pb2.RetryAssetRequest),
        (assets.GetDownloadUrl, assets_pb2.GetDownloadUrlRequest),
    ):
        call = method(request(asset_id=bad))
        assert ("INVALID_ARGUMENT", "ID_MALFORMED") == await refused(call)
    watching = assets.WatchAsset(assets_pb2.WatchAssetRequest(asset_id=bad))
    assert ("INVALID_ARGUMENT", "ID_MALFORMED") == await refused(watching.read())


async def test_foreign_and_unknown_assets_answer_byte_for_byte_alike(service, db):
    """Every rpc: same code, same text, same details."""
    foreign = str(await db.indexed("bob", space(), unit("bob")))
    assets, search = service.assets("ann"), service.search("ann")
    for call in (
        lambda one: assets.CompleteUpload(assets_pb2.CompleteUploadRequest(asset_id=one)),
        lambda one: assets.GetAsset(assets_pb2.GetAssetRequest(asset_id=one)),
        lambda one: assets.DeleteAsset(assets_pb2.DeleteAssetRequest(asset_id=one)),
        lambda one: assets.GetDeletion(assets_pb2.GetDeletionRequest(asset_id=one)),
        lambda one: assets.RetryAsset(assets_pb2.RetryAssetRequest(asset_id=one)),
        lambda one: assets.GetDownloadUrl(assets_pb2.GetDownloadUrlRequest(asset_id=one)),
        lambda one: assets.WatchAsset(assets_pb2.WatchAssetRequest(asset_id=one)).read(),
        lambda one: search.Search(search_pb2.SearchRequest(asset_id=one)),
    ):
        answers = set()
        for one in (foreign, str(uuid.uuid4())):
            with pytest.raises(grpc.aio.AioRpcError) as failure:
                await call(one)
            trailers = dict(failure.value.trailing_metadata())
            answers.add(
                (failure.value.code(), failure.value.details(),
                 trailers["grpc-status-details-bin"])
            )  # fmt: skip
        assert 1 == len(answers)
        assert grpc.StatusCode.NOT_FOUND is failure.value.code()


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        (search_pb2.SearchRequest(), "ONEOF_NOT_EXACTLY_ONE"),
        (search_pb2.SearchRequest(text=""), "TEXT_EMPTY"),
        (search_pb2.SearchRequest(text=" \u200b\u3000"), "TEXT_EMPTY"),
        (search_pb2.SearchRequest(text="x" * 1_000_000), "TEXT_TOO_LONG"),
        (search_pb2.SearchRequest(text="a\0b"), "TEXT_INVALID_CHARACTER"),
        (search_pb2.SearchRequest(image=b""), "IMAGE_EMPTY"),
        (search_pb2.SearchRequest(image=b"<svg/>"), "IMAGE_UNSUPPORTED_FORMAT"),
        (search_pb2.SearchRequest(image=JPEG + bytes(16 * 2**20)), "IMAGE_TOO_LARGE"),
        (search_pb2.SearchRequest(asset_id="x"), "ID_MALFORMED"),
        (search_pb2.SearchRequest(text="x", k=-1), "FIELD_INVALID"),
        (search_pb2.SearchRequest(text="x", k=1001), "FIELD_INVALID"),
        (search_pb2.SearchRequest(text="x", k=2**31 - 1), "FIELD_INVALID"),
        (search_pb2.SearchRequest(text="x", min_score=1.5), "FIELD_INVALID"),
        (search_pb2.SearchRequest(text="x", min_score=NAN), "FIELD_INVALID"),
        (search_pb2.SearchRequest(text="x", page_token="nonsense"), "PAGE_TOKEN_INVALID"),
        (search_pb2.SearchRequest(text="x", page_token="é"), "PAGE_TOKEN_INVALID"),
        (search_pb2.SearchRequest(vector=vector([1.0] * 32, "")), "FIELD_MISSING"),
        (search_pb2.SearchRequest(vector=vector([])), "VECTOR_WRONG_DIMENSION"),
        (search_pb2.SearchRequest(vector=vector([1.0] * 31)), "VECTOR_WRONG_DIMENSION"),
        (search_pb2.SearchRequest(vector=vector([1.0] * 33)), "VECTOR_WRONG_DIMENSION"),
        (search_pb2.SearchRequest(vector=vector([NAN] * 32)), "VECTOR_NOT_FINITE"),
        (search_pb2.SearchRequest(vector=vector([-INF] * 32)), "VECTOR_NOT_FINITE"),
        (search_pb2.SearchRequest(vector=vector([0.0] * 32)), "VECTOR_ZERO_NORM"),
        (search_pb2.SearchRequest(vector=vector([1e-42] * 32)), "VECTOR_ZERO_NORM"),
        (
            search_pb2.SearchRequest(
                text="x",
                filter=search_pb2.Filter(
                    start_time=Timestamp(seconds=2), end_time=Timestamp(seconds=1)
                ),
            ),
            "TIME_OUT_OF_RANGE",
        ),
        (
            search_pb2.SearchRequest(text="x", filter=search_pb2.Filter(tags=["\0"])),
            "TEXT_INVALID_CHARACTER",
        ),
        (search_pb2.SearchRequest(text="x", filter=search_pb2.Filter(kind=99)), "ENUM_UNKNOWN"),
    ],
)
async def test_searches_that_are_refused(service, request_, reason):
    """Each bad field has its reason."""
    assert ("INVALID_ARGUMENT", reason) == await refused(service.search("ann").Search(request_))


async def test_states_that_do_not_allow_a_search(service, db):
    """An unknown space, and an asset without a vector."""
    search = service.search("ann")
    unknown = search_pb2.SearchRequest(vector=vector([1.0], "no@000000000000"))
    assert ("FAILED_PRECONDITION", "SPACE_UNKNOWN") == await refused(search.Search(unknown))
    pending = search_pb2.SearchRequest(asset_id=str(await db.stored_asset("ann")))
    assert ("FAILED_PRECONDITION", "ASSET_NOT_READY") == await refused(search.Search(pending))


@pytest.mark.parametrize("values", [[1e38] * 32, [1e-10] * 32])
async def test_vectors_of_any_length_are_directions(service, db, values):
    """Neither overflow nor underflow: the nearest is the same as for the unit vector."""
    asset_id = await db.indexed("ann", space(), [1 / 32**0.5] * 32)
    found = await service.search("ann").Search(search_pb2.SearchRequest(vector=vector(values)))
    assert [str(asset_id)] == [hit.asset_id for hit in found.hits]
    assert found.hits[0].score == pytest.approx(1.0, abs=1e-3)


async def test_hits_pages_scores_and_explain(service, db):
    """Thirty pictures in pages of twelve: nearest first, each once, then the end."""
    ids = {str(await db.indexed("ann", space(), unit(number))) for number in range(30)}
    search, token, seen, scores = service.search("ann"), "", [], []
    for size in (12, 12, 6):
        page = await search.Search(search_pb2.SearchRequest(text="q", k=12, page_token=token))
        assert size == len(page.hits)
        seen += [hit.asset_id for hit in page.hits]
        scores += [hit.score for hit in page.hits]
        token = page.next_page_token
    assert ("", ids) == (token, set(seen))
    assert sorted(scores, reverse=True) == scores
    assert (space().space_id, "exact", True) == (
        page.space_id, page.explain.strategy, page.explain.cached_vector
    )  # fmt: skip
    assert page.explain.database_ms > 0
    assert 1 == sum(call[0] == "text" for call in service.embedder.calls)


async def test_a_page_token_belongs_to_its_query_and_owner(service, db):
    """Another text, filter, threshold or owner makes it invalid."""
    for number in range(3):
        await db.indexed("ann", space(), unit(number))
    first = await service.search("ann").Search(search_pb2.SearchRequest(text="q", k=1))
    token = first.next_page_token
    for subject, request in (
        ("ann", search_pb2.SearchRequest(text="p", k=1, page_token=token)),
        ("ann", search_pb2.SearchRequest(text="q", k=1, page_token=token, min_score=0)),
        ("ann", search_pb2.SearchRequest(
            text="q", k=1, page_token=token, filter=search_pb2.Filter(tags=["t"]))),
        ("bob", search_pb2.SearchRequest(text="q", k=1, page_token=token)),
    ):  # fmt: skip
        call = service.search(subject).Search(request)
        assert ("INVALID_ARGUMENT", "PAGE_TOKEN_INVALID") == await refused(call)


async def test_the_score_threshold_cuts_and_ends_the_pages(service, db):
    """Only nearer ones, and no further page."""
    for number in range(10):
        await db.indexed("ann", space(), unit(number))
    near = str(await db.indexed("ann", space(), unit("q")))
    request = search_pb2.SearchRequest(text="q", k=5, min_score=0.95)
    found = await service.search("ann").Search(request)
    assert ([near], "") == ([hit.asset_id for hit in found.hits], found.next_page_token)


async def test_an_embedder_that_is_down(service, db):
    """Words and pictures are UNAVAILABLE with a reason; assets and vectors are still found."""
    asset_id = str(await db.indexed("ann", space(), unit("a")))
    await db.indexed("ann", space(), unit("b"))
    service.embedder.failure = DependencyDown("embedder", reason=Reason.EMBEDDER_UNAVAILABLE)
    search = service.search("ann")
    for request in (search_pb2.SearchRequest(text="x"), search_pb2.SearchRequest(image=JPEG)):
        call = search.Search(request, timeout=3)
        assert ("UNAVAILABLE", "EMBEDDER_UNAVAILABLE") == await refused(call)
    assert 1 == len((await search.Search(search_pb2.SearchRequest(asset_id=asset_id))).hits)
    by_vector = search_pb2.SearchRequest(vector=vector(unit("a")))
    assert 2 == len((await search.Search(by_vector)).hits)
    service.embedder.failure = None
    assert 2 == len((await search.Search(search_pb2.SearchRequest(text="x"))).hits)


async def test_a_picture_the_embedder_cannot_read(service):
    """Its reason reaches the caller."""
    service.embedder.failure = InvalidInput(Reason.IMAGE_TRUNCATED)
    call = service.search("ann").Search(search_pb2.SearchRequest(image=JPEG))
    assert ("INVALID_ARGUMENT", "IMAGE_TRUNCATED") == await refused(call)


async def test_the_embedder_is_always_told_the_space(service):
    """No query is embedded in whatever space is served."""
    for request in (search_pb2.SearchRequest(text="x"), search_pb2.SearchRequest(image=JPEG)):
        await service.search("ann").Search(request)
    told = {call[2] for call in service.embedder.calls if call[0] != "space"}
    assert {space().space_id} == told


async def test_without_a_space(db, objects, start_service):
    """Before the first vector a search says so, or the embedder's default space is registered."""
    fake = FakeEmbedder(space())
    fake.failure = DependencyDown("embedder", reason=Reason.EMBEDDER_UNAVAILABLE)
    async with start_service(objects, embedder=fake) as running:
        call = running.search("ann").Search(search_pb2.SearchRequest(text="x"))
        assert ("FAILED_PRECONDITION", "NO_ACTIVE_SPACE") == await refused(call)
    async with start_service(objects, embedder=FakeEmbedder(space())) as running:
        for _ in range(50):
            stats = await running.search("ann").GetStats(search_pb2.GetStatsRequest())
            if stats.spaces:
                break
        assert [(space().space_id, "active", 0)] == [
            (one.space.space_id, one.state, one.vectors) for one in stats.spaces
        ]


async def test_stats_count_the_owners_own(service, db):
    """By state, by space, and what is missing."""
    await db.indexed("ann", space(), unit("a"))
    await db.stored_asset("ann")
    await db.stored_asset("ann", state="DELETING")
    await db.stored_asset("bob")
    stats = await service.search("ann").GetStats(search_pb2.GetStatsRequest())
    assert {"READY": 1, "PROCESSING": 1} == dict(stats.assets)
    assert (1, 1) == (stats.spaces[0].vectors, stats.missing_vectors)


async def test_a_user_cannot_name_another_owner(service):
    """PERMISSION_DENIED, for reading and searching alike."""
    calls = (
        service.assets("ann").ListAssets(assets_pb2.ListAssetsRequest(owner="bob")),
        service.search("ann").GetStats(search_pb2.GetStatsRequest(owner="bob")),
        service.search("ann").Search(
            search_pb2.SearchRequest(text="x", filter=search_pb2.Filter(owner="bob"))
        ),
    )
    for call in calls:
        assert ("PERMISSION_DENIED", "SCOPE_MISSING") == await refused(call)


async def test_a_service_acts_for_an_owner_and_is_audited(service, db):
    """With the scope it sees that owner's data, and each call leaves a row; without, nothing."""
    asset_id = str(await db.indexed("bob", space(), unit("bob")))
    claims = {"service": True, "scopes": ("assets.act", "search.act")}
    assets, search = service.assets("backend", **claims), service.search("backend", **claims)
    await assets.GetAsset(assets_pb2.GetAssetRequest(asset_id=asset_id, owner="bob"))
    found = await search.Search(
        search_pb2.SearchRequest(text="x", filter=search_pb2.Filter(owner="bob"))
    )
    await search.GetStats(search_pb2.GetStatsRequest(owner="bob"))
    assert [asset_id] == [hit.asset_id for hit in found.hits]
    rows = await db.owner.fetch(
        "SELECT action, details ->> 'owner' FROM search.audit_logs WHERE actor = 'backend'"
        " ORDER BY id"
    )
    actions = ["asset.get", "search", "search.words", "stats.get"]
    assert [(action, "bob") for action in actions] == sorted(tuple(row) for row in rows)
    weak = service.assets("backend", service=True)
    call = weak.GetAsset(assets_pb2.GetAssetRequest(asset_id=asset_id, owner="bob"))
    assert ("PERMISSION_DENIED", "SCOPE_MISSING") == await refused(call)


async def test_lists_and_their_limits(service, db):
    """A negative page is refused, a huge one lowered, a state filter honoured."""
    await db.stored_asset("ann")
    assets = service.assets("ann")
    call = assets.ListAssets(assets_pb2.ListAssetsRequest(page_size=-1))
    assert ("INVALID_ARGUMENT", "FIELD_INVALID") == await refused(call)
    page = await assets.ListAssets(assets_pb2.ListAssetsRequest(page_size=10**6))
    assert 1 == len(page.assets)
    ready = assets_pb2.ListAssetsRequest(state=asset_pb2.ASSET_STATE_READY)
    assert 0 == len((await assets.ListAssets(ready)).assets)
