"""Where commands speak: people get tables and sentences, `--json` gets one JSON document.

Answers go to stdout, progress and remarks to stderr, so that a pipe only ever sees the answer.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

_PIPE_COLUMNS = 160


def _console(*, stderr: bool) -> Console:
    """A console as wide as its terminal; a pipe has no width, so that it gets a generous one."""
    terminal = (sys.stderr if stderr else sys.stdout).isatty()
    return Console(stderr=stderr, highlight=False, width=None if terminal else _PIPE_COLUMNS)


out = _console(stderr=False)
err = _console(stderr=True)
ID_COLUMNS = 36

Data = Annotated[
    Path | None,
    typer.Option(
        "--data", envvar="KIOKU_DATA", help="The stack's data folder; default: .data", metavar="DIR"
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Answer with one JSON document.")]
User = Annotated[
    str,
    typer.Option("--user", envvar="KIOKU_USER", help="Whose assets: the token's subject."),
]
DEFAULT_USER = "demo"


def print_json(document: Any) -> None:
    """Print one JSON document, whatever the width of the terminal."""
    sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=1) + "\n")


def remark(text: str, *, quiet: bool = False) -> None:
    """Tell people something that is no answer."""
    if not quiet:
        err.print(text, style="dim", markup=False)


def add_row(table: Table, *cells: object) -> None:
    """Add a row of plain text: what users and files are called is never markup or an escape."""
    table.add_row(*(Text(_printable(str(cell))) for cell in cells))


def _printable(text: str) -> str:
    return "".join(
        letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text
    )
