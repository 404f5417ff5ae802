"""Promise: every family of models gets its words the way its authors trained it.

SigLIP 2 was trained on lower-case text padded to its full length, without an attention mask
(google-research/big_vision issue 157); CLIP on text cut at 77 tokens, with one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Family:
    """What a family of two-tower models asks for.

    Args:
        name: transformers' `model_type`.
        lowercase: whether words are lower-cased before the tokenizer.
        attention_mask: whether the text tower is told which tokens are padding.
    """

    name: str
    lowercase: bool
    attention_mask: bool


SIGLIP = Family("siglip", lowercase=True, attention_mask=False)
CLIP = Family("clip", lowercase=False, attention_mask=True)
VISUAL = Family("visual", lowercase=False, attention_mask=False)  # no words: see `visual`
_FAMILIES = {family.name: family for family in (SIGLIP, CLIP)}


def family_of(config: Mapping[str, Any]) -> Family:
    """The family of a checkpoint's configuration (as a mapping).

    Raises:
        ValueError: it is neither SigLIP (1 or 2, fixed resolution) nor CLIP.
    """
    model_type = str(config.get("model_type"))
    if model_type not in _FAMILIES:
        raise ValueError(
            f"checkpoints of type {model_type!r} are not supported; use one of "
            f"{', '.join(sorted(_FAMILIES))} (SigLIP 2 with fixed resolution is of type siglip)"
        )
    return _FAMILIES[model_type]


def dimension_of(config: Any, family: Family) -> int:
    """Number of components of the vectors of a transformers configuration."""
    if family is CLIP:
        return int(config.projection_dim)
    return int(config.vision_config.hidden_size)


def text_length_of(config: Any) -> int:
    """Tokens the text tower reads: 64 for SigLIP, 77 for CLIP.

    Never `config.max_length`: that is 20 for all of them, a default meant for text generation.
    """
    return int(config.text_config.max_position_embeddings)
