"""A withdrawal that is cut at any step ends erased, once, by the jobs of whoever is left."""

from __future__ import annotations

import asyncio

import pytest
from kioku_face.consent.consent_store import ConsentStore
from kioku_face.consent.erasure_store import ErasureStore
from kioku_face.consent.forgetting_store import ForgettingStore

from tests.fakes.face_vectors import FakeFaceVectors
from tests.integration.face.consent.rig import acting, principal

STEPS = [
    (ForgettingStore, "withdraw"),
    (ConsentStore, "changes"),
    (FakeFaceVectors, "set_people"),
    (ConsentStore, "told"),
    (ErasureStore, "faces"),
    (FakeFaceVectors, "erase"),
    (ErasureStore, "erased"),
]


def kill_at(monkeypatch, owner: type, method: str, when: str) -> None:
    """Have whoever comes there first die, before the step or after it."""
    step, deaths = getattr(owner, method), []

    async def die(*arguments, **more):
        if deaths:
            return await step(*arguments, **more)
        deaths.append(when)
        if when == "after":
            await step(*arguments, **more)
        raise asyncio.CancelledError

    monkeypatch.setattr(owner, method, die)


CASES = [(owner, method, when) for owner, method in STEPS for when in ("before", "after")]


async def test_a_withdrawal_is_cut(service, db):
    """Only before its first commit is it as if nobody had asked."""
    for number, (owner, method, when) in enumerate(CASES):
        library = f"ann{number}"
        ada, faces = await service.known(library)
        with pytest.MonkeyPatch.context() as patch:
            kill_at(patch, owner, method, when)
            with pytest.raises(asyncio.CancelledError):
                await service.part.withdrawal.withdraw(principal(library), ada, "", "")
        if (method, when) == ("withdraw", "before"):
            assert "GRANTED" == await db.state(ada)
            assert 2 == await db.count("faces", f"owner = '{library}'")
            continue
        assert "WITHDRAWN" == await db.state(ada)
        await service.finish()
        await all_gone(service, db, library, ada, faces)


async def test_the_job_that_goes_on_is_cut(service, db):
    """And whoever goes on after it finishes."""
    for number, (owner, method, when) in enumerate(CASES[2:]):
        library = f"ann{number}"
        ada, faces = await service.known(library)
        service.vectors.down = True
        await service.withdraw(library, ada)
        service.vectors.down = False
        with pytest.MonkeyPatch.context() as patch:
            kill_at(patch, owner, method, when)
            with pytest.raises(asyncio.CancelledError):
                await until_it_dies(service)
        await service.finish()
        await all_gone(service, db, library, ada, faces)


async def until_it_dies(service) -> None:
    async with asyncio.timeout(30):
        while True:
            await service.run("erasures")
            await asyncio.sleep(0.01)


async def test_a_removal_is_cut(service, db, monkeypatch):
    """The person is gone, and that nothing is held is told once, when it is true."""
    ada, faces = await service.known("ann")
    kill_at(monkeypatch, ErasureStore, "erased", "before")
    with pytest.raises(asyncio.CancelledError):
        await service.part.withdrawal.remove(acting("ann"), ada, request_id="")
    assert [] == await db.events("person.deleted")
    await service.finish()
    await all_gone(service, db, "ann", ada, faces)
    assert 1 == len(await db.events("person.deleted"))


async def test_two_processes_go_on_at_once(service, db):
    """Each erasure is carried out by one of them."""
    for number in range(6):
        person, _ = await service.known("ann", sha256=f"{number}" * 64)
        service.vectors.down = True
        await service.withdraw("ann", person)
        service.vectors.down = False
    service.vectors.accesses.clear()
    await asyncio.gather(*(service.run("erasures") for _ in range(4)))
    await service.finish()
    erased = [access.request_id for name, access in service.vectors.accesses if name == "erase"]
    assert 6 == len(set(erased))
    assert 12 == len(erased), "each once by its faces and once by its person"
    assert 12 == await db.owner.fetchval("SELECT sum(vectors) FROM face.erasures")


async def all_gone(service, db, library, person_id, faces) -> None:
    """Erased once, nothing doubled, nothing matches."""
    ours = f"owner = '{library}'"
    assert 1 == await db.count("erasures", ours)
    assert 1 == await db.count("erasures", f"{ours} AND state = 'ERASED'")
    assert 0 == await db.count("faces", ours)
    assert len(faces) == await db.count("erased_faces", ours)
    assert len(faces) == await db.count("erased_places", ours)
    assert 2 == await db.count("consents", f"person_id = '{person_id}'")
    confirmed = f"action = 'erasure.confirm' AND details ->> 'person_id' = '{person_id}'"
    assert 1 == await db.count("audit_logs", confirmed)
    assert [] == await service.matches(library, 0)
    assert not set(faces) & set(service.vectors._of(library).faces)
