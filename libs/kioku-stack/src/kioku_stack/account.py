"""The unprivileged account for servers that refuse to run as root.

Nothing changes for a starter that is not root.  A starter that is root gets an account that reaches
the server's files: by the folders' modes, or, where a folder above them is closed (a checkout under
/root), by one capability that lets it through; or a refusal that names the folder in the way.
"""

from __future__ import annotations

import os
import pwd
import stat
from dataclasses import dataclass, replace
from pathlib import Path

_PREFERRED = ("postgres", "nobody")
_CAP_DAC_OVERRIDE = 1
_CAP_DAC_READ_SEARCH = 2
_CAP_SETPCAP = 8
_STATUS = Path("/proc/self/status")


class Unreachable(RuntimeError):
    """A folder that the account may not enter lies above a file it needs."""


@dataclass(frozen=True)
class Account:
    """A user and its group, by number; `capability` is kept over the change of user, if any."""

    uid: int
    gid: int
    capability: int | None = None

    def own(self, path: Path) -> None:
        """Make `path` this account's, with nothing for others."""
        os.chown(path, self.uid, self.gid)
        path.chmod(0o700 if path.is_dir() else 0o600)

    def closed_folder(self, path: Path) -> Path | None:
        """The first folder above `path` that this account may not pass through."""
        above = reversed(path.resolve().parents)
        return next((folder for folder in above if not self._enters(folder.stat())), None)

    def _enters(self, info: os.stat_result) -> bool:
        if info.st_uid == self.uid:
            return bool(info.st_mode & stat.S_IXUSR)
        if info.st_gid == self.gid:
            return bool(info.st_mode & stat.S_IXGRP)
        return bool(info.st_mode & stat.S_IXOTH)


def unprivileged(data_dir: Path, program: Path) -> Account | None:
    """The account to run `program` under on `data_dir`, or None where the starter is not root.

    A data folder that exists already keeps its owner, so that a restart finds its files.  The
    folders above it must exist.  Raises Unreachable.
    """
    if os.geteuid() != 0:
        return None
    account = _owner(data_dir) or _candidate()
    closed = account.closed_folder(data_dir) or account.closed_folder(program)
    if closed is None:
        return account
    capability = _passing_capability()
    if capability is None:
        raise Unreachable(
            f"{closed} is closed to uid {account.uid}, as which PostgreSQL must run (it refuses "
            "root): use another folder or another user, or chmod o+x that one"
        )
    return replace(account, capability=capability)


def _owner(data_dir: Path) -> Account | None:
    if not data_dir.exists() or data_dir.stat().st_uid == 0:
        return None
    info = data_dir.stat()
    return Account(info.st_uid, info.st_gid)


def _candidate() -> Account:
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    entry = next(known[name] for name in _PREFERRED if name in known)
    return Account(entry.pw_uid, entry.pw_gid)


def _passing_capability() -> int | None:
    """The lesser capability of ours that opens closed folders; containers often have one of two.

    Handing it on takes another one (see leash.py).
    """
    lines = dict(line.split(":", 1) for line in _STATUS.read_text().splitlines() if ":" in line)
    ours = int(lines["CapPrm"], 16) & int(lines["CapBnd"], 16)
    if not ours >> _CAP_SETPCAP & 1:
        return None
    both = (_CAP_DAC_READ_SEARCH, _CAP_DAC_OVERRIDE)
    return next((capability for capability in both if ours >> capability & 1), None)
