"""Fast arithmetic for training: bfloat16 products, but attention in float32.

The processor's bfloat16 matrix units make the products three times as fast, while torch's
bfloat16 attention is slower backwards than its float32 one.  The trained model needs none
of this: it is loaded and run as any other.
"""

from contextlib import AbstractContextManager

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface, SiglipModel

_NAME = "float32_sdpa"


def use_fast_attention(model: SiglipModel) -> None:
    """Have the model's attention run in float32 inside a bfloat16 region."""
    AttentionInterface.register(_NAME, _attend)
    model.set_attn_implementation(_NAME)


def low_precision() -> AbstractContextManager[object]:
    """A region in which matrix products run in bfloat16."""
    return torch.autocast("cpu", torch.bfloat16)


def _attend(
    _module: nn.Module, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, **_: object
) -> tuple[Tensor, None]:
    """Attention over (batch, heads, length, width); returns (batch, length, heads, width)."""
    with torch.autocast("cpu", enabled=False):
        mixed = scaled_dot_product_attention(query.float(), key.float(), value.float(), mask)
    return mixed.to(query.dtype).transpose(1, 2).contiguous(), None
