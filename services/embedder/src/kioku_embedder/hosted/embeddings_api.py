"""Promise: vectors from a server that speaks the embeddings API of OpenAI, in the order asked.

Pictures go as data URIs with `modality: image`, as servers of image models accept them.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from kioku_embedder.hosted.exchange import Exchange
from kioku_embedder.hosted.failure import unusable
from kioku_embedder.hosted.provider import Row, row_of

_FLOAT_BYTES = 4


class EmbeddingsApi:
    """See `Provider`.

    Args:
        exchange: with the header `Authorization: Bearer …`, if the server wants one.
        model: the server's name of it.
        encoding: how vectors travel; what comes is read either way.
    """

    takes_urls = False

    def __init__(
        self, exchange: Exchange, *, model: str, encoding: Literal["base64", "float"]
    ) -> None:
        self._exchange = exchange
        self._model = model
        self._encoding = encoding

    async def image(self, address: str) -> Row:
        """See the port."""
        [row] = await self.vectors([address], {"modality": "image"})
        return row

    async def text(self, text: str) -> Row:
        """See the port; a server of text models knows no `modality`, so none is sent."""
        [row] = await self.vectors([text], {})
        return row

    async def aclose(self) -> None:
        """See the port."""
        await self._exchange.aclose()

    async def vectors(self, inputs: Sequence[str], extra: dict[str, str]) -> list[Row]:
        """One row per input, in order, whatever the order of the answer.

        Raises:
            KiokuError: HOSTED_* as in `failure`.
        """
        body = {"model": self._model, "input": list(inputs), "encoding_format": self._encoding}
        answer = await self._exchange.ask("POST", "/v1/embeddings", body | extra)
        found: dict[int, Row] = {}
        for item in _items(answer):
            index = item.get("index")
            if type(index) is not int or index in found:
                raise unusable("The hosted model's answer numbers its vectors wrongly.")
            found[index] = _row(item.get("embedding"))
        if sorted(found) != list(range(len(inputs))):
            raise unusable("The hosted model's answer has another number of vectors.")
        return [found[index] for index in range(len(inputs))]


def _items(answer: Any) -> list[dict[str, Any]]:
    data = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(data, list) or not all(isinstance(item, dict) for item in data):
        raise unusable("The hosted model's answer holds no vector.")
    return data


def _row(value: Any) -> Row:
    """An array of numbers, or base64 of little-endian float32."""
    if not isinstance(value, str):
        return row_of(value)
    try:
        raw = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError) as error:
        raise unusable("The hosted model's answer holds no vector.") from error
    if not raw or len(raw) % _FLOAT_BYTES:
        raise unusable("The hosted model's answer holds no vector.")
    row: Row = np.frombuffer(raw, "<f4").tolist()
    return row
