"""`kioku space list|show|register|compare|canary|promote|rollback|retire`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from google.protobuf.json_format import ParseDict, ParseError
from google.protobuf.message import Message
from kioku.search.v1 import space_service_pb2 as pb
from rich.table import Column, Table

from kioku_cli.operator import COMPARE_SECONDS, Accept, SpaceId, as_operator
from kioku_cli.refusal import UsageRefusal
from kioku_cli.screen import ID_COLUMNS, Data, Json, add_row, out, print_json
from kioku_cli.session import as_dict

app = typer.Typer(help="Change the model without a gap: spaces.", no_args_is_help=True)


@app.command("list")
def list_(*, data: Data = None, as_json: Json = False) -> None:
    """List the spaces, the oldest first."""
    found = as_operator(data, lambda spaces: spaces.ListSpaces(pb.ListSpacesRequest()))
    if as_json:
        print_json([as_dict(one) for one in found.spaces])
        return
    table = Table(Column("space", min_width=ID_COLUMNS), "kind", "state", "share", "size", box=None)
    for one in found.spaces:
        share = f"{one.canary_percent} %" if one.state == pb.SPACE_STATE_CANARY else ""
        kind = as_dict(one.space)["kind"].removeprefix("SPACE_KIND_").lower()
        add_row(table, one.space.space_id, kind, _state(one), share, one.space.dimension)
    out.print(table if found.spaces else "There are no spaces yet.")


@app.command()
def show(space: SpaceId, *, data: Data = None, as_json: Json = False) -> None:
    """Show one space in full."""
    request = pb.GetSpaceRequest(space_id=space)
    found = as_operator(data, lambda spaces: spaces.GetSpace(request))
    _print_space(found.space, as_json=as_json)


@app.command()
def register(
    space: Annotated[
        str, typer.Argument(metavar="[SPACE]", help="One that the embedder serves; its default.")
    ] = "",
    *,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Make a space known, as the embedder describes it."""
    request = pb.RegisterSpaceRequest(space_id=space)
    found = as_operator(data, lambda spaces: spaces.RegisterSpace(request))
    _print_space(found.space, as_json=as_json)


@app.command()
def compare(
    space: SpaceId,
    *,
    base: Annotated[str, typer.Option(help="Compare with this space; default: the active.")] = "",
    k: Annotated[int, typer.Option("-k", min=1, max=100, help="Results looked at.")] = 20,
    sample: Annotated[int, typer.Option(min=1, max=500, help="Assets used as questions.")] = 100,
    owner: Annotated[str, typer.Option(help="Only assets of this owner.")] = "",
    queries: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Labelled questions, a JSON object a line: owner, text or asset_id,"
            " relevant_asset_ids.",
        ),
    ] = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Say how far the answers of a space agree with those of another one."""
    request = pb.CompareSpacesRequest(
        space_id=space,
        base_space_id=base,
        k=k,
        sample_size=sample,
        owner=owner,
        labelled_queries=_labelled(queries) if queries else (),
    )
    found = as_operator(data, lambda spaces: spaces.CompareSpaces(request, timeout=COMPARE_SECONDS))
    if as_json:
        print_json(as_dict(found))
        return
    table = Table(show_header=False, box=None)
    add_row(table, "compared", f"{found.space_id} with {found.base_space_id}")
    if found.samples:
        add_row(table, f"overlap@{found.k}", f"{found.mean_overlap:.3f} (mean of {found.samples})")
        add_row(table, "worst twentieth", f"{found.low_overlap:.3f}")
    if found.labelled:
        ours, theirs = f"{found.recall:.3f}", f"{found.base_recall:.3f}"
        add_row(table, f"recall@{found.k}", f"{ours}, before {theirs} ({found.labelled} questions)")
    out.print(table)


@app.command()
def canary(
    space: SpaceId,
    percent: Annotated[int, typer.Argument(min=0, max=100, help="Percent of the owners.")],
    *,
    accept_failures: Accept = 0,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Serve a share of the owners from a space; 0 serves nobody."""
    request = pb.SetCanaryRequest(space_id=space, percent=percent, accept_failures=accept_failures)
    found = as_operator(data, lambda spaces: spaces.SetCanary(request))
    _print_space(found.space, as_json=as_json)


@app.command()
def promote(
    space: SpaceId, *, accept_failures: Accept = 0, data: Data = None, as_json: Json = False
) -> None:
    """Serve every owner from a space; the one before stays ready for a rollback."""
    request = pb.PromoteSpaceRequest(space_id=space, accept_failures=accept_failures)
    found = as_operator(data, lambda spaces: spaces.PromoteSpace(request))
    _print_change(found, as_json=as_json)


@app.command()
def rollback(
    *,
    force: Annotated[
        bool, typer.Option("--force", help="Although vectors are missing in the older space.")
    ] = False,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Serve every owner from the space that was active before."""
    request = pb.RollbackSpaceRequest(force=force)
    found = as_operator(data, lambda spaces: spaces.RollbackSpace(request))
    _print_change(found, as_json=as_json)


@app.command()
def retire(
    space: SpaceId,
    *,
    force: Annotated[
        bool, typer.Option("--force", help="Although it serves owners, or is the way back.")
    ] = False,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Remove all vectors of a space at once."""
    request = pb.RetireSpaceRequest(space_id=space, force=force)
    found = as_operator(data, lambda spaces: spaces.RetireSpace(request))
    _print_space(found.space, as_json=as_json)


def _labelled(file: Path) -> list[pb.LabelledQuery]:
    """The questions of a file, one JSON object a line."""
    try:
        lines = file.read_text("utf-8").splitlines()
        return [ParseDict(json.loads(line), pb.LabelledQuery()) for line in lines if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise UsageRefusal(f"{file} cannot be read: {error}.") from error
    except (ValueError, ParseError) as error:
        raise UsageRefusal(f"{file} holds a line that is no labelled question: {error}.") from error


def _print_change(
    found: pb.PromoteSpaceResponse | pb.RollbackSpaceResponse, *, as_json: bool
) -> None:
    if as_json:
        print_json(as_dict(found))
        return
    before = f", before {found.previous_space_id}" if found.previous_space_id else ""
    out.print(f"Active: {found.space.space.space_id}{before}", markup=False)


def _print_space(one: pb.SpaceStatus, *, as_json: bool) -> None:
    facts: dict[str, Any] = as_dict(one)
    if as_json:
        print_json(facts)
        return
    table = Table(show_header=False, box=None)
    add_row(table, "state", _state(one))
    if one.state == pb.SPACE_STATE_CANARY:
        add_row(table, "share", f"{one.canary_percent} % of the owners")
    for name, value in facts["space"].items():
        add_row(table, name, value)
    add_row(table, "changed", one.update_time.ToJsonString())
    out.print(table)


def _state(one: Message) -> str:
    return str(as_dict(one)["state"]).removeprefix("SPACE_STATE_").lower()
