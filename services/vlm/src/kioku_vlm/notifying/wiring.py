"""What `main` wires for webhooks: who is told, by which consumer and by which jobs."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kioku_rt.job import Job

from kioku_vlm.notifying.delivery import DeliveryState
from kioku_vlm.notifying.delivery_rows import DeliveryRowStore
from kioku_vlm.notifying.delivery_store import DeliveryStore
from kioku_vlm.notifying.metrics import WEBHOOK_OLDEST, WEBHOOK_OUTSTANDING
from kioku_vlm.notifying.receiver import HttpReceiver, checked_url, client_of
from kioku_vlm.notifying.signing import secret_bytes
from kioku_vlm.notifying.telling import Telling
from kioku_vlm.notifying.told import CONSUMER, Told
from kioku_vlm.notifying.told_again import ToldAgain

if TYPE_CHECKING:
    import asyncpg
    from kioku_rt.events.outcome import Handler
    from kioku_rt.page_token import PageTokens

    from kioku_vlm.settings import Settings

_SLOTS = 8
_HANDLER_SECONDS = 20.0
_AT_ONCE = 8
_SHOW_SECONDS = 15.0
_FORGET_SECONDS = 3600.0


@dataclass(frozen=True)
class Notifying:
    """The parts of the service that tell the app."""

    told: ToldAgain
    jobs: Sequence[Job]
    handlers: dict[str, tuple[Handler, int, float]]


def notifying(
    settings: Settings,
    api: asyncpg.Pool,
    worker: asyncpg.Pool,
    tokens: PageTokens,
    resources: AsyncExitStack,
) -> Notifying:
    """Wire webhooks; without an address events are passed over.

    Raises:
        ReceiverUnusable, SecretMalformed: with one sentence for the operator.
    """
    deliveries = DeliveryStore(worker)
    receives = bool(settings.vlm_webhook_url)
    told = Told(deliveries if receives else None)
    jobs = [Job("webhook-figures", _SHOW_SECONDS, lambda: _show(deliveries))]
    if receives:
        telling = Telling(deliveries, _receiver(settings, resources), at_once=_AT_ONCE)
        jobs += [
            Job("webhooks", settings.vlm_webhook_every_seconds, telling.round),
            Job(
                "webhook-forget",
                _FORGET_SECONDS,
                lambda: deliveries.forget(settings.vlm_webhook_days),
            ),
        ]
    return Notifying(
        told=ToldAgain(DeliveryRowStore(api), tokens, receives=receives),
        jobs=jobs,
        handlers={CONSUMER: (told.ready, _SLOTS, _HANDLER_SECONDS)},
    )


def _receiver(settings: Settings, resources: AsyncExitStack) -> HttpReceiver:
    url = checked_url(settings.vlm_webhook_url, plaintext=settings.vlm_webhook_plaintext)
    keys = [secret_bytes(secret.get_secret_value()) for secret in settings.vlm_webhook_secrets]
    client = client_of(settings.vlm_webhook_seconds, _AT_ONCE)
    resources.push_async_callback(client.aclose)
    return HttpReceiver(client, url, keys, seconds=settings.vlm_webhook_seconds)


async def _show(deliveries: DeliveryStore) -> None:
    figures = await deliveries.outstanding()
    for state in (DeliveryState.PENDING, DeliveryState.FAILED):
        WEBHOOK_OUTSTANDING.labels(state.value).set(figures.get(state, (0, 0.0))[0])
    WEBHOOK_OLDEST.set(figures.get(DeliveryState.PENDING, (0, 0.0))[1])
