"""`kioku asset show|list|watch|retry|delete|download`."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path
from typing import Annotated

import httpx
import typer
from google.protobuf.message import Message
from kioku.assets.v1 import asset_pb2
from rich.table import Column, Table

from kioku_cli import answers
from kioku_cli.refusal import Refusal, UsageRefusal
from kioku_cli.screen import DEFAULT_USER, ID_COLUMNS, Data, Json, User, add_row, out, print_json
from kioku_cli.session import Session, as_dict, in_session

app = typer.Typer(
    help="Look at assets, label, retry, download and delete them.", no_args_is_help=True
)

AssetId = Annotated[str, typer.Argument(metavar="ASSET", help="The asset's id.")]
_STATES = ("UPLOADING", "PROCESSING", "READY", "FAILED")
_MOST_DOWNLOAD = 4 * 2**30


@app.command()
def show(
    asset: AssetId, *, data: Data = None, user: User = DEFAULT_USER, as_json: Json = False
) -> None:
    """Show one asset with its stages."""
    found = in_session(data, user, lambda session: answers.get_asset(session, asset))
    _print_asset(found, as_json=as_json)


@app.command("list")
def list_(
    *,
    data: Data = None,
    user: User = DEFAULT_USER,
    state: Annotated[str, typer.Option(help="Only: " + ", ".join(_STATES) + ".")] = "",
    tag: Annotated[list[str] | None, typer.Option(help="Only with all of these tags.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 50,
    as_json: Json = False,
) -> None:
    """List assets, newest first."""
    wanted = state.upper()
    if wanted and wanted not in _STATES:
        raise UsageRefusal(f"There is no state {state}; there are: {', '.join(_STATES)}.")
    found = in_session(
        data,
        user,
        lambda session: answers.list_assets(session, state=wanted, tags=tag or (), limit=limit),
    )
    if as_json:
        print_json([as_dict(asset) for asset in found])
        return
    table = Table(
        Column("asset", min_width=ID_COLUMNS), "state", "file", "bytes", "tags", "why", box=None
    )
    for asset in found:
        size = f"{asset.size_bytes:,}"
        tags = " ".join(asset.tags)
        add_row(
            table, asset.asset_id, _state(asset), asset.filename, size, tags, asset.failure.reason
        )
    out.print(table)


@app.command()
def watch(
    asset: AssetId, *, data: Data = None, user: User = DEFAULT_USER, as_json: Json = False
) -> None:
    """Follow one asset until it is READY or FAILED."""
    last = in_session(data, user, lambda session: _watch(session, asset, quiet=as_json))
    if as_json:
        print_json(as_dict(last))
    if last.state == asset_pb2.ASSET_STATE_FAILED:
        raise Refusal(last.failure.message, reason=last.failure.reason, shown=as_json)


async def _watch(session: Session, asset_id: str, *, quiet: bool) -> asset_pb2.Asset:
    last = asset_pb2.Asset(asset_id=asset_id)
    async for last in answers.watch_asset(session, asset_id):
        if not quiet:
            stamp = time.strftime("%H:%M:%S")
            out.print(f"{stamp}  {_state(last)}  {last.progress:.0%}", markup=False)
    return last


@app.command()
def retry(
    asset: AssetId, *, data: Data = None, user: User = DEFAULT_USER, as_json: Json = False
) -> None:
    """Start the failed stages of an asset again."""
    found = in_session(data, user, lambda session: answers.retry_asset(session, asset))
    _print_asset(found, as_json=as_json)


@app.command()
def delete(
    asset: AssetId,
    *,
    data: Data = None,
    user: User = DEFAULT_USER,
    wait: Annotated[float, typer.Option(help="Seconds to wait for the whole receipt.")] = 30.0,
    as_json: Json = False,
) -> None:
    """Delete an asset everywhere, and print the receipt."""
    receipt = in_session(data, user, lambda session: _delete(session, asset, wait))
    if as_json:
        print_json(as_dict(receipt))
        return
    for purge in receipt.purges:
        removed = ", ".join(f"{number} {what}" for what, number in sorted(purge.removed.items()))
        confirmed = purge.HasField("confirm_time")
        word = f"removed {removed or 'nothing'}" if confirmed else "has not confirmed yet"
        out.print(f"{purge.participant}: {word}", markup=False)
    out.print("Deleted everywhere." if receipt.done else "Hidden; the removal goes on.")


async def _delete(session: Session, asset_id: str, wait: float) -> asset_pb2.Deletion:
    receipt = await answers.delete_asset(session, asset_id)
    deadline = time.monotonic() + wait
    while not receipt.done and time.monotonic() < deadline:
        await asyncio.sleep(0.3)
        receipt = await answers.get_deletion(session, asset_id)
    return receipt


@app.command()
def download(
    asset: AssetId,
    *,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="File; `-`: stdout; default: its name.")
    ] = None,
    data: Data = None,
    user: User = DEFAULT_USER,
    as_json: Json = False,
) -> None:
    """Download the original by a signed URL."""
    name, content = in_session(data, user, lambda session: _download(session, asset))
    if str(output) == "-":
        sys.stdout.buffer.write(content)
        return
    # Only the last part of the stored name: it came from whoever uploaded it.
    target = output or Path(Path(name).name or asset)
    if output is None and target.exists():
        raise Refusal(f"{target} exists; name another file with --output.", reason="FILE_EXISTS")
    target.write_bytes(content)
    if as_json:
        print_json({"asset_id": asset, "file": str(target), "bytes": len(content)})
    else:
        out.print(f"{target}: {len(content):,} bytes", markup=False)


async def _download(session: Session, asset_id: str) -> tuple[str, bytes]:
    asset = await answers.get_asset(session, asset_id)
    async with httpx.AsyncClient(trust_env=False, timeout=60.0) as http:
        url = await answers.download_url(session, asset_id)
        content = await answers.download(http, url, _MOST_DOWNLOAD)
    return asset.filename, content


def _print_asset(asset: asset_pb2.Asset, *, as_json: bool) -> None:
    if as_json:
        print_json(as_dict(asset))
        return
    table = Table(show_header=False, box=None)
    add_row(table, "asset", asset.asset_id)
    add_row(table, "state", _state(asset))
    add_row(table, "file", asset.filename)
    add_row(table, "type", f"{asset.content_type}, {asset.size_bytes:,} bytes")
    add_row(table, "sha256", asset.sha256)
    add_row(table, "tags", " ".join(asset.tags))
    add_row(table, "albums", ", ".join(asset.albums))
    add_row(table, "created", asset.create_time.ToJsonString())
    for stage in asset.stages:
        state = asset_pb2.StageState.Name(stage.state).removeprefix("STAGE_STATE_")
        why = f": {stage.failure.message} ({stage.failure.reason})" if _failed(stage) else ""
        add_row(table, stage.stage, f"{state}, {stage.attempts} deliveries{why}")
    if _failed(asset):
        add_row(table, "why", f"{asset.failure.message} ({asset.failure.reason})")
    out.print(table)


def _failed(message: Message) -> bool:
    return message.HasField("failure")


def _state(asset: asset_pb2.Asset) -> str:
    return asset_pb2.AssetState.Name(asset.state).removeprefix("ASSET_STATE_")
