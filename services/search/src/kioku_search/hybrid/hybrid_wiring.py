"""What `main` wires for searches by several lists: their use cases and their jobs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kioku_rt.job import Job

from kioku_search.hybrid.calibrating import SAMPLE, Calibrating, Calibrations
from kioku_search.hybrid.calibration_store import CalibrationStore
from kioku_search.hybrid.coverage_store import CoverageStore
from kioku_search.hybrid.duplicates import Duplicates
from kioku_search.hybrid.methods import SearchByMethod
from kioku_search.hybrid.refinement import Refinement
from kioku_search.hybrid.stored_vectors import StoredVectors
from kioku_search.lexicon.word_store import StaleWordStore, WordStore
from kioku_search.lexicon.words import SearchByWords, WordKeeping

if TYPE_CHECKING:
    import asyncpg
    from kioku_rt.page_token import PageTokens

    from kioku_search.searching.query_vectors import Embedder
    from kioku_search.searching.search import Neighbours, Search
    from kioku_search.settings import Settings
    from kioku_search.spaces.space import Spaces


@dataclass(frozen=True)
class Hybrid:
    """What several lists are searched with.

    Args:
        api, worker: pools of the two roles.
    """

    api: asyncpg.Pool
    worker: asyncpg.Pool
    spaces: Spaces
    neighbours: Neighbours
    tokens: PageTokens
    calibrations: Calibrations

    def searching(self, search: Search) -> SearchByMethod:
        """The Search rpc."""
        return SearchByMethod(
            search,
            SearchByWords(WordStore(self.api), self.tokens),
            self.spaces,
            CoverageStore(self.api),
            Refinement(self.calibrations, self.spaces, StoredVectors(self.api), self.neighbours),
        )

    def forget(self) -> None:
        """Read again, before the next answer, which spaces there are and what is known of them."""
        self.spaces.forget()
        self.calibrations.forget()

    def duplicates(self) -> Duplicates:
        """The ListDuplicateGroups rpc."""
        return Duplicates(StoredVectors(self.api), self.neighbours, self.spaces, self.tokens)

    def jobs(self, settings: Settings, embedder: Embedder) -> list[Job]:
        """What is learnt of assets and spaces besides their vectors."""
        words = WordKeeping(StaleWordStore(self.worker))
        store = CalibrationStore(self.worker, most=SAMPLE)
        calibrating = Calibrating(store, self.spaces, embedder, self.calibrations)
        return [
            Job("words", settings.words_seconds, words.run_once),
            Job("calibration", settings.calibration_seconds, calibrating.run_once),
        ]


def hybrid(
    api: asyncpg.Pool,
    worker: asyncpg.Pool,
    spaces: Spaces,
    neighbours: Neighbours,
    tokens: PageTokens,
) -> Hybrid:
    """With what is known of spaces shared by searches and the job that measures it."""
    calibrations = Calibrations(CalibrationStore(worker, most=SAMPLE))
    return Hybrid(api, worker, spaces, neighbours, tokens, calibrations)
