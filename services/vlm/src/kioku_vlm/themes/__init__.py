"""Themes of pictures: what they show, what an album of them could be called, and why."""
