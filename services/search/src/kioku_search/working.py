"""What works through the events that come in."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from kioku_rt.db import ping
from kioku_rt.events import CONSUMERS, AdvisoryFeeder, Worker
from kioku_rt.events.outcome import whole

from kioku_search.faces.consumers import routed, routed_dead, without_vectors

if TYPE_CHECKING:
    from kioku_rt.service import SideTask

    from kioku_search.consumers import Consumers
    from kioku_search.faces.consumers import FaceConsumers
    from kioku_search.servers import Servers
    from kioku_search.settings import Settings

_HANDLER_SECONDS = 20.0


def workers(
    settings: Settings, servers: Servers, consumers: Consumers, faces: FaceConsumers
) -> dict[str, SideTask]:
    probe = partial(_answers, servers)
    embedding_ready = routed(faces.vectors_ready, consumers.embedding_ready)
    letters = {"search-embeddings": without_vectors}
    given_up = {
        "search-embeddings": routed_dead(faces.given_up, consumers.embedding_given_up),
        "search-frames": consumers.frames_given_up,
    }
    handlers = {
        "search-embeddings": (embedding_ready, settings.embedding_slots),
        "search-frames": (consumers.frames_extracted, 4),
        "search-failures": (consumers.asset_failed, 4),
        "search-deletions": (consumers.asset_deleted, 4),
        "search-purges": (consumers.asset_purged, 4),
        "search-consents": (faces.consent_changed, 4),
    }
    running = {
        durable: Worker(
            servers.bus,
            CONSUMERS[durable],
            handler,
            slots=slots,
            handler_timeout=_HANDLER_SECONDS,
            on_dead=given_up.get(durable),
            probe=probe,
            letter=letters.get(durable, whole),
        ).run
        for durable, (handler, slots) in handlers.items()
    }
    exhausted = AdvisoryFeeder(servers.bus, given_up, letters).worker(CONSUMERS["search-exhausted"])
    return {**running, "search-exhausted": exhausted.run}


async def _answers(servers: Servers) -> bool:
    await ping(servers.worker)
    await servers.objects.ping()
    return True
