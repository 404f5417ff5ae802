"""The embedder answers queries of the tags space beside its model's."""

from __future__ import annotations

from typing import Any

import grpc
import numpy as np
import pytest
from kioku.common.v1 import space_pb2
from kioku.embedder.v1 import embedder_service_pb2 as pb
from kioku_embedder.tags.encoder import TagsEncoder
from kioku_rt.rpc import error_of

ENCODER = TagsEncoder()
SPACE = ENCODER.space.space_id


async def test_words_get_the_vector_that_assets_are_compared_with(served: Any) -> None:
    """The same encoder as the worker's, and no model is loaded for it."""
    stub = served.stub()
    answer = await stub.EmbedText(pb.EmbedTextRequest(text="red dress", space_id=SPACE))
    assert SPACE == answer.space_id
    np.testing.assert_allclose(ENCODER.query("red dress"), answer.embedding, atol=1e-7)
    model, tags = (await stub.ListModels(pb.ListModelsRequest())).models
    assert (False, True) == (model.loaded, model.default)
    assert ("tags", space_pb2.SPACE_KIND_TAG, False) == (tags.engine, tags.space.kind, tags.default)


async def test_a_picture_has_no_vector_of_tags(served: Any) -> None:
    """It is refused before it is decoded, as a space that is not served."""
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await served.stub().EmbedImage(pb.EmbedImageRequest(image=b"x", space_id=SPACE))
    said = error_of(refused.value)
    assert said is not None
    assert "SPACE_NOT_SERVED" == said.reason
