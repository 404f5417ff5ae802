"""What `vlm` announces, as messages of `kioku.events.v1`, each in the caller's transaction.

An `observation.ready` has an id made from what it says (observation and version), so that a reading
that is stored once is told once. It holds references: nothing that was read leaves by it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID, uuid5

from google.protobuf.timestamp_pb2 import Timestamp
from kioku.common.v1 import failure_pb2
from kioku.events.v1 import events_pb2
from kioku_rt.events.outbox import enqueue

from kioku_vlm.database import SCHEMA

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kioku_rt.db.pool import Connection

    from kioku_vlm.observing.observation import Claim, Engine, Failure
    from kioku_vlm.schedule_facts import Entry, Schedule

READY = "observation.ready"
PURGED = "asset.purged"
PARTICIPANT = "vlm"
_NAMESPACE = UUID("6b696f6b-752d-5661-8365-766c6d650002")
_ASSETS = """
SELECT asset_id FROM vlm.vlm_observation_assets WHERE owner = $1 AND observation_id = $2
ORDER BY created_at LIMIT 1000
"""


async def announce_ready(
    connection: Connection,
    claim: Claim,
    version: int,
    *,
    engine: Engine,
    schedule: Schedule | None = None,
    failure: Failure | None = None,
) -> None:
    """`observation.ready`: a picture was read, or could not be."""
    rows = await connection.fetch(_ASSETS, claim.owner, claim.observation_id)
    entries = schedule.entries if schedule else ()
    message = events_pb2.ObservationReady(
        observation_id=str(claim.observation_id),
        owner=claim.owner,
        asset_ids=[str(row["asset_id"]) for row in rows],
        version=version,
        entry_count=len(entries),
        flagged_count=sum(map(_flagged, entries)),
        suspicion_count=len(schedule.suspicions) if schedule else 0,
        model_version=engine.model_version,
        failure=_failure(failure),
        event_time=_now(),
    )
    event_id = uuid5(_NAMESPACE, f"{claim.owner}/{claim.observation_id}/{version}")
    await enqueue(connection, schema=SCHEMA, subject=READY, message=message, event_id=str(event_id))


async def announce_purged(
    connection: Connection, owner: str, asset_id: UUID, removed: Mapping[str, int]
) -> None:
    """`asset.purged`: this service holds nothing of the asset any more."""
    message = events_pb2.AssetPurged(
        asset_id=str(asset_id),
        owner=owner,
        participant=PARTICIPANT,
        removed=dict(removed),
        event_time=_now(),
    )
    await enqueue(connection, schema=SCHEMA, subject=PURGED, message=message)


def _flagged(entry: Entry) -> bool:
    """Whether a person should look at it."""
    values = (entry.title, entry.start, entry.end, entry.rrule, entry.place, entry.address)
    return bool(entry.flags) or any(value.flags for value in values if value)


def _failure(failure: Failure | None) -> failure_pb2.Failure | None:
    if failure is None:
        return None
    return failure_pb2.Failure(reason=failure.reason, message=failure.message)


def _now() -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(datetime.now(UTC))
    return stamp
