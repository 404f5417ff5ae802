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
from kioku_rt.job import Job

if TYPE_CHECKING:
    import asyncpg

log = structlog.get_logger(__name__)

_SEALED = Counter("kioku_audit_sealed_total", "Rows of the audit that were sealed.", ("schema",))
_ROUND = Gauge(
    "kioku_audit_seal_round_timestamp_seconds",
    "When the audit was last looked at for rows to seal, Unix time.",
    ("schema",),
)
_SECONDS = 1.0
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
        reading = _Reading(noted)
        while page := await self._page(reading.reached):
            for seal in page:
                reading.take(seal)
        return reading.verdict(*await self._tail())

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
            rows = await connection.fetch(
                f"SELECT unsealed, impossible FROM {self._prefix}.audit_tail()"  # noqa: S608
            )
        return rows[0]["unsealed"], rows[0]["impossible"]


class _Reading:
    """What is known so far of a chain that is read from its first seal on."""

    def __init__(self, noted: Noted | None) -> None:
        self._noted = noted
        self._noted_is_there = noted is None
        self._sealed = 0
        self._broken = 0
        self._last: asyncpg.Record | None = None

    @property
    def reached(self) -> int:
        """The number of the last seal that was read."""
        return 0 if self._last is None else int(self._last["seal_id"])

    def take(self, seal: asyncpg.Record) -> None:
        """Read one seal."""
        holds = seal["digest"] == seal["computed"] and seal["rows"] == seal["found_rows"]
        if self._noted is not None and seal["seal_id"] == self._noted.seal_id:
            self._noted_is_there = True
            holds = holds and seal["digest"] == self._noted.digest
        if not holds:
            self._break(seal["seal_id"])
        self._sealed += seal["found_rows"]
        self._last = seal

    def _break(self, seal_id: int) -> None:
        self._broken = self._broken or seal_id

    def verdict(self, unsealed: int, impossible: int) -> Verdict:
        """What was found, with the rows above the last seal."""
        if self._noted is not None and not self._noted_is_there:
            self._break(self._noted.seal_id)
        if impossible:
            self._break(self.reached + 1)
        last = self._last
        return Verdict(
            self._sealed,
            unsealed,
            self._broken,
            None if last is None else Noted(last["seal_id"], last["digest"]),
            None if last is None else last["made_at"],
        )


def seal_job(pool: asyncpg.Pool, schema: str) -> Job:
    """Seals each second what was written since.

    Args:
        pool: of the role that may do that and nothing else; one connection is enough.
    """
    return Job("seal", _SECONDS, AuditSeals(pool, schema).seal)
