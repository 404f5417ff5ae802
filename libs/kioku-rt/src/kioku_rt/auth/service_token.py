"""A service presents the token that lies in its file now; a replaced file needs no restart."""

from __future__ import annotations

import os
from pathlib import Path

from kioku_rt.errors import DependencyDown


class ServiceToken:
    """The short-lived token a service calls others with, read again when the file changes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp: tuple[int, ...] = ()
        self._token = ""

    def current(self) -> str:
        """Give the token.

        Raises:
            DependencyDown: the file has never been readable, so that work waits for it.
        """
        try:
            status = os.stat(self._path)  # noqa: PTH116 - one call, on the event loop
            stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
            if stamp != self._stamp:
                self._token = self._path.read_text("ascii").strip() or self._token
                self._stamp = stamp
        except (OSError, UnicodeDecodeError):
            pass  # the last good token stays in use until it expires
        if not self._token:
            raise DependencyDown("service token file")
        return self._token
