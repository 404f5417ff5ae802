"""`kioku ingest`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import httpx
import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from kioku_cli.data import DataFolder
from kioku_cli.estimate import require_confirmation
from kioku_cli.ingest.files import count
from kioku_cli.ingest.gateway import StackGateway
from kioku_cli.ingest.pipeline import Ingest, Manner
from kioku_cli.ingest.report import Report
from kioku_cli.refusal import Refusal, UsageRefusal
from kioku_cli.screen import DEFAULT_USER, Data, Json, User, add_row, err, out, print_json
from kioku_cli.session import Session, run_calls

_MOST_SHOWN = 20
Confirm = Annotated[
    bool,
    typer.Option("--confirm", help="Pay a provider for the vectors; see `kioku catalog estimate`."),
]


def ingest(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH…", help="Pictures or folders.")],
    *,
    data: Data = None,
    user: User = DEFAULT_USER,
    tag: Annotated[list[str] | None, typer.Option(help="Tag of every picture; repeatable.")] = None,
    parallel: Annotated[int, typer.Option(min=1, max=64, help="Uploads at the same time.")] = 8,
    wait: Annotated[
        bool, typer.Option("--wait/--no-wait", help="Wait until each is READY or FAILED.")
    ] = True,
    confirm: Confirm = False,
    as_json: Json = False,
) -> None:
    """Upload pictures and wait until they can be found; run it again to go on or to repair."""
    for path in paths:
        if not path.exists():
            raise UsageRefusal(f"There is no file or folder {path}.")
    manner = Manner(owner=user, tags=tag or (), workers=parallel, wait=wait, paid=confirm)
    report = ingest_paths(DataFolder.chosen(data), paths, manner, quiet=as_json)
    if as_json:
        print_json(report.as_dict())
    else:
        show_report(report)
    if report.failed or (wait and report.pending):
        text = f"{report.failed} pictures failed and {report.pending} are not finished."
        raise Refusal(text, reason="NOT_ALL_READY", shown=as_json)


def ingest_paths(folder: DataFolder, paths: list[Path], manner: Manner, *, quiet: bool) -> Report:
    """Ingest with a progress bar on stderr, unless `quiet`."""
    with upload_bar(quiet=quiet) as progress:
        show = progress_shower(progress, count(paths))
        return run_calls(_ingest(folder, paths, manner, show))


async def _ingest(
    folder: DataFolder, paths: list[Path], manner: Manner, show: Callable[[Report], None]
) -> Report:
    limits = httpx.Limits(max_connections=manner.workers)
    async with (
        Session(folder, manner.owner) as session,
        httpx.AsyncClient(limits=limits, trust_env=False) as http,
    ):
        await require_confirmation(session, paths, confirmed=manner.paid)
        return await Ingest(StackGateway(session, http), manner, changed=show).run(paths)


def upload_bar(*, quiet: bool) -> Progress:
    """A bar for uploads on stderr, unless `quiet`."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:.0f}/{task.total:.0f}"),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(elapsed_when_finished=True),
        console=err,
        disable=quiet,
    )


def progress_shower(progress: Progress, total: int) -> Callable[[Report], None]:
    """What shows a report of `total` files in the bar."""
    sent = progress.add_task("uploaded", total=total, rate="")
    done = progress.add_task("searchable", total=total, rate="")

    def show(report: Report) -> None:
        out_of_play = report.skipped.total() + report.duplicates
        past = report.uploaded + report.known + out_of_play
        progress.update(sent, completed=past, rate=_rate(progress, sent))
        settled = report.ready + report.failed + out_of_play
        progress.update(done, completed=settled, rate=_rate(progress, done))

    return show


def _rate(progress: Progress, number: int) -> str:
    speed = progress.tasks[number].speed
    return f"{speed:.1f}/s" if speed else ""


def show_report(report: Report) -> None:
    """The summary: what is searchable, what was left out, what failed and why."""
    rate = report.ready / report.seconds if report.seconds else 0.0
    out.print(
        f"{report.ready} searchable ({report.uploaded} uploaded now, {report.known} there before) "
        f"in {report.seconds:.1f} s, {rate:.1f} a second."
    )
    if report.pending:
        out.print(f"{report.pending} uploaded and not finished yet: `kioku stats` counts them.")
    if report.duplicates:
        out.print(f"{report.duplicates} files were the same picture again.")
    for why, number in report.skipped.most_common():
        out.print(f"{number} skipped: {why}", markup=False)
    if report.failed:
        _show_failures(report)


def _show_failures(report: Report) -> None:
    for reason, number in report.failures_by_reason.most_common():
        out.print(f"{number} failed: {reason}", style="red", markup=False)
    table = Table("file", "reason", "what is wrong", box=None)
    for failure in report.failures[:_MOST_SHOWN]:
        add_row(table, Path(failure.path).name, failure.reason, failure.message)
    out.print(table)
