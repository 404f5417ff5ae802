"""Scores of labels are the model's own, for both families; bad questions are refused."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import numpy as np
import pytest
import torch
from kioku_embedder.backend import Embedding, Source, Timing
from kioku_embedder.batcher import Batcher
from kioku_embedder.checkpoint import Checkpoint
from kioku_embedder.embedding import Embedder
from kioku_embedder.engine import LabelScale
from kioku_embedder.engines.torch_engine import TorchEngine
from kioku_embedder.labels import Labeller, question_of, scores_of
from kioku_embedder.waiting import Priority, Tower
from kioku_rt.errors import KiokuError
from kioku_rt.images import DecodedImage, decode
from kioku_rt.reasons import Reason
from kioku_rt.space import Space
from PIL import Image
from transformers import AutoModel, AutoProcessor

LABELS = ["a red cat", "two old houses", "赤い猫", "Dog"]
SPACE = Space("fake", "r", 2, "p", "float32")


class Silent:
    """An observer that does not care."""

    def decoded(self, priority: Priority, seconds: float) -> None: ...

    def answered(self, tower: Tower, reason: Reason | None) -> None: ...


class Decoder:
    """Decodes in this process."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self._checkpoint = checkpoint

    async def decode(self, data: bytes) -> DecodedImage:
        decoded = decode(data)
        pixels = self._checkpoint.preprocessing(decoded.pixels)
        return DecodedImage(pixels, decoded.content_type, decoded.original_size)


@pytest.fixture
async def embedder(checkpoint: Checkpoint) -> AsyncIterator[Embedder]:
    """A real one of each family."""
    engine = TorchEngine(checkpoint, device="cpu")
    dimension = checkpoint.space.dimension
    batcher = Batcher(engine, dimension=dimension, batch_size=4, pass_seconds=10, limit=12)
    batcher.start()
    yield Embedder(checkpoint.space, Decoder(checkpoint), batcher, decoders=1, observer=Silent())
    await batcher.close()


def source(data: bytes) -> Source:
    async def give() -> bytes:
        return data

    return give


async def test_scores_are_the_references(
    embedder: Embedder, checkpoint: Checkpoint, make_jpeg: Callable[..., bytes]
) -> None:
    """Equal to transformers' own logits_per_image within 1e-4; SigLIP apart, CLIP together."""
    data = make_jpeg(seed=3)
    question = question_of(LABELS, "")
    found = await Labeller().label_image(embedder, source(data), question)
    siglip = checkpoint.family.name == "siglip"
    processor = AutoProcessor.from_pretrained(checkpoint.folder, backend="pil")
    inputs = processor(
        text=[text.lower() if siglip else text for text in question.sentences],
        images=Image.fromarray(decode(data).pixels),
        padding="max_length",
        max_length=64 if siglip else 77,
        truncation=True,
        return_tensors="pt",
    )
    with torch.no_grad():
        logits = AutoModel.from_pretrained(checkpoint.folder).eval()(**inputs).logits_per_image[0]
    expected = torch.sigmoid(logits) if siglip else torch.softmax(logits, dim=0)
    by_label = {label.name: label.score for label in found.labels}
    np.testing.assert_allclose([by_label[x] for x in LABELS], expected.numpy(), atol=1e-4)
    assert siglip != found.exclusive
    assert sorted(by_label.values(), reverse=True) == [label.score for label in found.labels]


async def test_a_vector_and_its_picture_get_the_same_scores(
    embedder: Embedder, make_jpeg: Callable[..., bytes]
) -> None:
    """Whatever the vector's length; a picture has times, a vector has none."""
    picture, labeller = source(make_jpeg()), Labeller()
    vector = (await embedder.image(picture, space_id="", priority=Priority.BULK)).vector
    question = question_of(LABELS, "{}")
    by_picture = await labeller.label_image(embedder, picture, question)
    by_vector = await labeller.label_vector(embedder, (7 * vector).tolist(), question)
    assert [label.name for label in by_picture.labels] == [x.name for x in by_vector.labels]
    expected = [label.score for label in by_picture.labels]
    np.testing.assert_allclose([label.score for label in by_vector.labels], expected, atol=1e-5)
    assert by_picture.timing.batch_size == 1
    assert by_vector.timing == Timing(0.0, 0.0, 0.0, 0)


class Words:
    """A backend that counts texts; its vectors lie on a circle."""

    def __init__(self) -> None:
        self.space = SPACE
        self.loaded = True
        self.texts: list[str] = []
        self.at_once = self.most_at_once = 0
        self.failing: str | None = None

    def require_space(self, space_id: str) -> None:
        self.space.require(space_id)

    def label_scale(self) -> LabelScale:
        return LabelScale(10.0, -5.0, exclusive=False)

    async def image(
        self, source: Source, *, space_id: str, priority: Priority, derived: str = ""
    ) -> Embedding:
        raise NotImplementedError

    async def text(self, text: str, *, space_id: str, priority: Priority) -> Embedding:
        assert ("", Priority.INTERACTIVE) == (space_id, priority)
        self.texts.append(text)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(0)
        self.at_once -= 1
        if text == self.failing:
            raise KiokuError(Reason.OVERLOADED)
        angle = len(text) / 10
        vector = np.array([np.cos(angle), np.sin(angle)], np.float32)
        return Embedding(SPACE, vector, truncated=False, timing=Timing(0, 0, 0, 1))


async def test_a_sentence_is_embedded_once() -> None:
    """The next question pays for new labels only; the least used ones are forgotten."""
    words, labeller = Words(), Labeller(cached=3)
    await labeller.label_vector(words, [1, 0], question_of(["a", "b"], "{}"))
    await labeller.label_vector(words, [1, 0], question_of(["b", "c"], "{}"))
    assert ["a", "b", "c"] == words.texts
    await labeller.label_vector(words, [1, 0], question_of(["b", "d"], "{}"))
    await labeller.label_vector(words, [1, 0], question_of(["b", "c"], "{}"))
    assert ["a", "b", "c", "d"] == words.texts
    await labeller.label_vector(words, [1, 0], question_of(["a"], "{}"))
    assert ["a", "b", "c", "d", "a"] == words.texts


async def test_many_labels_leave_room_for_others() -> None:
    """256 labels are not 256 items at once."""
    words = Words()
    labels = [str(number) for number in range(256)]
    found = await Labeller().label_vector(words, [1, 0], question_of(labels, "{}"))
    assert (256, 32) == (len(found.labels), words.most_at_once)


async def test_equal_labels_keep_the_order_of_the_question() -> None:
    """Ties are not settled by chance."""
    found = await Labeller().label_vector(Words(), [1, 0], question_of(["bb", "aa", "c"], "{}"))
    assert ["c", "bb", "aa"] == [label.name for label in found.labels]


async def test_one_failing_label_fails_the_question_with_its_reason() -> None:
    """No group of exceptions reaches a caller."""
    words = Words()
    words.failing = "b"
    with pytest.raises(KiokuError, match="OVERLOADED"):
        await Labeller().label_vector(words, [1, 0], question_of(["a", "b"], "{}"))


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ([1.0], Reason.VECTOR_WRONG_DIMENSION),
        ([0.0, 0.0], Reason.VECTOR_ZERO_NORM),
        ([float("nan"), 1.0], Reason.VECTOR_NOT_FINITE),
    ],
    ids=["short", "zero", "nan"],
)
async def test_vectors_without_meaning_are_refused(values: list[float], reason: Reason) -> None:
    """Before any word is embedded."""
    words = Words()
    with pytest.raises(KiokuError) as caught:
        await Labeller().label_vector(words, values, question_of(["a"], ""))
    assert (reason, []) == (caught.value.reason, words.texts)


@pytest.mark.parametrize(
    ("labels", "template", "reason", "field"),
    [
        ([], "", Reason.FIELD_MISSING, "labels"),
        ([str(n) for n in range(257)], "", Reason.FIELD_INVALID, "labels"),
        (["a", " a "], "", Reason.FIELD_INVALID, "labels"),
        (["a", ""], "", Reason.TEXT_EMPTY, "labels[1]"),
        (["x" * 201], "", Reason.TEXT_TOO_LONG, "labels[0]"),
        (["a\x00"], "", Reason.TEXT_INVALID_CHARACTER, "labels[0]"),
        (["a"], "a photo", Reason.FIELD_INVALID, "template"),
        (["a"], "{} and {}", Reason.FIELD_INVALID, "template"),
        (["a"], "{}" + "x" * 199, Reason.TEXT_TOO_LONG, "template"),
    ],
    ids=["none", "many", "twice", "empty", "long", "nul", "slotless", "slots", "long-template"],
)
def test_bad_questions_are_refused(
    labels: list[str], template: str, reason: Reason, field: str
) -> None:
    """Each with its reason and the field at fault."""
    with pytest.raises(KiokuError) as caught:
        question_of(labels, template)
    assert (reason, field) == (caught.value.reason, caught.value.field)


def test_a_template_is_no_program() -> None:
    """Braces in labels and around the slot are text."""
    question = question_of(["{0.__class__}", "b"], "{x} {} {0}")
    assert ("{x} {0.__class__} {0}", "{x} b {0}") == question.sentences
    assert "a photo of b." == question_of(["b"], "").sentences[0]


@pytest.mark.parametrize("exclusive", [True, False], ids=["clip", "siglip"])
def test_extreme_logits_stay_scores(exclusive: bool) -> None:
    """No overflow, no NaN, between 0 and 1."""
    scores = scores_of(np.array([1.0, -1.0, 0.0]), LabelScale(1e6, -3.0, exclusive))
    assert np.isfinite(scores).all()
    assert (0.0, 1.0) == (scores.min(), scores.max())
