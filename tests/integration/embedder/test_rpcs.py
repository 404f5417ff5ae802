"""Every rpc over real gRPC: vectors right, refusals with their reasons, nothing UNKNOWN."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import grpc
import numpy as np
import pytest
import torch
from google.api.httpbody_pb2 import HttpBody
from kioku.embedder.v1 import embedder_service_pb2 as pb
from kioku_rt.images import decode
from kioku_rt.reasons import Reason
from kioku_rt.rpc import error_of
from PIL import Image
from transformers import AutoModel, AutoProcessor


async def refusal(call: Awaitable[Any]) -> tuple[grpc.StatusCode, str]:
    """Code and reason of a call that is refused."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    error = error_of(caught.value)
    return caught.value.code(), error.reason if error else caught.value.details()


def cosine(left: Any, right: Any) -> float:
    left, right = np.asarray(left, np.float64), np.asarray(right, np.float64)
    return float(left @ right / np.linalg.norm(left) / np.linalg.norm(right))


async def test_a_picture_gets_the_references_vector(
    served: Any, make_jpeg: Callable[..., bytes]
) -> None:
    """Bytes in, unit vector out; cosine >= 0.9999 with transformers on the decoded picture."""
    data = make_jpeg(1, (500, 333))
    answer = await served.stub().EmbedImage(pb.EmbedImageRequest(image=data))
    folder = served.model.checkpoint.folder
    processor = AutoProcessor.from_pretrained(folder, backend="pil")
    inputs = processor(images=Image.fromarray(decode(data).pixels), return_tensors="pt")
    with torch.no_grad():
        expected = AutoModel.from_pretrained(folder).eval().get_image_features(**inputs)
    assert cosine(answer.embedding, expected.pooler_output[0].numpy()) > 0.9999
    assert abs(np.linalg.norm(answer.embedding) - 1) < 1e-6
    assert answer.space_id == served.model.checkpoint.space.space_id
    assert (answer.timing.batch_size, answer.timing.decode_ms > 0) == (1, True)


async def test_a_text_says_when_it_was_cut(served: Any) -> None:
    """Longer than 64 tokens is legal, and told."""
    stub = served.stub()
    short = await stub.EmbedText(pb.EmbedTextRequest(text="  A Red Cat "))
    same = await stub.EmbedText(pb.EmbedTextRequest(text="a red cat"))
    long = await stub.EmbedText(pb.EmbedTextRequest(text="cat " * 200))
    assert (short.truncated, long.truncated) == (False, True)
    assert cosine(short.embedding, same.embedding) > 0.999999


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", Reason.TEXT_EMPTY),
        ("\u200b\u200d", Reason.TEXT_EMPTY),
        ("x" * 1001, Reason.TEXT_TOO_LONG),
        ("x" * 1_000_000, Reason.TEXT_TOO_LONG),
        ("a\x00b", Reason.TEXT_INVALID_CHARACTER),
    ],
)
async def test_bad_texts_are_refused(served: Any, text: str, reason: Reason) -> None:
    """Each with its reason, before the tokenizer sees them."""
    call = served.stub().EmbedText(pb.EmbedTextRequest(text=text))
    assert await refusal(call) == (grpc.StatusCode.INVALID_ARGUMENT, reason)


def png_bomb() -> bytes:
    stream = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(stream, "PNG")
    return stream.getvalue()


async def test_bad_pictures_are_refused(served: Any, make_jpeg: Callable[..., bytes]) -> None:
    """Empty, no picture, cut, a bomb, too many bytes; a good one in between is served."""
    stub = served.stub()
    good = make_jpeg()
    bad = {
        b"": Reason.IMAGE_EMPTY,
        b"GIF89a?": Reason.IMAGE_UNSUPPORTED_FORMAT,
        b"<svg/>": Reason.IMAGE_UNSUPPORTED_FORMAT,
        good[: len(good) // 2]: Reason.IMAGE_TRUNCATED,
        png_bomb(): Reason.IMAGE_TOO_MANY_PIXELS,
        good + b"\x00" * 16 * 2**20: Reason.IMAGE_TOO_LARGE,
    }
    for data, reason in bad.items():
        code, found = await refusal(stub.EmbedImage(pb.EmbedImageRequest(image=data)))
        assert (code, found) == (grpc.StatusCode.INVALID_ARGUMENT, reason)
        assert (await stub.EmbedImage(pb.EmbedImageRequest(image=good))).embedding


async def test_another_space_is_never_answered(
    served: Any, make_jpeg: Callable[..., bytes]
) -> None:
    """A vector of another space than the caller compares with would be noise."""
    stub = served.stub()
    calls = [
        stub.EmbedText(pb.EmbedTextRequest(text="a", space_id="other@000000000000")),
        stub.EmbedImage(pb.EmbedImageRequest(image=make_jpeg(), space_id="other@0")),
    ]
    expected = (grpc.StatusCode.FAILED_PRECONDITION, Reason.SPACE_NOT_SERVED)
    assert [await refusal(call) for call in calls] == [expected, expected]


async def test_callers_must_be_known(served: Any) -> None:
    """No token; a service without the scope; a service with it."""
    mint = served.issuer.mint
    lists = [
        served.stub(anonymous=True).ListModels(pb.ListModelsRequest()),
        served.stub(mint("search", service=True)).ListModels(pb.ListModelsRequest()),
    ]
    assert [await refusal(call) for call in lists] == [
        (grpc.StatusCode.UNAUTHENTICATED, Reason.TOKEN_MISSING),
        (grpc.StatusCode.PERMISSION_DENIED, Reason.SCOPE_MISSING),
    ]
    allowed = served.stub(mint("search", service=True, scopes=["embed"]))
    assert (await allowed.EmbedText(pb.EmbedTextRequest(text="a"))).embedding


async def test_the_model_is_described_before_it_is_loaded(served: Any) -> None:
    """Weights are read at first use; the space is known from the start."""
    stub = served.stub()
    before, *_ = (await stub.ListModels(pb.ListModelsRequest())).models
    await stub.EmbedText(pb.EmbedTextRequest(text="a"))
    after, *_ = (await stub.ListModels(pb.ListModelsRequest())).models
    assert (before.loaded, after.loaded, before.space) == (False, True, after.space)
    assert (before.device, before.default) == ("cpu", True)
    assert (before.space.dimension, before.space.normalised) == (48, True)
    assert before.space.space_id.startswith("tiny-siglip2@")
    assert (before.engine, before.fidelity) == ("torch", 1.0)
    assert before.memory_bytes == 0
    assert after.memory_bytes > 0


async def test_a_body_may_be_raw_or_a_form(served: Any, make_jpeg: Callable[..., bytes]) -> None:
    """`POST /embed` gives the same vector either way, and says what is wrong with a form."""
    stub, data = served.stub(), make_jpeg(3)
    form = (
        b'--B\r\nContent-Disposition: form-data; name="image"; filename="x.png"\r\n\r\n'
        + data
        + b"\r\n--B--\r\n"
    )

    def body(content_type: str, content: bytes) -> pb.EmbedRequest:
        return pb.EmbedRequest(image=HttpBody(content_type=content_type, data=content))

    raw = await stub.Embed(body("image/png", data))
    multipart = await stub.Embed(body("multipart/form-data; boundary=B", form))
    direct = await stub.EmbedImage(pb.EmbedImageRequest(image=data))
    assert cosine(raw.embedding, multipart.embedding) > 0.999999
    assert cosine(raw.embedding, direct.embedding) > 0.999999
    refused = stub.Embed(body("multipart/form-data; boundary=C", form))
    assert await refusal(refused) == (
        grpc.StatusCode.INVALID_ARGUMENT,
        Reason.MULTIPART_INVALID,
    )


async def test_a_stream_answers_every_picture_once(
    served: Any, make_jpeg: Callable[..., bytes]
) -> None:
    """Thirty pictures, one of them bad: thirty answers by key, one with a reason."""
    data = make_jpeg()

    async def pictures() -> AsyncIterator[pb.EmbedImagesRequest]:
        for number in range(30):
            image = b"no picture" if number == 7 else data
            yield pb.EmbedImagesRequest(key=f"k{number}", image=image)

    answers = [answer async for answer in served.stub().EmbedImages(pictures())]
    assert sorted(a.key for a in answers) == sorted(f"k{n}" for n in range(30))
    failed = {a.key: a.failure.reason for a in answers if not a.embedding}
    assert failed == {"k7": Reason.IMAGE_UNSUPPORTED_FORMAT}


async def test_a_stream_is_read_no_faster_than_it_is_answered(
    served: Any, make_jpeg: Callable[..., bytes]
) -> None:
    """At most the window is in hand; a client that leaves in the middle harms nobody."""
    call = served.stub().EmbedImages()
    data = make_jpeg()
    for number in range(6):
        await call.write(pb.EmbedImagesRequest(key=str(number), image=data))
    first = await call.read()
    assert first.embedding
    call.cancel()
    answer = await served.stub().EmbedText(pb.EmbedTextRequest(text="still here"))
    assert answer.embedding


async def test_a_client_that_gives_up_leaves_nothing_behind(
    served: Any, make_jpeg: Callable[..., bytes]
) -> None:
    """Fifty calls cancelled at once; the queue is empty and the next call is served."""
    stub, data = served.stub(), make_jpeg()
    calls = [stub.EmbedImage(pb.EmbedImageRequest(image=data)) for _ in range(50)]
    await asyncio.sleep(0.02)
    for call in calls:
        call.cancel()
    await asyncio.gather(*calls, return_exceptions=True)
    assert (await stub.EmbedText(pb.EmbedTextRequest(text="a"))).embedding
    await asyncio.sleep(0.5)
    assert [served.model.batcher.depth(priority) for priority in (0, 1)] == [0, 0]
