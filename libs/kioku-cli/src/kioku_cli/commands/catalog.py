"""`kioku catalog`: pictures with what their owner wrote about them, searchable at once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from kioku_cli import answers
from kioku_cli.answers import Question
from kioku_cli.catalog.entry import Source
from kioku_cli.catalog.importing import Imported, Wait, import_catalogue
from kioku_cli.catalog.scan import Catalogue, read_catalogue
from kioku_cli.catalog.tags import MOST_TAGS, Tagging, tagging
from kioku_cli.commands.ingest import Confirm, progress_shower, show_report, upload_bar
from kioku_cli.commands.search import METHOD_HELP, Method, show_answer
from kioku_cli.data import DataFolder
from kioku_cli.ingest.pipeline import Manner
from kioku_cli.refusal import Refusal, UsageRefusal
from kioku_cli.screen import DEFAULT_USER, Data, Json, User, add_row, out, print_json, remark
from kioku_cli.session import Session, as_dict, run_calls

app = typer.Typer(help="Catalogues: pictures with tags, from names, sidecars and tables.")
_COMMON = 10
_SAMPLES = 10


@app.command("import")
def import_(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The catalogue's folder.")],
    *,
    csv: Annotated[
        Path | None, typer.Option(help="A table with a column `file`; all others are tags.")
    ] = None,
    tags_from: Annotated[
        str, typer.Option(help="Sources of tags, with commas.")
    ] = "csv,sidecars,names,metadata",
    tag: Annotated[list[str] | None, typer.Option(help="Tag of every picture; repeatable.")] = None,
    wait: Annotated[
        Wait, typer.Option(help="Until all can be found by tags, by what is seen, or not at all.")
    ] = Wait.TAGS,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be uploaded with which tags.")
    ] = False,
    confirm: Confirm = False,
    parallel: Annotated[int, typer.Option(min=1, max=64, help="Uploads at the same time.")] = 8,
    data: Data = None,
    user: User = DEFAULT_USER,
    as_json: Json = False,
) -> None:
    """Upload a folder of pictures with their tags; run it again to go on or to repair."""
    if not folder.is_dir():
        raise UsageRefusal(f"There is no folder {folder}.")
    catalogue = read_catalogue(folder, _sources(tags_from), csv)
    tagged = tagging(catalogue.pictures)
    if dry_run:
        _show_plan(catalogue, tagged, as_json=as_json)
        return
    _remark(catalogue, tagged, quiet=as_json)
    manner = Manner(user, tag or (), workers=parallel, wait=wait is Wait.VISUAL, paid=confirm)
    imported = _run(DataFolder.chosen(data), tagged, manner, wait, quiet=as_json)
    if as_json:
        print_json(_facts(catalogue, tagged) | imported.as_dict())
    else:
        _show(imported, len(tagged.pictures))
    report = imported.report
    missed = wait is not Wait.NONE and imported.tags_seconds is None
    if report.failed or missed or (wait is Wait.VISUAL and report.pending):
        text = f"{report.failed} pictures failed; not everything is searchable."
        raise Refusal(text, reason="NOT_ALL_READY", shown=as_json)


@app.command("search")
def search(
    words: Annotated[str, typer.Argument(help="What to look for, in words.")],
    *,
    method: Annotated[Method, typer.Option(help=METHOD_HELP)] = Method.AUTO,
    k: Annotated[int, typer.Option("-k", min=1, max=1000, help="Results.")] = 20,
    data: Data = None,
    user: User = DEFAULT_USER,
    as_json: Json = False,
) -> None:
    """Find pictures of a catalogue by words."""

    async def work() -> Any:
        async with Session(DataFolder.chosen(data), user) as session:
            return await answers.ask(session, Question(words, k=k, method=method))

    answer = run_calls(work())
    if as_json:
        print_json(as_dict(answer))
    else:
        show_answer(answer)


def _sources(named: str) -> frozenset[Source]:
    try:
        return frozenset(Source(name.strip()) for name in named.split(",") if name.strip())
    except ValueError as error:
        known = ", ".join(Source)
        raise UsageRefusal(f"--tags-from takes {known}; {error}.") from error


def _run(
    folder: DataFolder, tagged: Tagging, manner: Manner, wait: Wait, *, quiet: bool
) -> Imported:
    with upload_bar(quiet=quiet) as progress:
        show = progress_shower(progress, len(tagged.pictures))
        return run_calls(import_catalogue(folder, tagged, manner, wait, show))


def _facts(catalogue: Catalogue, tagged: Tagging) -> dict[str, Any]:
    pictures = tagged.pictures
    return {
        "pictures": len(pictures),
        "without_tags": sum(not picture.tags for picture in pictures),
        "words_without_room": sum(picture.left_out for picture in pictures),
        "shared_words": list(tagged.shared),
        "not_uploaded": dict(catalogue.skipped),
        "remarks": catalogue.remarks,
    }


def _remark(catalogue: Catalogue, tagged: Tagging, *, quiet: bool) -> None:
    """What people should know before they wait."""
    facts = _facts(catalogue, tagged)
    remark(f"{facts['pictures']} pictures, {facts['without_tags']} without tags.", quiet=quiet)
    for why, number in catalogue.skipped.most_common():
        remark(f"{number} not uploaded: {why}.", quiet=quiet)
    if tagged.shared:
        shared = ", ".join(tagged.shared)
        remark(f"Left out, because more than half share it: {shared}.", quiet=quiet)
    full = sum(bool(picture.left_out) for picture in tagged.pictures)
    if full:
        text = f"{full} pictures have more than {MOST_TAGS} tags; the commonest are left out."
        remark(text, quiet=quiet)
    for text in catalogue.remarks[:_SAMPLES]:
        remark(text, quiet=quiet)


def _show_plan(catalogue: Catalogue, tagged: Tagging, *, as_json: bool) -> None:
    common = tagged.words.most_common(_COMMON)
    if as_json:
        tags = {str(picture.path): picture.tags for picture in tagged.pictures}
        print_json(_facts(catalogue, tagged) | {"common": dict(common), "tags": tags})
        return
    _remark(catalogue, tagged, quiet=False)
    table = Table("file", "tags", box=None)
    for picture in tagged.pictures[:_SAMPLES]:
        add_row(table, picture.path.name, ", ".join(picture.tags))
    out.print(table)
    out.print("commonest: " + ", ".join(f"{tag} ({n})" for tag, n in common), markup=False)


def _show(imported: Imported, pictures: int) -> None:
    show_report(imported.report)
    if imported.tags_seconds is not None:
        later = imported.tags_seconds - imported.report.upload_seconds
        out.print(
            f"{pictures} pictures were searchable by tags after {imported.tags_seconds:.1f} s, "
            f"{max(0.0, later):.1f} s after the last upload."
        )
    elif imported.by_tags is not None:
        out.print(f"Only {imported.by_tags} are searchable by tags; the worker `frames` is behind.")
