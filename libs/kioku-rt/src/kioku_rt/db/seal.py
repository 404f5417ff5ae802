"""Promise: a row of the audit that was changed, removed or put in after it was sealed is found.

The chain itself is made and recomputed inside the database, by functions that run with the rights
of the schema's owner (`sql/audit_seals.sql`); the role that calls them can do nothing else. Each
seal covers the rows between it and the seal before, and holds a digest over them and over that
seal's digest (Haber and Stornetta, "How to time-stamp a digital document", J. Cryptology 3, 1991).

Whoever can write every table can also make the whole chain anew. What that cannot match is a seal
that was noted somewhere else, such as in a log: `verify` compares with one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import structlog
from prometheus_client import Counter, Gauge

from kioku_rt.db.identifiers import identifier
from kioku_rt.db.pool import acquire

if TYPE_CHECKING:
    import asyncpg

log = structlog.get_logger(__name__)

_SEALED = Counter("kioku_audit_sealed_total", "Rows of the audit that were sealed.", ("schema",))
_ROUND = Gauge(
    "kioku_audit_seal_round_timestamp_seconds",
    "When the audit was last looked at for rows to seal, Unix time.",
    ("schema",),
)
_MOST_SEALS = 100
"""In one round; what is left waits for the next."""


@dataclass(frozen=True)
class Noted:
    """A seal as it was noted elsewhere; `digest` is 32 bytes."""

    seal_id: int
    digest: bytes


@dataclass(frozen=True)
class Verdict:
    """What a verification found.

    Attributes:
        sealed: rows that are covered by seals, as they are there now.
        unsealed: rows that are younger than the last seal.
        broken_seal: the first seal that does not hold; 0: every one holds.
        last: the last seal, to be noted; None: there is none.
        sealed_at: when it was made.
    """

    sealed: int
    unsealed: int
    broken_seal: int
    last: Noted | None
    sealed_at: datetime | None

    @property
    def intact(self) -> bool:
        """Whether the chain holds."""
        return self.broken_seal == 0


class AuditSeals:
    """Seals and verifies the `audit_logs` of one schema.

    Args:
        pool: of the role that may do that and nothing else, such as `face_sealer`.
        schema: whose audit.
        page_rows: rows that one statement of a verification reads, about.
    """

    def __init__(self, pool: asyncpg.Pool, schema: str, *, page_rows: int = 50_000) -> None:
        self._pool = pool
        self._schema = schema
        self._prefix = identifier(schema)
        self._page_rows = page_rows

    async def seal(self) -> int:
        """Seal what can be sealed now; how many rows. Any number of processes may do it at once.

        A row waits while a transaction that wrote to the audit before it is still open.

        Raises:
            DependencyDown: the database does not answer.
        """
        rows = 0
        async with acquire(self._pool) as connection:
            for _ in range(_MOST_SEALS):
                made = await connection.fetch(
                    f"SELECT seal_id, rows, digest FROM {self._prefix}.seal_audit()"  # noqa: S608
                )
                for seal in made:
                    self._tell(seal)
                    rows += seal["rows"]
                if not made:
                    break
        _ROUND.labels(self._schema).set_to_current_time()
        return rows

    def _tell(self, seal: asyncpg.Record) -> None:
        _SEALED.labels(self._schema).inc(seal["rows"])
        log.info(
            "audit.sealed",
            schema=self._schema,
            seal=seal["seal_id"],
            rows=seal["rows"],
            digest=seal["digest"].hex(),
        )

    async def verify(self, noted: Noted | None = None) -> Verdict:
        """Recompute the whole chain, a page of seals at a time.

        Args:
            noted: a seal that must be there as it was.

        Raises:
            DependencyDown: the database does not answer.
        """
        sealed = broken = 0
        last: asyncpg.Record | None = None
        missing = noted
        while page := await self._page(last["seal_id"] if last else 0):
            for seal in page:
                sealed += seal["found_rows"]
                matches = _holds(seal)
                if missing is not None and seal["seal_id"] == missing.seal_id:
                    matches = matches and seal["digest"] == missing.digest
                    missing = None
                broken = broken or (0 if matches else seal["seal_id"])
            last = page[-1]
        unsealed, impossible = await self._tail()
        if missing is not None:
            broken = broken or missing.seal_id
        if impossible:
            broken = broken or (last["seal_id"] if last else 0) + 1
        return Verdict(
            sealed,
            unsealed,
            broken,
            Noted(last["seal_id"], last["digest"]) if last else None,
            last["made_at"] if last else None,
        )

    async def _page(self, after: int) -> list[asyncpg.Record]:
        async with acquire(self._pool) as connection:
            found: list[asyncpg.Record] = await connection.fetch(
                f"SELECT * FROM {self._prefix}.verify_audit($1, $2)",  # noqa: S608
                after,
                self._page_rows,
            )
        return found

    async def _tail(self) -> tuple[int, int]:
        async with acquire(self._pool) as connection:
            row = await connection.fetchrow(
                f"SELECT unsealed, impossible FROM {self._prefix}.audit_tail()"  # noqa: S608
            )
        return row["unsealed"], row["impossible"]


def _holds(seal: asyncpg.Record) -> bool:
    return bool(seal["digest"] == seal["computed"] and seal["rows"] == seal["found_rows"])
