"""Promise: a request goes to whoever makes vectors of the space it names."""

from __future__ import annotations

from kioku_embedder.backend import Backend


class Spaces:
    """The backends of this process.

    Args:
        default: serves requests that name no space, and refuses those that name an unknown one.
        others: each serves its own space only.
    """

    def __init__(self, default: Backend, *others: Backend) -> None:
        self.default = default
        self.others = others
        self._by_space = {backend.space.space_id: backend for backend in others}

    def serving(self, space_id: str) -> Backend:
        """The backend of that space, or the default one."""
        return self._by_space.get(space_id, self.default)
