"""The whole service about faces: events, rpcs, scopes, the event log, the filter by people."""

from __future__ import annotations

import asyncio
import uuid
from contextlib import suppress
from datetime import UTC, datetime

import grpc
import pytest
from kioku.common.v1 import vector_pb2
from kioku.events.v1 import events_pb2
from kioku.search.v1 import face_vector_service_pb2 as pb
from kioku.search.v1 import search_service_pb2 as search
from kioku.search.v1.face_vector_service_pb2_grpc import FaceVectorServiceStub
from kioku_rt.events import DeadLetters
from kioku_rt.rpc.status import error_of

from tests.integration.search.face_rig import OWNER, SPACE, ids, ready, stored
from tests.integration.search.rig import space, unit

ADA, BEN = str(uuid.UUID(int=1)), str(uuid.UUID(int=2))
PATIENCE = 40.0


def faces_of(service, *scopes):
    """The stub of a service with these scopes."""
    return FaceVectorServiceStub(service._channel("face", service=True, scopes=scopes))


@pytest.fixture
def asked():
    return pb.FaceAccess(owner=OWNER, actor="u", purpose="test", request_id="r-1")


async def until(check):
    """The first truth that `check` gives."""
    deadline = asyncio.get_running_loop().time() + PATIENCE
    while True:
        found = await check()
        if found:
            return found
        assert asyncio.get_running_loop().time() < deadline, "it never came true"
        await asyncio.sleep(0.05)


async def publish(service, subject, message):
    """Send an event; its id."""
    event_id = str(uuid.uuid4())
    await service.bus.publish(subject, message.SerializeToString(), event_id=event_id)
    return event_id


async def lying(service, subject):
    """Payloads of what lies in the event log."""
    found, sequence = [], 1
    stream = service.bus.topology.stream_of(subject)
    while one := await service.bus.stored_after(stream.name, sequence, subject):
        found.append(one.payload)
        sequence = one.sequence + 1
    return found


def _overwritten(folder, vector):
    """Whether no file of the event log holds the vector."""
    wanted = vector.astype("<f4").tobytes()
    for one in folder.rglob("*"):
        with suppress(OSError):  # a folder, or gone meanwhile
            if wanted in one.read_bytes():
                return False
    return True


async def test_from_event_to_match_and_out_of_the_event_log(
    db, objects, start_service, fresh_nats, asked
):
    """Vectors come by event, which is then gone from the log, dead ones too; a match is found."""
    known, lost = ids(2)
    async with start_service(objects, nats_url=fresh_nats.url) as service:
        stub = faces_of(service, "faces.vectors")
        await publish(service, "embedding.ready", ready({known: unit("ada")}))
        await publish(
            service, "embedding.ready", ready({lost: unit("lost")}, asset_id=uuid.uuid4())
        )

        async def all_gone():
            return known in await stored(db) and not await lying(service, "embedding.ready")

        await until(all_gone)
        await until(lambda: asyncio.to_thread(_overwritten, fresh_nats.data_dir, unit("ada")))
        letters = DeadLetters(service.bus)
        (letter,) = await until(letters.list)
        assert str(lost).encode() in letter.payload
        assert unit("lost").astype("<f4").tobytes() not in letter.payload
        assert "ASSET_NOT_FOUND" == letter.reason

        await stub.LinkFaces(
            pb.LinkFacesRequest(
                access=asked,
                links=[pb.FaceLink(face_id=str(known), person_id=ADA, reference=True, version=1)],
            )
        )
        person = pb.MatchablePerson(person_id=ADA, user_id="u-ada", consented=True, version=1)
        await stub.SetPeople(pb.SetPeopleRequest(access=asked, people=[person]))
        vector = vector_pb2.Vector(space_id=SPACE.space_id, values=unit("ada").tolist())
        request = pb.MatchFacesRequest(access=asked, queries=[pb.FaceQuery(vector=vector)])
        (found,) = (await stub.MatchFaces(request)).results
        assert (True, ADA, "u-ada") == (
            found.known,
            found.people[0].person_id,
            found.people[0].user_id,
        )

        gone = events_pb2.ConsentChanged(
            owner=OWNER, consent_sequence=1, person_id=ADA, version=2, erase_face_ids=[str(known)]
        )
        await publish(service, "consent.changed", gone)

        async def erased():
            return not await stored(db)

        await until(erased)
        request.access.consent_sequence = 1
        (found,) = (await stub.MatchFaces(request)).results
        assert [] == list(found.people)
        request.access.consent_sequence = 2
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await stub.MatchFaces(request)
        assert (grpc.StatusCode.FAILED_PRECONDITION, "CONSENT_BEHIND") == (
            caught.value.code(),
            error_of(caught.value).reason,
        )
        assert 1.0 == error_of(caught.value).retry_after


async def test_photos_with_ada_and_ben(db, objects, start_service, asked):
    """The filter by people finds those with all of them, and forgets an erased one at once."""
    await db.register(space())
    both, one = [await db.indexed(OWNER, space(), unit(n)) for n in (1, 2)]
    ada, ben, ada2 = ids(3)
    async with start_service(objects) as service:
        stub, user = faces_of(service, "faces.vectors"), service.search(OWNER)
        people = [pb.MatchablePerson(person_id=p, consented=True, version=1) for p in (ADA, BEN)]
        await stub.SetPeople(pb.SetPeopleRequest(access=asked, people=people))
        links = [(ada, ADA, both), (ben, BEN, both), (ada2, ADA, one)]
        await stub.LinkFaces(
            pb.LinkFacesRequest(
                access=asked,
                links=[
                    pb.FaceLink(face_id=str(f), person_id=p, asset_id=str(a), version=1)
                    for f, p, a in links
                ],
            )
        )

        async def photos(*wanted):
            request = search.SearchRequest(text="x", filter=search.Filter(people=wanted))
            return {hit.asset_id for hit in (await user.Search(request)).hits}

        assert {str(both)} == await photos(ADA, BEN)
        assert {str(both), str(one)} == await photos(ADA)
        await stub.EraseFaces(pb.EraseFacesRequest(access=asked, person_id=ADA))
        assert set() == await photos(ADA)
        assert set() == await photos(ADA, BEN)
        assert {str(both)} == await photos(BEN)


async def test_a_ticket_is_answered(objects, start_service, db, asked):
    """Unset until the files were rewritten; the job does it."""
    async with start_service(objects, search_index_dsn=db.dsn, scrub_seconds=0.2) as service:
        stub = faces_of(service, "faces.vectors")
        answer = await stub.EraseFaces(pb.EraseFacesRequest(access=asked, face_ids=[ADA]))
        assert 0 == answer.vectors

        async def scrubbed():
            said = await stub.GetScrub(pb.GetScrubRequest(scrub_ticket=answer.scrub_ticket))
            return said.HasField("scrub_time") and said.scrub_time.ToDatetime(UTC)

        moment = await until(scrubbed)
        assert moment <= datetime.now(UTC)


BAD_EVENTS = [
    (lambda m: m.items.add(face_id="x", vector=bytes(128)), "ID_MALFORMED"),
    (lambda m: m.items.add(face_id=ADA, vector=bytes(12)), "VECTOR_WRONG_DIMENSION"),
    (lambda m: m.items.add(face_id=ADA, vector=bytes(128)), "VECTOR_ZERO_NORM"),
    (lambda m: m.items.add(face_id=ADA, vector=bytes(128), frame_no=-1), "FIELD_INVALID"),
    (lambda m: m.items.append(m.items[0]), "FIELD_INVALID"),
    (lambda m: m.ClearField("items"), "FIELD_INVALID"),
    (lambda m: setattr(m, "owner", ""), "FIELD_INVALID"),
    (lambda m: setattr(m, "asset_id", "x"), "ID_MALFORMED"),
    (lambda m: setattr(m.space, "metric", 77), "ENUM_UNKNOWN"),
    (lambda m: setattr(m.space, "normalised", False), "FIELD_INVALID"),
]


async def test_bad_events_are_dead_without_their_vectors(objects, start_service, fresh_nats):
    """Each has its reason in its letter, and nothing of them stays in the event log."""
    async with start_service(objects, nats_url=fresh_nats.url) as service:
        expected = {}
        for damage, reason in BAD_EVENTS:
            message = ready({uuid.uuid4(): unit("a")})
            damage(message)
            expected[await publish(service, "embedding.ready", message)] = reason
        letters = DeadLetters(service.bus)

        async def all_there():
            found = await letters.list()
            return found if len(found) == len(BAD_EVENTS) else None

        found = await until(all_there)
        assert expected == {one.event_id: one.reason for one in found}
        assert not any(unit("a").astype("<f4").tobytes() in one.payload for one in found)

        async def empty():
            return not await lying(service, "embedding.ready")

        await until(empty)
