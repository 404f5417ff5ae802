"""Whatever is done in whatever order: nobody without consent is linked or matched, ever."""

from __future__ import annotations

import random
from contextlib import suppress

import asyncpg
import grpc
import pytest
from kioku_rt.errors import KiokuError

PEOPLE, STEPS = 3, 40
_CONSENTING = """
SELECT person_id FROM face.people p WHERE owner = $1 AND face.has_consented(owner, person_id)
"""


class Walk:
    """One library, and somebody who does things to it at random."""

    def __init__(self, service, seed: int) -> None:
        self.service = service
        self.db = service.db
        self.owner = f"ann{seed}"
        self.chance = random.Random(seed)
        self.people: list = []
        self.erased: set = set()

    async def step(self) -> None:
        person = self.chance.choice(self.people)
        steps = (self.grant, self.withdraw, self.enroll, self.end, self.away, self.jobs)
        with suppress(grpc.aio.AioRpcError, asyncpg.PostgresError, KiokuError):
            await self.chance.choice(steps)(person)

    async def grant(self, person) -> None:
        await self.service.grant(self.owner, person)

    async def withdraw(self, person) -> None:
        await self.service.withdraw(self.owner, person)

    async def enroll(self, person) -> None:
        """A face that is linked, told to search now or never, and perhaps found before its link."""
        seed = self.people.index(person)
        asset_id = await self.db.asset(self.owner, f"{self.chance.getrandbits(256):064x}")
        face_id = await self.db.face(self.owner, asset_id, person_id=person)
        await self.service.stored(self.owner, face_id, person, seed)

    async def end(self, person) -> None:
        await self.db.owner.execute(
            "UPDATE face.consent_states SET expires_at = clock_timestamp() WHERE person_id = $1"
            " AND state = 'GRANTED'",
            person,
        )
        if self.chance.random() < 0.5:
            await self.service.run("terms")

    async def away(self, _person) -> None:
        self.service.vectors.down = not self.service.vectors.down

    async def jobs(self, _person) -> None:
        await self.service.run("consents", "erasures", "terms")

    async def consenting(self) -> set:
        rows = await self.db.owner.fetch(_CONSENTING, self.owner)
        return {row["person_id"] for row in rows}

    async def check(self) -> None:
        """What is matched agrees with what holds, or nothing is answered; erased stays erased."""
        rows = await self.db.owner.fetch(
            "SELECT face_id FROM face.erased_faces WHERE owner = $1", self.owner
        )
        self.erased |= {row["face_id"] for row in rows}
        left = await self.db.owner.fetch(
            "SELECT face_id FROM face.faces WHERE owner = $1 AND person_id IS NOT NULL", self.owner
        )
        assert not self.erased & {row["face_id"] for row in left}
        for seed in range(PEOPLE):
            with suppress(KiokuError):
                found = await self.service.matches(self.owner, seed)
                over = await self.db.owner.fetch(
                    "SELECT person_id FROM face.consent_states WHERE owner = $1"
                    " AND state = 'GRANTED'",
                    self.owner,
                )
                assert set(found) <= {row["person_id"] for row in over}


@pytest.mark.parametrize("seed", range(3))
async def test_no_order_of_things_matches_whom_it_must_not(service, seed):
    """Grants, withdrawals, ends, enrolments, jobs, and a search that comes and goes."""
    walk = Walk(service, seed)
    walk.people = [await service.db.person(walk.owner) for _ in range(PEOPLE)]
    for _ in range(STEPS):
        await walk.step()
        await walk.check()
    service.vectors.down = False
    await service.run("terms")
    await service.finish()
    await service.run("consents")
    known = service.vectors._of(walk.owner)
    assert not walk.erased & set(known.faces)
    consenting = await walk.consenting()
    assert consenting == {one.person_id for one in known.people.values() if one.consented}
    assert await service.db.count("consents") == known.sequence
    for number, person in enumerate(walk.people):
        linked = await service.db.count("faces", f"person_id = '{person}'")
        assert (person in await service.matches(walk.owner, number)) == (linked > 0)
