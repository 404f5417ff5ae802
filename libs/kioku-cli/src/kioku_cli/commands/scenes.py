"""`kioku scenes`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from kioku_scenes import write_scenes

from kioku_cli.screen import Json, out, print_json


def scenes(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where to.")],
    *,
    count: Annotated[int, typer.Option(min=1, help="How many.")] = 100,
    seed: Annotated[int, typer.Option(min=0, help="The first scene's seed.")] = 0,
    size: Annotated[int, typer.Option(min=16, max=4096, help="Pixels a side.")] = 256,
    as_json: Json = False,
) -> None:
    """Draw pictures with captions in two languages; one seed always draws the same."""
    paths = write_scenes(folder, count, seed, size)
    if as_json:
        print_json({"folder": str(folder), "count": len(paths), "seed": seed})
    else:
        out.print(f"Drew {len(paths)} scenes, with captions.jsonl, in {folder}.", markup=False)
