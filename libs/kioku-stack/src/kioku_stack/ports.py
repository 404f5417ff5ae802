"""Free TCP ports on loopback that stay free until their server binds them.

A port lies below the kernel's ephemeral range where there is room, so no outgoing connection takes
it while its server is down; and it is left in TIME_WAIT, so that for a minute nobody gets it by
chance while a server (which sets SO_REUSEADDR) can bind it.  The trick is that of Yelp's
ephemeral-port-reserve.
"""

from __future__ import annotations

import random
import socket
import time
from pathlib import Path

from kioku_stack.process import StartFailed

LOOPBACK = "127.0.0.1"
_LOWEST = 20_000
_ATTEMPTS = 200
_RANGE_FILE = Path("/proc/sys/net/ipv4/ip_local_port_range")


class PortTaken(StartFailed):
    """Another program listens where our server should."""


def reserve() -> int:
    """A port that nobody uses.  Raises OSError if none was found."""
    ceiling = _ephemeral_floor()
    for _ in range(_ATTEMPTS):
        wanted = random.randrange(_LOWEST, ceiling) if ceiling > _LOWEST + 1000 else 0
        try:
            return _hold(wanted)
        except OSError:
            continue
    raise OSError(f"no free port on {LOOPBACK} after {_ATTEMPTS} attempts")


def is_free(port: int) -> bool:
    """Whether a server could listen on `port` now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def require_free(*numbers: int, patience: float = 5.0) -> None:
    """Return once servers can listen on these ports; one that is just ending may need a moment.

    Without this, a server of somebody else on our port would be taken for ours.
    Raises PortTaken after `patience` seconds.
    """
    deadline = time.monotonic() + patience
    while taken := [number for number in numbers if not is_free(number)]:
        if time.monotonic() > deadline:
            raise PortTaken(f"port {taken[0]} on {LOOPBACK} is in use by another program")
        time.sleep(0.05)


def _ephemeral_floor() -> int:
    try:
        return int(_RANGE_FILE.read_text().split()[0])
    except (OSError, ValueError):
        return 0


def _hold(port: int) -> int:
    with socket.socket() as listener, socket.socket() as client:
        listener.bind((LOOPBACK, port))  # without SO_REUSEADDR: refuses what others hold
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.listen(1)
        client.connect(listener.getsockname())
        accepted, _ = listener.accept()
        accepted.close()  # our side closes first, so our port is the one in TIME_WAIT
        held: int = listener.getsockname()[1]
        return held
