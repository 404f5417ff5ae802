"""People in PostgreSQL.  Implements `PeopleStore`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kioku_rt.errors import KiokuError
from kioku_rt.reasons import Reason
from uuid_utils import compat as uuids

from kioku_face.database import owned, record
from kioku_face.people.person_row import (
    SELECT_PERSON,
    changing,
    hold_consent,
    person_of,
    visible_person,
)

if TYPE_CHECKING:
    from uuid import UUID

    import asyncpg
    from kioku_rt.db.pool import Connection

    from kioku_face.people.person import Facts, Person, Update
    from kioku_face.people.ports import Call, PeopleFilter

_INSERT = """
INSERT INTO face.people (owner, person_id, name, user_id, collection_id, hidden, request_id)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (owner, request_id) DO NOTHING RETURNING person_id
"""
_MADE_BEFORE = "SELECT person_id FROM face.people WHERE owner = $1 AND request_id = $2"
_ANCHOR = "SELECT true FROM face.people WHERE owner = $1 AND person_id = $2"
_PAGE = f"""
{SELECT_PERSON} AND ($2 = '' OR p.collection_id = $2) AND ($3 OR NOT p.hidden)
    AND starts_with(lower(p.name), lower($4))
    AND ($5::uuid IS NULL OR (lower(p.name), p.person_id) > (
        SELECT lower(a.name), a.person_id FROM face.people a
        WHERE a.owner = $1 AND a.person_id = $5))
ORDER BY lower(p.name), p.person_id LIMIT $6
"""  # noqa: S608 - constants
_LOCK = f"{SELECT_PERSON} AND p.person_id = $2 FOR NO KEY UPDATE OF p"
_RECORDED_BY = """
SELECT actor FROM face.consents WHERE owner = $1 AND person_id = $2 ORDER BY version DESC LIMIT 1
"""
_UPDATE = """
UPDATE face.people SET name = $3, user_id = $4, collection_id = $5, hidden = $6,
    version = version + 1, updated_at = clock_timestamp()
WHERE owner = $1 AND person_id = $2
"""


class PersonStore:
    """People, in the name of one owner.

    Args:
        pool: of the role `face_api`.
    """

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def create(self, call: Call, facts: Facts, request_id: UUID | None) -> Person | None:
        """The new person, or the one that this request id made; None: that one is gone."""
        async with owned(self._pool, call.acting) as connection:
            person_id = await connection.fetchval(
                _INSERT, call.owner, uuids.uuid7(), *_columns(facts), request_id
            )
            if person_id is None:
                person_id = await connection.fetchval(_MADE_BEFORE, call.owner, request_id)
            await _record(connection, call, "person.create", str(person_id))
            return await visible_person(connection, call.owner, person_id)

    async def find(self, call: Call, person_id: UUID) -> Person | None:
        """The person, unless another owner's, merged, or not there."""
        async with owned(self._pool, call.acting) as connection:
            await _record(connection, call, "person.get", str(person_id))
            return await visible_person(connection, call.owner, person_id)

    async def page(
        self, call: Call, wanted: PeopleFilter, limit: int, after: UUID | None
    ) -> list[Person]:
        """At most `limit` people in order of name, beginning after the one named."""
        async with owned(self._pool, call.acting) as connection:
            if after and not await connection.fetchval(_ANCHOR, call.owner, after):
                raise KiokuError(Reason.PAGE_TOKEN_EXPIRED, field="page_token")
            rows = await connection.fetch(
                _PAGE,
                call.owner,
                wanted.collection_id,
                wanted.show_hidden,
                wanted.name_prefix,
                after,
                limit,
            )
            await _record(
                connection, call, "person.list", wanted.collection_id or "*", people=len(rows)
            )
        return [person_of(row) for row in rows]

    async def update(self, call: Call, person_id: UUID, update: Update) -> Person | None:
        """The person afterwards; None: there is no such person."""
        async with changing(self._pool, call) as connection:
            row = await connection.fetchrow(_LOCK, call.owner, person_id)
            if row is None:
                return None
            before = person_of(row)
            if update.version not in (0, before.version):
                raise KiokuError(Reason.VERSION_OUTDATED, field="person.version")
            after = update.of(before.facts)
            if after.user_id != before.facts.user_id:
                await _check_user(connection, call.owner, person_id, after.user_id)
            await connection.execute(_UPDATE, call.owner, person_id, *_columns(after))
            await _record(
                connection, call, "person.update", str(person_id), fields=sorted(update.fields)
            )
            return await visible_person(connection, call.owner, person_id)


def _columns(facts: Facts) -> tuple[str, str, str, bool]:
    return facts.name, facts.user_id, facts.collection_id, facts.hidden


async def _check_user(connection: Connection, owner: str, person_id: UUID, user_id: str) -> None:
    """Refuse another user while a consent stands that this one did not give.

    Else a library's owner could agree in the name of a user, or take from a user the right to take
    their own consent back.
    """
    if await hold_consent(connection, owner, person_id):
        actor = await connection.fetchval(_RECORDED_BY, owner, person_id)
        if actor != user_id:
            raise KiokuError(Reason.CONSENT_NOT_THEIRS, field="person.user_id")


async def _record(
    connection: Connection, call: Call, action: str, subject: str, **details: Any
) -> None:
    await record(connection, call.acting, action, subject, request_id=call.request_id, **details)
