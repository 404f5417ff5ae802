"""Promise: a data folder is either what it was or wholly restored.

A restore works in `restoring/` beside the servers' folders, on servers of its own. Only what was
verified is moved into place, by renaming; what was there before is moved aside, never deleted.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from kioku_stack.postgres import Postgres
from kioku_stack.swift import Swift

from kioku_cli.backup.servers import Servers
from kioku_cli.data import DataFolder
from kioku_cli.launch import sweep
from kioku_cli.refusal import Refusal
from kioku_cli.supervisor.state import is_supervised

_STAGE = "restoring"
_VERIFIED = "verified"
_SERVERS = ("postgres", "postgres.secret", "swift")
_FORGOTTEN = ("nats", "postgres.log")
"""Not part of a backup: a new event store makes `search` announce all unfinished work again."""


@dataclass(frozen=True)
class Stage:
    """Where a restore works.

    Args:
        data: the data folder that will be made or replaced.
    """

    data: DataFolder

    @property
    def folder(self) -> Path:
        """The stage's own folder."""
        return self.data.root / _STAGE

    @property
    def is_verified(self) -> bool:
        """Whether an earlier restore was verified here and never put in place."""
        return (self.folder / _VERIFIED).exists()

    def check(self, *, force: bool) -> None:
        """Raise STACK_RUNNING or STACK_NOT_EMPTY; what a killed supervisor left is ended."""
        root = self.data.root
        if is_supervised(self.data):
            text = f"A stack runs on {root}; run `kioku down` first."
            raise Refusal(text, reason="STACK_RUNNING")
        sweep(self.data)
        if not force and any((root / name).exists() for name in _SERVERS):
            text = f"{root} holds a stack's data; --force moves them aside."
            raise Refusal(text, reason="STACK_NOT_EMPTY")

    @contextmanager
    def servers(self) -> Iterator[Servers]:
        """Empty servers on the stage; stopped afterwards, and gone if the block fails.

        The object store is started by whoever comes to need it.
        """
        self.data.make()
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        self.folder.chmod(0o711)
        try:
            with ExitStack() as stack:
                postgres = Postgres(self.folder / "postgres")
                postgres.start()
                stack.callback(postgres.stop)
                swift = Swift(self.folder / "swift")
                stack.callback(swift.stop)
                yield Servers(postgres, swift)
        except BaseException:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise
        (self.folder / _VERIFIED).touch()

    def commit(self) -> Path | None:
        """Move the stage into place; where the old data are now, if there were any."""
        aside = self.data.root / f"replaced-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
        for name in (*_FORGOTTEN, *_SERVERS):
            old, new = self.data.root / name, self.folder / name
            if old.exists() and (new.exists() or name in _FORGOTTEN):
                aside.mkdir(exist_ok=True)
                old.rename(aside / name)
            if new.exists() and name in _SERVERS:
                new.rename(old)
        shutil.rmtree(self.folder)
        return aside if aside.exists() else None

    def finish_interrupted(self) -> bool:
        """Move into place what an earlier restore had verified when it was killed; whether."""
        if not self.is_verified:
            return False
        self.commit()
        return True
