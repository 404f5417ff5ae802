"""Consent is recorded by whoever may give it, and `search` hears of it."""

from __future__ import annotations

import asyncio
import itertools
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from kioku.events.v1 import events_pb2
from kioku.face.v1 import consent_service_pb2 as pb
from kioku.face.v1 import face_pb2
from kioku_rt.errors import KiokuError
from kioku_rt.reasons import Reason

from tests.integration.face.consent.rig import refusal

GRANTED = face_pb2.CONSENT_STATE_GRANTED
CALLS = {
    "GrantConsent": pb.GrantConsentRequest(text_version="v1"),
    "WithdrawConsent": pb.WithdrawConsentRequest(),
    "ListConsents": pb.ListConsentsRequest(),
    "ExportPerson": pb.ExportPersonRequest(),
}


def request_of(name: str, person_id: object):
    one = type(CALLS[name])()
    one.CopyFrom(CALLS[name])
    one.person_id = str(person_id)
    return one


def stamp(moment: datetime) -> Timestamp:
    one = Timestamp()
    one.FromDatetime(moment)
    return one


async def test_an_owner_records_consent(service, db):
    """Who, which text, until when; told to search, in the outbox, audited."""
    ada = await db.person("ann")
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(days=30)
    consent = await service.grant("ann", ada, expire_time=stamp(until))
    assert (1, GRANTED, "recognition", "v1", "ann") == (
        consent.version,
        consent.state,
        consent.scope,
        consent.text_version,
        consent.actor,
    )
    assert until == consent.expire_time.ToDatetime(UTC)
    (payload,) = await db.events("consent.changed")
    event = events_pb2.ConsentChanged.FromString(payload)
    assert ("ann", 1, str(ada), True, 1, "ann") == (
        event.owner,
        event.consent_sequence,
        event.person_id,
        event.consented,
        event.version,
        event.actor,
    )
    assert until == event.expire_time.ToDatetime(UTC)
    assert ["set_people"] == [name for name, _ in service.vectors.accesses]
    assert 1 == await db.count("consent_sequences", "told = 1 AND sequence = 1")
    assert ["consent.grant"] == await db.actions()


async def test_a_user_of_the_app_agrees_for_themselves(service, db):
    """With their own token; the owner of the library cannot, a service may record it."""
    bob = await db.person("ann", user_id="bob")
    request = request_of("GrantConsent", bob)
    assert Reason.CONSENT_NOT_YOURS is await refusal(service.calls("ann").GrantConsent(request))
    assert await db.state(bob) is None
    assert "bob" == (await service.calls("bob").GrantConsent(request)).consent.actor
    assert "backend" == (await service.admin().GrantConsent(request)).consent.actor
    assert 2 == await db.owner.fetchval("SELECT version FROM face.consent_states")


async def test_whose_user_it_is_is_asked_again_when_it_is_recorded(service, db, monkeypatch):
    """The person was linked to a user between the look and the entry: the owner is too late."""
    ada = await db.person("ann")
    find = service.part.registration.servicer._granting._store.find

    async def then_linked(*arguments):
        found = await find(*arguments)
        await db.owner.execute("UPDATE face.people SET user_id = 'bob'")
        return found

    monkeypatch.setattr(service.part.registration.servicer._granting._store, "find", then_linked)
    call = service.calls("ann").GrantConsent(request_of("GrantConsent", ada))
    assert Reason.CONSENT_NOT_YOURS is await refusal(call)


async def test_somebody_elses_person_looks_like_none(service, db):
    """For a stranger, and for ids that were never given; nothing is changed."""
    ada = await db.person("ann", user_id="bob")
    for name, person_id in itertools.product(CALLS, (ada, uuid.uuid4())):
        call = getattr(service.calls("mallory"), name)(request_of(name, person_id))
        assert Reason.PERSON_NOT_FOUND is await refusal(call)
    assert 0 == await db.count("consents")
    assert {"consent.list"} >= set(await db.actions())


async def test_wrong_tokens_and_ids_are_refused(service, db):
    """A service needs the scope; an expired token, a second one, and what is no id."""
    ada = await db.person("ann")
    for name in CALLS:
        await refused_all(service, name, ada)
    assert 0 == await db.count("consents")


async def refused_all(service, name: str, ada: uuid.UUID) -> None:
    good = request_of(name, ada)
    for scopes in ([], ["face.act", "search.act", "audit.read"]):
        call = getattr(service.calls("x", service=True, scopes=scopes), name)(good)
        assert Reason.SCOPE_MISSING is await refusal(call)
    assert Reason.ID_MALFORMED is await refusal(
        getattr(service.calls("ann"), name)(request_of(name, str(ada).upper()))
    )
    stale = service.issuer.mint("ann", ttl=-3600)
    call = getattr(service.calls("ann"), name)(
        good, metadata=(("authorization", "Bearer " + stale),)
    )
    assert await refusal(call) in (Reason.TOKEN_EXPIRED, Reason.TOKEN_INVALID, Reason.TOKEN_MISSING)


BAD = [
    ({"text_version": ""}, Reason.TEXT_EMPTY),
    ({"text_version": "x" * 101}, Reason.TEXT_TOO_LONG),
    ({"text_version": "a\0"}, Reason.TEXT_INVALID_CHARACTER),
    ({"expire_time": Timestamp(seconds=1)}, Reason.TIME_OUT_OF_RANGE),
    ({"expire_time": Timestamp(seconds=2**60)}, Reason.TIME_OUT_OF_RANGE),
    ({"expire_time": Timestamp(seconds=10**10, nanos=-1)}, Reason.TIME_OUT_OF_RANGE),
]


async def test_bad_input_is_refused(service, db):
    """By a stable reason; a purpose that is too long as well."""
    ada = await db.person("ann")
    for changes, reason in BAD:
        facts = {"person_id": str(ada), "text_version": "v1", **changes}
        call = service.calls("ann").GrantConsent(pb.GrantConsentRequest(**facts))
        assert (changes, reason) == (changes, await refusal(call))
    request = pb.WithdrawConsentRequest(person_id=str(ada), purpose="x" * 201)
    call = service.calls("ann").WithdrawConsent(request)
    assert Reason.TEXT_TOO_LONG is await refusal(call)
    assert 0 == await db.count("consents")


async def test_history_is_paged_the_newest_first(service, db):
    """Entries stay; a token belongs to its person and caller."""
    ada, eve = await db.person("ann"), await db.person("ann")
    for _ in range(3):
        await service.grant("ann", ada)
    await service.withdraw("ann", ada)
    calls = service.calls("ann")
    first = await calls.ListConsents(pb.ListConsentsRequest(person_id=str(ada), page_size=3))
    assert [4, 3, 2] == [one.version for one in first.consents]
    assert face_pb2.CONSENT_STATE_WITHDRAWN == first.consents[0].state
    token = first.next_page_token
    rest = await calls.ListConsents(
        pb.ListConsentsRequest(person_id=str(ada), page_size=3, page_token=token)
    )
    assert ([1], "") == ([one.version for one in rest.consents], rest.next_page_token)
    wrong = pb.ListConsentsRequest(person_id=str(eve), page_token=token)
    assert Reason.PAGE_TOKEN_INVALID is await refusal(calls.ListConsents(wrong))
    empty = await calls.ListConsents(pb.ListConsentsRequest(person_id=str(eve)))
    assert [] == list(empty.consents)


async def test_consents_of_one_owner_are_numbered_without_a_gap(service, db):
    """Whoever agrees at the same time; search has heard of all."""
    people = [await db.person("ann") for _ in range(8)]
    await asyncio.gather(*(service.grant("ann", one) for one in people))
    rows = await db.owner.fetch("SELECT sequence FROM face.consents ORDER BY sequence")
    assert list(range(1, 9)) == [row["sequence"] for row in rows]
    await service.run("consents")
    assert [] == await service.matches("ann", 1)


async def test_with_search_away_consent_is_recorded_and_told_later(service, db):
    """Until then search refuses the owner's questions; nothing is told twice out of order."""
    ada, eve = await db.person("ann"), await db.person("ann")
    service.vectors.down = True
    await service.grant("ann", ada)
    await service.grant("ann", eve)
    service.vectors.down = False
    with pytest.raises(KiokuError) as behind:
        await service.matches("ann", 1)
    assert Reason.CONSENT_BEHIND is behind.value.reason
    await service.run("consents")
    assert [] == await service.matches("ann", 1)
    told = [
        access.consent_sequence for name, access in service.vectors.accesses if name == "set_people"
    ]
    assert [1, 2] == told


async def test_nothing_is_done_or_told_without_the_audit(service, db):
    """The row cannot be written: no entry, nothing erased, nothing exported."""
    ada, _ = await service.known("ann")
    await db.owner.execute("REVOKE INSERT ON face.audit_logs FROM face_api, face_worker")
    for name in ("WithdrawConsent", "ExportPerson"):
        call = getattr(service.calls("ann"), name)(request_of(name, ada))
        assert Reason.INTERNAL is await refusal(call)
    assert 1 == await db.count("consents")
    assert 2 == await db.count("faces")
