"""Promise: labels come back with scores that mean something, by what the model itself learnt.

Zero-shot classification: each label becomes a sentence, its vector is compared with the picture's.
SigLIP's score is a sigmoid of each logit for itself (Zhai et al. 2023, "Sigmoid loss for language
image pre-training"); CLIP's is a softmax over the labels given (Radford et al. 2021).
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from kioku_rt.errors import InvalidInput, KiokuError
from kioku_rt.reasons import Reason
from kioku_rt.text import clean_text
from kioku_rt.vectors import Vector, unit_vector

from kioku_embedder.backend import Backend, Source, Timing
from kioku_embedder.engine import LabelScale
from kioku_embedder.waiting import Priority

MOST_LABELS = 256
LONGEST = 200
TEMPLATE = "a photo of {}."
_SLOT = "{}"
_CACHED = 4096
_AT_ONCE = 32

Scores = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Question:
    """Labels, as the caller wrote them, and the sentences they stand in."""

    labels: tuple[str, ...]
    sentences: tuple[str, ...]


@dataclass(frozen=True)
class Label:
    """How well one label fits: its score, 0 to 1, and the cosine, -1 to 1."""

    name: str
    score: float
    similarity: float


@dataclass(frozen=True)
class Labelled:
    """The labels, the best first, ties in the order of the question; times only of a picture."""

    space_id: str
    exclusive: bool
    labels: tuple[Label, ...]
    timing: Timing


class Labeller:
    """Scores labels; remembers the vectors of their sentences.

    Args:
        cached: most sentences to remember, over all spaces.
    """

    def __init__(self, *, cached: int = _CACHED) -> None:
        self._cached = cached
        self._vectors: OrderedDict[tuple[str, str], Vector] = OrderedDict()
        self._scales: dict[str, LabelScale] = {}
        # One for each space: a model that is stuck must not keep the words of another waiting.
        self._rooms: defaultdict[str, asyncio.Semaphore] = defaultdict(_room)

    async def label_image(self, backend: Backend, source: Source, question: Question) -> Labelled:
        """Labels of a picture's bytes.

        Raises:
            KiokuError: LABELS_UNSUPPORTED, and as `Backend.image` and `Backend.text`.
        """
        scale = await self._scale(backend)
        embedding = await backend.image(source, space_id="", priority=Priority.INTERACTIVE)
        return await self._labelled(backend, scale, embedding.vector, question, embedding.timing)

    async def label_vector(
        self, backend: Backend, values: Sequence[float], question: Question
    ) -> Labelled:
        """Labels of a picture's vector of the backend's space; its length does not count.

        Raises:
            KiokuError: VECTOR_*, LABELS_UNSUPPORTED, and as `Backend.text`.
        """
        vector = unit_vector(values, backend.space.dimension, field="vector.values")
        scale = await self._scale(backend)
        return await self._labelled(backend, scale, vector, question, Timing(0.0, 0.0, 0.0, 0))

    async def _scale(self, backend: Backend) -> LabelScale:
        space_id = backend.space.space_id
        if space_id not in self._scales:
            self._scales[space_id] = await asyncio.to_thread(backend.label_scale)
        return self._scales[space_id]

    async def _labelled(
        self,
        backend: Backend,
        scale: LabelScale,
        vector: Vector,
        question: Question,
        timing: Timing,
    ) -> Labelled:
        sentences = await self._sentences(backend, question.sentences)
        cosines = sentences.astype(np.float64) @ vector.astype(np.float64)
        scores = scores_of(cosines, scale)
        order = np.argsort(-cosines, kind="stable")
        labels = tuple(
            Label(question.labels[n], float(scores[n]), float(np.clip(cosines[n], -1, 1)))
            for n in order
        )
        return Labelled(backend.space.space_id, scale.exclusive, labels, timing)

    async def _sentences(
        self, backend: Backend, sentences: Sequence[str]
    ) -> npt.NDArray[np.float32]:
        """Unit vectors (n, dimension) of the sentences, in order."""
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._sentence(backend, text)) for text in sentences]
        except* KiokuError as failures:
            raise _first(failures) from None
        return np.stack([task.result() for task in tasks])

    async def _sentence(self, backend: Backend, text: str) -> Vector:
        key = (backend.space.space_id, text)
        if key in self._vectors:
            self._vectors.move_to_end(key)
            return self._vectors[key]
        async with self._rooms[backend.space.space_id]:
            embedding = await backend.text(text, space_id="", priority=Priority.INTERACTIVE)
        self._vectors[key] = embedding.vector
        if len(self._vectors) > self._cached:
            self._vectors.popitem(last=False)
        return embedding.vector


def _room() -> asyncio.Semaphore:
    return asyncio.Semaphore(_AT_ONCE)


def question_of(labels: Sequence[str], template: str) -> Question:
    """The question, or why it is none.

    Args:
        labels: 1 to 256 different texts of at most 200 characters.
        template: a sentence of at most 200 characters with one `{}`; empty is `a photo of {}.`

    Raises:
        InvalidInput: FIELD_INVALID, FIELD_MISSING or TEXT_*.
    """
    if not labels:
        raise InvalidInput(Reason.FIELD_MISSING, "Give at least one label.", field="labels")
    if len(labels) > MOST_LABELS:
        raise _invalid(f"{len(labels)} labels were given; the limit is {MOST_LABELS}.", "labels")
    sentence = clean_text(template or TEMPLATE, field="template", limit=LONGEST)
    if sentence.count(_SLOT) != 1:
        raise _invalid("The template must hold {} exactly once.", "template")
    clean = [
        clean_text(label, field=f"labels[{number}]", limit=LONGEST)
        for number, label in enumerate(labels)
    ]
    if len(set(clean)) != len(clean):
        raise _invalid("The labels must differ from each other.", "labels")
    return Question(tuple(labels), tuple(sentence.replace(_SLOT, label) for label in clean))


def scores_of(cosines: Scores, scale: LabelScale) -> Scores:
    """Scores, 0 to 1, of cosines of shape (n,)."""
    logits = scale.scale * cosines + scale.bias
    if scale.exclusive:
        shares = np.exp(logits - logits.max())
        softmax: Scores = shares / shares.sum()
        return softmax
    sigmoid: Scores = 0.5 * (1.0 + np.tanh(logits / 2.0))  # overflows nowhere
    return sigmoid


def _invalid(message: str, field: str) -> InvalidInput:
    return InvalidInput(Reason.FIELD_INVALID, message, field=field)


def _first(group: BaseExceptionGroup[KiokuError]) -> KiokuError:
    inner = group.exceptions[0]
    return _first(inner) if isinstance(inner, BaseExceptionGroup) else inner
