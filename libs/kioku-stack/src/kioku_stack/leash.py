"""Becomes a server that dies with its starter: `leash.py PARENT SIGNAL UID GID COMMAND...`.

Run as a script in front of every server.  The uid is dropped first, because the kernel forgets the
death signal when credentials change; then the signal is set; then the command replaces this
process, so that its pid is the one the starter knows.  Standard library only, no import of ours.
"""

import ctypes
import os
import sys

_PR_SET_PDEATHSIG = 1
KEEP = -1  # for UID and GID: stay who we are


def _drop(uid: int, gid: int) -> None:
    if uid == KEEP:
        return
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)


def _die_with(parent: int, signal_number: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, signal_number, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    if os.getppid() != parent:  # it died before we asked to be told
        sys.exit(1)


def main(arguments: list[str]) -> None:
    """Drop the uid, tie this process to its parent and become the command."""
    parent, signal_number, uid, gid = (int(value) for value in arguments[:4])
    command = arguments[4:]
    _drop(uid, gid)
    _die_with(parent, signal_number)
    os.execv(command[0], command)  # noqa: S606 - no shell is the point


if __name__ == "__main__":
    main(sys.argv[1:])
