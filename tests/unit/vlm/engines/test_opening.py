"""Settings name a model; it is opened whole, or refused in one sentence."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from kioku_rt.policy import AiPolicy, ExternalAi
from kioku_vlm.engines.failure import EngineUnusable, ModelDown
from kioku_vlm.engines.fallback import Fallback
from kioku_vlm.engines.opening import Around, Opened, open_models
from kioku_vlm.engines.settings import EngineSettings
from pydantic import ValidationError

from tests.unit.vlm.engines import lying_server as lies
from tests.unit.vlm.engines.drawn_pages import document
from tests.unit.vlm.engines.lying_server import completion, http, lying_server
from tests.unit.vlm.engines.models import InlineDecoder, RulesReader, picture
from tests.unit.vlm.engines.test_model_extractor import FESTIVAL, KNOWN
from tests.unit.vlm.engines.test_second_look import ScriptedReader


async def _open(resources: AsyncExitStack, **settings: object) -> tuple[Opened, Around]:
    around = Around(
        AiPolicy(ExternalAi.REFUSED), InlineDecoder(), ScriptedReader(document()), RulesReader()
    )
    return await open_models(EngineSettings(**settings), around, resources), around  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"vlm_engine": "openai", "vlm_model_url": "http://127.0.0.1:1"}, "KIOKU_VLM_MODEL must"),
        ({"vlm_engine": "openai", "vlm_model": "m"}, "KIOKU_VLM_MODEL_URL must"),
        (
            {"vlm_engine": "openai", "vlm_model": "m", "vlm_model_url": "file:///etc"},
            "KIOKU_VLM_MODEL_URL must",
        ),
        ({"vlm_engine": "transformers"}, "KIOKU_VLM_MODEL must"),
        ({"vlm_writer": "openai", "vlm_writer_model": "m"}, "KIOKU_VLM_WRITER_MODEL_URL must"),
        ({"vlm_device": "cuda; rm"}, "vlm_device"),
        ({"vlm_model_tokens": 0}, "vlm_model_tokens"),
    ],
)
def test_settings_that_cannot_be_are_named(settings: dict[str, object], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        EngineSettings(**settings)  # type: ignore[arg-type]


def test_a_key_is_never_shown() -> None:
    settings = EngineSettings(
        vlm_engine="openai", vlm_model="m", vlm_model_url="http://h", vlm_model_api_key="hush"
    )  # type: ignore[arg-type]
    assert "hush" not in f"{settings!r} {settings.reader_model()!r}"


async def test_without_any_setting_rules_read_and_nothing_is_opened() -> None:
    async with AsyncExitStack() as resources:
        opened, around = await _open(resources)
        assert opened == Opened(around.rules, None, None)


async def test_an_address_outside_is_refused_at_the_start() -> None:
    async with AsyncExitStack() as resources:
        with pytest.raises(EngineUnusable, match="KIOKU_EXTERNAL_AI"):
            await _open(
                resources, vlm_engine="openai", vlm_model="m", vlm_model_url="http://93.184.216.34"
            )


@pytest.mark.parametrize("end", ["", "/", "/v1", "/v1/"])
async def test_a_server_reads_describes_and_writes(end: str) -> None:
    async with (
        lying_server(lies.says(http(completion('{"entries":[]}')))) as server,
        AsyncExitStack() as resources,
    ):
        opened, _ = await _open(
            resources,
            vlm_engine="openai", vlm_model="eyes", vlm_model_url=server.url + end,
            vlm_two_views=False,
            vlm_writer="openai", vlm_writer_model="pen", vlm_writer_model_url=server.url + end,
        )  # fmt: skip
        assert isinstance(opened.extractor, Fallback)
        assert opened.describer is not None
        assert opened.writer is not None
        assert opened.extractor.model_version == f"eyes@{server.url}"
        assert opened.extractor.prompt_version.startswith("schedule-v1@")
        schedule = await opened.extractor.extract([picture()], FESTIVAL, KNOWN)
        assert schedule.abstained == "NO_EVENT"
        server.answer = lies.says(http(completion('{"people":[]}')))
        assert await opened.describer.describe([picture()], FESTIVAL, "ja") == ()
        server.answer = lies.says(http(completion('{"title":"夏"}')))
        words = {
            "type": "object",
            "required": ["title"],
            "properties": {"title": {"type": "string"}},
        }
        assert await opened.writer.write("Write.", words) == {"title": "夏"}
        assert [one["model"] for one in server.questions] == ["eyes", "eyes", "pen"]
        assert all("POST /v1/chat/completions " in head for head in server.headers)


async def test_by_the_policy_pending_a_dead_server_is_told() -> None:
    async with AsyncExitStack() as resources:
        opened, _ = await _open(
            resources, vlm_engine="openai", vlm_model="m", vlm_model_url="http://127.0.0.1:9",
            vlm_when_down="pending",
        )  # fmt: skip
        with pytest.raises(ModelDown):
            await opened.extractor.extract([picture()], FESTIVAL, KNOWN)


async def test_a_local_writer_writes(tiny: Callable[[str], Path]) -> None:
    async with AsyncExitStack() as resources:
        opened, _ = await _open(
            resources,
            vlm_writer="transformers",
            vlm_writer_model=str(tiny("writer")),
            vlm_threads=1,
        )
        assert opened.writer is not None
        words = {
            "type": "object", "additionalProperties": False, "required": ["title"],
            "properties": {"title": {"enum": ["夏", "冬"]}},
        }  # fmt: skip
        assert (await opened.writer.write("Write.", words))["title"] in ("夏", "冬")


async def test_a_language_model_is_refused_where_pictures_are_to_be_read(
    tiny: Callable[[str], Path],
) -> None:
    async with AsyncExitStack() as resources:
        with pytest.raises(EngineUnusable, match="sees no pictures"):
            await _open(resources, vlm_engine="transformers", vlm_model=str(tiny("writer")))


async def test_a_local_model_reads_a_page_whole_way(tiny: Callable[[str], Path]) -> None:
    """Random weights claim nonsense: whatever they claim is flagged, or there is nothing."""
    async with AsyncExitStack() as resources:
        opened, _ = await _open(
            resources, vlm_engine="transformers", vlm_model=str(tiny("qwen2.5")), vlm_threads=1,
            vlm_model_tokens=64, vlm_model_pixels=28 * 28 * 16,
        )  # fmt: skip
        schedule = await opened.extractor.extract([picture()], FESTIVAL, KNOWN)
        assert schedule.provenance is not None
        for found in schedule.entries:
            for value in (found.title, found.start, found.place):
                assert value is None or value.evidence or value.confidence <= 0.3
