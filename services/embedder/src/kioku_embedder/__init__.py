"""Pixels and words to vectors. Importing this imports no torch."""

from kioku_embedder.matrices import vectors_of
from kioku_embedder.similarity import (
    Nearest,
    SimilarFrame,
    cosine_similarities,
    cosine_similarity,
    find_similar_frames,
    near_duplicate_runs,
    top_k,
)

__all__ = [
    "Nearest",
    "SimilarFrame",
    "cosine_similarities",
    "cosine_similarity",
    "find_similar_frames",
    "near_duplicate_runs",
    "top_k",
    "vectors_of",
]
