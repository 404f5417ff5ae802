"""Vectors as they come: by event or in bulk."""
