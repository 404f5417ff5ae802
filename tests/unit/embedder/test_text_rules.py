"""Words become the tokens their model was trained on, from any number of threads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from kioku_embedder.checkpoint import Checkpoint
from kioku_embedder.text import TextRules
from transformers import AutoTokenizer


def rules_of(checkpoint: Checkpoint) -> TextRules:
    tokenizer = AutoTokenizer.from_pretrained(checkpoint.folder)
    return TextRules(tokenizer, checkpoint.family, checkpoint.text_length)


def test_every_text_has_the_models_full_length(checkpoint: Checkpoint) -> None:
    """64 tokens for SigLIP, 77 for CLIP; never the 20 of config.max_length."""
    expected = {"siglip": 64, "clip": 77}[checkpoint.family.name]
    tokens = rules_of(checkpoint)(["a", "a red cat " * 100])
    assert tuple(tokens.inputs["input_ids"].shape) == (2, expected)


def test_only_clip_is_told_about_padding(checkpoint: Checkpoint) -> None:
    """SigLIP was trained without an attention mask."""
    names = set(rules_of(checkpoint)(["a"]).inputs)
    assert ("attention_mask" in names) == (checkpoint.family.name == "clip")


def test_a_text_of_exactly_the_length_is_not_cut(checkpoint: Checkpoint) -> None:
    """The flag says whether a token was lost, no more."""
    rules = rules_of(checkpoint)
    marks = 2 if checkpoint.family.name == "clip" else 1
    letters = checkpoint.text_length - marks
    texts = ["\x01" * letters, "\x01" * (letters + 1)]
    assert rules(texts).truncated == (False, True)


def test_sixteen_threads_share_one_tokenizer(checkpoint: Checkpoint) -> None:
    """No "Already borrowed", no mixed-up padding, under a hammer."""
    rules = rules_of(checkpoint)
    texts = ["a red cat", "x" * 300, "赤い猫", "two houses"]
    expected = {text: rules([text]).inputs["input_ids"] for text in texts}

    def hammer(number: int) -> bool:
        same = True
        for turn in range(50):
            text = texts[(number + turn) % len(texts)]
            same &= np.array_equal(rules([text]).inputs["input_ids"], expected[text])
        return same

    with ThreadPoolExecutor(16) as threads:
        assert all(threads.map(hammer, range(16)))
