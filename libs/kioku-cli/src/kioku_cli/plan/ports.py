"""Which loopback port each purpose has: the same ones every time, or free ones that are remembered.

`default` ports are what documents and bookmarks can name. `auto` ports are free ones, written to
the data folder, and taken again at the next start where they are still free, so that rings,
bookmarks and signed URLs of one data folder stay true.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal

from kioku_stack.ports import is_free, reserve

PortChoice = Literal["default", "auto"]

MOST_PROCESSES = 10
"""Largest number of processes of one service that the default table has room for."""

_FIXED = {
    "envoy": 17400,
    "envoy-admin": 17401,
    "postgres": 17410,
    "nats": 17411,
    "nats-monitor": 17412,
    "swift": 17420,
}
_SERVICE_BASE = {"search": 17440, "embedder": 17460, "frames": 17480, "face": 17500, "vlm": 17520}
_BOTH = ("grpc", "metrics")
_USES = {
    "search": _BOTH,
    "embedder": _BOTH,
    "frames": ("metrics",),
    "face": _BOTH,
    "vlm": _BOTH,
}


class PortTaken(Exception):
    """A port of the default table is in use by somebody else."""

    def __init__(self, purpose: str, port: int) -> None:
        super().__init__(
            f"Port {port} for {purpose} is in use by another program; "
            "free it, or start with --ports auto."
        )


def purposes(counts: Mapping[str, int]) -> list[str]:
    """Every purpose that a stack with so many processes of each service needs a port for."""
    services = [
        f"{service}-{number}-{use}"
        for service, count in counts.items()
        for number in range(1, count + 1)
        for use in _USES[service]
    ]
    return [*_FIXED, *services]


def default_ports(wanted: Iterable[str]) -> dict[str, int]:
    """The fixed port of each purpose."""
    return {purpose: _default_port(purpose) for purpose in wanted}


def _default_port(purpose: str) -> int:
    if purpose in _FIXED:
        return _FIXED[purpose]
    service, number, use = purpose.rsplit("-", 2)
    return _SERVICE_BASE[service] + 2 * (int(number) - 1) + (use == "metrics")


def check_free(ports: Mapping[str, int]) -> None:
    """Raise PortTaken for the first port that cannot be bound now."""
    for purpose, port in ports.items():
        if not is_free(port):
            raise PortTaken(purpose, port)


def auto_ports(wanted: Iterable[str], memory: Path) -> dict[str, int]:
    """A free port for each purpose, remembered in the file `memory`.

    Remembered ports are taken again while they are free; the others are drawn anew.
    """
    remembered = _remembered(memory)
    ports: dict[str, int] = {}
    for purpose in wanted:
        known = remembered.get(purpose)
        usable = known is not None and known not in ports.values() and is_free(known)
        ports[purpose] = known if usable and known is not None else reserve()
    memory.parent.mkdir(parents=True, exist_ok=True)
    memory.write_text(json.dumps(remembered | ports, indent=1) + "\n")
    return ports


def _remembered(memory: Path) -> dict[str, int]:
    try:
        return {str(name): int(port) for name, port in json.loads(memory.read_text()).items()}
    except (FileNotFoundError, ValueError, AttributeError):
        return {}
