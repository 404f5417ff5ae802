"""Promise: models are opened as the settings name them, or refused with one sentence."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from kioku_rt.errors import DependencyDown, KiokuError
from kioku_rt.outbound import outbound_client
from kioku_rt.policy import AiPolicy

from kioku_vlm.engines.breaker import Breaker
from kioku_vlm.engines.failure import EngineUnusable
from kioku_vlm.engines.fallback import Fallback
from kioku_vlm.engines.http.chat_model import ChatModel
from kioku_vlm.engines.http.exchange import Exchange
from kioku_vlm.engines.local.checkpoint import Family, open_checkpoint
from kioku_vlm.engines.local.child import Recipe
from kioku_vlm.engines.local.local_model import LocalModel
from kioku_vlm.engines.local.worker import ModelWorker
from kioku_vlm.engines.metrics import PrometheusObserver, fell_back, watch_breaker
from kioku_vlm.engines.model_describer import ModelDescriber
from kioku_vlm.engines.model_extractor import ModelExtractor
from kioku_vlm.engines.model_writer import ModelWriter
from kioku_vlm.engines.ports import Describer, Writer
from kioku_vlm.engines.prompt import load_prompt
from kioku_vlm.engines.question import Model
from kioku_vlm.engines.second_look import SecondLook
from kioku_vlm.engines.settings import EngineSettings, ModelSettings
from kioku_vlm.engines.viewing import Decoder, Viewer
from kioku_vlm.observing.ports import Extractor, Reader


@dataclass(frozen=True)
class Around:
    """What a model needs that the service has anyway.

    Attributes:
        policy: what may be connected to.
        decoder: gives pixels; its long edge bounds what can be seen.
        reader: reads pages; it reads what the model saw as well.
        rules: read when the model does not, and are its second opinion.
    """

    policy: AiPolicy
    decoder: Decoder
    reader: Reader
    rules: Extractor


@dataclass(frozen=True)
class Opened:
    """What the settings name; `describer` and `writer` are None where no model does that."""

    extractor: Extractor
    describer: Describer | None
    writer: Writer | None


async def open_models(
    settings: EngineSettings, around: Around, resources: AsyncExitStack
) -> Opened:
    """Opens everything; a server is not asked yet, local weights are loaded.

    Raises:
        EngineUnusable: with one sentence for the operator.
    """
    observer = PrometheusObserver()
    writer = await _writer(settings, around.policy, resources, observer)
    if settings.vlm_engine == "rules":
        return Opened(around.rules, None, writer)
    model = await _open(settings.reader_model(), settings, around.policy, resources, sees=True)
    breaker = _breaker(settings, model)
    viewer = Viewer(around.decoder)
    extractor = ModelExtractor(
        model,
        load_prompt("schedule"),
        viewer,
        around.rules,
        second_look=SecondLook(around.reader) if settings.vlm_two_views else None,
        most_tokens=settings.vlm_model_tokens,
        observer=observer,
    )
    offline = around.rules if settings.vlm_when_down == "rules" else None
    describer = ModelDescriber(
        model,
        load_prompt("people"),
        viewer,
        breaker=breaker,
        most_tokens=settings.vlm_model_tokens,
        observer=observer,
    )
    reading = Fallback(extractor, breaker, offline, fell_back=fell_back)
    return Opened(reading, describer, writer)


async def _writer(
    settings: EngineSettings,
    policy: AiPolicy,
    resources: AsyncExitStack,
    observer: PrometheusObserver,
) -> Writer | None:
    if settings.vlm_writer == "none":
        return None
    model = await _open(settings.writer_model(), settings, policy, resources, sees=False)
    breaker = _breaker(settings, model)
    return ModelWriter(model, breaker, most_tokens=settings.vlm_model_tokens, observer=observer)


async def _open(
    chosen: ModelSettings,
    settings: EngineSettings,
    policy: AiPolicy,
    resources: AsyncExitStack,
    *,
    sees: bool,
) -> Model:
    if chosen.engine == "openai":
        return await _chat_model(chosen, settings, policy, resources)
    return await _local_model(chosen, settings, resources, sees=sees)


async def _chat_model(
    chosen: ModelSettings, settings: EngineSettings, policy: AiPolicy, resources: AsyncExitStack
) -> ChatModel:
    try:
        await policy.check_url(chosen.url)
    except KiokuError as error:
        raise EngineUnusable(error.message) from error
    key = chosen.api_key.get_secret_value()
    http = outbound_client(
        policy,
        base_url=chosen.url,
        headers={"Authorization": f"Bearer {key}"} if key else None,
        seconds=settings.vlm_model_seconds,
        connections=settings.vlm_model_concurrency,
    )
    exchange = Exchange(
        http, most_bytes=settings.vlm_model_answer_bytes, seconds=settings.vlm_model_seconds
    )
    resources.push_async_callback(exchange.aclose)
    return ChatModel(
        exchange,
        model=chosen.model,
        server=chosen.url,
        most_pixels=settings.vlm_model_pixels,
        concurrency=settings.vlm_model_concurrency,
    )


async def _local_model(
    chosen: ModelSettings, settings: EngineSettings, resources: AsyncExitStack, *, sees: bool
) -> LocalModel:
    checkpoint = open_checkpoint(Path(chosen.model), most_pixels=settings.vlm_model_pixels)
    if sees and checkpoint.family is Family.TEXT:
        raise EngineUnusable(f"{checkpoint.folder} holds a language model; it sees no pictures.")
    recipe = Recipe(
        checkpoint.folder,
        checkpoint.family,
        settings.vlm_device,
        settings.vlm_precision,
        settings.vlm_threads,
        settings.vlm_model_seconds,
    )
    worker = ModelWorker(recipe, start_seconds=settings.vlm_model_start_seconds)
    model = LocalModel(checkpoint, worker, queue_limit=settings.vlm_model_queue)
    resources.push_async_callback(model.aclose)
    try:
        await model.start()
    except DependencyDown as error:
        raise EngineUnusable(f"The process of {checkpoint.folder} does not start.") from error
    return model


def _breaker(settings: EngineSettings, model: Model) -> Breaker:
    breaker = Breaker(
        most_failures=settings.vlm_breaker_failures, seconds=settings.vlm_breaker_seconds
    )
    watch_breaker(model.version, breaker)
    return breaker
