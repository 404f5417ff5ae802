"""One view of every component's log: each line behind its component's name, in its own colour."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable
from pathlib import Path

from rich.text import Text

from kioku_cli.data import DataFolder
from kioku_cli.readable import readable
from kioku_cli.screen import out
from kioku_cli.supervisor.state import is_supervised

_COLOURS = ("cyan", "magenta", "green", "yellow", "blue", "bright_red", "bright_cyan", "white")
_POLL_SECONDS = 0.25
_BLOCK = 2**20


class LogReader:
    """Reads whole lines that are added to one log; survives its being cut.

    Args:
        path: the log; it need not exist yet.
        lines_back: how many of its present lines to begin with.
    """

    def __init__(self, path: Path, lines_back: int) -> None:
        self._path = path
        self._half = b""
        self._position = 0
        self._first = lines_back

    def news(self) -> list[str]:
        """The whole lines since the last call; the first call gives the last `lines_back`."""
        if not self._path.exists():
            return []
        with self._path.open("rb") as log:
            if log.seek(0, 2) < self._position:
                self._position, self._half = 0, b""
            if self._first is not None and self._position == 0:
                return self._begin()
            log.seek(self._position)
            block = log.read(_BLOCK)
            self._position = log.tell()
        return self._split(block)

    def _begin(self) -> list[str]:
        with self._path.open("rb") as log:
            last = deque(log, maxlen=self._first)
            self._position = log.tell()
        return self._split(b"".join(last))

    def _split(self, block: bytes) -> list[str]:
        *whole, self._half = (self._half + block).split(b"\n")
        return [line.decode(errors="replace") for line in whole]


def component_names(data: DataFolder) -> list[str]:
    """Every component that has a log."""
    return sorted(path.stem for path in data.logs.glob("*.log"))


def show_last(data: DataFolder, names: Iterable[str], lines: int) -> list[dict[str, str]]:
    """The last lines of each log, oldest first within a component."""
    return [
        {"component": name, "line": line}
        for name in names
        for line in LogReader(data.log(name), lines).news()
    ]


def follow_all(
    data: DataFolder, names: Iterable[str] = (), lines: int = 5, *, while_running: bool
) -> None:
    """Print what every log gets, until interrupted; or until the stack has ended."""
    chosen = list(names)
    readers: dict[str, LogReader] = {}
    while True:
        for name in chosen or component_names(data):
            readers.setdefault(name, LogReader(data.log(name), lines))
        for name, reader in readers.items():
            print_lines(name, reader.news())
        if while_running and not is_supervised(data):
            return
        time.sleep(_POLL_SECONDS)


def print_lines(name: str, lines: Iterable[str]) -> None:
    """Print lines behind their component's name."""
    colour = _COLOURS[sum(name.encode()) % len(_COLOURS)]
    prefix = Text(f"{name:<12}│ ", style=colour)
    for line in lines:
        for part in readable(line).splitlines():
            out.print(prefix + Text.from_ansi(part), soft_wrap=True)
