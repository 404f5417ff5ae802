"""Pixels and words to vectors. Importing this imports no torch."""

from kioku_embedder.similarity import SimilarFrame, cosine_similarity, find_similar_frames

__all__ = ["SimilarFrame", "cosine_similarity", "find_similar_frames"]
