"""`kioku logs`."""

from __future__ import annotations

from typing import Annotated

import typer

from kioku_cli.data import DataFolder
from kioku_cli.logs import component_names, follow_all, print_lines, show_last
from kioku_cli.refusal import UsageRefusal
from kioku_cli.screen import Data, Json, print_json


def logs(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]…", help="Components; default: all.")
    ] = None,
    *,
    data: Data = None,
    follow: Annotated[bool, typer.Option("-f", "--follow", help="Go on with new lines.")] = False,
    lines: Annotated[int, typer.Option("-n", "--lines", min=0, help="Lines of each log.")] = 20,
    as_json: Json = False,
) -> None:
    """Show the logs of one, several or all components; also after the stack has ended."""
    folder = DataFolder.chosen(data)
    known = component_names(folder)
    for name in names or []:
        if name not in known:
            raise UsageRefusal(f"{name} has no log; there are: {', '.join(known) or 'none'}.")
    wanted = names or known
    if follow:
        follow_all(folder, names or (), lines, while_running=False)
    found = show_last(folder, wanted, lines)
    if as_json:
        print_json(found)
        return
    for record in found:
        print_lines(record["component"], [record["line"]])
