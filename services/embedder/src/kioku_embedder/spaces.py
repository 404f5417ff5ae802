"""Promise: a request goes to whoever makes vectors of the space it names, or is refused."""

from __future__ import annotations

from collections.abc import Sequence

from kioku_rt.errors import KiokuError
from kioku_rt.reasons import Reason

from kioku_embedder.backend import Backend


class Spaces:
    """The backends of this process.

    Args:
        default: serves requests that name no space. The process lives by it: without it nothing
            is served.
        others: each serves the requests that name its space; the process can do without them.
    """

    def __init__(self, default: Backend, *others: Backend) -> None:
        self.default = default
        self.others = others
        self._by_space = {each.space.space_id: each for each in (default, *others)}

    def serving(self, space_id: str) -> Backend:
        """The backend of that space; empty: the default one.

        Raises:
            KiokuError: SPACE_NOT_SERVED.
        """
        found = self._by_space.get(space_id) if space_id else self.default
        if found is None:
            served = sorted(self._by_space)
            raise KiokuError(
                Reason.SPACE_NOT_SERVED,
                f"This embedder serves {', '.join(served)} only.",
                field="space_id",
                metadata={"served": ",".join(served)},
            )
        return found

    def own_of(self, named: Sequence[str]) -> str:
        """Which of these spaces is done at once: the default one, else one that is served.

        So no work that the default model can do waits for another model. With none, the first.
        """
        served = [each for each in named if not each or each in self._by_space]
        return next(filter(self.lives_by, served), (*served, named[0])[0])

    def lives_by(self, space_id: str) -> bool:
        """Whether that space is the default one."""
        return space_id in ("", self.default.space.space_id)
