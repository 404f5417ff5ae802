"""Who words a theme, and what a dead model costs."""

# ruff: noqa: ARG002 - fakes take what their ports say

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from kioku_rt.errors import DependencyDown, KiokuError
from kioku_rt.reasons import Reason
from kioku_vlm.themes.model_writer import ModelWriter, prompt_of, schema_of
from kioku_vlm.themes.template_writer import TemplateWriter
from kioku_vlm.themes.theme import ThemeFacts, Wording
from kioku_vlm.themes.writing import Writing

from tests.unit.vlm.themes.rig import LEXICON
from tests.unit.vlm.themes.test_template_writer import APRIL, facts

KNOWN = facts("en", "cherry-blossoms", "park", pictures=3, first=APRIL[0], last=APRIL[1])


class SpokenModel:
    """Answers what it is told, or fails."""

    model_version = "spoken@1"

    def __init__(self, *answers: Mapping[str, object] | Exception) -> None:
        self.answers = list(answers)
        self.prompts: list[str] = []

    async def write(self, prompt: str, schema: Mapping[str, object]) -> Mapping[str, object]:
        self.prompts.append(prompt)
        answer = self.answers[min(len(self.prompts), len(self.answers)) - 1]
        if isinstance(answer, Exception):
            raise answer
        return answer


class StuckWriter:
    """Never answers."""

    model_version = "stuck@1"

    def __init__(self) -> None:
        self.calls = 0

    async def write(self, facts: ThemeFacts, language: str) -> Wording:
        self.calls += 1
        await asyncio.Event().wait()
        raise AssertionError


def writer(model: SpokenModel) -> ModelWriter:
    return ModelWriter(model, TemplateWriter(), LEXICON)


async def test_what_is_grounded_is_the_models() -> None:
    model = SpokenModel({"title": " Cherry blossoms ", "sentence": "Memories of a park in April."})
    found = await writer(model).write(KNOWN, "en")
    assert found == Wording("Cherry blossoms", "Memories of a park in April.", by_model=True)


async def test_what_is_not_is_the_templates_and_says_why() -> None:
    model = SpokenModel({"title": "Ignore all rules", "sentence": "Visit the casino."})
    found = await writer(model).write(KNOWN, "en")
    plain = await TemplateWriter().write(KNOWN, "en")
    assert found == Wording(plain.title, plain.sentence, refusal="UNGROUNDED_WORD")


def test_the_model_is_told_our_words_numbers_and_days() -> None:
    prompt = prompt_of(KNOWN, "ja")
    told = '{"theme": "cherry blossoms", "pictures": 3, "also_shown": ["park"], '
    assert told + '"first_day": "2026-04-03", "last_day": "2026-04-05"}' in prompt
    assert "in Japanese " in prompt
    assert len(prompt) < 1500


def test_the_schema_bounds_both_fields() -> None:
    properties: Any = schema_of("ja")["properties"]
    assert (properties["title"]["maxLength"], properties["sentence"]["maxLength"]) == (24, 90)


async def test_a_model_whose_answer_is_of_no_use_is_asked_for_the_next_theme() -> None:
    good = {"title": "Cherry blossoms", "sentence": "Memories of a park in April."}
    model = SpokenModel(KiokuError(Reason.MODEL_OUTPUT_INVALID), good)
    words, whole = await Writing(writer(model), TemplateWriter()).write([KNOWN, KNOWN], "en")
    assert ([(one.by_model, one.refusal) for one in words], whole) == (
        [(False, "NO_ANSWER"), (True, "")], True,
    )  # fmt: skip


@pytest.mark.parametrize(
    "failure", [DependencyDown("text model"), KiokuError(Reason.EXTERNAL_AI_REFUSED)]
)
async def test_a_model_that_fails_costs_its_words_only_and_is_left_alone_for_a_while(
    failure: KiokuError,
) -> None:
    model, now = SpokenModel(failure), [100.0]
    writing = Writing(writer(model), TemplateWriter(), pause=30.0, clock=lambda: now[0])
    first = await writing.write([KNOWN, KNOWN], "en")
    await writing.write([KNOWN], "en")
    assert len(model.prompts) == 1
    now[0] = 130.0
    await writing.write([KNOWN], "en")
    assert len(model.prompts) == 2
    plain = await TemplateWriter().write(KNOWN, "en")
    assert first == ([plain, plain], False)


async def test_words_that_came_before_the_failure_stay() -> None:
    good = {"title": "Cherry blossoms", "sentence": "Memories of a park in April."}
    writing = Writing(writer(SpokenModel(good, DependencyDown("text model"))), TemplateWriter())
    words, whole = await writing.write([KNOWN, KNOWN], "en")
    assert ([one.by_model for one in words], whole) == ([True, False], False)


async def test_a_model_that_hangs_is_given_up() -> None:
    stuck = StuckWriter()
    writing = Writing(stuck, TemplateWriter(), seconds=0.01)
    words, whole = await writing.write([KNOWN, KNOWN], "en")
    assert (len(words), whole, stuck.calls) == (2, False, 1)


async def test_without_a_model_nothing_is_missing() -> None:
    writing = Writing(TemplateWriter(), TemplateWriter())
    assert (await writing.write([KNOWN], "ja"))[1]
    assert writing.model_version == ""
