"""Faces, people and consent."""
