"""Links, people and erasures in PostgreSQL.  Implements `KeepingStore` and `ConsentStore`.

What each change does stands in the functions of migration 0063, the same for a call in the name of
one owner and for an event.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kioku_rt.db import acquire, audit, first_time

from kioku_search.database import SCHEMA, unbound
from kioku_search.faces.face import Erased
from kioku_search.faces.ledger import faced, record

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    import asyncpg
    from kioku_rt.db.pool import Connection

    from kioku_search.faces.face import Access, ConsentChange, Link, Matchable

CONSUMER = "search-consents"
_LINK = "SELECT search.link_faces($1, $2, $3, $4, $5, $6)"
_SET = "SELECT search.set_people($1, $2, $3, $4, $5, $6, $7)"
_ERASE = "SELECT * FROM search.erase_faces($1, $2, $3)"
_SCRUBBED = "SELECT scrubbed_at FROM search.face_erasures WHERE ticket = $1"


class KeepingStore:
    """What `face` says of one owner's faces and people.

    Args:
        pool: of the role `search_api`.
    """

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def link(self, access: Access, links: Sequence[Link]) -> int:
        """Whose faces these are; how many were news."""
        async with faced(self._pool, access) as connection:
            changed: int = await connection.fetchval(
                _LINK,
                access.owner,
                [one.face_id for one in links],
                [one.asset_id for one in links],
                [one.person_id for one in links],
                [one.reference for one in links],
                [one.version for one in links],
            )
            await record(connection, access, "face.link", "", links=len(links), changed=changed)
        return changed

    async def set_people(self, access: Access, people: Sequence[Matchable]) -> int:
        """Who may be matched, and that `consent_sequence` was heard of; how many were news."""
        async with faced(self._pool, access) as connection:
            changed = await _set(connection, access.owner, people, access.consent_sequence)
            await record(
                connection,
                access,
                "person.set",
                str(people[0].person_id) if len(people) == 1 else "",
                people=len(people),
                changed=changed,
                consent_sequence=access.consent_sequence,
            )
        return changed

    async def erase(self, access: Access, person_id: UUID | None, faces: Sequence[UUID]) -> Erased:
        """Remove vectors and links of these faces and of the person's."""
        async with faced(self._pool, access) as connection:
            erased = await _erase(connection, access.owner, person_id, faces)
            await record(
                connection,
                access,
                "face.erase",
                str(person_id or ""),
                faces=len(faces),
                vectors=erased.vectors,
                scrub_ticket=erased.scrub_ticket,
            )
        return erased

    async def scrubbed(self, ticket: int) -> datetime | None:
        """When the files were rewritten after that erasure; None: not yet."""
        async with acquire(self._pool) as connection:
            moment: datetime | None = await connection.fetchval(_SCRUBBED, ticket)
        return moment


class ConsentStore:
    """`consent.changed`.

    Args:
        pool: of the role `search_worker`.
    """

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def change(self, change: ConsentChange) -> bool:
        """Do what it says, once; False if this event had its effect before."""
        owner, person = change.owner, change.person
        async with unbound(self._pool) as connection:
            if not await first_time(
                connection, schema=SCHEMA, consumer=CONSUMER, event_id=change.event_id
            ):
                return False
            news = await _set(connection, owner, [person], change.sequence)
            erased = None
            if change.erase:
                erased = await _erase(connection, owner, None, change.erase)
            await audit(
                connection,
                schema=SCHEMA,
                actor=change.actor or "face",
                action="consent.change",
                subject=str(person.person_id),
                outcome="ok",
                details={
                    "owner": owner,
                    "event_id": change.event_id,
                    "consent_sequence": change.sequence,
                    "consented": person.consented,
                    "changed": news,
                    "vectors": erased.vectors if erased else 0,
                },
            )
        return True


async def _set(
    connection: Connection, owner: str, people: Sequence[Matchable], sequence: int
) -> int:
    changed: int = await connection.fetchval(
        _SET,
        owner,
        [one.person_id for one in people],
        [one.user_id for one in people],
        [one.consented for one in people],
        [one.expires_at for one in people],
        [one.version for one in people],
        sequence,
    )
    return changed


async def _erase(
    connection: Connection, owner: str, person_id: UUID | None, faces: Sequence[UUID]
) -> Erased:
    (row,) = await connection.fetch(_ERASE, owner, person_id, list(faces))
    return Erased(row["vectors"], row["ticket"])
