"""`kioku asset tag|album`: change what an asset is found by."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated

import typer
from kioku.assets.v1 import asset_pb2

from kioku_cli import answers
from kioku_cli.data import DataFolder
from kioku_cli.refusal import UsageRefusal
from kioku_cli.screen import DEFAULT_USER, Data, Json, User, out, print_json
from kioku_cli.session import Session, as_dict, run_calls

AssetId = Annotated[str, typer.Argument(metavar="ASSET", help="The asset's id.")]
Add = Annotated[list[str] | None, typer.Option("--add", help="One more; may be repeated.")]
Remove = Annotated[list[str] | None, typer.Option("--remove", help="One less; may be repeated.")]
Only = Annotated[list[str] | None, typer.Option("--only", help="These and no others.")]


def tag(
    asset: AssetId,
    *,
    add: Add = None,
    remove: Remove = None,
    only: Only = None,
    data: Data = None,
    user: User = DEFAULT_USER,
    as_json: Json = False,
) -> None:
    """Change the tags of an asset; the next search goes by the new ones."""
    changed = _change(data, user, asset, "tags", (add, remove, only))
    _show(changed, "tags", as_json=as_json)


def album(
    asset: AssetId,
    *,
    add: Add = None,
    remove: Remove = None,
    only: Only = None,
    data: Data = None,
    user: User = DEFAULT_USER,
    as_json: Json = False,
) -> None:
    """Put an asset into albums and take it out of them."""
    changed = _change(data, user, asset, "albums", (add, remove, only))
    _show(changed, "albums", as_json=as_json)


def labels_after(
    before: Iterable[str],
    add: Sequence[str] | None,
    remove: Sequence[str] | None,
    only: Sequence[str] | None,
) -> list[str]:
    """The labels afterwards, each once, in the order they were given.

    Raises:
        UsageRefusal: nothing is to be changed, or `only` came with another one.
    """
    if bool(add or remove) == bool(only):
        raise UsageRefusal("Say --add and --remove, or --only; one of the two ways.")
    gone = set(remove or ())
    kept = only or [one for one in before if one not in gone]
    return list(dict.fromkeys([*kept, *(add or ())]))


def _change(
    data: Path | None,
    user: str,
    asset_id: str,
    field: str,
    wanted: tuple[list[str] | None, list[str] | None, list[str] | None],
) -> asset_pb2.Asset:
    labels_after((), *wanted)  # wrong use is refused before anything is asked

    async def work() -> asset_pb2.Asset:
        async with Session(DataFolder.chosen(data), user) as session:
            before = getattr(await answers.get_asset(session, asset_id), field)
            return await answers.relabel(session, asset_id, field, labels_after(before, *wanted))

    return run_calls(work())


def _show(asset: asset_pb2.Asset, field: str, *, as_json: bool) -> None:
    if as_json:
        print_json(as_dict(asset))
        return
    labels = ", ".join(getattr(asset, field))
    out.print(f"{field}: {labels or 'none'}", markup=False)
