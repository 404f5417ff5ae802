"""The unprivileged account for servers that refuse to run as root.

Nothing changes for a starter that is not root.  A starter that is root gets an account that can
reach the server's files, or a plain refusal that says which folder is in the way.
"""

from __future__ import annotations

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path

_PREFERRED = ("postgres", "nobody")


class Unreachable(RuntimeError):
    """A folder that the account may not enter lies above a file it needs."""


@dataclass(frozen=True)
class Account:
    """A user and its group, by number."""

    uid: int
    gid: int

    def own(self, folder: Path) -> None:
        """Make `folder` this account's own, with mode 0700; create it if missing.

        Raises Unreachable where a folder above it is closed to this account.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self.check_reaches(folder)
        os.chown(folder, self.uid, self.gid)
        folder.chmod(0o700)

    def check_reaches(self, path: Path) -> None:
        """Raise Unreachable unless every folder above `path` lets this account through."""
        for folder in reversed(path.resolve().parents):
            if not self._enters(folder.stat()):
                raise Unreachable(
                    f"{path} lies under {folder}, which uid {self.uid} may not enter; PostgreSQL "
                    "refuses root, so use another folder, another user, or chmod o+x that one"
                )

    def _enters(self, info: os.stat_result) -> bool:
        if info.st_uid == self.uid:
            return bool(info.st_mode & stat.S_IXUSR)
        if info.st_gid == self.gid:
            return bool(info.st_mode & stat.S_IXGRP)
        return bool(info.st_mode & stat.S_IXOTH)


def unprivileged(data_dir: Path) -> Account | None:
    """The account to run under, or None where the starter is not root.

    A data folder that exists already keeps its owner, so that a restart finds its files.
    """
    if os.geteuid() != 0:
        return None
    if data_dir.exists() and data_dir.stat().st_uid != 0:
        info = data_dir.stat()
        return Account(info.st_uid, info.st_gid)
    return next(Account(entry.pw_uid, entry.pw_gid) for entry in _candidates())


def _candidates() -> list[pwd.struct_passwd]:
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    return [known[name] for name in _PREFERRED if name in known]
