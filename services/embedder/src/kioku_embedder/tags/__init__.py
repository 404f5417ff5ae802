"""Vectors of tags and file names: no model, no cost, no torch."""
