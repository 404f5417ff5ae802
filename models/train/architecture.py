"""The model's size, in one place, as a transformers SigLIP configuration."""

from transformers import (
    PreTrainedTokenizerFast,
    SiglipConfig,
    SiglipImageProcessorPil,
    SiglipModel,
    SiglipProcessor,
)

IMAGE_SIDE = 96
PATCH_SIDE = 12
TEXT_LENGTH = 32
VOCABULARY = 1400
_WIDTH = 192
_TEXT_WIDTH = 128


def new_model(tokenizer: PreTrainedTokenizerFast) -> SiglipModel:
    """An untrained model for the tokenizer; its initial weights follow torch's seed."""
    text = {
        "vocab_size": len(tokenizer),
        "hidden_size": _TEXT_WIDTH,
        "intermediate_size": 4 * _TEXT_WIDTH,
        "num_hidden_layers": 3,
        "num_attention_heads": 4,
        "max_position_embeddings": TEXT_LENGTH,
        "projection_size": _WIDTH,
        "pad_token_id": tokenizer.pad_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "bos_token_id": None,
    }
    vision = {
        "hidden_size": _WIDTH,
        "intermediate_size": 4 * _WIDTH,
        "num_hidden_layers": 4,
        "num_attention_heads": 6,
        "image_size": IMAGE_SIDE,
        "patch_size": PATCH_SIDE,
    }
    return SiglipModel(SiglipConfig(text_config=text, vision_config=vision))


def new_processor(tokenizer: PreTrainedTokenizerFast) -> SiglipProcessor:
    """Squashes pictures to IMAGE_SIDE and scales pixels to -1..1, as SigLIP does."""
    pictures = SiglipImageProcessorPil(
        size={"height": IMAGE_SIDE, "width": IMAGE_SIDE},
        image_mean=[0.5, 0.5, 0.5],
        image_std=[0.5, 0.5, 0.5],
        resample=2,
    )
    return SiglipProcessor(pictures, tokenizer)  # type: ignore[no-untyped-call]
