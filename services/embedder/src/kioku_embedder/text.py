"""Promise: words become the token ids their model was trained on, from any number of threads."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from transformers import AutoTokenizer, SiglipTokenizer

from kioku_embedder.checkpoint import Checkpoint
from kioku_embedder.family import Family


@dataclass(frozen=True)
class Tokens:
    """The text tower's input for n texts, (n, length) int64, and which of them had to be cut."""

    inputs: dict[str, npt.NDArray[np.int64]]
    truncated: tuple[bool, ...]


class TextRules:
    """A tokenizer with its family's rules.

    SigLIP 1's tokenizer lowers by itself; SigLIP 2's is Gemma's, which does not, although its
    files ask for it.

    Rust tokenizers keep padding and truncation as mutable state and raise "Already borrowed" when
    two threads change it, hence the lock.

    Args:
        tokenizer: a transformers tokenizer.
        family: decides about case and attention mask.
        length: tokens the text tower reads.
    """

    def __init__(self, tokenizer: Any, family: Family, length: int) -> None:
        self._tokenizer = tokenizer
        self._family = family
        self._lowercase = family.lowercase and not isinstance(tokenizer, SiglipTokenizer)
        self._length = length
        self._lock = threading.Lock()

    def __call__(self, texts: Sequence[str]) -> Tokens:
        """Tokens of the texts, each padded or cut to the model's length."""
        words = [_lowered(text) if self._lowercase else text for text in texts]
        with self._lock:
            whole = self._tokenizer(words, verbose=False)["input_ids"]
            fitted = self._tokenizer(
                words,
                padding="max_length",
                truncation=True,
                max_length=self._length,
                return_attention_mask=self._family.attention_mask,
                return_tensors="np",
            )
        names = ("input_ids", "attention_mask") if self._family.attention_mask else ("input_ids",)
        truncated = tuple(len(ids) > self._length for ids in whole)
        return Tokens({name: fitted[name].astype(np.int64) for name in names}, truncated)


def open_text_rules(checkpoint: Checkpoint) -> TextRules:
    """The tokenizer of a checkpoint; no code of it is run.

    Raises:
        OSError, ValueError: its files are missing or damaged.
    """
    tokenizer = AutoTokenizer.from_pretrained(
        checkpoint.folder, local_files_only=True, trust_remote_code=False
    )
    return TextRules(tokenizer, checkpoint.family, checkpoint.text_length)


def _lowered(text: str) -> str:
    """Each letter by itself, as transformers' Siglip2Tokenizer lowers: a final sigma is a sigma."""
    return "".join(letter.lower() for letter in text)
