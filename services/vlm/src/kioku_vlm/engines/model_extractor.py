"""Promise: a model reads a picture, and what it says is worth what the page bears out."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from kioku_vlm.engines.announcing import Announcing
from kioku_vlm.engines.checking import answered
from kioku_vlm.engines.dating import DatedText
from kioku_vlm.engines.fields import Ground
from kioku_vlm.engines.observer import Observer, watched
from kioku_vlm.engines.prompt import Prompt, nonce, page_block
from kioku_vlm.engines.question import Model, Question, Reply
from kioku_vlm.engines.second_look import SecondLook
from kioku_vlm.engines.viewing import Viewer
from kioku_vlm.engines.words import claims_of
from kioku_vlm.observing.ports import Extractor, Picture
from kioku_vlm.page import Document, PageFlag
from kioku_vlm.schedule_facts import Circumstances, Provenance, Schedule, Suspicion

TASK = "schedule"
_NOTHING_TO_READ = frozenset({PageFlag.BLANK, PageFlag.NO_TEXT})


class ModelExtractor:
    """See `observing.ports.Extractor`.

    Args:
        model: who reads.
        prompt: what it is told.
        viewer: makes what it sees.
        rules: the second opinion.
        second_look: reads what it saw; None: that is not done.
        most_tokens: of an answer.
        observer: told of every answer.
    """

    def __init__(
        self,
        model: Model,
        prompt: Prompt,
        viewer: Viewer,
        rules: Extractor,
        *,
        second_look: SecondLook | None,
        most_tokens: int,
        observer: Observer,
    ) -> None:
        self._model = model
        self._prompt = prompt
        self._viewer = viewer
        self._rules = rules
        self._second_look = second_look
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

    @property
    def schema_version(self) -> str:
        """See the port."""
        return self._prompt.schema_version

    async def extract(
        self, pictures: Sequence[Picture], document: Document, circumstances: Circumstances
    ) -> Schedule:
        """See the port; pages without any text are not shown to the model."""
        rules = await self._rules.extract(pictures, document, circumstances)
        if _without_text(document):
            return rules
        views = await self._viewer.views(pictures, document, self._model.sizes)
        border = nonce()
        text = self._prompt.filled(nonce=border, page=page_block(document))
        question = Question(
            text, self._prompt.schema, self._most_tokens, tuple(view.sent for view in views)
        )
        with watched(self._observer, TASK) as heard:
            answer, reply = await answered(self._model, question)
            heard(reply)
        looked = await self._second_look.suspicions(views, document) if self._second_look else ()
        suspicions = tuple(dict.fromkeys((*rules.suspicions, *looked)))
        schedule = await asyncio.to_thread(
            self._weighed, answer, document, circumstances, rules, suspicions
        )
        return replace(schedule, suspicions=suspicions, provenance=self._provenance(reply))

    def _weighed(
        self,
        answer: object,
        document: Document,
        circumstances: Circumstances,
        rules: Schedule,
        suspicions: Sequence[Suspicion],
    ) -> Schedule:
        ground = Ground(document, suspicions)
        language = document.language or rules.language
        dated = DatedText(ground.index, circumstances, language)
        return Announcing(ground, dated, rules, circumstances).schedule(claims_of(answer))

    def _provenance(self, reply: Reply) -> Provenance:
        return Provenance(
            self.model_version, self.prompt_version, self.schema_version,
            reply.seconds, reply.tokens,
        )  # fmt: skip


def _without_text(document: Document) -> bool:
    flags = {flag for page in document.pages for flag in page.flags}
    words = any(page.lines or page.hidden for page in document.pages)
    return not words and bool(flags & _NOTHING_TO_READ)
