"""Words for a theme by a local language model, checked; else the template's.  Implements `Writer`.

The model is told our own label names, numbers and days, and nothing that was read in a picture or
typed by anybody: there is no text through which a picture could speak to it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from kioku_rt.errors import KiokuError
from kioku_rt.reasons import Reason

from kioku_vlm.engines.prompt import load_prompt, nonce
from kioku_vlm.themes.grounding import LONGEST_SENTENCE, LONGEST_TITLE, refusal_of
from kioku_vlm.themes.lexicon import ENGLISH, JAPANESE, Lexicon
from kioku_vlm.themes.ports import TextModel, Writer
from kioku_vlm.themes.theme import ThemeFacts, Wording

_LANGUAGE = {JAPANESE: "Japanese", ENGLISH: "English"}


class ModelWriter:
    """Asks a model.

    Args:
        model: answers in JSON.
        instead: words a theme whose answer is refused.
    """

    def __init__(self, model: TextModel, instead: Writer, lexicon: Lexicon) -> None:
        self._model = model
        self._instead = instead
        self._lexicon = lexicon

    @property
    def model_version(self) -> str:
        """Of the model."""
        return self._model.model_version

    async def write(self, facts: ThemeFacts, language: str) -> Wording:
        """Word a theme.

        Raises:
            KiokuError: the model does not answer.
        """
        answer = await self._answer(facts, language)
        refused = refusal_of(answer, facts, language, self._lexicon)
        if refused is None:
            title, sentence = str(answer["title"]).strip(), str(answer["sentence"]).strip()
            return Wording(title, sentence, by_model=True)
        plain = await self._instead.write(facts, language)
        return Wording(plain.title, plain.sentence, refusal=refused)

    async def _answer(self, facts: ThemeFacts, language: str) -> Mapping[str, object]:
        """What the model says; nothing, where it is there and what it says is of no use."""
        try:
            return await self._model.write(prompt_of(facts, language), schema_of(language))
        except KiokuError as error:
            if error.reason is not Reason.MODEL_OUTPUT_INVALID:
                raise
            return {}


def prompt_of(facts: ThemeFacts, language: str) -> str:
    """What the model is asked; the facts are one line of JSON."""
    known: dict[str, Any] = {"theme": facts.name, "pictures": facts.pictures}
    if facts.also:
        known["also_shown"] = list(facts.also)
    if facts.first and facts.last:
        known["first_day"], known["last_day"] = facts.first.isoformat(), facts.last.isoformat()
    return load_prompt("themes").filled(
        language=_LANGUAGE[language], nonce=nonce(), facts=json.dumps(known, ensure_ascii=False)
    )


def schema_of(language: str) -> dict[str, object]:
    """JSON Schema of the answer."""
    return {
        "type": "object",
        "properties": {
            "title": {"type": "string", "maxLength": LONGEST_TITLE[language]},
            "sentence": {"type": "string", "maxLength": LONGEST_SENTENCE[language]},
        },
        "required": ["title", "sentence"],
        "additionalProperties": False,
    }
