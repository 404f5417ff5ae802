"""`kioku reconcile`: what should be there beside what is, and the mending of it."""

from __future__ import annotations

from typing import Annotated

import typer
from kioku.assets.v1 import asset_pb2
from kioku.search.v1 import reconcile_service_pb2 as messages
from rich.table import Table

from kioku_cli import reconcile as calls
from kioku_cli.data import DataFolder
from kioku_cli.reconcile import Report
from kioku_cli.refusal import Refusal, UsageRefusal
from kioku_cli.screen import Data, Json, add_row, out, print_json, remark
from kioku_cli.session import as_dict, run_calls

_HOUR = 3600


def reconcile(
    *,
    objects: Annotated[
        bool, typer.Option("--objects", help="List and compare stored objects too: long.")
    ] = False,
    repair: Annotated[
        bool, typer.Option("--repair", help="Order what is missing, mend what can be computed.")
    ] = False,
    remove_orphans: Annotated[
        bool, typer.Option("--remove-orphans", help="With --repair: remove what no row knows.")
    ] = False,
    grace: Annotated[float, typer.Option(min=1, help="Hours an orphan must be old.")] = 24.0,
    samples: Annotated[int, typer.Option(min=1, max=1000, help="Examples of each.")] = 5,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Compare rows, vectors and objects of all owners; exit code 1 while something is wrong."""
    if remove_orphans and not repair:
        raise UsageRefusal("--remove-orphans goes with --repair.")
    folder = DataFolder.chosen(data)

    def progress(number: int) -> None:
        remark(f"{number} objects listed", quiet=as_json)

    if repair:
        request = messages.RepairRequest(
            objects=objects, remove_orphans=remove_orphans, grace_seconds=round(grace * _HOUR)
        )
        _show_repair(run_calls(calls.repair(folder, request, progress)), as_json=as_json)
        return
    work = calls.report(folder, objects=objects, samples=samples, progress=progress)
    _show_report(run_calls(work), as_json=as_json)


def _show_report(told: Report, *, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "wrong": told.wrong,
                "coverage": [as_dict(one) for one in told.coverage],
                "findings": [as_dict(one) for one in told.findings],
            }
        )
    else:
        out.print(_coverage_table(told))
        out.print(_finding_table(told))
    if told.wrong:
        text = f"{told.wrong} things are not as they should be; --repair mends what can be."
        if not as_json:
            out.print(text, style="yellow")
        raise Refusal(text, reason="NOT_RECONCILED", shown=True)


def _coverage_table(told: Report) -> Table:
    table = Table("space", "state", "of", "expected", "present", box=None)
    for one in told.coverage:
        expected = one.expected if one.HasField("expected") else "-"
        add_row(table, one.space_id, one.state, _kind(one.kind), expected, one.present)
    return table


def _finding_table(told: Report) -> Table:
    table = Table("finding", "of", "count", "examples", box=None)
    for one in told.findings:
        kind, of = _name(one.kind), _kind(one.asset_kind) or one.space_id
        examples = [_example(sample) for sample in one.samples] or [""]
        add_row(table, kind, of, one.count, examples[0])
        for example in examples[1:]:
            add_row(table, "", "", "", example)
    return table


def _show_repair(done: list[messages.Mended], *, as_json: bool) -> None:
    if as_json:
        print_json([as_dict(one) for one in done])
        return
    table = Table("finding", "found", "mended", "left, because", box=None)
    for one in done:
        add_row(table, _name(one.kind), one.found, one.mended, one.left)
    out.print(table)


def _name(kind: messages.FindingKind.ValueType) -> str:
    name = messages.FindingKind.Name(kind).removeprefix("FINDING_KIND_")
    return name.lower().replace("_", " ")


def _kind(number: asset_pb2.AssetKind.ValueType) -> str:
    names = {asset_pb2.ASSET_KIND_IMAGE: "pictures", asset_pb2.ASSET_KIND_VIDEO: "videos"}
    return names.get(number, "")


def _example(one: messages.Sample) -> str:
    frame = f"frame {one.frame_no}" if one.HasField("frame_no") and one.frame_no >= 0 else ""
    words = (one.object_key or one.asset_id, one.owner, frame, one.detail)
    return ", ".join(word for word in words if word)
