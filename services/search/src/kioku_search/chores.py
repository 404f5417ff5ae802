"""What the service does from time to time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kioku_rt.job import Job

from kioku_search.answers.ranking_store import OldRankingStore
from kioku_search.assets.housekeeping import Leftovers
from kioku_search.assets.leftover_store import LeftoverStore
from kioku_search.metrics import RANKINGS_FORGOTTEN, SWEEPS, UPLOADS_GIVEN_UP, repaired
from kioku_search.spaces.space_metrics import counted

if TYPE_CHECKING:
    from kioku_search.answers.answer_cache import CachedAnswers
    from kioku_search.assets.deletion import Deletions
    from kioku_search.reconciling.repair import Reconciler
    from kioku_search.servers import Servers
    from kioku_search.settings import Settings
    from kioku_search.spaces.space_wiring import SpaceParts


def chores(
    settings: Settings,
    servers: Servers,
    parts: SpaceParts,
    deletions: Deletions,
    *,
    reconciler: Reconciler,
    answers: CachedAnswers,
) -> list[Job]:
    leftovers = Leftovers(LeftoverStore(servers.worker), servers.objects, settings.url_lifetime)

    async def repair() -> None:
        repaired(await reconciler.run_once())

    rankings = OldRankingStore(servers.worker, most=settings.page_rankings)

    async def keep_house() -> None:
        answers.forget_old(settings.answer_cache_seconds)
        RANKINGS_FORGOTTEN.inc(await rankings.forget())
        UPLOADS_GIVEN_UP.inc(await leftovers.clear())
        SWEEPS.inc(await deletions.sweep())

    return [
        Job("space", 5.0, counted("space", parts.spaces.ensure_active)),
        Job("repair", settings.repair_seconds, counted("repair", repair)),
        Job("housekeeping", settings.housekeeping_seconds, counted("housekeeping", keep_house)),
    ]
