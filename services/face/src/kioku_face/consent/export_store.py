"""Everything that is held of a person, from PostgreSQL.  Implements `ExportStore`.

It is read in the name of the owner, with its own row of the audit first, while nobody changes who
their people are. Only the audit is read as the worker, which alone may: by the owner and by the ids
that were found before.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from kioku_face.audit.entry import Entry
from kioku_face.consent.authority import acting_for
from kioku_face.consent.consent_rows import CONSENT_COLUMNS, consent_of
from kioku_face.consent.export import Held
from kioku_face.consent.forgetting_rows import family, root_of
from kioku_face.database import owned, record, unbound
from kioku_face.face_row import FACE_COLUMNS, face_of
from kioku_face.people.person_row import visible_person

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    import asyncpg
    from kioku_rt.auth import Principal

    from kioku_face.consent.consent import PersonRef

AUDIT_ROWS = 10_000
"""The newest so many rows of the audit; an answer has to end somewhere."""
_CONSENTS = f"""
SELECT {CONSENT_COLUMNS} FROM face.consents
WHERE owner = $1 AND person_id = ANY ($2) ORDER BY sequence DESC
"""  # noqa: S608
_FACES = f"""
SELECT {FACE_COLUMNS} FROM face.faces
WHERE owner = $1 AND person_id = ANY ($2) ORDER BY quality DESC, face_id
"""  # noqa: S608
_AUDIT = """
SELECT id, actor, action, subject, outcome, reason, details, at FROM face.audit_logs
WHERE subject = ANY ($2::text[]) AND details ->> 'owner' = $1 ORDER BY id DESC LIMIT $3
"""


class ExportStore:
    """What is held of somebody.

    Args:
        api: pool of the role `face_api`.
        worker: pool of the role `face_worker`.
    """

    def __init__(self, api: asyncpg.Pool, worker: asyncpg.Pool) -> None:
        self._api = api
        self._worker = worker

    async def held(self, principal: Principal, person: PersonRef, request_id: str) -> Held | None:
        """What is held; None where there is no such person any more."""
        acting = acting_for(principal, person.owner)
        async with owned(self._api, acting) as connection:
            await connection.execute("SELECT face.hold_people($1)", person.owner)
            await record(
                connection, acting, "person.export", str(person.person_id), request_id=request_id
            )
            people = await family(connection, person)
            root = await root_of(connection, person)
            facts = await visible_person(connection, person.owner, root.person_id)
            consents = await connection.fetch(_CONSENTS, person.owner, people)
            faces = await connection.fetch(_FACES, person.owner, people)
        if facts is None:
            return None
        ids = [*people, *(row["face_id"] for row in faces)]
        return Held(
            facts,
            [consent_of(row) for row in consents],
            [face_of(row) for row in faces],
            await self._audit(person.owner, ids),
        )

    async def _audit(self, owner: str, ids: Sequence[UUID]) -> list[Entry]:
        async with unbound(self._worker) as connection:
            rows = await connection.fetch(_AUDIT, owner, [str(one) for one in ids], AUDIT_ROWS)
        return [_entry_of(row) for row in rows]


def _entry_of(row: asyncpg.Record) -> Entry:
    details = json.loads(row["details"])
    return Entry(
        entry_id=row["id"],
        actor=row["actor"],
        action=row["action"],
        subject=row["subject"],
        outcome=row["outcome"],
        reason=row["reason"],
        purpose=str(details.get("purpose", "")),
        request_id=str(details.get("request_id", "")),
        at=row["at"],
    )
