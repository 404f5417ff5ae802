"""Promise: a bag of features becomes one vector, the same on every machine, with no table to keep.

Signed feature hashing (Weinberger et al., "Feature hashing for large scale multitask learning",
2009) with several places for each feature, one in each block of the vector (Kane and Nelson,
"Sparser Johnson-Lindenstrauss transforms", 2014): two features then never fall together wholly,
and the product of two vectors differs from that of their bags by about 1 / sqrt(dimension).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import lru_cache

import numpy as np
import numpy.typing as npt

DIMENSION = 1024
PLACES = 8
_BLOCK = DIMENSION // PLACES


def direction_of(features: Mapping[str, float]) -> npt.NDArray[np.float64]:
    """The weighted sum of the features' directions, float64 of shape (1024,), of any length."""
    vector = np.zeros(DIMENSION)
    for feature, weight in sorted(features.items()):
        places, signs = _places(feature)
        vector[places] += weight * signs
    return vector


@lru_cache(maxsize=65_536)
def _places(feature: str) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Where a feature's parts lie, one in each block, and their signs; together of length one."""
    digest = hashlib.blake2b(feature.encode(), digest_size=2 * PLACES).digest()
    numbers = np.frombuffer(digest, "<u2").astype(np.int64)
    places = numbers % _BLOCK + np.arange(PLACES) * _BLOCK
    signs = np.where(numbers & 0x8000, 1.0, -1.0) / np.sqrt(PLACES)
    return places, signs
