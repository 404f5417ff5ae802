"""`kioku catalog estimate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kioku_cli.estimate import PRICE_NAME, SPECIFIED_USD, estimate_of
from kioku_cli.refusal import UsageRefusal
from kioku_cli.screen import Json, out, print_json


def estimate(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The catalogue's folder.")],
    *,
    usd: Annotated[
        float, typer.Option("--usd-per-image", envvar=PRICE_NAME, min=0, help="Price of one.")
    ] = SPECIFIED_USD,
    as_json: Json = False,
) -> None:
    """Say what a provider's vectors of a folder would cost, without asking or paying anybody."""
    if not folder.exists():
        raise UsageRefusal(f"There is no file or folder {folder}.")
    found = estimate_of([folder], usd)
    if as_json:
        print_json(
            {
                "pictures": found.pictures,
                "videos": found.videos,
                "usd_per_image": found.usd_per_picture,
                "usd": round(found.usd, 6),
            }
        )
        return
    out.print(found.sentence(), markup=False)
    out.print(
        "A model of this machine costs nothing. For a hosted one, KIOKU_HOSTED_BUDGET_USD of the "
        "embedder approves a sum and `kioku catalog import --confirm` begins.",
        markup=False,
        soft_wrap=True,
    )
