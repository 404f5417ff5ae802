"""Writes the three rings of a one-node Swift.

`python -m kioku_stack.swift_rings FOLDER ACCOUNT_PORT CONTAINER_PORT OBJECT_PORT`.

A ring says which port serves a part of the data.  With one device every part is on it, so rings
can be written anew whenever ports change; the part power must never change, because it names the
folders on the disk.  Run as a process, because importing Swift patches its process.
"""

import sys
from pathlib import Path

from swift.common.ring.builder import RingBuilder  # type: ignore[import-untyped]

PART_POWER = 4
_KINDS = ("account", "container", "object")


def write_ring(folder: Path, kind: str, port: int) -> None:
    """Write `<kind>.ring.gz` with the one device `d1` served at `port`."""
    builder = RingBuilder(PART_POWER, 1, 1)
    place = {"region": 1, "zone": 1, "ip": "127.0.0.1", "port": port, "device": "d1"}
    builder.add_dev({"id": 0, "weight": 100.0, "meta": "", **place})
    builder.rebalance(seed=1)
    builder.get_ring().save(str(folder / f"{kind}.ring.gz"))


def main(arguments: list[str]) -> None:
    """Write all three."""
    for kind, port in zip(_KINDS, arguments[1:], strict=True):
        write_ring(Path(arguments[0]), kind, int(port))


if __name__ == "__main__":
    main(sys.argv[1:])
