"""Promise: a file that has not changed since its SHA-256 was computed is not read again for it.

A file counts as unchanged while its path, size, inode and time of modification (nanoseconds) are
the same. A digest is kept only of a file that had been left alone for two seconds, because a
change within one tick of the file system's clock does not show (git's "racily clean" rule).
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import time
from pathlib import Path

_SETTLED_NS = 2_000_000_000


class DigestCache:
    """SHA-256 of files, remembered in a folder; without a folder, computed each time.

    The folder is a help, never a need: when it cannot be read or written digests are computed.
    """

    def __init__(self, root: Path | None) -> None:
        self._folder = None if root is None else root / "digests"

    def sha256(self, path: Path) -> str:
        """The file's SHA-256, hex.

        Raises:
            OSError: it cannot be read.
        """
        before = _signature(path)
        kept = self._kept(path, before)
        if kept is not None:
            return kept
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        if before == _signature(path) and time.time_ns() - before[2] > _SETTLED_NS:
            self._keep(path, before, digest)
        return digest

    def _kept(self, path: Path, signature: tuple[int, ...]) -> str | None:
        if self._folder is None:
            return None
        try:
            found = json.loads(self._place(self._folder, path).read_text())
            same = tuple(found["signature"]) == signature
            return str(found["sha256"]) if same else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _keep(self, path: Path, signature: tuple[int, ...], digest: str) -> None:
        if self._folder is None:
            return
        text = json.dumps({"path": str(path), "signature": signature, "sha256": digest})
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor, name = tempfile.mkstemp(dir=self._folder)
            with os.fdopen(descriptor, "w") as stream:
                stream.write(text)
            os.replace(name, self._place(self._folder, path))  # noqa: PTH105 - atomic
        except OSError:
            return

    @staticmethod
    def _place(folder: Path, path: Path) -> Path:
        name = hashlib.sha256(os.fsencode(path.resolve())).hexdigest()[:32]
        return folder / f"{name}.json"


def _signature(path: Path) -> tuple[int, ...]:
    facts = path.stat()
    return (facts.st_size, facts.st_ino, facts.st_mtime_ns, facts.st_dev)
