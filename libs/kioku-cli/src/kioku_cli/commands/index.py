"""`kioku index show|evaluate|tune|rebuild`: the index of a space, and how good it is."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from enum import StrEnum
from typing import Annotated, TypeVar

import typer
from google.protobuf.message import Message
from kioku.search.v1 import index_service_pb2 as pb
from rich.table import Table

from kioku_cli import answers
from kioku_cli.data import DataFolder
from kioku_cli.refusal import Refusal
from kioku_cli.screen import DEFAULT_USER, Data, Json, add_row, out, print_json, remark
from kioku_cli.session import Session, as_dict, run_calls

app = typer.Typer(help="Look at the index of a space, measure it, change it.", no_args_is_help=True)

_T = TypeVar("_T")
_SERVICE, _SCOPES = "kioku-cli", ("index.admin",)
_LONG_SECONDS = 280.0
_LOOK_SECONDS = 2.0
_OPEN = ("PENDING", "RUNNING")


class Method(StrEnum):
    """The names of `--method`."""

    NONE = "none"
    HNSW = "hnsw"
    IVFFLAT = "ivfflat"


class Metric(StrEnum):
    """The names of `--metric`; vectors of length one rank alike by all."""

    COSINE = "cosine"
    L2 = "l2"
    IP = "ip"


Space = Annotated[str, typer.Argument(help="The space's id; default: the one of pictures.")]
Sample = Annotated[int, typer.Option(min=1, max=1000, help="Queries drawn from the space.")]


@app.command()
def show(space: Space = "", *, data: Data = None, as_json: Json = False) -> None:
    """Show what an index is, how well it does, and what is being done to it."""
    found = _with_index(data, space, _get)
    _tell(found, as_json=as_json)


@app.command()
def evaluate(
    space: Space = "",
    *,
    sample: Sample = 50,
    k: Annotated[int, typer.Option("-k", min=1, max=1000, help="Neighbours a query.")] = 20,
    effort: Annotated[list[int] | None, typer.Option(help="Only this effort; repeatable.")] = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Measure recall and time by effort, against comparing every vector."""

    async def work(session: Session, space_id: str) -> pb.EvaluateRecallResponse:
        request = pb.EvaluateRecallRequest(
            space_id=space_id, k=k, sample_size=sample, efforts=effort or ()
        )
        return await session.indexes.EvaluateRecall(request, timeout=_LONG_SECONDS)

    found = _with_index(data, space, work)
    if as_json:
        print_json(as_dict(found))
        return
    _table_of(found.efforts)
    out.print(f"{found.queries} queries; comparing everything: {found.exact_p50_ms:.1f} ms")


@app.command()
def tune(
    space: Space = "",
    *,
    method: Annotated[Method | None, typer.Option(help="Build another kind of index.")] = None,
    metric: Annotated[Metric | None, typer.Option(help="By what it compares.")] = None,
    m: Annotated[int, typer.Option(help="hnsw: neighbours of a vector.")] = 0,
    ef_construction: Annotated[int, typer.Option(help="hnsw: candidates while building.")] = 0,
    lists: Annotated[int, typer.Option(help="ivfflat: lists.")] = 0,
    target: Annotated[float, typer.Option(min=0, max=1, help="Recall to reach.")] = 0.0,
    sample: Sample = 50,
    wait: Annotated[bool, typer.Option(help="Follow the build to its end.")] = True,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Find the smallest effort for a recall; with parameters, build an index by them."""
    request = pb.TuneIndexRequest(target=target, sample_size=sample)
    if method or metric or m or ef_construction or lists:
        request.parameters.CopyFrom(
            pb.IndexParameters(
                method=pb.IndexMethod.Value(f"INDEX_METHOD_{(method or 'unspecified').upper()}"),
                operator_class=pb.OperatorClass.Value(
                    f"OPERATOR_CLASS_HALFVEC_{metric.upper()}"
                    if metric
                    else "OPERATOR_CLASS_UNSPECIFIED"
                ),
                m=m,
                ef_construction=ef_construction,
                lists=lists,
            )
        )

    async def work(session: Session, space_id: str) -> pb.TuneIndexResponse:
        request.space_id = space_id
        answer = await session.indexes.TuneIndex(request, timeout=_LONG_SECONDS)
        if wait and request.HasField("parameters"):
            answer.index.CopyFrom(await _followed(session, space_id, quiet=as_json))
        return answer

    found = _with_index(data, space, work)
    _refuse_failed(found.index)
    if as_json:
        print_json(as_dict(found))
        return
    _table_of(found.tried)
    _tell(found.index, as_json=False)


@app.command()
def rebuild(
    space: Space = "",
    *,
    wait: Annotated[bool, typer.Option(help="Follow the build to its end.")] = True,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Build the same index anew, while searches go on."""

    async def work(session: Session, space_id: str) -> pb.Index:
        answer = await session.indexes.RebuildIndex(pb.RebuildIndexRequest(space_id=space_id))
        return await _followed(session, space_id, quiet=as_json) if wait else answer.index

    found = _with_index(data, space, work)
    _refuse_failed(found)
    _tell(found, as_json=as_json)


def _with_index(data: Data, space: str, work: Callable[[Session, str], Awaitable[_T]]) -> _T:
    folder = DataFolder.chosen(data)

    async def connected() -> _T:
        space_id = space or await _active(folder)
        async with Session(folder, _SERVICE, _SCOPES) as session:
            return await work(session, space_id)

    return run_calls(connected())


async def _active(folder: DataFolder) -> str:
    async with Session(folder, DEFAULT_USER) as session:
        found = await answers.stats(session)
    for row in found.spaces:
        if row.state == "active" and as_dict(row.space)["kind"] == "SPACE_KIND_IMAGE":
            return row.space.space_id
    raise Refusal("No space of pictures is active yet.", reason="NO_ACTIVE_SPACE")


async def _get(session: Session, space_id: str) -> pb.Index:
    return (await session.indexes.GetIndex(pb.GetIndexRequest(space_id=space_id))).index


async def _followed(session: Session, space_id: str, *, quiet: bool) -> pb.Index:
    """The index when its job has ended, with a remark for each phase."""
    told = ""
    while (index := await _get(session, space_id)).job.state in _OPEN:
        if index.job.phase and index.job.phase != told:
            told = index.job.phase
            remark(f"{time.strftime('%H:%M:%S')} {told}", quiet=quiet)
        await asyncio.sleep(_LOOK_SECONDS)
    return index


def _tell(index: pb.Index, *, as_json: bool) -> None:
    if as_json:
        print_json(as_dict(index))
        return
    table = Table(show_header=False, box=None)
    for name, value in _flat(as_dict(index)):
        add_row(table, name, value)
    out.print(table)


def _flat(document: dict[str, object]) -> Iterable[tuple[str, object]]:
    for name, value in document.items():
        if isinstance(value, dict):
            yield from ((f"{name}.{inner}", one) for inner, one in _flat(value))
        else:
            yield name, value


def _table_of(efforts: Iterable[Message]) -> None:
    table = Table("effort", "recall", "p5", "p50 ms", "p95 ms", box=None)
    for row in map(as_dict, efforts):
        numbers = (row["mean"], row["p5"])
        times = (row["p50_ms"], row["p95_ms"])
        shares = [f"{one:.4f}" for one in numbers]
        add_row(table, row["effort"], *shares, *[f"{one:.2f}" for one in times])
    if table.row_count:
        out.print(table)


def _refuse_failed(index: pb.Index) -> None:
    if index.job.state == "FAILED":
        raise Refusal(index.job.message, reason=index.job.reason)
