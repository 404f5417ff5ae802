"""What a search may ask for: words, a picture, an asset or a vector."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from uuid import UUID

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class TextQuery:
    """Words, already clean."""

    text: str


@dataclass(frozen=True)
class ImageQuery:
    """A picture's bytes and their SHA-256, hex."""

    image: bytes = field(repr=False)
    sha256: str


@dataclass(frozen=True)
class LikeQuery:
    """An asset of the same owner."""

    asset_id: UUID


@dataclass(frozen=True)
class VectorQuery:
    """A vector of the space it names, as it came."""

    space_id: str
    values: npt.NDArray[np.float64]


@dataclass(frozen=True)
class JointQuery:
    """A picture, an asset or a vector, and clean words with their share of the sum, 0 to 1."""

    base: ImageQuery | LikeQuery | VectorQuery
    text: str
    share: float


Query = TextQuery | ImageQuery | LikeQuery | VectorQuery | JointQuery


def identity(query: Query) -> list[str]:
    """What tells two queries apart, short enough to hash."""
    match query:
        case TextQuery(text):
            return ["text", text]
        case ImageQuery(_, sha256):
            return ["image", sha256]
        case LikeQuery(asset_id):
            return ["asset", str(asset_id)]
        case VectorQuery(_, values):
            return ["vector", hashlib.sha256(values.tobytes()).hexdigest()]
        case JointQuery(base, text, share):
            return ["joint", *identity(base), text, share.hex()]
