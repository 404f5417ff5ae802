"""Promise: the vectors that transformers' own processor and model give, called as documented.

What every engine is measured against: float32 on the CPU, one item at a time, nothing of the
embedder's in between. Slow on purpose; no request passes through here.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from transformers import AutoModel, AutoProcessor, GemmaTokenizer, Siglip2Tokenizer

from kioku_embedder.engine import Matrix
from kioku_embedder.family import family_of, text_length_of


class Reference:
    """A checkpoint's folder as transformers itself serves it.

    SigLIP 2's words go through `Siglip2Tokenizer`, the library's own statement of how the model was
    trained (transformers pull request 43101): the class that a fixed-resolution checkpoint's files
    name is Gemma's, which leaves upper case as it is.
    """

    def __init__(self, folder: Path) -> None:
        self._model = AutoModel.from_pretrained(folder, local_files_only=True).eval()
        processor: Any = AutoProcessor  # its loader has no types
        self._processor = processor.from_pretrained(folder, local_files_only=True, backend="pil")
        self._tokenizer = self._processor.tokenizer
        if isinstance(self._tokenizer, GemmaTokenizer):
            self._tokenizer = Siglip2Tokenizer.from_pretrained(folder, local_files_only=True)
        config = self._model.config
        self._length = text_length_of(config)
        self._mask = family_of(config.to_dict()).attention_mask

    @torch.inference_mode()
    def images(self, pictures: Sequence[Image.Image]) -> Matrix:
        """Vectors (n, dimension), not normalised, of upright pictures."""
        rows = []
        for picture in pictures:
            inputs = self._processor(images=picture, return_tensors="pt")
            rows.append(self._model.get_image_features(**inputs).pooler_output[0].numpy())
        return np.array(rows, np.float32)

    @torch.inference_mode()
    def texts(self, texts: Sequence[str]) -> Matrix:
        """Vectors (n, dimension), not normalised, of texts of any length and case."""
        rows = []
        for text in texts:
            output = self._model.get_text_features(**self.tokens(text))
            rows.append(output.pooler_output[0].numpy())
        return np.array(rows, np.float32)

    def tokens(self, text: str) -> Any:
        """The text tower's inputs for one text, torch tensors (1, length) by name."""
        return self._tokenizer(
            text,
            padding="max_length",
            max_length=self._length,
            truncation=True,
            return_attention_mask=self._mask,
            return_tensors="pt",
        )
