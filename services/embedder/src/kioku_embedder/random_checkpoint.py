"""Promise: a checkpoint with the real classes, the real file layout and random weights.

Right for speed at full size and for agreement with transformers at small size; its vectors mean
nothing. `python -m kioku_embedder.random_checkpoint siglip2-base FOLDER` writes one.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers
from transformers import (
    CLIPConfig,
    CLIPImageProcessorPil,
    CLIPModel,
    CLIPProcessor,
    PreTrainedTokenizerFast,
    SiglipConfig,
    SiglipImageProcessorPil,
    SiglipModel,
    SiglipProcessor,
)

_WORDS = ("a red cat sits on the blue mat", "two photographs of old houses", "赤い猫と犬")


def write_siglip(
    folder: Path, *, side: int, vision: dict[str, Any], text: dict[str, Any], seed: int = 0
) -> Path:
    """A SigLIP 2 checkpoint for pictures of `side` pixels.

    `vision` and `text` override SiglipConfig's own values.
    """
    tokenizer = _tokenizer(start=None, end="</s>", pad="<pad>", names=["input_ids"])
    width = vision.get("hidden_size", 768)
    text = {
        "vocab_size": len(tokenizer),
        "projection_size": width,
        "pad_token_id": tokenizer.pad_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "bos_token_id": None,
        **text,
    }
    torch.manual_seed(seed)
    vision = {"image_size": side, **vision}
    model = SiglipModel(SiglipConfig(text_config=text, vision_config=vision))
    pictures = SiglipImageProcessorPil(size={"height": side, "width": side})
    processor = SiglipProcessor(pictures, tokenizer)  # type: ignore[no-untyped-call]
    return _save(folder, model, processor)


def write_clip(
    folder: Path,
    *,
    side: int,
    width: int,
    vision: dict[str, Any],
    text: dict[str, Any],
    seed: int = 0,
) -> Path:
    """A CLIP checkpoint for pictures of `side` pixels with vectors of `width` components."""
    end = "<|endoftext|>"
    names = ["input_ids", "attention_mask"]
    tokenizer = _tokenizer(start="<|startoftext|>", end=end, pad=end, names=names)
    text = {
        "vocab_size": len(tokenizer),
        "pad_token_id": tokenizer.pad_token_id,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        **text,
    }
    torch.manual_seed(seed)
    vision = {"image_size": side, **vision}
    model = CLIPModel(CLIPConfig(text_config=text, vision_config=vision, projection_dim=width))
    pictures = CLIPImageProcessorPil(
        size={"shortest_edge": side}, crop_size={"height": side, "width": side}
    )
    processor = CLIPProcessor(pictures, tokenizer)  # type: ignore[no-untyped-call]
    return _save(folder, model, processor)


def write_tiny_siglip(folder: Path) -> Path:
    """32 px, 48 components, two layers."""
    return write_siglip(folder, side=32, vision=_tiny(48), text=_tiny(32))


def write_tiny_clip(folder: Path) -> Path:
    """32 px, 40 components, two layers."""
    return write_clip(folder, side=32, width=40, vision=_tiny(48), text=_tiny(32))


def write_siglip2_base(folder: Path) -> Path:
    """The shapes of google/siglip2-base-patch16-256, but for its vocabulary of 256,000 words.

    Looking up an embedding costs the same in a small vocabulary; 197 million parameters fewer.
    """
    return write_siglip(folder, side=256, vision={"patch_size": 16}, text={})


KINDS: dict[str, Callable[[Path], Path]] = {
    "tiny-siglip": write_tiny_siglip,
    "tiny-clip": write_tiny_clip,
    "siglip2-base": write_siglip2_base,
}


def _tiny(width: int) -> dict[str, Any]:
    layers = {"num_hidden_layers": 2, "num_attention_heads": 2, "patch_size": 8}
    return {"hidden_size": width, "intermediate_size": 2 * width, **layers}


def _tokenizer(*, start: str | None, end: str, pad: str, names: list[str]) -> Any:
    """A byte-level tokenizer, trained on a handful of words; every text has tokens."""
    rust = Tokenizer(models.BPE())
    rust.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    marks = sorted({mark for mark in (start, end, pad) if mark})
    rust.train_from_iterator(
        _WORDS,
        trainers.BpeTrainer(
            vocab_size=320,
            special_tokens=marks,
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    single = f"{start} $A {end}" if start else f"$A {end}"
    used = [(mark, rust.token_to_id(mark)) for mark in marks if mark in single]
    rust.post_processor = processors.TemplateProcessing(single=single, special_tokens=used)
    return PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=rust,
        bos_token=start,
        eos_token=end,
        pad_token=pad,
        model_input_names=names,
    )


def _save(folder: Path, model: Any, processor: Any) -> Path:
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


if __name__ == "__main__":
    KINDS[sys.argv[1]](Path(sys.argv[2]))
