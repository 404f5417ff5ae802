"""People of a reading become rows: a box and what is to be seen there, in one transaction.

The fields have the shape that `entity` tells of; `quote` is empty, because nothing was read.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid5

from kioku_vlm.engines.ports import SeenPerson
from kioku_vlm.page import Box

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kioku_rt.db.pool import Connection

BY = "model"
_NAMESPACE = UUID("6b696f6b-752d-5661-8365-766c6d650002")
_DROP = """
DELETE FROM vlm.vlm_detection_entities
WHERE owner = $1 AND observation_id = $2 AND type = 'PERSON'
"""
_PUT = """
INSERT INTO vlm.vlm_detection_entities
    (owner, entity_id, observation_id, type, ordinal, fields, confidence, read_version)
VALUES ($1, $2, $3, 'PERSON', $4, $5::jsonb, $6, $7)
"""
_OF = """
SELECT fields FROM vlm.vlm_detection_entities
WHERE owner = $1 AND observation_id = $2 AND parent_id IS NULL AND type = 'PERSON' ORDER BY ordinal
"""


async def store_people(
    connection: Connection,
    owner: str,
    observation_id: UUID,
    people: Sequence[SeenPerson] | None,
    version: int,
) -> None:
    """Store whom the reading of version `version` saw, instead of those of earlier ones.

    Args:
        people: None: nothing is known of them; the rows of an earlier reading stay.
    """
    if people is None:
        return
    await connection.execute(_DROP, owner, observation_id)
    rows = [
        (
            owner,
            uuid5(_NAMESPACE, f"{observation_id}/{place}"),
            observation_id,
            place,
            json.dumps(_fields(person)),
            person.confidence,
            version,
        )
        for place, person in enumerate(people)
    ]
    await connection.executemany(_PUT, rows)


async def people_of(
    connection: Connection, owner: str, observation_id: UUID
) -> tuple[SeenPerson, ...]:
    """Whom readings saw on an observation, in the order in which they were told."""
    rows = await connection.fetch(_OF, owner, observation_id)
    return tuple(_person(json.loads(row["fields"])) for row in rows)


def _fields(person: SeenPerson) -> dict[str, object]:
    box = person.box
    place = {"page": person.page, "box": [box.left, box.top, box.width, box.height], "quote": ""}
    return {
        "value": person.description,
        "raw": person.description,
        "confidence": person.confidence,
        "resolved_by": BY,
        "evidence": [place],
        "alternatives": [],
        "flags": list(person.flags),
    }


def _person(fields: dict[str, Any]) -> SeenPerson:
    [place] = fields["evidence"]
    return SeenPerson(
        place["page"],
        Box(*place["box"]),
        fields["value"],
        fields["confidence"],
        tuple(fields["flags"]),
    )
