"""`kioku face sheet`: a contact sheet of people, crops with names."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kioku_cli.refusal import UsageRefusal
from kioku_cli.screen import DEFAULT_USER, Data, Json, User, out, print_json
from kioku_cli.session import in_session
from kioku_cli.sheet.mosaic import write_mosaic
from kioku_cli.sheet.page import write_sheet
from kioku_cli.sheet.people import people_sections

_KINDS = (".html", ".jpg")


def sheet(
    file: Annotated[Path, typer.Argument(metavar="OUT", help="A file: .html or .jpg.")],
    *,
    each: Annotated[int, typer.Option(min=1, max=50, help="Faces of each person.")] = 6,
    limit: Annotated[int, typer.Option(min=1, help="At most so many people.")] = 50,
    unknown: Annotated[bool, typer.Option(help="Unknown people too.")] = True,
    data: Data = None,
    user: User = DEFAULT_USER,
    as_json: Json = False,
) -> None:
    """Write a sheet of people: their best faces with their names."""
    if file.suffix not in _KINDS:
        raise UsageRefusal(f"The sheet's file ends in {' or '.join(_KINDS)}, not in {file.name}.")
    sections = in_session(
        data, user, lambda session: people_sections(session, limit, each, unknown=unknown)
    )
    (write_sheet if file.suffix == ".html" else write_mosaic)(file, "Kioku: people", sections)
    faces = sum(len(one.cells) for one in sections)
    if as_json:
        print_json({"file": str(file), "people": len(sections), "faces": faces})
    else:
        out.print(f"{file}: {len(sections)} people, {faces} faces", markup=False)
