"""A secret that is made once and kept in a file that we alone read."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path


def kept_secret(path: Path, make: Callable[[], str]) -> str:
    """The text of `path`; the first caller's `make()` fills it.

    The file appears whole or not at all, also when we are killed or two processes come first.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=path.parent) as draft:  # made with mode 0600
            draft.write(make())
            draft.flush()
            os.fsync(draft.fileno())
            with contextlib.suppress(FileExistsError):
                os.link(draft.name, path)
    return path.read_text()
