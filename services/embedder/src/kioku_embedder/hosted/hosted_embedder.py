"""Promise: vectors of a provider's model, checked like our own, within rate, budget and policy.

A failure of one item and a provider that is down are told apart: an item that the provider refuses
is at fault; one that fails while others succeed is tried again; when nothing succeeds, work waits.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic
from typing import NoReturn

from kioku_rt.errors import InvalidInput, KiokuError
from kioku_rt.reasons import Reason
from kioku_rt.space import Space
from kioku_rt.text import clean_text
from kioku_rt.vectors import Vector, unit_vector

from kioku_embedder.backend import Embedding, Source, Timing
from kioku_embedder.engine import LabelScale
from kioku_embedder.hosted.failure import (
    Forbidden,
    Misconfigured,
    Outage,
    RateLimited,
    may_be_charged,
    unusable,
)
from kioku_embedder.hosted.ledger import Ledger
from kioku_embedder.hosted.passing import Passage
from kioku_embedder.hosted.provider import Provider, Row
from kioku_embedder.hosted.throttle import Throttle
from kioku_embedder.originals import Observer, Originals
from kioku_embedder.room import Room
from kioku_embedder.waiting import Priority, Tower

PATIENCE = {Priority.INTERACTIVE: 5.0, Priority.BULK: 60.0}
_MOST_TRIES = 5
_BLOCKED_SECONDS = 30.0
_HOPELESS = 8
_HOPELESS_SAYS = "The hosted model's provider refuses every item; look at the model's name."


@dataclass(frozen=True)
class Prices:
    """What one call is taken to cost, US dollars."""

    image: float
    text: float


class HostedEmbedder:
    """See `kioku_embedder.backend.Backend`.

    Args:
        space: of the provider's model.
        originals: gives upright sRGB pixels.
        provider: whom to ask.
        passage: how a picture gets there.
        throttle: how often.
        ledger: for how much.
        prices: of one call.
        room: places for items in hand.
        observer: told of every answer.
    """

    def __init__(
        self,
        space: Space,
        originals: Originals,
        provider: Provider,
        *,
        passage: Passage,
        throttle: Throttle,
        ledger: Ledger,
        prices: Prices,
        room: Room,
        observer: Observer,
    ) -> None:
        self.space = space
        self._originals = originals
        self._provider = provider
        self._passage = passage
        self._throttle = throttle
        self._ledger = ledger
        self._prices = prices
        self._room = room
        self._observer = observer
        self._succeeded_at = float("-inf")
        self._refused_in_a_row = 0
        self._blocked_until = float("-inf")
        self._blocked_by: Callable[[], KiokuError] = lambda: Misconfigured("")

    @property
    def loaded(self) -> bool:
        """Nothing has to be loaded here."""
        return True

    @property
    def working(self) -> bool:
        """Whether the provider accepts us; a refusal counts for a while, then one may try again."""
        return monotonic() >= self._blocked_until

    @property
    def open_for_bulk(self) -> bool:
        """Whether an event that had to wait may be tried again."""
        held = self._throttle.held_seconds > PATIENCE[Priority.BULK]
        return self.working and not held and self._ledger.affords(self._prices.image)

    def require_space(self, space_id: str) -> None:
        """See the port."""
        self.space.require(space_id)

    def label_scale(self) -> LabelScale:
        """Providers do not say what their models learnt."""
        raise KiokuError(Reason.LABELS_UNSUPPORTED)

    async def image(
        self, source: Source, *, space_id: str, priority: Priority, derived: str = ""
    ) -> Embedding:
        """See the port; the picture is decoded here first, so a bad one costs nothing."""
        with self._item(Tower.IMAGE, space_id, priority):
            self._require_working()
            pixels, _, seconds = await self._originals.pixels(source, priority)
            async with self._passage.address(pixels, derived) as address:
                return await self._paid(
                    lambda: self._provider.image(address), self._prices.image, priority, seconds
                )

    async def text(self, text: str, *, space_id: str, priority: Priority) -> Embedding:
        """See the port; whether a provider cut the text is not known."""
        with self._item(Tower.TEXT, space_id, priority):
            self._require_working()
            clean = clean_text(text)
            return await self._paid(
                lambda: self._provider.text(clean), self._prices.text, priority, 0.0
            )

    @contextmanager
    def _item(self, tower: Tower, space_id: str, priority: Priority) -> Iterator[None]:
        try:
            self.require_space(space_id)
            with self._room.place(priority, self._throttle.seconds_for):
                yield
        except KiokuError as error:
            self._observer.answered(tower, error.reason)
            raise
        self._observer.answered(tower, None)

    async def _paid(
        self,
        call: Callable[[], Awaitable[Row]],
        price: float,
        priority: Priority,
        decode_seconds: float,
    ) -> Embedding:
        """One vector, in turn, with its price booked; asks again while told to wait a little."""
        queued = monotonic()
        for _ in range(_MOST_TRIES):
            async with self._throttle.turn(priority, patience=PATIENCE[priority]):
                self._require_working()
                started = monotonic()
                try:
                    vector = await self._booked(call, price, started)
                except RateLimited as limited:
                    self._throttle.hold(limited.retry_after or 0.0)
                    continue
            timing = Timing(started - queued, decode_seconds, monotonic() - started, 1)
            return Embedding(self.space, vector, truncated=False, timing=timing)
        raise RateLimited(self._throttle.held_seconds or 1.0)

    async def _booked(
        self, call: Callable[[], Awaitable[Row]], price: float, started: float
    ) -> Vector:
        await self._ledger.spend(price)
        try:
            vector = self._checked(await call())
        except KiokuError as error:
            if not may_be_charged(error):
                await self._ledger.give_back(price)
            self._judge(error, started)
        self._succeeded_at = monotonic()
        self._refused_in_a_row = 0
        return vector

    def _checked(self, row: Row) -> Vector:
        """A provider's word is not taken for anything."""
        dimension = self.space.dimension
        if len(row) != dimension:
            raise Misconfigured(
                f"The hosted model gives vectors of {len(row)} components; "
                f"KIOKU_HOSTED_DIMENSION is {dimension}.",
                charged=True,
            )
        try:
            return unit_vector(row, dimension)
        except InvalidInput as error:
            raise KiokuError(
                Reason.MODEL_OUTPUT_INVALID, metadata={"fault": error.reason}
            ) from error

    def _judge(self, error: KiokuError, started: float) -> NoReturn:
        """Whether the item, the provider or our settings are at fault."""
        message = error.message
        if isinstance(error, Misconfigured):
            self._block(lambda: Misconfigured(message))
        if error.reason is Reason.EXTERNAL_AI_REFUSED:
            self._block(lambda: Forbidden(message))
            raise Forbidden(message) from error
        if error.reason is Reason.HOSTED_ITEM_REFUSED:
            self._refused_in_a_row += 1
            if self._refused_in_a_row >= _HOPELESS:
                self._block(lambda: Misconfigured(_HOPELESS_SAYS))
                raise Misconfigured(_HOPELESS_SAYS) from error
        if isinstance(error, Outage) and self._succeeded_at > started:
            raise unusable("The hosted model failed on this item.") from error
        raise error

    def _block(self, why: Callable[[], KiokuError]) -> None:
        self._blocked_until, self._blocked_by = monotonic() + _BLOCKED_SECONDS, why

    def _require_working(self) -> None:
        if not self.working:
            raise self._blocked_by()
