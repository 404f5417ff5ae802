"""Promise: tokenizers of the real classes and file layouts, trained on a handful of words.

They differ from the published ones in vocabulary only: rules for case, punctuation, padding, marks
and attention mask are those of openai/clip, google/siglip and google/siglip2 checkpoints.
"""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import sentencepiece
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers
from transformers import CLIPTokenizer, GemmaTokenizer, SiglipTokenizer

_WORDS = (
    "a red cat sits on the blue mat",
    "two photographs of old houses by the sea at night",
    "赤い猫と犬",
    "夕暮れの海",
)
_MARKS = ("<pad>", "<eos>", "<bos>", "<unk>", "<mask>")


def clip_tokenizer() -> Any:
    """CLIP's: white space and case folded, punctuation split off, cut at 77, attention mask."""
    start, end = "<|startoftext|>", "<|endoftext|>"
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    symbols = [*letters, *(f"{letter}</w>" for letter in letters), start, end]
    vocabulary = {symbol: number for number, symbol in enumerate(symbols)}
    return CLIPTokenizer(vocab=vocabulary, merges=[], model_max_length=77)


def siglip_tokenizer(folder: Path) -> Any:
    """SigLIP 1's: SentencePiece, lower case, no punctuation, padded with `</s>`, no mask.

    Args:
        folder: gets `spiece.model`, which the tokenizer reads again.
    """
    folder.mkdir(parents=True, exist_ok=True)
    trained = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(_WORDS * 3),
        model_writer=trained,
        vocab_size=100,
        hard_vocab_limit=False,
        pad_id=0,
        eos_id=1,
        unk_id=2,
        bos_id=-1,
        minloglevel=2,
    )
    path = folder / "spiece.model"
    path.write_bytes(trained.getvalue())
    return SiglipTokenizer(str(path), model_input_names=["input_ids"])


def siglip2_tokenizer() -> Any:
    """SigLIP 2's: Gemma's, which keeps case although it is told not to; padded right, no mask."""
    rust = Tokenizer(models.BPE(byte_fallback=True, unk_token=_MARKS[3], fuse_unk=True))
    rust.normalizer = normalizers.Replace(" ", "▁")
    rust.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
    marks = [*_MARKS, *(f"<0x{byte:02X}>" for byte in range(256))]
    trainer = trainers.BpeTrainer(vocab_size=400, special_tokens=marks, show_progress=False)
    rust.train_from_iterator(_WORDS, trainer)
    model = json.loads(rust.to_str())["model"]
    merges: Any = [tuple(pair) for pair in model["merges"]]
    return GemmaTokenizer(
        vocab=model["vocab"],
        merges=merges,
        add_bos_token=False,
        add_eos_token=True,
        do_lower_case=True,
        padding_side="right",
        model_input_names=["input_ids"],
    )
