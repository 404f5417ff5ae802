"""Whatever a model says is checked the same way, whoever said it."""

from __future__ import annotations

import json

import pytest
from kioku_rt.reasons import Reason
from kioku_vlm.engines.checking import MOST_CHARACTERS, answered, checked, clean
from kioku_vlm.engines.failure import AnswerTruncated, AnswerUnusable
from kioku_vlm.engines.question import Question, Reply

from tests.unit.vlm.engines.models import ScriptedModel

SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["title"],
    "properties": {"title": {"type": "string", "maxLength": 40}},
}
QUESTION = Question("?", SCHEMA, 100)


@pytest.mark.parametrize(
    "said",
    [
        "",
        "Sure! Here is the JSON you asked for.",
        "<html><body>502 Bad Gateway</body></html>",
        '{"title": "a"',
        '{"title": "a"} and more',
        '{"title": 1}',
        '{"title": NaN}',
        '{"name": "a"}',
        '{"title": "a", "webhook": "https://example.com"}',
        '["a"]',
        "null",
        '{"title": "' + "x" * 41 + '"}',
        "[" * 100_000,
        "1" * 10_000,
        '{"title": "' + "x" * MOST_CHARACTERS + '"}',
    ],
)
def test_what_is_not_the_form_is_unusable_and_is_not_repeated_to_anybody(said: str) -> None:
    with pytest.raises(AnswerUnusable) as caught:
        checked(said, SCHEMA)
    assert caught.value.reason is Reason.MODEL_OUTPUT_INVALID
    assert len(str(caught.value)) < 120


def test_a_fence_around_the_answer_is_taken_off() -> None:
    assert checked('```json\n{"title": "a"}\n```', SCHEMA) == {"title": "a"}


@pytest.mark.parametrize(
    ("said", "stored"),
    [
        ("夏まつり", "夏まつり"),
        ("a\n\tb\u3000c", "a b c"),
        ("x\u202egnp.exe", "xgnp.exe"),
        ("ze\u200bro", "zero"),
        ("nul\x00l", "null"),
        ("\ud800half", "half"),
        ("か\u3099", "が"),
    ],
)
def test_text_is_cleaned_of_what_cannot_be_seen_or_stored(said: str, stored: str) -> None:
    assert clean(said) == stored
    assert checked(json.dumps({"title": said}), SCHEMA) == {"title": stored}


async def test_an_answer_that_was_cut_is_asked_for_once_more_with_twice_the_tokens() -> None:
    model = ScriptedModel([Reply('{"ti', whole=False, tokens=100, seconds=1.0), {"title": "a"}])
    answer, reply = await answered(model, QUESTION)
    assert answer == {"title": "a"}
    assert [one.most_tokens for one in model.asked] == [100, 200]
    assert (reply.tokens, reply.seconds) == (111, 1.5)


async def test_an_answer_that_is_cut_twice_is_given_up() -> None:
    model = ScriptedModel([Reply('{"ti', whole=False)])
    with pytest.raises(AnswerTruncated, match="200 tokens"):
        await answered(model, QUESTION)
    assert len(model.asked) == 2
