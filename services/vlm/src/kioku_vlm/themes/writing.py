"""Promise: every theme gets words in time; a model that does not answer costs its words only."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

import structlog
from kioku_rt.errors import KiokuError

from kioku_vlm.themes.ports import Writer
from kioku_vlm.themes.theme import ThemeFacts, Wording

NO_TIME = "TIMEOUT"
_log = structlog.get_logger(__name__)


class Writing:
    """Words themes one after the other.

    Args:
        writer: asked first.
        plain: asked where the first does not answer; never fails.
        seconds: for all themes of a call together.
        pause: seconds for which a writer that failed is not asked again.
    """

    def __init__(
        self,
        writer: Writer,
        plain: Writer,
        *,
        seconds: float = 20.0,
        pause: float = 30.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._writer = writer
        self._plain = plain
        self._seconds = seconds
        self._pause = pause
        self._clock = clock
        self._not_before = 0.0

    @property
    def model_version(self) -> str:
        """The model that is asked; empty: none."""
        return self._writer.model_version

    async def write(self, facts: Sequence[ThemeFacts], language: str) -> tuple[list[Wording], bool]:
        """Words for each theme, and whether the writer answered whenever it was asked."""
        words: list[Wording] = []
        if self._clock() >= self._not_before:
            try:
                async with asyncio.timeout(self._seconds):
                    for one in facts:
                        words.append(await self._writer.write(one, language))  # noqa: PERF401
            except TimeoutError:
                self._rest(NO_TIME)
            except KiokuError as error:
                self._rest(error.reason)
        whole = len(words) == len(facts)
        for one in facts[len(words) :]:
            words.append(await self._plain.write(one, language))  # noqa: PERF401
        return words, whole

    def _rest(self, reason: str) -> None:
        """One slow or dead model must not make every call wait for it."""
        self._not_before = self._clock() + self._pause
        _log.warning("themes.writer_away", model=self.model_version, reason=reason)
