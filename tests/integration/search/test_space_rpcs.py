"""SpaceService over gRPC: who may call it, and what each call answers."""

from __future__ import annotations

import grpc
import pytest
from kioku.search.v1 import search_service_pb2, space_service_pb2
from kioku.search.v1.space_service_pb2_grpc import SpaceServiceStub
from kioku_rt.reasons import Reason
from kioku_rt.rpc import error_of
from kioku_search.changes import DatabaseChanges
from kioku_search.spaces import space as space_module
from kioku_search.spaces.space_message import space_message

from tests.integration.search.model_change import NEW, OLD, BothSpaces, vector_in
from tests.integration.search.rig import space

pb = space_service_pb2
CALLS = {
    "ListSpaces": pb.ListSpacesRequest(),
    "GetSpace": pb.GetSpaceRequest(space_id="x"),
    "RegisterSpace": pb.RegisterSpaceRequest(),
    "StartBackfill": pb.StartBackfillRequest(space_id="x"),
    "PauseBackfill": pb.PauseBackfillRequest(space_id="x"),
    "ResumeBackfill": pb.ResumeBackfillRequest(space_id="x"),
    "RetryBackfill": pb.RetryBackfillRequest(space_id="x"),
    "GetBackfill": pb.GetBackfillRequest(space_id="x"),
    "ListBackfillFailures": pb.ListBackfillFailuresRequest(space_id="x"),
    "CompareSpaces": pb.CompareSpacesRequest(space_id="x"),
    "SetCanary": pb.SetCanaryRequest(space_id="x", percent=1),
    "PromoteSpace": pb.PromoteSpaceRequest(space_id="x"),
    "RollbackSpace": pb.RollbackSpaceRequest(),
    "RetireSpace": pb.RetireSpaceRequest(space_id="x"),
}


def operator(service):
    """SpaceService for a service that may change spaces."""
    return SpaceServiceStub(service._channel("ops", service=True, scopes=["spaces.admin"]))


async def refused(call):
    with pytest.raises(grpc.aio.AioRpcError) as failure:
        await call
    said = error_of(failure.value)
    return said.reason if said else None


@pytest.fixture
async def filled(db):
    """Forty pictures with a vector in both spaces; the new one is complete."""
    await db.register(OLD)
    await db.register(NEW)
    await db.worker.execute("SELECT search.start_backfill($1)", NEW.space_id)
    ids = []
    for number in range(40):
        one = await db.indexed("ann", OLD, vector_in(OLD, number))
        ids.append(str(one))
        await db.worker.execute(
            "INSERT INTO search.image_embeddings (space_id, owner, asset_id, generation, kind,"
            " tags, shown_at, embedding) VALUES ($1, 'ann', $2, 1, 'IMAGE', '{}', now(), $3)",
            NEW.space_id,
            one,
            vector_in(NEW, f"text {number}"),
        )
    return ids


async def test_only_services_with_the_scope_may_call(start_service, objects):
    """Neither users nor services with another scope, whatever they ask."""
    async with start_service(objects, embedder=BothSpaces(OLD)) as service:
        assert {one.name for one in pb.DESCRIPTOR.services_by_name["SpaceService"].methods} == set(
            CALLS
        )
        for claims in ({}, {"service": True, "scopes": ["search.act"]}):
            stub = SpaceServiceStub(service._channel("eve", **claims))
            for name, request in CALLS.items():
                assert Reason.SCOPE_MISSING == await refused(getattr(stub, name)(request))


async def test_the_whole_way_over_grpc(filled, start_service, objects):
    """Register, look, compare, canary, promote, roll back, retire; a page keeps its space."""
    async with start_service(objects, embedder=BothSpaces(OLD)) as service:
        spaces, search = operator(service), service.search("ann")
        again = await spaces.RegisterSpace(pb.RegisterSpaceRequest(space_id=NEW.space_id))
        assert pb.SPACE_STATE_BACKFILLING == again.space.state
        assert space_message(NEW) == again.space.space
        listed = (await spaces.ListSpaces(pb.ListSpacesRequest())).spaces
        assert [OLD.space_id, NEW.space_id] == [one.space.space_id for one in listed]
        page = await search.Search(search_service_pb2.SearchRequest(text="text 7", k=5))
        assert OLD.space_id == page.space_id
        change = pb.SetCanaryRequest(space_id=NEW.space_id, percent=100)
        assert 100 == (await spaces.SetCanary(change)).space.canary_percent
        first = await search.Search(search_service_pb2.SearchRequest(text="text 7", k=5))
        assert (NEW.space_id, filled[7]) == (first.space_id, first.hits[0].asset_id)
        second = await search.Search(
            search_service_pb2.SearchRequest(text="text 7", k=5, page_token=page.next_page_token)
        )
        assert OLD.space_id == second.space_id
        promoted = await spaces.PromoteSpace(pb.PromoteSpaceRequest(space_id=NEW.space_id))
        assert (OLD.space_id, pb.SPACE_STATE_ACTIVE) == (
            promoted.previous_space_id,
            promoted.space.state,
        )
        back = await spaces.RollbackSpace(pb.RollbackSpaceRequest())
        assert OLD.space_id == back.space.space.space_id
        retire = pb.RetireSpaceRequest(space_id=NEW.space_id)
        assert Reason.SPACE_IN_USE == await refused(spaces.RetireSpace(retire))
        retire.force = True
        assert pb.SPACE_STATE_RETIRED == (await spaces.RetireSpace(retire)).space.state
        late = search_service_pb2.SearchRequest(
            text="text 7", k=5, page_token=first.next_page_token
        )
        assert Reason.PAGE_TOKEN_EXPIRED == await refused(search.Search(late))


async def test_a_space_is_compared_before_anybody_sees_it(filled, start_service, objects):
    """Overlap of two unrelated spaces is small; labelled questions show which one is right."""
    labelled = [
        pb.LabelledQuery(owner="ann", text=f"text {number}", relevant_asset_ids=[filled[number]])
        for number in range(10)
    ]
    request = pb.CompareSpacesRequest(
        space_id=NEW.space_id, k=5, sample_size=20, labelled_queries=labelled
    )
    async with start_service(objects, embedder=BothSpaces(OLD)) as service:
        spaces = operator(service)
        found = await spaces.CompareSpaces(request)
        assert (20, 10, OLD.space_id) == (found.samples, found.labelled, found.base_space_id)
        assert 0 <= found.low_overlap <= found.mean_overlap < 0.5
        assert found.recall == 1.0
        assert found.base_recall < 0.6
        alone = pb.CompareSpacesRequest(space_id=NEW.space_id, sample_size=3, owner="bob")
        none = await spaces.CompareSpaces(alone)
        assert (0, False) == (none.samples, none.HasField("recall"))


async def test_bad_questions_are_refused(filled, start_service, objects):
    """Each with its reason, none as INTERNAL."""
    one = pb.LabelledQuery(owner="ann", text="x", relevant_asset_ids=[filled[0]])
    compare = {"space_id": NEW.space_id}
    async with start_service(objects, embedder=BothSpaces(OLD)) as service:
        spaces = operator(service)
        cases = [
            (spaces.GetSpace(pb.GetSpaceRequest(space_id="none")), Reason.SPACE_NOT_FOUND),
            (
                spaces.RegisterSpace(pb.RegisterSpaceRequest(space_id="none")),
                Reason.SPACE_NOT_SERVED,
            ),
            (
                spaces.RegisterSpace(
                    pb.RegisterSpaceRequest(space=space_message(space(kind="USER")))
                ),
                Reason.FIELD_INVALID,
            ),
            (
                spaces.ListBackfillFailures(
                    pb.ListBackfillFailuresRequest(space_id=NEW.space_id, page_token="x")
                ),
                Reason.PAGE_TOKEN_INVALID,
            ),
            (
                spaces.CompareSpaces(pb.CompareSpacesRequest(**compare, k=101)),
                Reason.FIELD_INVALID,
            ),
            (
                spaces.CompareSpaces(
                    pb.CompareSpacesRequest(**compare, base_space_id=NEW.space_id)
                ),
                Reason.FIELD_INVALID,
            ),
            (
                spaces.CompareSpaces(
                    pb.CompareSpacesRequest(**compare, labelled_queries=[one] * 501)
                ),
                Reason.FIELD_INVALID,
            ),
            (
                spaces.CompareSpaces(
                    pb.CompareSpacesRequest(
                        **compare, labelled_queries=[pb.LabelledQuery(owner="ann")]
                    )
                ),
                Reason.ONEOF_NOT_EXACTLY_ONE,
            ),
        ]
        for call, reason in cases:
            assert reason == await refused(call)


async def test_a_change_ends_kept_answers_and_pages_stay(
    filled, db, start_service, objects, monkeypatch
):
    """In every process with the next search, though it hears nothing; later pages of what was
    found before are lengthened in their own space.
    """
    monkeypatch.setattr(DatabaseChanges, "_space_changed", lambda *_: None)
    monkeypatch.setattr(space_module, "_FRESH_SECONDS", 3600.0)
    how = {"embedder": BothSpaces(OLD), "page_depth": 1}
    async with start_service(objects, **how) as one, start_service(objects, **how) as other:
        searches = [service.search("ann") for service in (one, other)]

        async def told(search, token="", k=5):
            request = search_service_pb2.SearchRequest(text="text 7", k=k, page_token=token)
            answer = await search.Search(request)
            return answer, (answer.space_id, answer.explain.cached_answer)

        async def everywhere():
            return [(await told(search))[1] for search in searches]

        first, _ = await told(searches[0])
        await everywhere()
        assert [(OLD.space_id, True)] * 2 == await everywhere()
        for percent, served in ((100, NEW), (0, OLD)):
            await db.worker.execute("SELECT search.set_canary($1, $2)", NEW.space_id, percent)
            assert [(served.space_id, False)] * 2 == await everywhere()
            assert [(served.space_id, True)] * 2 == await everywhere()
        await db.worker.execute("SELECT search.make_active($1)", NEW.space_id)
        assert [(NEW.space_id, False)] * 2 == await everywhere()
        found, token = [hit.asset_id for hit in first.hits], first.next_page_token
        while token:
            page, (space_id, _) = await told(searches[len(found) % 2], token)
            assert OLD.space_id == space_id
            found, token = found + [hit.asset_id for hit in page.hits], page.next_page_token
            assert len(found) <= len(filled)
    assert sorted(filled) == sorted(found)
