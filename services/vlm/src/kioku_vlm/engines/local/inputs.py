"""Words and pictures as a model's tensors, by components: no family needs torchvision here.

`AutoProcessor` builds a video processor for every model of these families, and that one needs
torchvision; tokenizer and image processor (with Pillow behind it) need not.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import torch
from PIL import Image
from transformers import AutoImageProcessor, AutoTokenizer, Idefics3Processor

from kioku_vlm.engines.local.checkpoint import Family
from kioku_vlm.engines.question import Pixels

_PLACEHOLDER = "<|image_pad|>"
_LOCAL: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
Tensors = dict[str, torch.Tensor]


class Inputs(Protocol):
    """How one family is fed."""

    tokenizer: Any

    def of(self, text: str, views: Sequence[Pixels]) -> Tensors:
        """One row: pictures, then words, then the place where the answer begins."""
        ...


def open_inputs(folder: Path, family: Family, config: Any) -> Inputs:
    """Tokenizer and image processor of a checkpoint.

    Raises:
        OSError, ValueError: they are not there, or not whole.
    """
    tokenizer = AutoTokenizer.from_pretrained(folder, **_LOCAL)
    if family is Family.TEXT:
        return TextInputs(tokenizer)
    pictures: Any = AutoImageProcessor.from_pretrained(  # type: ignore[no-untyped-call]
        folder, backend="pil", **_LOCAL
    )
    if family is Family.QWEN:
        return QwenInputs(tokenizer, pictures)
    return TileInputs(tokenizer, pictures, _tokens_of_a_tile(folder, config))


class TextInputs:
    """A language model.

    Args:
        tokenizer: with a chat template.
    """

    def __init__(self, tokenizer: Any) -> None:
        self.tokenizer = tokenizer

    def of(self, text: str, views: Sequence[Pixels]) -> Tensors:
        """See `Inputs`; pictures are not taken."""
        if views:
            raise ValueError("a language model sees no pictures")
        return _tokenised(self.tokenizer, _chat(self.tokenizer, text))


class QwenInputs:
    """Qwen-VL: each picture is one placeholder of the template, repeated for its patches.

    Args:
        tokenizer: with a chat template.
        pictures: its image processor.
    """

    def __init__(self, tokenizer: Any, pictures: Any) -> None:
        self.tokenizer = tokenizer
        self._pictures = pictures
        self._placeholder = int(tokenizer.convert_tokens_to_ids(_PLACEHOLDER))

    def of(self, text: str, views: Sequence[Pixels]) -> Tensors:
        """See `Inputs`."""
        chat = _chat(self.tokenizer, [*({"type": "image"} for _ in views), _words(text)])
        ids: list[int] = self.tokenizer(chat, add_special_tokens=False)["input_ids"]
        seen: Tensors = {}
        if views:
            areas = [view.shape[0] * view.shape[1] for view in views]
            size = {"shortest_edge": min(areas), "longest_edge": max(areas)}
            seen = dict(self._pictures(images=_images(views), size=size, return_tensors="pt"))
            ids = self._expanded(ids, seen["image_grid_thw"])
        row = torch.tensor([ids])
        # Positions fall back to those of plain text without this, and nothing says so.
        kinds = (row == self._placeholder).long()
        mask = torch.ones_like(row)
        return {"input_ids": row, "attention_mask": mask, "mm_token_type_ids": kinds, **seen}

    def _expanded(self, ids: list[int], grids: torch.Tensor) -> list[int]:
        merged = self._pictures.merge_size**2
        counts = iter([int(grid.prod()) // merged for grid in grids])
        rows = ([one] * next(counts) if one == self._placeholder else [one] for one in ids)
        return [one for row in rows for one in row]


class TileInputs:
    """Idefics3 and SmolVLM: their processor without its video part.

    Args:
        tokenizer: with a chat template.
        pictures: its image processor.
        tile_tokens: of one tile.
    """

    def __init__(self, tokenizer: Any, pictures: Any, tile_tokens: int) -> None:
        self.tokenizer = tokenizer
        self._processor = Idefics3Processor(
            pictures, tokenizer, image_seq_len=tile_tokens, chat_template=tokenizer.chat_template
        )

    def of(self, text: str, views: Sequence[Pixels]) -> Tensors:
        """See `Inputs`."""
        chat = _chat(self.tokenizer, [*({"type": "image"} for _ in views), _words(text)])
        if not views:
            return _tokenised(self.tokenizer, chat)
        longest = max(max(view.shape[:2]) for view in views)
        return dict(
            self._processor(
                text=[chat],
                images=[_images(views)],
                size={"longest_edge": longest},
                add_special_tokens=False,
                return_tensors="pt",
            )
        )


def _chat(tokenizer: Any, content: object) -> str:
    messages = [{"role": "user", "content": content}]
    return str(tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True))


def _words(text: str) -> dict[str, str]:
    return {"type": "text", "text": text}


def _tokenised(tokenizer: Any, chat: str) -> Tensors:
    row = tokenizer(chat, add_special_tokens=False, return_tensors="pt")
    return {"input_ids": row["input_ids"], "attention_mask": row["attention_mask"]}


def _images(views: Sequence[Pixels]) -> list[Image.Image]:
    return [Image.fromarray(view) for view in views]


def _tokens_of_a_tile(folder: Path, config: Any) -> int:
    path = folder / "processor_config.json"
    said = json.loads(path.read_text("utf-8")).get("image_seq_len") if path.is_file() else None
    vision = config.vision_config
    reckoned = (vision.image_size // vision.patch_size) ** 2 // config.scale_factor**2
    return int(said or reckoned)
