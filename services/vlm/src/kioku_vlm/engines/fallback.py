"""Promise: a picture is read by the model, or by rules, or waits; which, the policy says.

A schedule says who read it (`Schedule.provenance`), so that what rules read while the model was
away can be told from what the model read.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from time import monotonic

import structlog
from kioku_rt.errors import KiokuError

from kioku_vlm.engines.breaker import Breaker
from kioku_vlm.engines.failure import AnswerUnusable, ModelDown
from kioku_vlm.observing.ports import Extractor, Picture
from kioku_vlm.page import Document
from kioku_vlm.schedule_facts import Circumstances, Provenance, Schedule

_log = structlog.get_logger(__name__)


class Fallback:
    """See `observing.ports.Extractor`.

    Args:
        primary: the model.
        breaker: of the model.
        offline: reads instead (policy `rules`); None: the picture waits (policy `pending`).
        fell_back: told the reason of every picture that the model did not read.
    """

    def __init__(
        self,
        primary: Extractor,
        breaker: Breaker,
        offline: Extractor | None,
        *,
        fell_back: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._primary = primary
        self._breaker = breaker
        self._offline = offline
        self._fell_back = fell_back

    @property
    def model_version(self) -> str:
        """Of the model, whoever answers."""
        return self._primary.model_version

    @property
    def prompt_version(self) -> str:
        """See the port."""
        return self._primary.prompt_version

    @property
    def schema_version(self) -> str:
        """See the port."""
        return self._primary.schema_version

    async def extract(
        self, pictures: Sequence[Picture], document: Document, circumstances: Circumstances
    ) -> Schedule:
        """See the port; with `offline`, neither ModelDown nor AnswerUnusable come out."""
        try:
            return await self._breaker.run(
                lambda: self._primary.extract(pictures, document, circumstances)
            )
        except (ModelDown, AnswerUnusable) as error:
            self._note(error)
            if self._offline is None:
                raise
        begun = monotonic()
        schedule = await self._offline.extract(pictures, document, circumstances)
        read_by = Provenance(self._offline.model_version, seconds=monotonic() - begun)
        return replace(schedule, provenance=schedule.provenance or read_by)

    def _note(self, error: KiokuError) -> None:
        self._fell_back(str(error.reason))
        _log.info(
            "model_did_not_read",
            reason=error.reason,
            message=error.message,
            instead="rules" if self._offline else "waits",
        )
