"""Promise: what a checkpoint learnt for turning cosines into scores, read without its weights."""

from __future__ import annotations

from math import exp
from pathlib import Path

from kioku_embedder.checkpoint import Checkpoint
from kioku_embedder.engine import LabelScale
from kioku_embedder.family import CLIP

_SCALE, _BIAS = "logit_scale", "logit_bias"


def read_label_scale(checkpoint: Checkpoint) -> LabelScale:
    """SigLIP's scale and bias (Zhai et al. 2023) or CLIP's scale (Radford et al. 2021).

    Raises:
        ValueError: the weights have no scale, or, for SigLIP, no bias.
    """
    exclusive = checkpoint.family is CLIP
    scale = _scalar(checkpoint.folder, _SCALE)
    bias = 0.0 if exclusive else _scalar(checkpoint.folder, _BIAS)
    return LabelScale(exp(scale), bias, exclusive)


def _scalar(folder: Path, name: str) -> float:
    from safetensors import safe_open  # noqa: PLC0415 - brings torch

    for path in sorted(folder.glob("*.safetensors")):
        with safe_open(path, framework="pt") as weights:
            if name in weights.keys():  # noqa: SIM118 - not a mapping
                return float(weights.get_tensor(name).reshape(()))
    raise ValueError(f"the weights lack the tensor {name}")
