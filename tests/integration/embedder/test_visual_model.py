"""The published picture-only model behind the rpcs: pictures get vectors, words a reason."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest
from kioku.embedder.v1 import embedder_service_pb2 as pb
from kioku_embedder.extraction import extract_image_embeddings
from kioku_rt.reasons import Reason
from kioku_rt.rpc import error_of

FOLDER = Path(__file__).resolve().parents[3] / "models" / "kioku-visual"


@pytest.fixture(scope="session")
def tiny_model() -> Path:
    """What `served` serves in this file."""
    return FOLDER


async def test_a_picture_gets_the_vector_that_scripts_get(
    served: Any, make_jpeg: Callable[..., bytes]
) -> None:
    """Rpc and library give one vector, in the space of the folder's name."""
    data = make_jpeg(1, (500, 333))
    answer = await served.stub().EmbedImage(pb.EmbedImageRequest(image=data))
    (expected,) = extract_image_embeddings([data], model=str(FOLDER))
    assert float(np.dot(answer.embedding, expected)) > 0.999
    assert answer.space_id.startswith("kioku-visual@")


async def test_words_are_refused_with_their_reason(served: Any) -> None:
    """FAILED_PRECONDITION and TEXT_NOT_SUPPORTED; the next picture is served."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await served.stub().EmbedText(pb.EmbedTextRequest(text="a cat"))
    error = error_of(caught.value)
    assert grpc.StatusCode.FAILED_PRECONDITION is caught.value.code()
    assert error is not None
    assert Reason.TEXT_NOT_SUPPORTED is error.reason


async def test_labels_are_refused_with_their_reason(
    served: Any, make_jpeg: Callable[..., bytes]
) -> None:
    """Without words there are no labels."""
    request = pb.LabelImageRequest(image=make_jpeg(2), labels=["cat", "dog"])
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await served.stub().LabelImage(request)
    error = error_of(caught.value)
    assert error is not None
    assert Reason.LABELS_UNSUPPORTED is error.reason
