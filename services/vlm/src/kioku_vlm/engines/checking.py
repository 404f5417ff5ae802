"""Promise: what leaves here is JSON of the form that was asked for, and text that can be stored.

Whoever answered, and whatever it says of its own decoding, is checked the same way.
"""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import replace
from functools import lru_cache
from typing import Any, NoReturn

from jsonschema import Draft202012Validator

from kioku_vlm.engines.failure import AnswerTruncated, AnswerUnusable
from kioku_vlm.engines.question import Model, Question, Reply, Schema

MOST_CHARACTERS = 262_144
_FENCE = re.compile(r"\A\s*```(?:json)?\s*\n(.*?)\n?\s*```\s*\Z", re.DOTALL)
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_LONGER = 2
"""A reply that was cut gets so many times the tokens, once: the same limit would cut it again."""


async def answered(model: Model, question: Question) -> tuple[Any, Reply]:
    """The checked answer to a question, with what it took.

    Raises:
        ModelDown: as the model says.
        AnswerTruncated: it was cut, and cut again with twice the tokens.
        AnswerUnusable: it is no JSON, or of another form.
    """
    reply = await model.ask(question)
    if not reply.whole:
        longer = replace(question, most_tokens=_LONGER * question.most_tokens)
        first, reply = reply, await model.ask(longer)
        reply = replace(
            reply, tokens=first.tokens + reply.tokens, seconds=first.seconds + reply.seconds
        )
        if not reply.whole:
            raise AnswerTruncated(longer.most_tokens)
    return checked(reply.text, question.schema), reply


def checked(text: str, schema: Schema) -> Any:
    """The value that a text stands for.

    One Markdown fence around it is taken off: servers that ignore the schema put it there.

    Raises:
        AnswerUnusable: see `answered`.
    """
    if len(text) > MOST_CHARACTERS:
        raise AnswerUnusable("The model's answer is larger than the limit.")
    fenced = _FENCE.match(text)
    value = _parsed(fenced.group(1) if fenced else text)
    if not _validator(json.dumps(schema, sort_keys=True)).is_valid(value):
        raise AnswerUnusable("The model's answer is not of the form that was asked for.")
    return cleaned(value)


def cleaned(value: Any) -> Any:
    """The same value, its strings as `clean`."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [cleaned(one) for one in value]
    if isinstance(value, dict):
        return {key: cleaned(one) for key, one in value.items()}
    return value


def clean(text: str) -> str:
    """NFC on one line, without controls, directions, private and broken characters."""
    spaced = (" " if one.isspace() else one for one in text)
    seen = "".join(one for one in spaced if unicodedata.category(one) not in _UNSEEN)
    return " ".join(unicodedata.normalize("NFC", seen).split())


def _parsed(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise AnswerUnusable("The model's answer is not JSON.") from error


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")


@lru_cache(maxsize=32)
def _validator(schema: str) -> Draft202012Validator:
    return Draft202012Validator(json.loads(schema))
