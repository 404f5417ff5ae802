"""A model behind OpenAI's chat completions: vLLM, llama.cpp, Ollama and others.

The schema is sent as `response_format`; whether the server kept to it is found out afterwards
(`checking`), since some ignore it with status 200.
"""

from __future__ import annotations

import asyncio
import base64
import io
from collections.abc import Sequence
from time import monotonic
from typing import Any

from PIL import Image

from kioku_vlm.engines.failure import AnswerUnusable, ModelDown
from kioku_vlm.engines.http.exchange import Exchange
from kioku_vlm.engines.question import Pixels, Question, Reply, Size
from kioku_vlm.engines.sizes import BoundSizes

_PATH = "/v1/chat/completions"
_SEED = 7


class ChatModel:
    """See `question.Model`.

    Args:
        exchange: with the server.
        model: the server's name of it.
        server: where it is, for the version.
        most_pixels: of a picture that is sent.
        concurrency: questions at a time; others wait here, each with its own deadline once sent.
    """

    def __init__(
        self, exchange: Exchange, *, model: str, server: str, most_pixels: int, concurrency: int
    ) -> None:
        self._exchange = exchange
        self._model = model
        self._server = server
        self._sizes = BoundSizes(most_pixels)
        self._turns = asyncio.Semaphore(concurrency)

    @property
    def version(self) -> str:
        """Name and server; what stands behind a name may change without our being told."""
        return f"{self._model}@{self._server}"

    def sizes(self, width: int, height: int) -> tuple[Size, ...]:
        """What is sent; what the server makes of it is not known."""
        return self._sizes.of(width, height)

    async def ask(self, question: Question) -> Reply:
        """See the port."""
        pictures = await asyncio.to_thread(_data_urls, question.views)
        async with self._turns:
            begun = monotonic()
            answer = await self._exchange.post(_PATH, self._body(question, pictures))
        return _reply(answer, monotonic() - begun)

    async def aclose(self) -> None:
        """Closes every connection."""
        await self._exchange.aclose()

    def _body(self, question: Question, pictures: Sequence[str]) -> dict[str, Any]:
        seen = [{"type": "image_url", "image_url": {"url": url}} for url in pictures]
        words = {"type": "text", "text": question.text}
        return {
            "model": self._model,
            "messages": [{"role": "user", "content": [*seen, words] if seen else question.text}],
            "temperature": 0,
            "seed": _SEED,
            "max_tokens": question.most_tokens,
            "stream": False,
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "answer", "strict": True, "schema": dict(question.schema)},
            },
        }


def _reply(answer: Any, seconds: float) -> Reply:
    """What a completion says.

    Raises:
        ModelDown: it is no completion.
        AnswerUnusable: it is one without an answer.
    """
    try:
        choice = answer["choices"][0]
        content = choice["message"]["content"]
        ended = choice.get("finish_reason")
        tokens = (answer.get("usage") or {}).get("completion_tokens", 0)
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        raise ModelDown("The model's server does not speak chat completions.") from error
    if not isinstance(content, str) or not content.strip():
        raise AnswerUnusable("The model gave no answer.")
    told = tokens if isinstance(tokens, int) and tokens >= 0 else 0
    return Reply(content, ended != "length", told, seconds)


def _data_urls(views: Sequence[Pixels]) -> list[str]:
    return [_data_url(view) for view in views]


def _data_url(view: Pixels) -> str:
    """PNG: the server sees the very pixels that were checked."""
    stream = io.BytesIO()
    Image.fromarray(view).save(stream, "PNG", compress_level=1)
    return f"data:image/png;base64,{base64.b64encode(stream.getvalue()).decode()}"
