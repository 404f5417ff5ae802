"""Who is unknown stays in the library of whoever took the picture."""

from __future__ import annotations

import uuid

import grpc
from google.protobuf.descriptor import Descriptor
from kioku.events.v1 import events_pb2
from kioku.face.v1 import consent_service_pb2 as pb
from kioku.search.v1 import face_vector_service_pb2

from tests.integration.face.consent.rig import unit


def fields(message: Descriptor, seen: frozenset[str] = frozenset()) -> set[str]:
    """Names of all fields of a message, however deep."""
    if message.full_name in seen:
        return set()
    seen |= {message.full_name}
    inner = [one.message_type for one in message.fields if one.message_type]
    return {one.name for one in message.fields}.union(*(fields(one, seen) for one in inner))


def test_no_event_has_room_for_an_unknown_person():
    """Nor has anything that `search` is told: ids of faces, assets and people only."""
    for file in (events_pb2.DESCRIPTOR, face_vector_service_pb2.DESCRIPTOR):
        assert file.message_types_by_name
        for message in file.message_types_by_name.values():
            assert not [name for name in fields(message) if "anonymous" in name], message.name


async def test_nobody_else_is_told_of_somebody_unknown(service, db):
    """No answer to another owner, or to a user who is in the same library; no event."""
    stranger = uuid.uuid4()
    asset_id = await db.asset("ann", "d" * 64)
    face_id = await db.face("ann", asset_id, anonymous_id=stranger, box=[0.6, 0.6, 0.2, 0.2])
    service.vectors.put("ann", face_id, unit(99))
    ada, _ = await service.known("ann", user_id="bob")
    said = []
    for caller in (service.calls("mallory"), service.calls("bob")):
        for person_id in (ada, stranger, face_id):
            for name in ("GrantConsent", "ListConsents", "ExportPerson", "WithdrawConsent"):
                request = getattr(pb, f"{name}Request")(person_id=str(person_id))
                if name == "GrantConsent":
                    request.text_version = "v1"
                try:
                    answer = await getattr(caller, name)(request)
                    said.append(answer.SerializeToString())
                except grpc.aio.AioRpcError as failure:
                    said.append(f"{failure.details()} {failure.trailing_metadata()}".encode())
    await service.finish()
    await db.owner.execute("UPDATE face.faces SET created_at = now() - interval '500 days'")
    await service.run("retention")
    await service.finish()
    assert 1 == await db.count("erasures", "cause = 'RETENTION' AND faces = 1")
    said += [
        bytes(row["payload"]) for row in await db.owner.fetch("SELECT payload FROM face.outbox")
    ]
    assert len(said) > 24
    assert not [one for one in said if str(stranger).encode() in one or stranger.bytes in one]
    details = await db.owner.fetch("SELECT details::text AS text FROM face.audit_logs")
    assert not [row for row in details if str(stranger) in row["text"]]
