"""ONNX Runtime float32, one picture a request, modelled on how Immich serves its models.

A FastAPI service that hands each request to a pool with a thread per core; a thread decodes with
Pillow, resizes, scales in numpy and runs a graph of batch one in a session with two threads.
Written from that description, not from its source. Runs in the peers' own Python:
`python onnx_server.py CHECKPOINT GRAPH PORT`. POST /predict takes a file.
"""

from __future__ import annotations

import asyncio
import io
import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import onnxruntime
import orjson
import uvicorn
from fastapi import FastAPI, File, Response
from PIL import Image


class Visual:
    """A graph and how its pictures are prepared."""

    def __init__(self, checkpoint: Path, graph: Path) -> None:
        facts: dict[str, Any] = json.loads((checkpoint / "processor_config.json").read_text())
        rules = facts["image_processor"]
        self._size = (rules["size"]["width"], rules["size"]["height"])
        self._resample = Image.Resampling(rules["resample"])
        self._mean = np.array(rules["image_mean"], np.float32)
        self._std = np.array(rules["image_std"], np.float32)
        options = onnxruntime.SessionOptions()
        options.inter_op_num_threads = 1
        options.intra_op_num_threads = 2
        self._session = onnxruntime.InferenceSession(
            graph, options, providers=["CPUExecutionProvider"]
        )

    def predict(self, data: bytes) -> bytes:
        """The vector of a picture as JSON."""
        picture = Image.open(io.BytesIO(data)).convert("RGB").resize(self._size, self._resample)
        values = (np.asarray(picture, np.float32) / 255.0 - self._mean) / self._std
        image = np.ascontiguousarray(values.transpose(2, 0, 1)[None])
        (vectors,) = self._session.run(None, {"image": image})
        return orjson.dumps({"clip": vectors[0]}, option=orjson.OPT_SERIALIZE_NUMPY)


def application(visual: Visual) -> FastAPI:
    """The service."""
    threads = ThreadPoolExecutor(os.cpu_count())
    app = FastAPI()

    @app.get("/ping")
    async def ping() -> str:
        return "pong"

    @app.post("/predict")
    async def predict(image: Annotated[bytes, File()]) -> Response:
        loop = asyncio.get_running_loop()
        answer = await loop.run_in_executor(threads, visual.predict, image)
        return Response(answer, media_type="application/json")

    return app


if __name__ == "__main__":
    uvicorn.run(
        application(Visual(Path(sys.argv[1]), Path(sys.argv[2]))),
        host="127.0.0.1",
        port=int(sys.argv[3]),
        log_level="warning",
    )
