"""Taking consent back and forgetting whose it was, as one transaction of whoever calls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from kioku_face.consent.consent import Consent, PersonRef, State
from kioku_face.consent.consent_rows import add_entry, announce_consent, newest
from kioku_face.consent.erasure import Cause, Withdrawn
from kioku_face.consent.erasure_rows import (
    ERASURE_COLUMNS,
    begin,
    erasure_of,
    take_people,
)

if TYPE_CHECKING:
    from kioku_rt.db.pool import Connection

_LAST = f"""
SELECT {ERASURE_COLUMNS} FROM face.erasures
WHERE owner = $1 AND person_id = $2 ORDER BY created_at DESC LIMIT 1
"""  # noqa: S608
_ANY_GRANTED = """
SELECT EXISTS (SELECT FROM face.consent_states
    WHERE owner = $1 AND person_id = ANY ($2) AND state = 'GRANTED')
"""
_ROOT = """
SELECT owner, person_id, user_id, merged_into FROM face.people WHERE owner = $1 AND person_id = $2
"""
_USERS = "SELECT person_id, user_id FROM face.people WHERE owner = $1 AND person_id = ANY ($2)"


@dataclass(frozen=True)
class Order:
    """What is to be forgotten.

    Args:
        people: who it is about and whoever became them, that one first.
        state: what their newest entry says from now on.
    """

    owner: str
    people: Sequence[UUID]
    user_id: str
    state: State
    cause: Cause
    actor: str
    lease: timedelta


async def root_of(connection: Connection, person: PersonRef) -> PersonRef:
    """Who the person became; themselves if they became nobody."""
    while person.merged_into is not None:
        row = await connection.fetchrow(_ROOT, person.owner, person.merged_into)
        assert row is not None  # noqa: S101 - a foreign key
        person = PersonRef(**dict(row))
    return person


async def family(connection: Connection, person: PersonRef) -> list[UUID]:
    """The person, who they became, and all who became them: each is the same human being."""
    root = await root_of(connection, person)
    rows = await connection.fetch(
        "SELECT same FROM face.same_people($1, $2) AS same", root.owner, root.person_id
    )
    others = sorted({row["same"] for row in rows} - {person.person_id})
    return [person.person_id, *others]


async def forget(connection: Connection, order: Order) -> Withdrawn:
    """Note that consent has ended, and remove everything this service holds of these people.

    The entries come first: whoever is linking a face to one of them is waited for here, and what
    they linked is seen by what follows.
    """
    entries = [await _ended(connection, order, person_id) for person_id in order.people]
    erasure_id = await begin(
        connection,
        order.owner,
        order.cause,
        people=order.people,
        user_id=order.user_id,
        actor=order.actor,
        lease=order.lease,
    )
    erasure, faces = await take_people(connection, order.owner, erasure_id, order.people)
    await connection.execute(
        "DELETE FROM face.rejections WHERE owner = $1 AND person_id = ANY ($2)",
        order.owner,
        list(order.people),
    )
    await _announce(connection, order.owner, [one for one, new in entries if new], faces)
    return Withdrawn(entries[0][0], erasure, begun=True)


async def already(connection: Connection, owner: str, people: Sequence[UUID]) -> Withdrawn | None:
    """What was withdrawn before, if none of them agreed since."""
    consent = await newest(connection, owner, people[0])
    if consent is None or consent.state is not State.WITHDRAWN:
        return None
    if await connection.fetchval(_ANY_GRANTED, owner, list(people)):
        return None
    row = await connection.fetchrow(_LAST, owner, people[0])
    return None if row is None else Withdrawn(consent, erasure_of(row), begun=False)


async def _ended(connection: Connection, order: Order, person_id: UUID) -> tuple[Consent, bool]:
    """The entry that says so, and whether it is new: who had taken it back needs no other."""
    before = await newest(connection, order.owner, person_id)
    if before is not None and before.state in (order.state, State.WITHDRAWN):
        return before, False
    added = await add_entry(connection, order.owner, person_id, order.state, actor=order.actor)
    return added, True


async def _announce(
    connection: Connection, owner: str, entries: Sequence[Consent], faces: Sequence[UUID]
) -> None:
    """Tell of each person; the first of them carries the faces of all."""
    rows = await connection.fetch(_USERS, owner, [one.person_id for one in entries])
    users = {row["person_id"]: row["user_id"] for row in rows}
    for number, one in enumerate(entries):
        erased = faces if number == 0 else ()
        await announce_consent(connection, owner, one, users.get(one.person_id, ""), erased)
