"""Promise: makes what the embedder's first start would make, for an image or a set-up script.

`python -m kioku_embedder.engines.prepare` reads the embedder's environment, fills the cache and
says what was chosen; it ends with 78 where the embedder would.
"""

from __future__ import annotations

import sys

from kioku_rt.images import ImageLimits

from kioku_embedder.checkpoint import CheckpointUnusable
from kioku_embedder.engines.arithmetic import EngineRefused
from kioku_embedder.local_model import choose_engine
from kioku_embedder.settings import Settings

_UNUSABLE = 78  # BSD sysexits: configuration error


def main() -> None:
    """Chooses the engine once."""
    try:
        chosen = choose_engine(Settings(), ImageLimits().long_edge)
    except (CheckpointUnusable, EngineRefused) as unusable:
        sys.stderr.write(f"{unusable}\n")
        sys.exit(_UNUSABLE)
    space = chosen.checkpoint.space
    sys.stdout.write(f"{space.space_id}: {chosen.name}, {space.precision}, {chosen.fidelity}\n")


if __name__ == "__main__":
    main()
