"""`kioku search`, `kioku duplicates` and `kioku stats`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from kioku.search.v1 import search_service_pb2
from rich.table import Column, Table

from kioku_cli import answers
from kioku_cli.answers import Question
from kioku_cli.data import DataFolder
from kioku_cli.screen import (
    DEFAULT_USER,
    ID_COLUMNS,
    Data,
    Json,
    User,
    add_row,
    out,
    print_json,
    remark,
)
from kioku_cli.session import Session, as_dict, run_calls
from kioku_cli.sheet.fetch import Pictures, title_of
from kioku_cli.sheet.page import Cell, Section, write_sheet

METHOD_HELP = "What is compared: what is seen, tags by meaning, words as written, or all."
ALSO_HELP = "With --image or --like: words that the result shall show as well."


class Method(StrEnum):
    """The names of `--method`."""

    AUTO = "auto"
    VISUAL = "visual"
    TAGS = "tags"
    WORDS = "words"
    COMBINED = "combined"


class Fusion(StrEnum):
    """The names of `--fusion`."""

    RRF = "rrf"
    MIN_MAX = "min-max"
    Z_SCORE = "z-score"


def search(
    words: Annotated[str, typer.Argument(help="What to look for, in words.")] = "",
    *,
    image: Annotated[Path | None, typer.Option(help="Look for pictures like this file.")] = None,
    like: Annotated[str, typer.Option(metavar="ASSET", help="Look for ones like this asset.")] = "",
    k: Annotated[int, typer.Option("-k", min=1, max=1000, help="Results.")] = 20,
    tag: Annotated[list[str] | None, typer.Option(help="Only with all of these tags.")] = None,
    any_tag: Annotated[list[str] | None, typer.Option(help="Only with one of these tags.")] = None,
    not_tag: Annotated[list[str] | None, typer.Option(help="Only with none of them.")] = None,
    album: Annotated[list[str] | None, typer.Option(help="Only in all of these albums.")] = None,
    min_score: Annotated[float | None, typer.Option(min=-1, max=1, help="Leave out less.")] = None,
    method: Annotated[Method, typer.Option(help=METHOD_HELP)] = Method.AUTO,
    fusion: Annotated[Fusion, typer.Option(help="How several lists are fused.")] = Fusion.RRF,
    also_text: Annotated[str, typer.Option(metavar="WORDS", help=ALSO_HELP)] = "",
    min_relevance: Annotated[
        float | None, typer.Option(min=0, max=1, help="Leave out what is hardly more than chance.")
    ] = None,
    diverse: Annotated[float, typer.Option(min=0, max=1, help="Results that differ.")] = 0.0,
    collapse: Annotated[bool, typer.Option("--collapse", help="Fold look-alikes.")] = False,
    moments: Annotated[int, typer.Option(min=0, max=10, help="Best frames of each video.")] = 0,
    html: Annotated[Path | None, typer.Option(help="Write a contact sheet to this file.")] = None,
    data: Data = None,
    user: User = DEFAULT_USER,
    as_json: Json = False,
) -> None:
    """Find pictures by words, by a picture or by an asset."""
    options = search_service_pb2.ResultOptions(
        min_relevance=min_relevance,
        diversity=diverse,
        collapse_near_duplicates=collapse,
        moments_per_asset=moments,
    )
    question = Question(
        words,
        image,
        like,
        k,
        tag or (),
        min_score,
        method,
        albums=album or (),
        any_tags=any_tag or (),
        not_tags=not_tag or (),
        also_text=also_text,
        fusion=fusion,
        options=options,
    )
    question.check()
    answer, cells = run_calls(
        _search(DataFolder.chosen(data), user, question, with_pictures=html is not None)
    )
    if as_json:
        print_json(as_dict(answer))
    else:
        show_answer(answer)
    if html is not None:
        section = Section(question.title, cells, f"space {answer.space_id}")
        write_sheet(html, f"Kioku: {question.title}", [section])
        remark(f"contact sheet: {html}", quiet=as_json)


async def _search(
    folder: DataFolder, user: str, question: Question, *, with_pictures: bool
) -> tuple[search_service_pb2.SearchResponse, list[Cell]]:
    async with Session(folder, user) as session:
        answer = await answers.ask(session, question)
        if not with_pictures:
            return answer, []
        async with Pictures(session) as pictures:
            return answer, await pictures.cells(answer.hits)


def show_answer(answer: search_service_pb2.SearchResponse) -> None:
    """Hits as a table, and how the answer came about."""
    columns = ("relevance", "score", "file", "tags", Column("asset", min_width=ID_COLUMNS))
    table = Table(*columns, box=None)
    for hit in answer.hits:
        relevance = f"{hit.relevance:.2f}" if hit.HasField("relevance") else "-"
        name = title_of(hit) + (f" (+{hit.similar_count} alike)" if hit.similar_count else "")
        add_row(table, relevance, f"{hit.score:.4f}", name, " ".join(hit.tags), hit.asset_id)
        for one in hit.moments:
            add_row(table, "", f"{one.score:.4f}", f"  at {one.time_ms / 1000:.1f} s", "", "")
    out.print(table if answer.hits else "Nothing was found.")
    if answer.nothing_relevant:
        out.print("Nothing here stands out from chance.")
    explain = answer.explain
    cached = ", vector from the cache" if explain.cached_vector else ""
    cached = ", answered from memory" if explain.cached_answer else cached
    space = f"; space {answer.space_id}" if answer.space_id else ""
    out.print(
        f"{method_name(explain.method)}, {explain.strategy}: "
        f"{explain.embed_ms:.1f} ms for the query's vector{cached}, "
        f"{explain.database_ms:.1f} ms in the database{space}",
        markup=False,
        style="dim",
        soft_wrap=True,
    )


def method_name(number: search_service_pb2.SearchMethod.ValueType) -> str:
    """A method as `--method` takes it."""
    return search_service_pb2.SearchMethod.Name(number).removeprefix("SEARCH_METHOD_").lower()


def duplicates(
    *,
    min_similarity: Annotated[
        float | None, typer.Option(min=0.5, max=1, help="Cosine that counts as the same (0.97).")
    ] = None,
    data: Data = None,
    user: User = DEFAULT_USER,
    as_json: Json = False,
) -> None:
    """List groups of pictures that are nearly the same."""

    async def work() -> list[search_service_pb2.DuplicateGroup]:
        async with Session(DataFolder.chosen(data), user) as session:
            return [one async for one in answers.duplicates(session, min_similarity)]

    groups = run_calls(work())
    if as_json:
        print_json({"groups": [as_dict(group) for group in groups]})
        return
    table = Table("group", "similarity", "file", Column("asset", min_width=ID_COLUMNS), box=None)
    for number, group in enumerate(groups, 1):
        for one in group.assets:
            add_row(table, number, f"{one.similarity:.4f}", one.filename, one.asset_id)
    out.print(table if groups else "No two pictures are alike.")


def stats(*, data: Data = None, user: User = DEFAULT_USER, as_json: Json = False) -> None:
    """Count assets by state and vectors by space."""

    async def work() -> search_service_pb2.GetStatsResponse:
        async with Session(DataFolder.chosen(data), user) as session:
            return await answers.stats(session)

    found = run_calls(work())
    if as_json:
        print_json(as_dict(found))
        return
    table = Table("what", "number", box=None)
    for state, number in sorted(found.assets.items()):
        add_row(table, f"assets {state}", number)
    for row in found.spaces:
        add_row(table, f"vectors in {row.space.space_id} ({row.state})", row.vectors)
    add_row(table, "vectors missing", found.missing_vectors)
    out.print(table)
