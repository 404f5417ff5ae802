"""Promise: what was made once from a checkpoint is found again whole, or made again.

An entry is a folder that appears under its name only when it is complete. Its manifest lists every
file with size and digest; an entry that does not match is thrown away and rebuilt. Processes that
want the same entry wait for the first one.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import structlog
from kioku_rt.space import digest_of

from kioku_embedder.digests import DigestCache

_MANIFEST = "manifest.json"
_log = structlog.get_logger()


class Store:
    """Folders of derived files below one root.

    Args:
        root: made when first written to; only this user's files are safe in it, so it must not be
            writable by others.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._digests = DigestCache(root)

    def whole(self, kind: str, facts: Mapping[str, object]) -> Path | None:
        """The folder of an entry, or None when it is missing or damaged.

        Args:
            kind: readable start of its name.
            facts: everything its contents depend on.
        """
        folder = self._folder(kind, facts)
        return folder if self._is_whole(folder) else None

    def made(self, kind: str, facts: Mapping[str, object], make: Callable[[Path], object]) -> Path:
        """The folder of an entry; `make` fills an empty folder when there is none.

        Raises:
            OSError: the root cannot be written to.
            Exception: whatever `make` raises; nothing is left behind then.
        """
        folder = self._folder(kind, facts)
        self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        with _alone(folder.with_suffix(".lock")):
            if not self._is_whole(folder):
                self._make(folder, facts, make)
        return folder

    def forget(self, kind: str, facts: Mapping[str, object]) -> None:
        """Throws an entry away."""
        shutil.rmtree(self._folder(kind, facts), ignore_errors=True)

    def _folder(self, kind: str, facts: Mapping[str, object]) -> Path:
        return self.root / f"{kind}-{digest_of(facts)[:16]}"

    def _make(
        self, folder: Path, facts: Mapping[str, object], make: Callable[[Path], object]
    ) -> None:
        unfinished = Path(tempfile.mkdtemp(prefix=f"{folder.name}.", dir=self.root))
        try:
            make(unfinished)
            files = {path.name: self._digests.sha256(path) for path in sorted(unfinished.iterdir())}
            manifest = {"facts": dict(facts), "files": files}
            (unfinished / _MANIFEST).write_text(json.dumps(manifest, indent=1))
            shutil.rmtree(folder, ignore_errors=True)
            unfinished.rename(folder)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)

    def _is_whole(self, folder: Path) -> bool:
        if not folder.is_dir():
            return False
        try:
            files = json.loads((folder / _MANIFEST).read_text())["files"]
            whole = all(self._digests.sha256(folder / name) == files[name] for name in files)
        except (OSError, ValueError, KeyError, TypeError):
            whole = False
        if not whole:
            _log.warning("cache_entry_damaged", entry=folder.name)
        return whole


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Only one process at a time; the kernel lets go when a process dies."""
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
