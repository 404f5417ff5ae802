"""Promise: domain values as the contracts' messages; the only place that fills them in."""

from __future__ import annotations

from kioku.common.v1 import failure_pb2
from kioku.embedder.v1 import embedder_service_pb2 as pb
from kioku_rt.errors import InvalidInput, KiokuError
from kioku_rt.reasons import Reason

from kioku_embedder.backend import Embedding, Timing
from kioku_embedder.labels import Labelled

_MILLISECONDS = 1000.0


def timing_message(timing: Timing) -> pb.Timing:
    """The times in milliseconds."""
    return pb.Timing(
        queue_ms=timing.queue * _MILLISECONDS,
        decode_ms=timing.decode * _MILLISECONDS,
        inference_ms=timing.inference * _MILLISECONDS,
        batch_size=timing.batch_size,
    )


def image_message(embedding: Embedding) -> pb.EmbedImageResponse:
    """The answer to EmbedImage."""
    return pb.EmbedImageResponse(
        space_id=embedding.space.space_id,
        embedding=embedding.vector.tolist(),
        timing=timing_message(embedding.timing),
    )


def text_message(embedding: Embedding) -> pb.EmbedTextResponse:
    """The answer to EmbedText."""
    return pb.EmbedTextResponse(
        space_id=embedding.space.space_id,
        embedding=embedding.vector.tolist(),
        truncated=embedding.truncated,
        timing=timing_message(embedding.timing),
    )


def labelled_space(request: pb.LabelImageRequest) -> str:
    """The space that a LabelImage request is about; empty: the default one.

    Raises:
        InvalidInput: ONEOF_NOT_EXACTLY_ONE, FIELD_MISSING or FIELD_INVALID.
    """
    source = request.WhichOneof("source")
    if source is None:
        raise InvalidInput(Reason.ONEOF_NOT_EXACTLY_ONE, field="source")
    if source == "image":
        return request.space_id
    if not request.vector.space_id:
        raise InvalidInput(Reason.FIELD_MISSING, field="vector.space_id")
    if request.space_id not in ("", request.vector.space_id):
        raise InvalidInput(
            Reason.FIELD_INVALID, "The vector is of another space.", field="space_id"
        )
    return request.vector.space_id


def label_message(labelled: Labelled) -> pb.LabelImageResponse:
    """The answer to LabelImage."""
    exclusive, independent = pb.LABEL_CALIBRATION_EXCLUSIVE, pb.LABEL_CALIBRATION_INDEPENDENT
    return pb.LabelImageResponse(
        space_id=labelled.space_id,
        calibration=exclusive if labelled.exclusive else independent,
        labels=[
            pb.LabelScore(label=each.name, score=each.score, similarity=each.similarity)
            for each in labelled.labels
        ],
        timing=timing_message(labelled.timing),
    )


def streamed_message(key: str, embedding: Embedding) -> pb.EmbedImagesResponse:
    """The answer to one picture of a stream."""
    return pb.EmbedImagesResponse(
        key=key,
        space_id=embedding.space.space_id,
        embedding=embedding.vector.tolist(),
        timing=timing_message(embedding.timing),
    )


def failed_message(key: str, error: KiokuError) -> pb.EmbedImagesResponse:
    """The answer to one picture of a stream that has no vector."""
    return pb.EmbedImagesResponse(key=key, failure=failure_message(error.reason, error.message))


def failure_message(reason: str, message: str) -> failure_pb2.Failure:
    """A reason and one sentence."""
    return failure_pb2.Failure(reason=reason, message=message)
