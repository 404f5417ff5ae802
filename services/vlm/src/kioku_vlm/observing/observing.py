"""Promise: every observation that is ordered ends READY or FAILED, once, whoever dies in between.

A reading is taken on by a claim that lapses unless it is renewed; its result is stored only while
the claim stands, in one transaction that knows deletions. What may pass gives the claim back; what
cannot is the observation's failure, and an order of a person tries it again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from time import monotonic
from typing import Protocol
from uuid import UUID

from kioku_rt.errors import DependencyDown, KiokuError
from kioku_rt.reasons import CATALOGUE, Reason

from kioku_vlm.engines.ports import SeenPerson
from kioku_vlm.observing.alias import Alias, taught
from kioku_vlm.observing.describing import Describing
from kioku_vlm.observing.observation import Claim, Effect, Engine, Failure, Timing
from kioku_vlm.observing.originals import Originals
from kioku_vlm.observing.ports import Engines, Picture
from kioku_vlm.observing.taken import taken_day
from kioku_vlm.observing.turns import Turns
from kioku_vlm.schedule_facts import Circumstances, Schedule

NOT_NOW = frozenset({Reason.OVERLOADED, Reason.MODEL_UNAVAILABLE})
"""Not the picture's fault: it is read once an engine takes it."""


@dataclass(frozen=True)
class Result:
    """What one reading found, by which engines, in how long.

    Attributes:
        picture_hash: as `Hasher` says.
        people: as `Describing` says.
    """

    schedule: Schedule
    engine: Engine
    timing: Timing
    known: Circumstances
    picture_hash: int | None
    people: tuple[SeenPerson, ...] | None = ()


class Claims(Protocol):
    """Who reads what. Every method raises DependencyDown when the database is away."""

    async def take(self, owner: str, observation_id: UUID) -> Claim | Effect:
        """Take one on, or say why not: HELD, KNOWN (it is not pending), GONE."""

    async def take_next(self) -> Claim | None:
        """Take on the one whose turn it is; None: there is none."""

    async def release(self, claim: Claim, *, delay: float, counts: bool) -> None:
        """Give one back, to be taken after `delay` seconds; `counts`: the attempt was one."""

    def keeping(self, claim: Claim) -> AbstractAsyncContextManager[None]:
        """Renew the claim inside the block."""


class Results(Protocol):
    """Where readings are stored. Every method raises DependencyDown."""

    async def put(self, claim: Claim, result: Result) -> Effect:
        """Store what was read, tell of it and audit it, in one transaction; or STALE, GONE."""

    async def fail(self, claim: Claim, engine: Engine, failure: Failure) -> Effect:
        """Note that it cannot be read, tell of it and audit it; or STALE, GONE."""


class Aliases(Protocol):
    """What owners' corrections teach. Every method raises DependencyDown."""

    async def of(self, owner: str, observation_id: UUID) -> Sequence[Alias]:
        """What one owner's in other observations teach about this one, the newest first: beside a
        correction of its own stands what was read."""


class Observing:
    """Reads what was claimed.

    Args:
        aliases: what the owner's corrections teach; None: nothing is learned.
        describing: says what is to be seen of people; None: nobody does.
    """

    def __init__(
        self,
        claims: Claims,
        results: Results,
        originals: Originals,
        engines: Engines,
        turns: Turns,
        *,
        aliases: Aliases | None = None,
        describing: Describing | None = None,
    ) -> None:
        self._aliases = aliases
        self._describing = describing or Describing(None, "")
        self._claims = claims
        self._results = results
        self._originals = originals
        self._engines = engines
        self._turns = turns

    @property
    def engine(self) -> Engine:
        """What reads."""
        extractor, reader = self._engines.extractor, self._engines.reader
        return Engine(
            extractor.model_version,
            extractor.prompt_version,
            extractor.schema_version,
            reader.version,
        )

    async def observe(self, claim: Claim, *, retry_delay: float = 0.0) -> Effect:
        """Read, and store what was found, or that it can never be read; else give the claim back.

        Args:
            retry_delay: seconds until somebody else may take it after a failure that may pass.

        Raises:
            InvalidInput, KiokuError: why it cannot be read (IMAGE_*, OBJECT_MISSING,
                CHECKSUM_MISMATCH, what the engines raise); where its reason is not retryable, that
                is stored.
            DependencyDown: database, object store or decoder do not answer.
        """
        try:
            async with self._turns.turn(urgent=claim.urgent), self._claims.keeping(claim):
                result = await self._read(claim)
                return await self._results.put(claim, result)
        except BaseException as error:
            await asyncio.shield(self._left(claim, error, retry_delay))
            raise

    async def _left(self, claim: Claim, error: BaseException, retry_delay: float) -> None:
        """What becomes of a claim after an error; one that cannot be given back lapses."""
        if _is_final(error):
            assert isinstance(error, KiokuError)  # noqa: S101 - only those are
            await self.fail(claim, error.reason, error.message)
            return
        try:
            await self._claims.release(claim, delay=retry_delay, counts=_counts(error))
        except DependencyDown:
            return

    async def fail(self, claim: Claim, reason: Reason, message: str = "") -> Effect:
        """Give a picture up until somebody orders it again."""
        failure = Failure(reason, message or CATALOGUE[reason].meaning)
        return await self._results.fail(claim, self.engine, failure)

    async def _read(self, claim: Claim) -> Result:
        begun = monotonic()
        data = await self._originals.bytes_of(claim)
        fetched = monotonic()
        picture_hash = await self._engines.hasher.hash_of(data)
        document = await self._engines.reader.read(data)
        read = monotonic()
        known = await _circumstances(claim, data)
        picture = Picture(data)
        schedule = await self._engines.extractor.extract([picture], document, known)
        if self._aliases is not None:
            aliases = await self._aliases.of(claim.owner, claim.observation_id)
            schedule = taught(schedule, aliases)
        timing = Timing(
            fetch_ms=1000 * (fetched - begun),
            read_ms=1000 * (read - fetched),
            extract_ms=1000 * (monotonic() - read),
        )
        people = await self._describing.people([picture], document)
        return Result(schedule, _by(schedule, self.engine), timing, known, picture_hash, people)


def _by(schedule: Schedule, asked: Engine) -> Engine:
    """What answered: another than was asked, where that one was away."""
    told = schedule.provenance
    if told is None:
        return asked
    return Engine(
        told.model_version, told.prompt_version, told.schema_version, asked.reader_version
    )


async def _circumstances(claim: Claim, data: bytes) -> Circumstances:
    taken = await asyncio.to_thread(taken_day, data)
    return Circumstances(today=claim.today, taken=taken, zone=claim.zone, locale=claim.locale)


def _is_final(error: BaseException) -> bool:
    """Whether trying again cannot help."""
    return (
        isinstance(error, KiokuError)
        and not isinstance(error, DependencyDown)
        and error.reason not in NOT_NOW
        and not CATALOGUE[error.reason].retryable
    )


def _counts(error: BaseException) -> bool:
    """Whether it was an attempt: neither outages nor a stop of this process are one."""
    if isinstance(error, KiokuError):
        return not (isinstance(error, DependencyDown) or error.reason in NOT_NOW)
    return not isinstance(error, asyncio.CancelledError)
