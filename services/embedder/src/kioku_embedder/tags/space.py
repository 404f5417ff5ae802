"""Promise: whoever meets a space's id knows without asking whether its vectors come from tags."""

from __future__ import annotations

from kioku_embedder.tags.encoder import MODEL


def is_tags_space(space_id: str) -> bool:
    """Whether an id names a tags space, of this or any other table of synonyms."""
    return space_id.startswith(f"{MODEL}@")
