"""Promise: the two towers of a checkpoint, in memory, each run by one call."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, TypeVar

import numpy as np
import torch
from transformers import AutoModel
from transformers.utils import logging as transformers_logging

from kioku_embedder.checkpoint import Checkpoint
from kioku_embedder.engine import Matrix, TextMatrix
from kioku_embedder.preprocessing import Pixels
from kioku_embedder.text import open_text_rules

_Function = TypeVar("_Function")


class Towers:
    """Loaded weights with the rules for their inputs.

    Attributes:
        weight_bytes: what its parameters and buffers take.

    Raises:
        OSError, ValueError, RuntimeError: the files are missing, damaged or incomplete.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        device: torch.device,
        dtype: torch.dtype,
        *,
        compiled: bool = False,
    ) -> None:
        rules = checkpoint.preprocessing
        self._device = device
        self._dtype = dtype
        self._dimension = checkpoint.space.dimension
        self._shape = (rules.height, rules.width, 3)
        self._scale = rules.scale
        self._mean = torch.tensor(rules.mean, device=device).view(1, 3, 1, 1)
        self._std = torch.tensor(rules.std, device=device).view(1, 3, 1, 1)
        model = load_model(checkpoint, device, dtype)
        compiler = partial(torch.compile, dynamic=True) if compiled else _as_it_is
        self.weight_bytes = sum(one.nbytes for one in (*model.parameters(), *model.buffers()))
        self._of_pictures = compiler(model.get_image_features)
        self._of_words = compiler(model.get_text_features)
        self._tokens = open_text_rules(checkpoint)

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
        return _vectors(self._of_pictures(pixel_values=values))

    @torch.inference_mode()
    def texts(self, texts: Sequence[str]) -> TextMatrix:
        """Vectors (n, dimension) of clean texts."""
        tokens = self._tokens(texts)
        inputs = {
            name: torch.from_numpy(ids).to(self._device) for name, ids in tokens.inputs.items()
        }
        return TextMatrix(_vectors(self._of_words(**inputs)), tokens.truncated)


def _as_it_is(function: _Function) -> _Function:
    return function


def load_model(checkpoint: Checkpoint, device: torch.device, dtype: torch.dtype) -> Any:
    """The whole model from safetensors, in evaluation mode.

    Raises:
        OSError, ValueError, RuntimeError: the files are missing, damaged or incomplete.
    """
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
