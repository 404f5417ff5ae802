"""Promise: a hosted model is opened whole, or refused with one sentence for the operator."""

from __future__ import annotations

import re
from contextlib import AsyncExitStack
from dataclasses import dataclass
from urllib.parse import urlsplit

from kioku_rt.errors import DependencyDown, KiokuError
from kioku_rt.images import DecodePool
from kioku_rt.outbound import outbound_client
from kioku_rt.policy import is_inside, resolve
from kioku_rt.space import Space, digest_of

from kioku_embedder.hosted.embeddings_api import EmbeddingsApi
from kioku_embedder.hosted.exchange import Exchange
from kioku_embedder.hosted.failure import BudgetExhausted, Misconfigured
from kioku_embedder.hosted.hosted_embedder import HostedEmbedder, Prices
from kioku_embedder.hosted.ledger import Ledger
from kioku_embedder.hosted.metrics import watch_hosted
from kioku_embedder.hosted.passing import QUALITY, Passage, PassingObjects
from kioku_embedder.hosted.provider import Provider
from kioku_embedder.hosted.replicate import Replicate
from kioku_embedder.hosted.settings import HostedSettings
from kioku_embedder.hosted.throttle import Throttle
from kioku_embedder.making import Making, ModelFacts
from kioku_embedder.metrics import Metrics
from kioku_embedder.originals import Originals
from kioku_embedder.room import Room

_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9._-]+")


class HostedUnusable(Exception):
    """The hosted model must not or cannot be used; the text says why."""


@dataclass(frozen=True)
class HostedModel:
    """The hosted model with what stands around it."""

    settings: HostedSettings
    embedder: HostedEmbedder
    pool: DecodePool
    ledger: Ledger

    def making(self) -> Making:
        """As the process sees it."""
        return Making(
            backend=self.embedder,
            facts=self._facts,
            open_for_bulk=self._open_for_bulk,
            pings={"hosted model": self._ping},
            optional_pings={"hosted budget": self._require_money},
        )

    def _facts(self) -> ModelFacts:
        settings = self.settings
        return ModelFacts(
            settings.hosted_model, settings.provider_url, str(settings.embedder_backend)
        )

    async def _ping(self) -> None:
        if not self.embedder.working:
            raise DependencyDown("hosted model")
        await self.pool.ping()

    async def _open_for_bulk(self) -> bool:
        await self.ledger.refresh()
        return self.embedder.open_for_bulk and self.pool.alive()

    async def _require_money(self) -> None:
        await self.ledger.refresh()
        if not self.ledger.affords(self.settings.hosted_usd_per_image):
            raise BudgetExhausted


async def open_hosted(
    settings: HostedSettings,
    resources: AsyncExitStack,
    objects: PassingObjects,
    pool: DecodePool,
    *,
    decoders: int,
    queue_limit: int,
) -> HostedModel:
    """Opens the client and the ledger; asks the provider nothing yet.

    Args:
        objects: where copies of uploaded pictures lie while a provider fetches them.
        pool: started; gives upright sRGB pixels.
        decoders: bulk pictures at the decoder at once.
        queue_limit: items of each priority in hand.

    Raises:
        HostedUnusable: the policy refuses the provider, the provider cannot reach the pictures, or
            the ledger cannot be read.
    """
    await _require_permission(settings)
    space = space_of(settings, pool.limits.long_edge)
    ledger = Ledger(settings.ledger_path, settings.hosted_budget_usd)
    try:
        await ledger.refresh()
    except Misconfigured as error:
        raise HostedUnusable(error.message) from error
    provider = open_provider(settings)
    resources.push_async_callback(provider.aclose)
    metrics = Metrics(space.model)
    throttle = Throttle(
        per_minute=settings.hosted_requests_per_minute, concurrency=settings.hosted_concurrency
    )
    by_url = provider.takes_urls and settings.hosted_pictures == "url"
    if by_url:
        await _require_reachable_store(settings)
    embedder = HostedEmbedder(
        space,
        Originals(pool, decoders=decoders, observer=metrics),
        provider,
        passage=Passage(objects if by_url else None),
        throttle=throttle,
        ledger=ledger,
        prices=Prices(settings.hosted_usd_per_image, settings.hosted_usd_per_text),
        room=Room(queue_limit),
        observer=metrics,
    )
    watch_hosted(space.model, embedder, ledger, throttle, settings.hosted_budget_usd)
    return HostedModel(settings, embedder, pool, ledger)


def open_provider(settings: HostedSettings) -> Provider:
    """The chosen API behind a client that holds the policy."""
    http = outbound_client(
        settings.ai_policy(),
        base_url=settings.provider_url,
        headers=settings.credentials,
        seconds=settings.hosted_http_seconds,
        connections=2 * settings.hosted_concurrency,
    )
    exchange = Exchange(
        http,
        most_bytes=settings.hosted_answer_max_bytes,
        seconds=settings.hosted_item_seconds,
    )
    if settings.embedder_backend == "replicate":
        return Replicate(
            exchange, version=settings.hosted_model, seconds=settings.hosted_item_seconds
        )
    return EmbeddingsApi(exchange, model=settings.hosted_model, encoding=settings.hosted_encoding)


def space_of(settings: HostedSettings, long_edge: int) -> Space:
    """The space of a hosted model: a server, a name, and the copy that is sent.

    What stands behind a name may change without our being told; a version digest in it helps.
    """
    name = settings.hosted_model.partition(":")[0].rstrip("/").rpartition("/")[2]
    facts = {
        "api": settings.embedder_backend,
        "server": settings.provider_url,
        "model": settings.hosted_model,
    }
    copy = {"long_edge": long_edge, "type": "image/jpeg", "quality": QUALITY}
    return Space(
        model=_NOT_IN_A_NAME.sub("-", name) or "hosted",
        revision=digest_of(facts)[:32],
        dimension=settings.hosted_dimension,
        preprocessing=digest_of(copy)[:32],
        precision="hosted",
    )


async def _require_permission(settings: HostedSettings) -> None:
    try:
        await settings.ai_policy().check_url(settings.provider_url)
    except KiokuError as error:
        raise HostedUnusable(error.message) from error


async def _require_reachable_store(settings: HostedSettings) -> None:
    """A provider outside cannot fetch what only we can reach, and would be paid for trying."""
    store = await _inside(settings.s3_public_endpoint or settings.s3_endpoint)
    if store and await _inside(settings.provider_url) is False:
        raise HostedUnusable(
            "The hosted model's provider cannot fetch pictures from S3_PUBLIC_ENDPOINT, which is "
            "not public; KIOKU_HOSTED_PICTURES=inline sends them inside the requests."
        )


async def _inside(url: str) -> bool | None:
    """Whether a URL leads inside; None where its name is not known now."""
    try:
        addresses = await resolve(urlsplit(url).hostname or "")
    except OSError:
        return None
    return all(is_inside(address) for address in addresses)
