"""A local server that answers as Replicate's API and embeddings APIs do, faults included."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import numpy as np

DIMENSION = 8


@dataclass
class Answer:
    """What goes back: status, headers and bytes; `cut` breaks off in the middle of the body."""

    status: int = 200
    body: bytes = b"{}"
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: bool = False
    delay: float = 0.0

    @classmethod
    def of(cls, document: Any, status: int = 200) -> Answer:
        """A JSON document."""
        return cls(status, json.dumps(document).encode())


@dataclass
class Asked:
    """One request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as a document."""
        return json.loads(self.body)


def vector_of(content: str) -> list[float]:
    """The vector of an input; the same input has the same one, not normalised."""
    seed = int.from_bytes(hashlib.sha256(content.encode()).digest()[:4])
    row: list[float] = (3 * np.random.default_rng(seed).normal(size=DIMENSION)).tolist()
    return row


class ProviderServer:
    """Serves `/v1/predictions` and `/v1/embeddings`.

    `faults` are given before anything else, one for each POST that would begin work; `polls` is how
    often a prediction is still running when asked for; `output` replaces what a prediction gives.
    """

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.faults: deque[Answer] = deque()
        self.always: Answer | None = None
        self.poll_faults: deque[Answer] = deque()
        self.polls = 1
        self.status = "succeeded"
        self.error: str | None = None
        self.output: Any = None
        self.urls: dict[str, str] | None = None
        self.shuffled = False
        self.at_once = self.most_at_once = 0
        self.cancelled: list[str] = []
        self.fetched: list[bytes] = []
        self._predictions: dict[str, dict[str, Any]] = {}
        self._server: asyncio.Server | None = None
        self.port = 0

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def begun(self) -> list[Asked]:
        """The requests that began work."""
        paths = ("/v1/predictions", "/v1/embeddings")
        return [each for each in self.asked if each.method == "POST" and each.path in paths]

    async def start(self) -> None:
        """Listens; the second time on the port of the first."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, limit=2**24)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Listens no more."""
        assert self._server is not None
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                answer = await self._answer(await _read(reader))
                await asyncio.sleep(answer.delay)
                writer.write(_written(answer))
                await writer.drain()
                if answer.cut:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _answer(self, asked: Asked) -> Answer:
        self.asked.append(asked)
        begins = asked in self.begun()
        if begins and (self.faults or self.always):
            return self.faults.popleft() if self.faults else self.always or Answer()
        if asked.path == "/v1/embeddings":
            return self._embedded(asked.json)
        if asked.path == "/v1/predictions" and asked.method == "POST":
            await self._fetch(asked.json["input"].get("image", ""))
            return self._created(asked.json)
        return self._looked_up(asked)

    async def _fetch(self, address: str) -> None:
        """A picture given by a URL, as a provider would fetch it."""
        if address.startswith("http"):
            async with httpx.AsyncClient(trust_env=False) as http:
                self.fetched.append((await http.get(address)).raise_for_status().content)

    def _created(self, body: dict[str, Any]) -> Answer:
        number = f"p{len(self._predictions)}x"
        here = f"{self.url}/v1/predictions/{number}"
        prediction = {
            "id": number,
            "version": body["version"],
            "input": body["input"],
            "status": "starting",
            "output": None,
            "error": None,
            "urls": self.urls or {"get": here, "cancel": f"{here}/cancel"},
            "left": self.polls,
        }
        self._predictions[number] = prediction
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        return Answer.of(prediction, 201)

    def _looked_up(self, asked: Asked) -> Answer:
        number = asked.path.removeprefix("/v1/predictions/").removesuffix("/cancel")
        if number not in self._predictions:
            return Answer.of({"detail": "Not found."}, 404)
        prediction = self._predictions[number]
        if asked.path.endswith("/cancel"):
            self.cancelled.append(number)
            prediction["status"] = "canceled"
            return Answer.of(prediction)
        if self.poll_faults:
            return self.poll_faults.popleft()
        prediction["left"] -= 1
        if prediction["left"] > 0:
            prediction["status"] = "processing"
        else:
            self.at_once -= 1
            self._end(prediction)
        return Answer.of(prediction)

    def _end(self, prediction: dict[str, Any]) -> None:
        given = prediction["input"]
        prediction |= {"status": self.status, "error": self.error}
        if self.status == "succeeded":
            vector = vector_of(given.get("image") or given["text"])
            prediction["output"] = self.output if self.output is not None else vector

    def _embedded(self, body: dict[str, Any]) -> Answer:
        rows = [vector_of(each) for each in body["input"]]
        data = [
            {"object": "embedding", "index": number, "embedding": _encoded(row, body)}
            for number, row in enumerate(rows)
        ]
        return Answer.of({"object": "list", "data": data[::-1] if self.shuffled else data})


def _encoded(row: list[float], body: Mapping[str, Any]) -> Any:
    if body.get("encoding_format") == "base64":
        return base64.b64encode(np.array(row, "<f4").tobytes()).decode()
    return row


async def _read(reader: asyncio.StreamReader) -> Asked:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, path, _ = head[0].split(" ", 2)
    headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in head[1:]) if k}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Asked(method, path, headers, body)


def _written(answer: Answer) -> bytes:
    headers = {"Content-Type": "application/json", "Content-Length": str(len(answer.body))}
    lines = [f"{name}: {value}" for name, value in (headers | dict(answer.headers)).items()]
    head = f"HTTP/1.1 {answer.status} -\r\n" + "\r\n".join(lines) + "\r\n\r\n"
    body = answer.body[: len(answer.body) // 2] if answer.cut else answer.body
    return head.encode("latin-1") + body
