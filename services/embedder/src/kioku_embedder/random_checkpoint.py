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
from PIL import Image
from transformers import (
    CLIPConfig,
    CLIPImageProcessorPil,
    CLIPModel,
    CLIPProcessor,
    SiglipConfig,
    SiglipImageProcessorPil,
    SiglipModel,
    SiglipProcessor,
)

from kioku_embedder.random_tokenizers import clip_tokenizer, siglip2_tokenizer, siglip_tokenizer


def write_siglip(
    folder: Path,
    *,
    side: int,
    vision: dict[str, Any],
    text: dict[str, Any],
    generation: int = 2,
    seed: int = 0,
) -> Path:
    """A SigLIP checkpoint for pictures of `side` pixels, of generation 1 or 2.

    Both squash pictures; the first resizes bicubic, the second bilinear, as published. `vision` and
    `text` override SiglipConfig's own values.
    """
    tokenizer = siglip_tokenizer(folder) if generation == 1 else siglip2_tokenizer()
    resample = Image.Resampling.BICUBIC if generation == 1 else Image.Resampling.BILINEAR
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
    pictures = SiglipImageProcessorPil(size={"height": side, "width": side}, resample=int(resample))
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
    tokenizer = clip_tokenizer()
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
    """SigLIP 2: 32 px, 48 components, two layers."""
    return write_siglip(folder, side=32, vision=_tiny(48), text=_tiny(32))


def write_tiny_siglip1(folder: Path) -> Path:
    """SigLIP 1: 32 px, 48 components, two layers."""
    return write_siglip(folder, side=32, vision=_tiny(48), text=_tiny(32), generation=1)


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
    "tiny-siglip1": write_tiny_siglip1,
    "tiny-clip": write_tiny_clip,
    "siglip2-base": write_siglip2_base,
}


def _tiny(width: int) -> dict[str, Any]:
    layers = {"num_hidden_layers": 2, "num_attention_heads": 2, "patch_size": 8}
    return {"hidden_size": width, "intermediate_size": 2 * width, **layers}


def _save(folder: Path, model: Any, processor: Any) -> Path:
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


if __name__ == "__main__":
    KINDS[sys.argv[1]](Path(sys.argv[2]))
