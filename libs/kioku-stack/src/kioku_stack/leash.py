"""Becomes a server that dies with its starter.

`leash.py PARENT SIGNAL UID GID CAPABILITY COMMAND...`, run as a script in front of every server.
The uid is dropped first, because the kernel forgets the death signal when credentials change; then
the signal is set; then the command replaces this process, so that its pid is the one the starter
knows.  Standard library only, no import of ours.
"""

import ctypes
import os
import sys

KEEP = -1  # for UID and GID: stay who we are; for CAPABILITY: keep none

_PR_SET_PDEATHSIG = 1
_PR_SET_SECUREBITS = 28
_SECBIT_NO_SETUID_FIXUP = 4
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_RAISE = 2
_CAPABILITY_VERSION_3 = 0x20080522

_libc = ctypes.CDLL(None, use_errno=True)


def _prctl(option: int, *values: int) -> None:
    given = [ctypes.c_ulong(value) for value in (*values, 0, 0, 0, 0)[:4]]
    if _libc.prctl(option, *given) != 0:
        raise OSError(ctypes.get_errno(), f"prctl({option})")


def _drop(uid: int, gid: int, capability: int) -> None:
    if uid == KEEP:
        return
    if capability != KEEP:
        # Without it access(2), which PostgreSQL asks about its programs, ignores capabilities.
        _prctl(_PR_SET_SECUREBITS, _SECBIT_NO_SETUID_FIXUP)
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)
    if capability != KEEP:
        _keep_only(capability)


def _keep_only(capability: int) -> None:
    """Drop all capabilities but one, and keep that over exec: to be ambient it is inheritable."""
    bit = 1 << capability
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    low_then_high_words = (ctypes.c_uint32 * 6)(bit, bit, bit, 0, 0, 0)
    if _libc.capset(header, low_then_high_words) != 0:
        raise OSError(ctypes.get_errno(), "capset")
    _prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, capability)


def _die_with(parent: int, signal_number: int) -> None:
    _prctl(_PR_SET_PDEATHSIG, signal_number)
    if os.getppid() != parent:  # it died before we asked to be told
        sys.exit(1)


def main(arguments: list[str]) -> None:
    """Drop the uid, tie this process to its parent and become the command."""
    parent, signal_number, uid, gid, capability = (int(value) for value in arguments[:5])
    command = arguments[5:]
    _drop(uid, gid, capability)
    _die_with(parent, signal_number)
    os.execv(command[0], command)  # noqa: S606 - no shell is the point


if __name__ == "__main__":
    main(sys.argv[1:])
