"""Indexes of vectors: built, measured, kept."""
