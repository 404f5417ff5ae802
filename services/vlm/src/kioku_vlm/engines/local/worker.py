"""The service's side of the child with the weights: whatever happens there hits one question."""

from __future__ import annotations

import json
from time import monotonic
from typing import Any

import structlog
from kioku_rt.errors import DependencyDown
from kioku_rt.images.child import READY
from kioku_rt.images.link import Link
from kioku_rt.images.linked_child import ChildGone, LinkedChild

from kioku_vlm.engines.checking import MOST_CHARACTERS
from kioku_vlm.engines.failure import NAME, AnswerUnusable, EngineUnusable, ModelDown
from kioku_vlm.engines.local.child import ASKED, Recipe, serve
from kioku_vlm.engines.local.parcel import packed
from kioku_vlm.engines.question import Question, Reply

_GRACE = 1.5
"""The child stops by itself at its limit; one that does not is hung, and ended at so much more."""
_ANSWER_SECONDS = 10.0
_MOST_BYTES = 4 * MOST_CHARACTERS
_log = structlog.get_logger(__name__)


class ModelWorker(LinkedChild):
    """Owns at most one child; used by one thread at a time.

    Args:
        recipe: what the child is told.
        start_seconds: until the weights are loaded.
        grace_seconds: beyond its own limit, until a child counts as hung.
    """

    def __init__(
        self, recipe: Recipe, *, start_seconds: float, grace_seconds: float = 10.0
    ) -> None:
        super().__init__(serve, (recipe,), name="kioku-vlm-model", dependency=NAME)
        self._recipe = recipe
        self._start_seconds = start_seconds
        self._grace_seconds = grace_seconds

    def wait_ready(self) -> None:
        """See `LinkedChild`; weights take longer to load than a decoder.

        Raises:
            EngineUnusable: they do not load, in one sentence.
            DependencyDown: the child died or did not get there in time.
        """
        try:
            said = b"" if self._link is None else self._link.receive(self._start_seconds)
        except OSError:
            said = b""
        if said == READY:
            return
        self.discard()
        if said:
            why = json.loads(said)["unusable"]
            raise EngineUnusable(f"The model in {self._recipe.folder} does not load: {why}")
        raise DependencyDown(NAME)

    def ask(self, question: Question) -> Reply:
        """One answer; a child that is gone has a successor first.

        Raises:
            ModelDown: the child died, hung or does not start.
            AnswerUnusable: it could not answer this question.
        """
        try:
            return self._exchange(packed(question))
        except ChildGone as gone:
            _log.warning("model_child_gone", exitcode=gone.exitcode, expired=gone.expired)
            raise ModelDown("The model's process died or hung.") from None
        except (DependencyDown, EngineUnusable) as error:
            raise ModelDown("The model's process does not start.") from error

    def answer(self) -> None:
        """Asks the child whether it is there; starts one where there is none.

        Raises:
            DependencyDown: it is not.
        """
        try:
            link = self.revive()
            with self.ending_it():
                link.send(ASKED)
                if link.receive(_ANSWER_SECONDS) != READY:
                    raise EOFError
        except (ChildGone, EngineUnusable) as error:
            raise DependencyDown(NAME) from error

    def _exchange(self, data: bytes) -> Reply:
        link, begun = self.handed_over(data), monotonic()
        with self.ending_it():
            message = link.receive(self._recipe.seconds * _GRACE + self._grace_seconds)
            header, text = _read(message, link)
            link.tidy()
        if header.get("failed"):
            raise AnswerUnusable("The model failed on this picture.")
        return Reply(text, bool(header["whole"]), int(header["tokens"]), monotonic() - begun)


def _read(message: bytes, link: Link) -> tuple[dict[str, Any], str]:
    """Header and text; raises EOFError for nonsense, which ends the child."""
    try:
        header = json.loads(message)
        size = int(header.get("bytes", 0))
        told = "failed" in header or isinstance(header["whole"], bool)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise EOFError("a model's child spoke nonsense") from error
    if not told or size > _MOST_BYTES:
        raise EOFError("a model's child spoke nonsense")
    return header, link.take(size).decode("utf-8", "replace")
