"""A person is removed; and what is held of somebody is told to them."""

from __future__ import annotations

import uuid

import pytest
from kioku.events.v1 import events_pb2
from kioku.face.v1 import consent_service_pb2 as pb
from kioku.face.v1 import face_pb2
from kioku_face.people.ports import Removal
from kioku_rt.errors import KiokuError
from kioku_rt.reasons import Reason

from tests.integration.face.consent.rig import acting, refusal


async def test_a_person_is_removed(service, db):
    """Faces, vectors, name and whoever was merged into them; the history stays, for the owner."""
    ada, _ = await service.known("ann", user_id="bob")
    before = await db.person("ann", merged_into=ada)
    removed = await service.part.withdrawal.remove(acting("ann"), ada, request_id="r")
    assert Removal(removed.erasure_id, done=True) == removed
    for table in ("people", "faces"):
        assert 0 == await db.count(table)
    assert ["WITHDRAWN"] * 2 == [await db.state(one) for one in (ada, before)]
    told = [events_pb2.PersonDeleted.FromString(one) for one in await db.events("person.deleted")]
    assert {("ann", str(ada)), ("ann", str(before))} == {(e.owner, e.person_id) for e in told}
    history = await service.calls("ann").ListConsents(pb.ListConsentsRequest(person_id=str(ada)))
    assert [2, 1] == [one.version for one in history.consents]
    erasure = pb.GetErasureRequest(erasure_id=str(removed.erasure_id))
    for subject in ("ann", "bob"):
        got = (await service.calls(subject).GetErasure(erasure)).erasure
        assert pb.ERASURE_STATE_ERASED == got.state
    for name in ("WithdrawConsent", "GrantConsent", "ExportPerson"):
        request = getattr(pb, f"{name}Request")(person_id=str(ada))
        if name == "GrantConsent":
            request.text_version = "v1"
        assert Reason.PERSON_NOT_FOUND is await refusal(
            getattr(service.calls("ann"), name)(request)
        )


async def test_with_search_away_a_removal_is_under_way(service, db):
    """Not done; that nothing is held is told when it is so."""
    ada, _ = await service.known("ann")
    service.vectors.down = True
    removed = await service.part.withdrawal.remove(acting("ann"), ada, request_id="r")
    assert not removed.done
    assert [] == await db.events("person.deleted")
    service.vectors.down = False
    await service.finish()
    assert 1 == len(await db.events("person.deleted"))


async def test_removing_somebody_who_took_it_back_or_never_agreed(service, db):
    """There is an erasure all the same, and no entry too many."""
    ada, _ = await service.known("ann")
    await service.withdraw("ann", ada)
    eve = await db.person("ann")
    for person_id, versions in ((ada, 2), (eve, 1)):
        removed = await service.part.withdrawal.remove(acting("ann"), person_id, request_id="")
        assert removed.done
        assert versions == await db.count("consents", f"person_id = '{person_id}'")


async def test_only_an_owner_removes(service, db):
    """Nobody else's person, nobody twice, nobody who was merged."""
    ada, _ = await service.known("ann")
    merged = await db.person("ann", merged_into=ada)
    for owner, person_id in (("bob", ada), ("ann", uuid.uuid4()), ("ann", merged)):
        with pytest.raises(KiokuError) as refused:
            await service.part.withdrawal.remove(acting(owner), person_id, request_id="")
        assert Reason.PERSON_NOT_FOUND is refused.value.reason
    assert 2 == await db.count("people")
    assert 0 == await db.count("erasures")


async def test_everything_that_is_held_is_told(service, db):
    """To the owner and to the user who it is; that it was told is in it; no vector, no one else."""
    ada, faces = await service.known("ann", user_id="bob")
    eve, _ = await service.known("ann", sha256="e" * 64)
    request = pb.ExportPersonRequest(person_id=str(ada))
    for caller, times in (
        (service.calls("ann"), 1),
        (service.calls("bob"), 2),
        (service.admin(), 3),
    ):
        held = await caller.ExportPerson(request)
        person = held.person
        assert (str(ada), "Ada", "bob", 2) == (
            person.person_id,
            person.name,
            person.user_id,
            person.face_count,
        )
        assert face_pb2.CONSENT_STATE_GRANTED == person.consent_state
        assert [1] == [one.version for one in held.consents]
        assert {str(one) for one in faces} == {one.face_id for one in held.faces}
        assert {"faces@000000000000"} == {one.space_id for one in held.faces}
        actions = [one.action for one in held.audit]
        assert ["person.export"] * times + ["consent.grant"] == actions
    assert str(eve) not in str(held)
    gone = pb.ExportPersonRequest(person_id=str(eve))
    await service.withdraw("ann", eve)
    after = await service.calls("ann").ExportPerson(gone)
    assert ([], [2, 1]) == (list(after.faces), [one.version for one in after.consents])
    assert "consent.withdraw" in [one.action for one in after.audit]


async def test_a_user_is_told_of_whom_they_became(service, db):
    """An owner who merged them finds one person; so does the user, by either id."""
    ada, faces = await service.known("ann")
    before = await db.person("ann", user_id="bob")
    await service.grant("bob", before)
    await db.owner.execute(
        "UPDATE face.people SET merged_into = $1 WHERE person_id = $2", ada, before
    )
    request = pb.ExportPersonRequest(person_id=str(before))
    held = await service.calls("bob").ExportPerson(request)
    assert str(ada) == held.person.person_id
    assert len(faces) == len(held.faces)
    assert {"ann", "bob"} == {one.actor for one in held.consents}
    assert Reason.PERSON_NOT_FOUND is await refusal(service.calls("ann").ExportPerson(request))
