"""`kioku schedule`: what pictures announce."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kioku_cli.refusal import Refusal
from kioku_cli.schedule.asking import Announcement, announcements
from kioku_cli.schedule.calendar import exported
from kioku_cli.schedule.evidence import write_pages
from kioku_cli.schedule.showing import document, show
from kioku_cli.schedule.source import Wish, source_of
from kioku_cli.screen import DEFAULT_USER, Data, Json, User, print_json, remark
from kioku_cli.session import Session, in_session

_WHAT = "Picture files (nothing of them becomes an asset) or ids of assets."


def schedule(
    pictures: Annotated[list[str], typer.Argument(metavar="FILE|ASSET…", help=_WHAT)],
    *,
    ics: Annotated[Path | None, typer.Option(help="Write an iCalendar file.")] = None,
    show_in: Annotated[
        Path | None, typer.Option("--show", metavar="DIR", help="Write pages with the evidence.")
    ] = None,
    zone: Annotated[str, typer.Option(help="Zone of the local times: Asia/Tokyo.")] = "",
    locale: Annotated[str, typer.Option(help="Decides 03/04: ja, en-GB, …")] = "",
    wait: Annotated[int, typer.Option(min=0, max=3600, help="Wait so many seconds.")] = 120,
    data: Data = None,
    user: User = DEFAULT_USER,
    as_json: Json = False,
) -> None:
    """Say what pictures announce: events, deadlines, closing days, each with where it was read."""
    sources = [source_of(word) for word in pictures]
    wish = Wish(zone, locale, wait)

    async def work(session: Session) -> tuple[list[Announcement], bytes]:
        found = await announcements(session, sources, wish)
        return found, await exported(session, found, zone) if ics else b""

    found, calendar = in_session(data, user, work)
    if as_json:
        print_json(document(found))
    else:
        show(found)
    if ics:
        _write(ics, calendar)
        remark(f"calendar: {ics}", quiet=as_json)
    for path in write_pages(show_in, found) if show_in else ():
        remark(f"evidence: {path}", quiet=as_json)
    _check(found, as_json=as_json)


def _write(path: Path, calendar: bytes) -> None:
    try:
        path.write_bytes(calendar)
    except OSError as error:
        raise Refusal(f"{path} cannot be written: {error.strerror}.", reason="FILE") from error


def _check(found: list[Announcement], *, as_json: bool) -> None:
    """Raises Refusal where something was not read."""
    unread = sum(not one.ready for one in found)
    if unread:
        text = f"{unread} of {len(found)} pictures were not read."
        raise Refusal(text, reason="NOT_ALL_READ", shown=as_json)
