"""Checkpoints with the real classes, the real file layout and a few thousand random weights.

Random weights are the hardest test of constrained decoding: they propose every token there is.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    Idefics3Config,
    Idefics3ForConditionalGeneration,
    Idefics3ImageProcessorPil,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
    Qwen2VLImageProcessorPil,
    Qwen3VLConfig,
    Qwen3VLForConditionalGeneration,
    SmolVLMConfig,
    SmolVLMForConditionalGeneration,
)
from transformers.models.smolvlm.image_processing_pil_smolvlm import SmolVLMImageProcessorPil

_LINES = [
    "夏まつりのお知らせ 日時 令和8年5月30日(土) 午前10時から 場所 中央公民館 持ち物 筆記用具",
    "Spring concert, Saturday 30 May 2026, doors 18:00, Town Hall. Tickets 5 pounds.",
    '{"entries":[{"kind":"EVENT","title":{"text":"x","line":1},"date":null}]}',
]
_QWEN_TOKENS = [
    "<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>",
    "<|vision_pad|>", "<|image_pad|>", "<|video_pad|>",
]  # fmt: skip
_TILE_TOKENS = [
    "<|im_start|>", "<end_of_utterance>", "<fake_token_around_image>", "<image>", "<global-img>",
    *(f"<row_{row}_col_{column}>" for row in range(1, 7) for column in range(1, 7)),
]  # fmt: skip
_QWEN_CHAT = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{% if m.content is string %}{{ m.content }}"
    "{% else %}{% for c in m.content %}{% if c.type == 'image' %}"
    "<|vision_start|><|image_pad|><|vision_end|>{% else %}{{ c.text }}{% endif %}{% endfor %}"
    "{% endif %}<|im_end|>\n{% endfor %}<|im_start|>assistant\n"
)
_TILE_CHAT = (
    "<|im_start|>{% for m in messages %}User:{% for c in m.content %}{% if c.type == 'image' %}"
    "<image>{% else %}{{ c.text }}{% endif %}{% endfor %}<end_of_utterance>\n{% endfor %}"
    "Assistant:"
)
_PADDED = 128
"""Models' vocabularies are padded to a multiple of this, above the tokenizer's."""


def write_qwen(folder: Path, *, generation: str = "2.5", **text: Any) -> Path:
    """A Qwen2.5-VL or Qwen3-VL; `text` overrides its language model's sizes."""
    tokenizer = _tokenizer(_QWEN_TOKENS, "<|im_end|>", _QWEN_CHAT)
    language: dict[str, Any] = {
        "vocab_size": _padded(len(tokenizer)), "hidden_size": 32, "intermediate_size": 64,
        "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2,
        "max_position_embeddings": 8192, "bos_token_id": None,
        "eos_token_id": tokenizer.eos_token_id, "pad_token_id": tokenizer.pad_token_id,
        "rope_parameters": {"rope_type": "default", "mrope_section": [1, 1, 2], "rope_theta": 1e6},
        **text,
    }  # fmt: skip
    eyes: dict[str, Any] = {"depth": 2, "hidden_size": 32, "num_heads": 2, "intermediate_size": 64, "out_hidden_size": language["hidden_size"]}  # fmt: skip  # noqa: E501
    ids: dict[str, Any] = {
        f"{name}_token_id": tokenizer.convert_tokens_to_ids(token)
        for name, token in {
            "image": "<|image_pad|>", "video": "<|video_pad|>",
            "vision_start": "<|vision_start|>", "vision_end": "<|vision_end|>",
        }.items()
    }  # fmt: skip
    torch.manual_seed(0)
    if generation == "3":
        language["head_dim"] = 8
        language["rope_parameters"]["mrope_section"] = [2, 1, 1]
        eyes |= {
            "patch_size": 16,
            "deepstack_visual_indexes": [0, 1],
            "num_position_embeddings": 64,
        }
        model: Any = Qwen3VLForConditionalGeneration(
            Qwen3VLConfig(text_config=language, vision_config=eyes, **ids)
        )
    else:
        eyes |= {"patch_size": 14, "window_size": 112, "fullatt_block_indexes": [1]}
        model = Qwen2_5_VLForConditionalGeneration(
            Qwen2_5_VLConfig(text_config=language, vision_config=eyes, **ids)
        )
    pictures = Qwen2VLImageProcessorPil(
        patch_size=eyes["patch_size"], size={"shortest_edge": 3136, "longest_edge": 28 * 28 * 64}
    )
    return _saved(folder, model, tokenizer, pictures)


def write_tiles(folder: Path, *, kind: str = "smolvlm") -> Path:
    """A SmolVLM or Idefics3."""
    tokenizer = _tokenizer(_TILE_TOKENS, "<end_of_utterance>", _TILE_CHAT)
    vocabulary = _padded(len(tokenizer))
    language = LlamaConfig(
        vocab_size=vocabulary, hidden_size=32, intermediate_size=64, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=2, pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id, bos_token_id=None, max_position_embeddings=8192,
    )  # fmt: skip
    eyes: dict[str, Any] = {"image_size": 64, "patch_size": 16, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}  # fmt: skip  # noqa: E501
    facts: dict[str, Any] = {
        "text_config": language.to_dict(), "vision_config": eyes, "scale_factor": 2,
        "image_token_id": tokenizer.convert_tokens_to_ids("<image>"),
        "pad_token_id": tokenizer.pad_token_id,
    }  # fmt: skip
    torch.manual_seed(0)
    rules: dict[str, Any] = {"size": {"longest_edge": 256}, "max_image_size": {"longest_edge": 64}}
    if kind == "smolvlm":
        model: Any = SmolVLMForConditionalGeneration(SmolVLMConfig(**facts))
        pictures: Any = SmolVLMImageProcessorPil(**rules)
    else:
        model = Idefics3ForConditionalGeneration(Idefics3Config(**facts))
        pictures = Idefics3ImageProcessorPil(**rules)
    return _saved(folder, model, tokenizer, pictures)


def write_writer(folder: Path) -> Path:
    """A language model without eyes."""
    tokenizer = _tokenizer(_QWEN_TOKENS, "<|im_end|>", _QWEN_CHAT)
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=_padded(len(tokenizer)), hidden_size=32, intermediate_size=64,
        num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
        eos_token_id=tokenizer.eos_token_id, bos_token_id=None, max_position_embeddings=4096,
    )  # fmt: skip
    return _saved(folder, LlamaForCausalLM(config), tokenizer, None)


def _tokenizer(special: list[str], eos: str, chat: str) -> PreTrainedTokenizerFast:
    """Byte-level BPE, learnt on the spot from a few lines."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=512,
        special_tokens=special,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(_LINES * 4, trainer)
    wrapped: PreTrainedTokenizerFast = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=tokenizer, eos_token=eos, pad_token=special[0],
        additional_special_tokens=special,
    )  # fmt: skip
    wrapped.chat_template = chat
    return wrapped


def _padded(tokens: int) -> int:
    return (tokens // _PADDED + 1) * _PADDED


def _saved(folder: Path, model: Any, tokenizer: Any, pictures: Any) -> Path:
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    if pictures is not None:
        pictures.save_pretrained(folder)
    return folder
