"""LabelImage over real gRPC: scores, refusals, and what the default model knows of drawn scenes."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import grpc
import pytest
from kioku.common.v1 import vector_pb2
from kioku.embedder.v1 import embedder_service_pb2 as pb
from kioku_embedder.labels import Labeller, question_of
from kioku_embedder.local_model import open_model
from kioku_embedder.settings import Settings
from kioku_rt.reasons import Reason
from kioku_rt.rpc import error_of
from kioku_scenes import draw_scene, seeds_of
from kioku_scenes.kinds import KIND_OF
from kioku_scenes.words import COLOURS

LABELS = ["a red cat", "two houses", "赤い猫"]
TINY = Path(__file__).parents[3] / "models" / "kioku-tiny"
SCENES = 40


async def refusal(call: Awaitable[Any]) -> tuple[grpc.StatusCode, str]:
    """Code and reason of a call that is refused."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    error = error_of(caught.value)
    return caught.value.code(), error.reason if error else caught.value.details() or ""


async def test_a_picture_gets_its_labels(served: Any, make_jpeg: Callable[..., bytes]) -> None:
    """Each label once, best first, with score and cosine; the same by the picture's vector."""
    stub = served.stub()
    answer = await stub.LabelImage(pb.LabelImageRequest(image=make_jpeg(), labels=LABELS))
    space_id = served.model.checkpoint.space.space_id
    assert (space_id, sorted(LABELS)) == (answer.space_id, sorted(x.label for x in answer.labels))
    assert answer.calibration == pb.LABEL_CALIBRATION_INDEPENDENT
    scores = [label.score for label in answer.labels]
    assert scores == sorted(scores, reverse=True)
    assert all(0 < score < 1 for score in scores)
    assert answer.timing.decode_ms > 0
    embedded = await stub.EmbedImage(pb.EmbedImageRequest(image=make_jpeg()))
    vector = vector_pb2.Vector(space_id=space_id, values=[5 * x for x in embedded.embedding])
    again = await stub.LabelImage(pb.LabelImageRequest(vector=vector, labels=LABELS))
    assert [x.label for x in answer.labels] == [x.label for x in again.labels]
    assert scores == pytest.approx([x.score for x in again.labels], abs=1e-5)
    assert 0 == again.timing.batch_size


async def test_many_labels_are_fewer_passes(served: Any, make_jpeg: Callable[..., bytes]) -> None:
    """Forty labels share passes; the next picture with them embeds no word."""
    stub, text_passes = served.stub(), []
    served.model.batcher._on_pass = lambda done: text_passes.append(done.tower == "text")
    labels = [f"thing number {number}" for number in range(40)]
    request = pb.LabelImageRequest(image=make_jpeg(), labels=labels)
    assert 40 == len((await stub.LabelImage(request)).labels)
    before = sum(text_passes)
    assert 1 <= before < 40
    assert 40 == len((await stub.LabelImage(request)).labels)
    assert before == sum(text_passes)


@pytest.mark.parametrize(
    ("request_fields", "code", "reason"),
    [
        ({"labels": ["a"]}, "INVALID_ARGUMENT", Reason.ONEOF_NOT_EXACTLY_ONE),
        ({"image": b"x"}, "INVALID_ARGUMENT", Reason.FIELD_MISSING),
        ({"image": b"x", "labels": ["a", "a"]}, "INVALID_ARGUMENT", Reason.FIELD_INVALID),
        ({"image": b"x", "labels": ["a"]}, "INVALID_ARGUMENT", Reason.IMAGE_UNSUPPORTED_FORMAT),
        ({"image": b"", "labels": ["a"]}, "INVALID_ARGUMENT", Reason.IMAGE_EMPTY),
        (
            {"image": b"x", "labels": ["a"], "space_id": "other@0"},
            "FAILED_PRECONDITION",
            Reason.SPACE_NOT_SERVED,
        ),
        (
            {"vector": vector_pb2.Vector(values=[1.0]), "labels": ["a"]},
            "INVALID_ARGUMENT",
            Reason.FIELD_MISSING,
        ),
        (
            {"vector": vector_pb2.Vector(space_id="other@0", values=[1.0]), "labels": ["a"]},
            "FAILED_PRECONDITION",
            Reason.SPACE_NOT_SERVED,
        ),
        (
            {"vector": vector_pb2.Vector(space_id="x@0"), "labels": ["a"], "space_id": "y@0"},
            "INVALID_ARGUMENT",
            Reason.FIELD_INVALID,
        ),
    ],
    ids=["nothing", "labels", "twice", "bytes", "empty", "space", "named", "vector", "two-spaces"],
)
async def test_bad_questions_are_refused(
    served: Any, request_fields: dict[str, Any], code: str, reason: Reason
) -> None:
    """Each with its code and reason."""
    call = served.stub().LabelImage(pb.LabelImageRequest(**request_fields))
    assert (grpc.StatusCode[code], reason) == await refusal(call)


async def test_a_vector_must_be_one_of_its_space(served: Any) -> None:
    """Length, finiteness, direction."""
    space_id = served.model.checkpoint.space.space_id
    dimension = served.model.checkpoint.space.dimension
    found = []
    for values in ([1.0], [0.0] * dimension, [float("nan")] * dimension):
        vector = vector_pb2.Vector(space_id=space_id, values=values)
        call = served.stub().LabelImage(pb.LabelImageRequest(vector=vector, labels=["a"]))
        found.append((await refusal(call))[1])
    assert [
        Reason.VECTOR_WRONG_DIMENSION,
        Reason.VECTOR_ZERO_NORM,
        Reason.VECTOR_NOT_FINITE,
    ] == found


async def test_tags_have_no_learnt_scale(served: Any) -> None:
    """The other space of the process is told apart."""
    models = (await served.stub().ListModels(pb.ListModelsRequest())).models
    tags = next(model.space.space_id for model in models if model.space.model == "tags")
    call = served.stub().LabelImage(pb.LabelImageRequest(image=b"x", labels=["a"], space_id=tags))
    assert (grpc.StatusCode.FAILED_PRECONDITION, Reason.LABELS_UNSUPPORTED) == await refusal(call)


@pytest.fixture
async def tiny_embedder() -> AsyncIterator[Any]:
    """An embedder of the default small model."""
    chosen: dict[str, Any] = {"SIGLIP_MODEL_NAME": str(TINY), "SIGLIP_DEVICE": "cpu"}
    settings = Settings(**chosen, embedder_decoders=1)
    async with AsyncExitStack() as resources:
        yield (await open_model(settings, resources)).embedder


async def test_the_default_model_names_what_is_drawn(tiny_embedder: Any) -> None:
    """Of 119 kinds the right one is among the best five, of 12 colours the best, mostly."""
    scenes = map(draw_scene, seeds_of("held-out", 10 * SCENES))
    alone = [scene for scene in scenes if scene.layout.form == "alone"][:SCENES]
    labeller, right = Labeller(), Counter[str]()
    for scene in alone:
        [thing] = scene.layout.things
        picture = _png_of(scene.image)
        kinds = await labeller.label_image(tiny_embedder, picture, question_of([*KIND_OF], "a {}"))
        question = question_of([*COLOURS], f"a {{}} {thing.kind}")
        colours = await labeller.label_image(tiny_embedder, picture, question)
        right["kind"] += kinds.labels[0].name == thing.kind
        right["kind in five"] += thing.kind in [label.name for label in kinds.labels[:5]]
        right["colour"] += colours.labels[0].name == thing.colour
    print({what: f"{count / len(alone):.2f}" for what, count in right.items()}, len(alone))
    assert right["kind in five"] > len(alone) / 2
    assert right["colour"] > len(alone) / 2


def _png_of(image: Any) -> Callable[[], Awaitable[bytes]]:
    stream = io.BytesIO()
    image.save(stream, "PNG")

    async def give() -> bytes:
        return stream.getvalue()

    return give
