"""Promise: the two towers of a checkpoint, in memory, each run by one call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from transformers import AutoModel, AutoTokenizer
from transformers.utils import logging as transformers_logging

from kioku_embedder.checkpoint import Checkpoint
from kioku_embedder.engine import Matrix, TextMatrix
from kioku_embedder.preprocessing import Pixels
from kioku_embedder.text import TextRules


class Towers:
    """Loaded weights with the rules for their inputs.

    Raises:
        OSError, ValueError, RuntimeError: the files are missing, damaged or incomplete.
    """

    def __init__(self, checkpoint: Checkpoint, device: torch.device, dtype: torch.dtype) -> None:
        rules = checkpoint.preprocessing
        self._device = device
        self._dtype = dtype
        self._dimension = checkpoint.space.dimension
        self._shape = (rules.height, rules.width, 3)
        self._scale = rules.scale
        self._mean = torch.tensor(rules.mean, device=device).view(1, 3, 1, 1)
        self._std = torch.tensor(rules.std, device=device).view(1, 3, 1, 1)
        self._model = _load_model(checkpoint, device, dtype)
        tokenizer = AutoTokenizer.from_pretrained(
            checkpoint.folder, local_files_only=True, trust_remote_code=False
        )
        self._tokens = TextRules(tokenizer, checkpoint.family, checkpoint.text_length)

    def warm_up(self) -> None:
        """Runs each tower once.

        Raises:
            ValueError: the vectors have not the length the configuration promises.
        """
        pictures = self.images([np.zeros(self._shape, np.uint8)])
        words = self.texts(["a"]).vectors
        if not self._dimension == pictures.shape[1] == words.shape[1]:
            raise ValueError("its two towers do not give vectors of the promised length")

    @torch.inference_mode()
    def images(self, pictures: Sequence[Pixels]) -> Matrix:
        """Vectors (n, dimension) of preprocessed pictures, (height, width, 3) uint8 each."""
        stacked = torch.from_numpy(np.stack(pictures)).to(self._device)
        scaled = stacked.permute(0, 3, 1, 2).to(torch.float32) * self._scale
        values = ((scaled - self._mean) / self._std).to(self._dtype).contiguous()
        return _vectors(self._model.get_image_features(pixel_values=values))

    @torch.inference_mode()
    def texts(self, texts: Sequence[str]) -> TextMatrix:
        """Vectors (n, dimension) of clean texts."""
        tokens = self._tokens(texts)
        inputs = {name: tensor.to(self._device) for name, tensor in tokens.inputs.items()}
        return TextMatrix(_vectors(self._model.get_text_features(**inputs)), tokens.truncated)


def _load_model(checkpoint: Checkpoint, device: torch.device, dtype: torch.dtype) -> Any:
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    model, info = AutoModel.from_pretrained(
        checkpoint.folder,
        dtype=dtype,
        use_safetensors=True,
        trust_remote_code=False,
        local_files_only=True,
        output_loading_info=True,
    )
    gaps = sorted({*info["missing_keys"], *(name for name, *_ in info["mismatched_keys"])})
    if gaps:
        raise ValueError(f"the weights lack {len(gaps)} tensors, the first is {gaps[0]}")
    return model.to(device).eval()


def _vectors(output: Any) -> Matrix:
    matrix: Matrix = output.pooler_output.to("cpu", torch.float32).numpy()
    return matrix
