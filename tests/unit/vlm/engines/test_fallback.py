"""A hundred queued pictures and a dead model: rules read them, or they wait; none is lost."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest
from kioku_rt.outbound import outbound_client
from kioku_rt.policy import AiPolicy
from kioku_rt.reasons import Reason
from kioku_vlm.engines.breaker import Breaker, State
from kioku_vlm.engines.failure import ModelDown
from kioku_vlm.engines.fallback import Fallback
from kioku_vlm.engines.http.chat_model import ChatModel
from kioku_vlm.engines.http.exchange import Exchange
from kioku_vlm.engines.model_extractor import ModelExtractor
from kioku_vlm.engines.prompt import load_prompt
from kioku_vlm.engines.viewing import Viewer
from kioku_vlm.observing.ports import Extractor
from kioku_vlm.schedule_facts import Schedule

from tests.unit.vlm.engines import lying_server as lies
from tests.unit.vlm.engines.lying_server import Answer, LyingServer, completion, http, lying_server
from tests.unit.vlm.engines.models import InlineDecoder, RulesReader, Tally, picture
from tests.unit.vlm.engines.test_breaker import Clock
from tests.unit.vlm.engines.test_model_extractor import FESTIVAL, KNOWN

QUEUED = 100
RIGHT = lies.says(
    http(
        completion(
            '{"entries":[{"kind":"EVENT","title":{"text":"夏まつり","line":1},"date":{"text":"令和8年5月30日(土)","line":2},"time":null,"place":null,"notes":[]}]}'
        )
    )
)


@dataclass
class Rig:
    """A fallback before a model's server."""

    reading: Fallback
    breaker: Breaker
    clock: Clock
    reasons: list[str]

    async def read(self) -> Schedule:
        return await self.reading.extract([FILE], FESTIVAL, KNOWN)

    async def read_all(self) -> list[Schedule | BaseException]:
        """A hundred, eight at a time."""
        turns = asyncio.Semaphore(8)

        async def one() -> Schedule:
            async with turns:
                return await self.read()

        return await asyncio.gather(*(one() for _ in range(QUEUED)), return_exceptions=True)


FILE = picture(56, 56)


def _rig(server: LyingServer, offline: Extractor | None, *, seconds: float) -> tuple[Rig, Exchange]:
    client = outbound_client(AiPolicy(), base_url=server.url, seconds=5.0, connections=8)
    exchange = Exchange(client, most_bytes=100_000, seconds=seconds)
    model = ChatModel(exchange, model="m", server="s", most_pixels=100_000, concurrency=8)
    extractor = ModelExtractor(
        model, load_prompt("schedule"), Viewer(InlineDecoder()), RulesReader(),
        second_look=None, most_tokens=64, observer=Tally(),
    )  # fmt: skip
    clock, reasons = Clock(), []
    breaker = Breaker(most_failures=3, seconds=30, clock=clock)
    reading = Fallback(extractor, breaker, offline, fell_back=reasons.append)
    return Rig(reading, breaker, clock, reasons), exchange


@pytest.mark.parametrize(
    "lie",
    [
        lies.hangs,
        lies.breaks_off,
        lies.says(http(b"<html/>")),
        lies.says(http(b"", status="500 No")),
    ],
    ids=["hangs", "breaks-off", "html", "500"],
)
async def test_a_dead_server_by_the_policy_rules_all_pictures_are_read_by_rules(
    lie: Answer,
) -> None:
    async with lying_server(lie) as server:
        rig, exchange = _rig(server, RulesReader(), seconds=0.3)
        schedules = await rig.read_all()
        await exchange.aclose()
    assert len(schedules) == QUEUED
    for schedule in schedules:
        assert isinstance(schedule, Schedule)
        assert schedule.provenance is not None
        assert schedule.provenance.model_version == "kioku-rules@1"
        assert [one.start.value for one in schedule.entries if one.start] == ["2026-05-30T10:00"]
    assert rig.reasons == ["MODEL_UNAVAILABLE"] * QUEUED
    assert 3 <= len(server.questions) <= 8 + 3  # what was under way when the third one failed
    assert rig.breaker.state is State.OPEN


async def test_by_the_policy_pending_all_wait_and_are_read_once_the_server_is_back() -> None:
    async with lying_server(lies.hangs) as server:
        rig, exchange = _rig(server, None, seconds=0.5)
        waiting = await rig.read_all()
        assert len(waiting) == QUEUED
        assert all(isinstance(one, ModelDown) for one in waiting)
        assert {one.reason for one in waiting if isinstance(one, ModelDown)} == {
            Reason.MODEL_UNAVAILABLE
        }
        server.answer = RIGHT
        rig.clock.now += 30
        first = await rig.read()  # the probe
        schedules = await rig.read_all()
        await exchange.aclose()
    assert len(schedules) == QUEUED
    for schedule in (first, *schedules):
        assert isinstance(schedule, Schedule)
        assert schedule.provenance is not None
        assert schedule.provenance.model_version == "m@s"
        assert [one.title.value for one in schedule.entries if one.title] == ["夏まつり"]


async def test_a_server_that_answers_nonsense_is_given_up_after_a_row_of_it() -> None:
    async with lying_server(lies.says(http(completion("I cannot do that.")))) as server:
        rig, exchange = _rig(server, RulesReader(), seconds=5.0)
        for _ in range(20):
            schedule = await rig.read()
            assert schedule.provenance is not None
            assert schedule.provenance.model_version == "kioku-rules@1"
        await exchange.aclose()
    assert len(server.questions) == 8
    assert rig.reasons == ["MODEL_OUTPUT_INVALID"] * 8 + ["MODEL_UNAVAILABLE"] * 12
