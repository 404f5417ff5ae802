"""A server's model: asked as OpenAI's clients ask, believed in nothing."""

from __future__ import annotations

import base64
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import numpy as np
import pytest
from kioku_rt.outbound import outbound_client
from kioku_rt.policy import AiPolicy
from kioku_rt.reasons import Reason
from kioku_vlm.engines.checking import answered
from kioku_vlm.engines.failure import AnswerTruncated, AnswerUnusable, ModelDown
from kioku_vlm.engines.http.chat_model import ChatModel
from kioku_vlm.engines.http.exchange import Exchange
from kioku_vlm.engines.prompt import load_prompt
from kioku_vlm.engines.question import Question
from PIL import Image

from tests.unit.vlm.engines import lying_server as lies
from tests.unit.vlm.engines.lying_server import Answer, LyingServer, completion, http, lying_server

QUESTION = Question("?", load_prompt("schedule").schema, 64)


@asynccontextmanager
async def chat(
    url: str, *, seconds: float = 0.5, headers: dict[str, str] | None = None, resolver=None
) -> AsyncIterator[ChatModel]:
    """A model behind a server."""
    more = {"resolver": resolver} if resolver else {}
    client = outbound_client(
        AiPolicy(), base_url=url, headers=headers, seconds=5.0, connections=4, **more
    )
    exchange = Exchange(client, most_bytes=100_000, seconds=seconds)
    model = ChatModel(exchange, model="qwen3-vl", server=url, most_pixels=1_000_000, concurrency=4)
    try:
        yield model
    finally:
        await model.aclose()


async def _ask(answer: Answer, *, seconds: float = 0.5) -> tuple[object, LyingServer]:
    async with lying_server(answer) as server, chat(server.url, seconds=seconds) as model:
        found, _ = await answered(model, QUESTION)
    return found, server


async def test_the_question_has_the_picture_before_the_words_and_the_schema() -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (30, 40, 3), dtype=np.uint8)
    question = Question("Read it.", QUESTION.schema, 64, (pixels,))
    right = lies.says(http(completion('{"entries":[]}')))
    async with (
        lying_server(right) as server,
        chat(server.url, seconds=5.0, headers={"Authorization": "Bearer key"}) as model,
    ):
        answer, reply = await answered(model, question)
    assert answer == {"entries": []}
    assert reply.tokens == 9
    (sent,) = server.questions
    seen, words = sent["messages"][0]["content"]
    assert words == {"type": "text", "text": "Read it."}
    kind, data = seen["image_url"]["url"].split(",")
    assert kind == "data:image/png;base64"
    np.testing.assert_array_equal(
        np.asarray(Image.open(io.BytesIO(base64.b64decode(data)))), pixels
    )
    assert sent["response_format"]["json_schema"]["schema"] == QUESTION.schema
    assert sent["response_format"]["json_schema"]["strict"] is True
    assert (sent["model"], sent["max_tokens"], sent["temperature"], sent["stream"]) == (
        "qwen3-vl",
        64,
        0,
        False,
    )
    assert "Bearer key" in server.headers[0]


async def test_a_question_without_pictures_is_plain_words() -> None:
    _, server = await _ask(lies.says(http(completion('{"entries":[]}'))), seconds=5.0)
    assert server.questions[0]["messages"][0]["content"] == "?"


@pytest.mark.parametrize(
    "content",
    [
        "I see a summer festival on 30 May.",
        '{"events": []}',
        '{"entries": [{"kind": "PARTY"}]}',
        '{"entries": [',
        "<html>no</html>",
        "",
        None,
        {"entries": []},
    ],
)
async def test_an_answer_that_ignores_the_schema_is_unusable(content: object) -> None:
    with pytest.raises(AnswerUnusable):
        await _ask(lies.says(http(completion(content))), seconds=5.0)


@pytest.mark.parametrize(
    "body",
    [
        b"<html><body>Welcome to nginx!</body></html>",
        b"",
        b"[]",
        b"null",
        b'{"choices": []}',
        b'{"error": "no such model"}',
        b"[" * 50_000,
        b"\xff\xfe",
    ],
)
async def test_a_server_that_speaks_something_else_with_status_200_counts_as_down(
    body: bytes,
) -> None:
    with pytest.raises(ModelDown):
        await _ask(lies.says(http(body, kind="text/html")), seconds=5.0)


@pytest.mark.parametrize(
    "status", ["500 Oops", "502 Bad", "503 No", "429 Slow", "401 Who", "404 What"]
)
async def test_a_server_that_is_broken_busy_or_refuses_us_counts_as_down(status: str) -> None:
    with pytest.raises(ModelDown) as caught:
        await _ask(lies.says(http(b"secret stack trace", status=status)), seconds=5.0)
    assert caught.value.reason is Reason.MODEL_UNAVAILABLE
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("status", ["400 Bad", "413 Big", "422 Un"])
async def test_a_server_that_refuses_the_picture_does_not_count_as_down(status: str) -> None:
    with pytest.raises(AnswerUnusable):
        await _ask(lies.says(http(b"{}", status=status)), seconds=5.0)


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"])
async def test_a_redirect_to_another_host_is_never_followed(status: str) -> None:
    right = lies.says(http(completion('{"entries":[]}')))
    async with lying_server(right) as other:
        to = f"Location: {other.url}/v1/chat/completions\r\n"
        with pytest.raises(ModelDown, match="redirects are not followed"):
            await _ask(lies.says(http(b"", status=status, more=to)), seconds=5.0)
        assert other.questions == []


@pytest.mark.parametrize("lie", [lies.hangs, lies.drips], ids=["hangs", "drips"])
async def test_one_deadline_holds_for_everything_however_slowly_it_comes(lie: Answer) -> None:
    with pytest.raises(ModelDown, match="in time"):
        await _ask(lie, seconds=0.3)


async def test_text_without_an_end_is_read_up_to_a_bound() -> None:
    with pytest.raises(AnswerUnusable, match="larger"):
        await _ask(lies.never_ends, seconds=20.0)


async def test_an_answer_that_breaks_off_counts_as_down() -> None:
    with pytest.raises(ModelDown):
        await _ask(lies.breaks_off, seconds=5.0)


async def test_nobody_there_counts_as_down() -> None:
    async with lying_server(lies.hangs) as server:
        url = server.url
    async with chat(url) as model:
        with pytest.raises(ModelDown):
            await model.ask(QUESTION)


async def test_an_answer_cut_by_the_server_is_asked_for_again_and_then_given_up() -> None:
    with pytest.raises(AnswerTruncated):
        await _ask(lies.says(http(completion('{"entries":[', finish="length"))), seconds=5.0)


async def test_an_address_outside_is_refused_by_the_policy_before_a_byte_leaves() -> None:
    async def outside(_: str) -> list[str]:
        return ["93.184.216.34"]

    async with chat("http://models.example", resolver=outside) as model:
        with pytest.raises(ModelDown) as caught:
            await model.ask(QUESTION)
    assert caught.value.reason is Reason.EXTERNAL_AI_REFUSED


async def test_pictures_are_sent_no_larger_than_allowed_and_never_enlarged() -> None:
    async with chat("http://127.0.0.1:9") as model:
        ((width, height),) = model.sizes(4000, 3000)
        assert model.sizes(640, 480) == ((640, 480),)
    assert width * height <= 1_000_000
    assert width / height == pytest.approx(4 / 3, rel=0.01)
