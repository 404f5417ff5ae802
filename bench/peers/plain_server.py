"""A typical home-made service: transformers and torch in float32 behind FastAPI, one lock.

Runs in the peers' own Python: `python plain_server.py CHECKPOINT PORT`. POST /embed takes a file
and answers its vector as JSON.
"""

from __future__ import annotations

import io
import sys
import threading
from pathlib import Path
from typing import Annotated, Any

import torch
import uvicorn
from fastapi import FastAPI, File
from PIL import Image
from transformers import AutoModel, AutoProcessor


def application(checkpoint: Path) -> FastAPI:
    """The service, its model in memory."""
    model = AutoModel.from_pretrained(checkpoint).eval()
    processor: Any = AutoProcessor.from_pretrained(checkpoint, backend="pil")  # type: ignore[no-untyped-call]
    one_at_a_time = threading.Lock()
    app = FastAPI()

    @app.get("/health")
    def health() -> dict[str, str]:
        return {"status": "ok"}

    @app.post("/embed")
    def embed(file: Annotated[bytes, File()]) -> dict[str, list[float]]:
        with one_at_a_time, torch.inference_mode():
            picture = Image.open(io.BytesIO(file)).convert("RGB")
            inputs = processor(images=picture, return_tensors="pt")
            vector = model.get_image_features(**inputs).pooler_output[0]
            return {"embedding": torch.nn.functional.normalize(vector, dim=-1).tolist()}

    return app


if __name__ == "__main__":
    uvicorn.run(
        application(Path(sys.argv[1])), host="127.0.0.1", port=int(sys.argv[2]), log_level="warning"
    )
