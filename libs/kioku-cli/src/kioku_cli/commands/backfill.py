"""`kioku space backfill|pause|resume|retry|failures`: filling a space."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer
from kioku.search.v1 import space_service_pb2 as pb
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Column, Table

from kioku_cli.operator import SpaceId, as_operator
from kioku_cli.refusal import Refusal, UsageRefusal
from kioku_cli.screen import ID_COLUMNS, Data, Json, add_row, err, out, print_json
from kioku_cli.session import as_dict

if TYPE_CHECKING:
    from kioku.search.v1.space_service_pb2_grpc import SpaceServiceAsyncStub

_TIMES = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)-([01]?\d|2[0-3]):([0-5]\d)")
_WATCH_SECONDS = 1.0
Watch = Annotated[bool, typer.Option("--watch", help="Stay until nothing is pending.")]


def add_to(app: typer.Typer) -> None:
    """Make these commands of `kioku space`."""
    for command in (backfill, pause, resume, retry, failures):
        app.command()(command)


def backfill(
    space: SpaceId,
    *,
    rate: Annotated[
        int | None, typer.Option(min=1, help="Vectors a minute; starts the job, or changes it.")
    ] = None,
    window: Annotated[
        str, typer.Option(help="Only at this time of the day, e.g. 22:00-06:00.")
    ] = "",
    zone: Annotated[str, typer.Option(help="The zone of the window, e.g. Asia/Tokyo.")] = "UTC",
    start: Annotated[bool, typer.Option("--start", help="Start at the usual pace.")] = False,
    watch: Watch = False,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Fill a space (--start, --rate, --window), or say how far that is."""
    hours = _window(window, zone) if window else None

    async def work(spaces: SpaceServiceAsyncStub) -> pb.Backfill:
        if start or rate is not None or hours is not None:
            request = pb.StartBackfillRequest(
                space_id=space, rate_per_minute=rate or 0, window=hours
            )
            job = (await spaces.StartBackfill(request)).backfill
        else:
            job = await _get(spaces, space)
        return await _watch(spaces, job, quiet=as_json) if watch else job

    _print_job(as_operator(data, work), as_json=as_json, watched=watch)


def pause(space: SpaceId, *, data: Data = None, as_json: Json = False) -> None:
    """Order nothing more until `resume`."""
    request = pb.PauseBackfillRequest(space_id=space)
    found = as_operator(data, lambda spaces: spaces.PauseBackfill(request))
    _print_job(found.backfill, as_json=as_json)


def resume(
    space: SpaceId, *, watch: Watch = False, data: Data = None, as_json: Json = False
) -> None:
    """Go on filling a space."""

    async def work(spaces: SpaceServiceAsyncStub) -> pb.Backfill:
        answer = await spaces.ResumeBackfill(pb.ResumeBackfillRequest(space_id=space))
        return await _watch(spaces, answer.backfill, quiet=as_json) if watch else answer.backfill

    _print_job(as_operator(data, work), as_json=as_json, watched=watch)


def retry(
    space: SpaceId, *, watch: Watch = False, data: Data = None, as_json: Json = False
) -> None:
    """Order again what failed, and only that."""

    async def work(spaces: SpaceServiceAsyncStub) -> pb.RetryBackfillResponse:
        answer = await spaces.RetryBackfill(pb.RetryBackfillRequest(space_id=space))
        if watch:
            last = await _watch(spaces, answer.backfill, quiet=as_json)
            answer.backfill.CopyFrom(last)
        return answer

    found = as_operator(data, work)
    if as_json:
        print_json(as_dict(found))
        return
    out.print(f"{found.retried} are ordered again.")
    _print_job(found.backfill, as_json=False, watched=watch)


def failures(
    space: SpaceId,
    *,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 1000,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """List what failed, with the reason of each."""

    async def work(spaces: SpaceServiceAsyncStub) -> list[pb.BackfillFailure]:
        found: list[pb.BackfillFailure] = []
        request = pb.ListBackfillFailuresRequest(space_id=space, page_size=min(limit, 1000))
        while True:
            page = await spaces.ListBackfillFailures(request)
            found += page.failures
            request.page_token = page.next_page_token
            if not request.page_token or len(found) >= limit:
                return found[:limit]

    found = as_operator(data, work)
    if as_json:
        print_json([as_dict(one) for one in found])
        return
    id_column = Column("asset", min_width=ID_COLUMNS)
    table = Table("owner", id_column, "frame", "reason", "what is wrong", "orders", box=None)
    for one in found:
        frame = one.frame_no if one.HasField("frame_no") else ""
        why = one.failure
        add_row(table, one.owner, one.asset_id, frame, why.reason, why.message, one.orders)
    out.print(table if found else "Nothing failed.")


async def _get(spaces: SpaceServiceAsyncStub, space: str) -> pb.Backfill:
    return (await spaces.GetBackfill(pb.GetBackfillRequest(space_id=space))).backfill


async def _watch(spaces: SpaceServiceAsyncStub, job: pb.Backfill, *, quiet: bool) -> pb.Backfill:
    """Show a bar until the job is done; a paused one is left."""
    with _bar(quiet=quiet) as progress:
        show = _shower(progress)
        show(job)
        while not _over(job):
            await asyncio.sleep(_WATCH_SECONDS)
            job = await _get(spaces, job.space_id)
            show(job)
    return job


def _over(job: pb.Backfill) -> bool:
    counted = job.state == pb.BACKFILL_STATE_DONE and job.HasField("count_time")
    return counted or job.state == pb.BACKFILL_STATE_PAUSED


def _bar(*, quiet: bool) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:.0f}/{task.total:.0f}"),
        TextColumn("{task.fields[facts]}"),
        console=err,
        disable=quiet,
    )


def _shower(progress: Progress) -> Callable[[pb.Backfill], None]:
    task = progress.add_task("filling", total=1, facts="")

    def show(job: pb.Backfill) -> None:
        ended = job.done + job.failed
        progress.update(task, total=max(job.total, ended), completed=ended, facts=_facts(job))

    return show


def _facts(job: pb.Backfill) -> str:
    """Rate, time left, failures, and why it stands still, in a few words."""
    words = [f"{job.measured_per_minute:,.0f} a minute"]
    if job.HasField("eta_seconds"):
        words.append(f"{_time(job.eta_seconds)} left")
    if job.failed:
        words.append(f"{job.failed} failed ({job.failure_rate:.1%})")
    if not job.in_window:
        words.append("outside its window")
    elif job.state == pb.BACKFILL_STATE_RUNNING and 0 < job.pace < 1:
        words.append(f"giving way to searches ({job.pace:.0%} of its rate)")
    return ", ".join(words)


def _time(seconds: int) -> str:
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def _window(text: str, zone: str) -> pb.OffPeakWindow:
    match = _TIMES.fullmatch(text)
    if match is None:
        raise UsageRefusal(f"{text} is no window; write it as 22:00-06:00.")
    hours = [int(part) for part in match.groups()]
    return pb.OffPeakWindow(
        start_minute=60 * hours[0] + hours[1],
        end_minute=60 * hours[2] + hours[3],
        time_zone=zone,
    )


def _print_job(job: pb.Backfill, *, as_json: bool, watched: bool = False) -> None:
    if as_json:
        print_json(as_dict(job))
    else:
        table = Table(show_header=False, box=None)
        state = pb.BackfillState.Name(job.state).removeprefix("BACKFILL_STATE_").lower()
        add_row(table, "state", state)
        add_row(table, "vectors", f"{job.done:,} of {job.total:,}")
        add_row(table, "under way", f"{job.in_flight:,}, and {job.pending:,} not ordered yet")
        add_row(table, "pace", f"at most {job.rate_per_minute:,} a minute; {_facts(job)}")
        if job.HasField("window"):
            add_row(table, "window", _hours(job.window))
        out.print(table)
    if job.failed and watched:
        text = f"{job.failed} vectors failed; `kioku space failures` lists them."
        raise Refusal(text, reason="NOT_ALL_FILLED", shown=as_json)


def _hours(window: pb.OffPeakWindow) -> str:
    start, end = (
        f"{minute // 60:02d}:{minute % 60:02d}"
        for minute in (window.start_minute, window.end_minute)
    )
    return f"{start} to {end} {window.time_zone or 'UTC'}"
