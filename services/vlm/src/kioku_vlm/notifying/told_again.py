"""What a caller may see and ask of deliveries: list those of an observation, have it told again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from kioku_rt.auth.principal import Acting
from kioku_rt.errors import KiokuError
from kioku_rt.page_token import PageTokens, scope_of
from kioku_rt.reasons import Reason

from kioku_vlm.notifying.delivery import DeliveryState


@dataclass(frozen=True)
class DeliveryRow:
    """A delivery as it is now; `failure` is the last attempt's reason, empty where it went well."""

    delivery_id: UUID
    observation_id: UUID
    version: int
    state: DeliveryState
    attempts: int
    http_status: int
    failure: str
    next_at: datetime | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True)
class DeliveryPage:
    """Some of them, and how to get on; an empty token ends it."""

    deliveries: Sequence[DeliveryRow]
    next_page_token: str


class DeliveryRows(Protocol):
    """One owner's deliveries. Every method raises DependencyDown."""

    async def page(
        self, acting: Acting, observation_id: UUID, before: UUID | None, size: int
    ) -> Sequence[DeliveryRow]:
        """At most `size` that were ordered before that one, the last first.

        Raises:
            KiokuError: OBSERVATION_NOT_FOUND.
        """

    async def again(self, acting: Acting, observation_id: UUID) -> DeliveryRow:
        """Have the observation's last version told once more.

        Raises:
            KiokuError: OBSERVATION_NOT_FOUND, or OBSERVATION_NOT_READY where there is no version.
        """


class ToldAgain:
    """The use case.

    Args:
        receives: whether there is somebody to tell.
    """

    def __init__(self, rows: DeliveryRows, tokens: PageTokens, *, receives: bool) -> None:
        self._rows = rows
        self._tokens = tokens
        self._receives = receives

    async def page(
        self, acting: Acting, observation_id: UUID, size: int, token: str
    ) -> DeliveryPage:
        """A page of an observation's deliveries, the last first.

        Raises:
            KiokuError: OBSERVATION_NOT_FOUND, PAGE_TOKEN_INVALID.
        """
        scope = scope_of("deliveries", acting.owner, observation_id)
        before = UUID(self._tokens.read(scope, token)[0]) if token else None
        rows = await self._rows.page(acting, observation_id, before, size + 1)
        last = rows[size - 1 : size] if len(rows) > size else ()
        following = self._tokens.sign(scope, [str(last[0].delivery_id)]) if last else ""
        return DeliveryPage(rows[:size], following)

    async def again(self, acting: Acting, observation_id: UUID) -> DeliveryRow:
        """Have the observation's last version told once more.

        Raises:
            KiokuError: WEBHOOK_NOT_SET, OBSERVATION_NOT_FOUND, OBSERVATION_NOT_READY.
        """
        if not self._receives:
            raise KiokuError(Reason.WEBHOOK_NOT_SET)
        return await self._rows.again(acting, observation_id)
