"""Starts the vision tower's first layers as if they were convolutions over patches.

A transformer from random weights needs very many pictures before it looks at a patch's
neighbours.  Here a few channels hold the patch's place as sines and cosines, and each head of
the first layers starts out looking one fixed step away.  All of it is free to change after.
"""

import torch
from torch import Tensor
from transformers import SiglipModel
from transformers.models.siglip.modeling_siglip import SiglipAttention

_STEPS = (
    ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, -1)),
    ((1, -1), (-1, 1), (2, 0), (-2, 0), (0, 2), (0, -2)),
)
_SHARPNESS = (1.1, 1.4)


@torch.no_grad()
def start_locally(model: SiglipModel) -> None:
    """Set the place channels, and the first layers' queries and keys, of an untrained model."""
    tower = model.vision_model
    embeddings = tower.embeddings
    head = tower.config.hidden_size // tower.config.num_attention_heads
    grid = tower.config.image_size // tower.config.patch_size
    frequencies = torch.arange(1, head // 4 + 1) * torch.pi / grid
    embeddings.patch_embedding.weight[:head] = 0
    embeddings.position_embedding.weight.zero_()
    embeddings.position_embedding.weight[:, :head] = _places(grid, frequencies)
    for layer, steps, sharpness in zip(
        tower.encoder.layers[: len(_STEPS)], _STEPS, _SHARPNESS, strict=True
    ):
        _look_away(layer.self_attn, steps, frequencies, sharpness)


def _places(grid: int, frequencies: Tensor) -> Tensor:
    """Sines and cosines of each patch's column, then of its row: (grid * grid, 4 * waves)."""
    angles = torch.arange(grid)[:, None] * frequencies
    waves = torch.cat([angles.sin(), angles.cos()], 1)
    columns, rows = waves.repeat(grid, 1), waves.repeat_interleave(grid, 0)
    return torch.cat([columns, rows], 1)


def _look_away(
    attention: SiglipAttention,
    steps: tuple[tuple[int, int], ...],
    frequencies: Tensor,
    sharpness: float,
) -> None:
    """Make head i's query meet the key of the patch steps[i] columns and rows away."""
    query, key = attention.q_proj.weight, attention.k_proj.weight
    size = 4 * len(frequencies)
    for head, (columns, rows) in enumerate(steps):
        block = slice(head * size, (head + 1) * size)
        query[block], key[block] = 0, 0
        turns = [_turn(frequencies * columns), _turn(frequencies * rows)]
        turning: Tensor = torch.block_diag(*turns)  # type: ignore[no-untyped-call]
        query[block, :size] = sharpness * turning
        key[block, :size] = sharpness * torch.eye(size)


def _turn(angles: Tensor) -> Tensor:
    """The matrix that takes (sin x, cos x) to (sin(x + angle), cos(x + angle))."""
    cosine, sine = torch.diag(angles.cos()), torch.diag(angles.sin())
    return torch.cat([torch.cat([cosine, sine], 1), torch.cat([-sine, cosine], 1)])
