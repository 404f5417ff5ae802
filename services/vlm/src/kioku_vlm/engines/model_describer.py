"""Promise: people on a picture are described, never named.

The form of the answer has no place for a name, and words that stand in the picture are cut from a
description: a badge or a caption would name somebody by a way around.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from kioku_vlm.engines.agreement import UNSEEN
from kioku_vlm.engines.breaker import Breaker
from kioku_vlm.engines.checking import answered
from kioku_vlm.engines.grounding import find
from kioku_vlm.engines.observer import Observer, watched
from kioku_vlm.engines.ports import SeenPerson
from kioku_vlm.engines.prompt import Prompt
from kioku_vlm.engines.question import Model, Question
from kioku_vlm.engines.text_index import TextIndex
from kioku_vlm.engines.viewing import Viewer
from kioku_vlm.engines.words import Words
from kioku_vlm.observing.ports import Picture
from kioku_vlm.page import Box, Document

TASK = "people"
QUOTES_PICTURE = "QUOTES_PICTURE"
_LANGUAGES = {"ja": "Japanese", "en": "English"}
_THOUSANDTHS = 1000.0
_LEAST_AREA = 0.0005
_SAME_PERSON = 0.85
_UNPROVEN = 0.5
"""Nothing but the model says that somebody is there."""
_QUOTED_LETTERS = 2


class ModelDescriber:
    """See `ports.Describer`.

    Args:
        model: who looks.
        prompt: what it is told.
        viewer: makes what it sees.
        breaker: of the model.
        most_tokens: of an answer.
        observer: told of every answer.
    """

    def __init__(
        self,
        model: Model,
        prompt: Prompt,
        viewer: Viewer,
        *,
        breaker: Breaker,
        most_tokens: int,
        observer: Observer,
    ) -> None:
        self._model = model
        self._prompt = prompt
        self._viewer = viewer
        self._breaker = breaker
        self._most_tokens = most_tokens
        self._observer = observer

    @property
    def model_version(self) -> str:
        """See the port."""
        return self._model.version

    @property
    def prompt_version(self) -> str:
        """See the port."""
        return self._prompt.version

    async def describe(
        self, pictures: Sequence[Picture], document: Document, language: str
    ) -> tuple[SeenPerson, ...]:
        """See the port; a question for each page."""
        found: list[SeenPerson] = []
        text = self._prompt.filled(language=_LANGUAGES.get(language, "English"))
        written = TextIndex(document)
        for view in await self._viewer.views(pictures, document, self._model.sizes):
            question = Question(text, self._prompt.schema, self._most_tokens, (view.sent,))
            answer = await self._breaker.run(partial(self._answer, question))
            found += people_of(answer, view.page, written)
        return tuple(found)

    async def _answer(self, question: Question) -> Any:
        with watched(self._observer, TASK) as heard:
            answer, reply = await answered(self._model, question)
            heard(reply)
        return answer


def people_of(answer: Any, page: int, written: TextIndex) -> list[SeenPerson]:
    """The people of a checked answer whose boxes are boxes, each once.

    Args:
        answer: as `prompts/people/schema.json` has it.
        page: whose view it was.
        written: words of the picture; none of them comes out again.
    """
    people: list[SeenPerson] = []
    for said in answer["people"]:
        box = _box(said)
        doubled = any(box.overlap(other.box) > _SAME_PERSON for other in people)
        if box.area >= _LEAST_AREA and not doubled:
            people.append(_person(said["description"], box, page, written))
    return people


def _person(description: str, box: Box, page: int, written: TextIndex) -> SeenPerson:
    own = without_quotes(description, written)
    quoted = own != description
    flags = (QUOTES_PICTURE,) if quoted else ()
    return SeenPerson(page, box, own, UNSEEN if quoted else _UNPROVEN, flags)


def without_quotes(description: str, written: TextIndex) -> str:
    """The description without words that stand in the picture, spelt as there."""
    words = description.split()
    kept = [word for word in words if not _quoted(word, written)]
    return " ".join(kept)


def _quoted(word: str, written: TextIndex) -> bool:
    """Languages without blanks give whole sentences here: those are looked through line by line."""
    bare = word.strip(".,;:!?()[]\"'。、「」")
    if len(bare) < _QUOTED_LETTERS:
        return False
    if bare[:1].isupper() or not bare.isascii():
        found = find(Words(bare), written)
        if found is not None and found.exact:
            return True
    return any(
        len(part) >= _QUOTED_LETTERS and not part.isascii() and part in bare
        for placed in written.placed
        for part in placed.line.text.split()
    )


def _box(said: Any) -> Box:
    left, right = sorted((said["left"] / _THOUSANDTHS, said["right"] / _THOUSANDTHS))
    top, bottom = sorted((said["top"] / _THOUSANDTHS, said["bottom"] / _THOUSANDTHS))
    return Box(left, top, right - left, bottom - top)
