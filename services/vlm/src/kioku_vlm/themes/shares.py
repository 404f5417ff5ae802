"""A label's score becomes its share among all labels, whatever the model's scores mean."""

from __future__ import annotations

import numpy as np

from kioku_vlm.themes.theme import Floats

_SURE = 1.0 - 1e-7  # where float32 rounds to one


def shares_of(scores: Floats, *, exclusive: bool) -> Floats:
    """Shares of shape (labels,), which sum to one.

    Scores of a sigmoid become odds: their shares are the softmax of the model's own logits, for
    odds are the exponential of the logit.

    Args:
        scores: 0 to 1.
        exclusive: they are shares already (CLIP); else each stands for itself (SigLIP).

    Raises:
        ValueError: none is above zero.
    """
    kept = np.clip(scores.astype(np.float64), 0.0, _SURE)
    weights = kept if exclusive else kept / (1.0 - kept)
    whole = float(weights.sum())
    if whole <= 0:
        raise ValueError("no label has any score")
    shares: Floats = weights / whole
    return shares
