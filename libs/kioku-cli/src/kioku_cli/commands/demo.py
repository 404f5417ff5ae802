"""`kioku demo`: the README's first command."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from kioku_cli.commands.ingest import ingest_paths, show_report
from kioku_cli.commands.stack import READY_SECONDS, bring_up
from kioku_cli.data import DataFolder
from kioku_cli.demo import score as scores
from kioku_cli.demo.curl import RestCall, embed_picture, search_by_words
from kioku_cli.demo.film import SECONDS, Film, Moment, draw_film, find_moments
from kioku_cli.demo.library import Drawn, draw_library, photo_folder
from kioku_cli.demo.tour import Asked, Tour, sections, take_tour
from kioku_cli.ingest.pipeline import Manner
from kioku_cli.ingest.report import Report
from kioku_cli.invocation import invocation
from kioku_cli.launch import await_end
from kioku_cli.plan.options import StackOptions
from kioku_cli.screen import DEFAULT_USER, Data, Json, add_row, out, print_json, remark
from kioku_cli.session import Session, run_calls
from kioku_cli.sheet.page import Section, write_sheet
from kioku_cli.supervisor.state import StackState, live_state

_QUERIES = 10
_WORDS = 'search "words"'
_LEAD = (
    "Ten captions of scenes that no model was trained on, every second one in Japanese. A result "
    "counts for recall when it is the caption's own scene; for precision@5 when it is a scene with "
    "the caption's main kind of thing (and, in the second figure, in its colour). Photographs "
    "never count."
)


def demo(
    *,
    data: Data = None,
    scenes: Annotated[int, typer.Option(min=_QUERIES, help="Scenes to draw.")] = 200,
    seed: Annotated[int, typer.Option(min=0, help="Draws scenes and queries.")] = 7,
    photos: Annotated[bool, typer.Option(help="Real photographs too, where there are any.")] = True,
    as_json: Json = False,
) -> None:
    """Start the stack, bring pictures in, find them in every way; leaves the stack running."""
    folder = DataFolder.chosen(data)
    remark("starting the stack…", quiet=as_json)
    await_end(folder)
    fresh = live_state(folder) is None
    state = bring_up(folder, StackOptions(ports="auto"), READY_SECONDS, tied=False)
    remark(f"drawing {scenes} scenes and a film that no model was trained on…", quiet=as_json)
    library = draw_library(folder.root / "demo" / "scenes", scenes, seed)
    film = draw_film(folder.root / "demo" / "film", scenes, seed)
    shots = photo_folder() if photos else None
    remark("uploading, embedding, indexing…", quiet=as_json)
    paths = [film.path, *(drawn.path for drawn in library), *([shots] if shots else [])]
    report = ingest_paths(folder, paths, Manner(owner=DEFAULT_USER), quiet=as_json)
    remark("asking…", quiet=as_json)
    pictures = sorted(shots.iterdir()) if shots else []
    tour, made, calls = run_calls(_ask(folder, library, film, pictures, seed=seed))
    sheet = folder.root / "demo" / "contact-sheet.html"
    write_sheet(sheet, "Kioku: what was asked and what was found", made, _LEAD)
    if as_json:
        print_json(_document(state, report, tour, calls, sheet))
    else:
        _show(state, report, tour, calls, sheet, fresh=fresh)


async def _ask(
    folder: DataFolder, library: list[Drawn], film: Film, photos: list[Path], *, seed: int
) -> tuple[Tour, list[Section], list[RestCall]]:
    async with Session(folder, DEFAULT_USER) as session:
        tour = await take_tour(session, library, photos, queries=_QUERIES, seed=seed)
        tour.moments = await find_moments(session, film)
        rest, token = session.state.endpoints["rest"], session.token
        words = tour.by_words[0].title
        calls = [
            await asyncio.to_thread(search_by_words, rest, token, folder.root, words, 3),
            await asyncio.to_thread(embed_picture, rest, token, folder.root, library[0].path),
        ]
        return tour, await sections(session, tour), calls


def _show(
    state: StackState,
    report: Report,
    tour: Tour,
    calls: list[RestCall],
    sheet: Path,
    *,
    fresh: bool,
) -> None:
    out.rule("ready")
    when = "" if fresh else ", before this demonstration"
    out.print(f"Everything was ready {state.ready_seconds or 0.0:.1f} s after its start{when}.")
    show_report(report)
    out.rule("words")
    _show_words(tour.by_words)
    out.rule("pictures")
    for asked in (*tour.by_picture, *tour.by_asset):
        found = ", ".join(f"{hit.filename} {hit.score:.3f}" for hit in asked.hits[:3])
        out.print(f"like {asked.title}: {found}", markup=False)
    out.rule("inside the film")
    for moment in tour.moments:
        out.print(_moment(moment), markup=False)
    out.rule("REST")
    for call in calls:
        out.print(call.command, markup=False, soft_wrap=True, style="cyan")
        out.print(_short(call.answer), markup=False, soft_wrap=True)
    out.rule("go on")
    out.print(f"contact sheet  {sheet}", markup=False)
    out.print(f"REST and gRPC  {state.endpoints['rest']}", markup=False)
    root = Path(state.data)
    out.print(f"search         {invocation(_WORDS, root)}", markup=False)
    out.print(f"stop           {invocation('down', root)}", markup=False)


def _show_words(by_words: list[Asked]) -> None:
    table = Table("words", "first result", "own scene", "same kind", "and colour", box=None)
    judged = [(asked, asked.score) for asked in by_words if asked.score]
    for asked, one in judged:
        own = "first" if one.recall_at_1 else "in five" if one.recall_at_5 else "-"
        name = asked.hits[0].filename if asked.hits else ""
        kind, both = f"{one.kind.reached:.1f}", f"{one.kind_and_colour.reached:.1f}"
        add_row(table, asked.title, name, own, kind, both)
    out.print(table)
    mean = scores.mean([one for _, one in judged])
    out.print(f"recall@1 {mean.recall_at_1:.2f}, recall@5 {mean.recall_at_5:.2f} (its own scene)")
    for name, share in (("kind", mean.kind), ("kind and colour", mean.kind_and_colour)):
        out.print(
            f"precision@5, same {name}: {share.reached:.2f} "
            f"(best possible {share.possible:.2f}, by chance {share.chance:.3f})"
        )
    out.print(_LEAD, style="dim")


def _moment(moment: Moment) -> str:
    shown = f"shown from {moment.begins:g} s to {moment.begins + SECONDS:g} s"
    found = "not found" if moment.found is None else f"found at {moment.found:g} s"
    return f"{moment.caption}: {found} ({shown})"


def _short(answer: Any) -> str:
    """An answer on one line; a long vector is cut, and the cut is said."""
    if isinstance(answer, dict) and isinstance(answer.get("embedding"), list):
        numbers = answer["embedding"]
        head = ", ".join(f"{number:.4f}" for number in numbers[:4])
        return f'{{"embedding": [{head}, … {len(numbers)} numbers]}}'
    return json.dumps(answer, ensure_ascii=False)


def _document(
    state: StackState,
    report: Report,
    tour: Tour,
    calls: list[RestCall],
    sheet: Path,
) -> dict[str, Any]:
    judged = [asked.score for asked in tour.by_words if asked.score]
    return {
        "ready_seconds": state.ready_seconds,
        "endpoints": state.endpoints,
        "ingest": report.as_dict(),
        "what_counts": _LEAD,
        "mean": asdict(scores.mean(judged)),
        "queries": [
            {
                "query": asked.title,
                "hits": [{"file": hit.filename, "score": hit.score} for hit in asked.hits],
                "score": asdict(asked.score) if asked.score else None,
            }
            for asked in tour.asked
        ],
        "moments": [asdict(moment) | {"right": moment.right} for moment in tour.moments],
        "rest": [asdict(call) for call in calls],
        "contact_sheet": str(sheet),
    }
