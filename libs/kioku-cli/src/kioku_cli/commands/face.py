"""`kioku face match|list|unknown`, and the groups of commands about people."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from kioku.face.v1 import face_pb2, face_service_pb2
from rich.table import Column, Table

from kioku_cli import answers
from kioku_cli.commands import face_audit, face_consent, face_links, face_person, face_sheet
from kioku_cli.paging import every
from kioku_cli.screen import DEFAULT_USER, ID_COLUMNS, Data, Json, User, add_row, out, print_json
from kioku_cli.session import as_dict, in_session

app = typer.Typer(help="Know people by their faces, with their consent.", no_args_is_help=True)
app.add_typer(face_person.app, name="person")
app.add_typer(face_consent.app, name="consent")
app.add_typer(face_audit.app, name="audit")
face_links.add_to(app)
app.command("people")(face_person.list_)
app.command("sheet")(face_sheet.sheet)

Limit = Annotated[int, typer.Option(min=1, help="At most so many.")]


@app.command()
def match(
    picture: Annotated[Path, typer.Argument(metavar="FILE", help="A picture.")],
    *,
    candidates: Annotated[int, typer.Option(min=1, max=20, help="For each face.")] = 5,
    min_score: Annotated[float | None, typer.Option(min=-1, max=1, help="Leave out less.")] = None,
    purpose: Annotated[str, typer.Option(help="Why; it is kept in the audit.")] = "",
    data: Data = None,
    user: User = DEFAULT_USER,
    as_json: Json = False,
) -> None:
    """Say who the faces of a picture may be; nothing is stored."""
    request = face_service_pb2.MatchPeopleRequest(
        image=answers.read_image(picture),
        max_candidates=candidates,
        min_score=min_score,
        purpose=purpose,
    )
    found = in_session(data, user, lambda session: session.faces.MatchPeople(request))
    if as_json:
        print_json(as_dict(found))
        return
    table = Table("face", "score", "sure", "name", Column("person", min_width=ID_COLUMNS), box=None)
    for number, one in enumerate(found.matches, 1):
        for who in one.candidates:
            sure = f"{who.confidence:.2f}" if who.HasField("confidence") else "-"
            add_row(table, number, f"{who.score:.3f}", sure, who.name, who.person_id)
        if not one.candidates:
            add_row(table, number, "", "", one.reason, "")
    out.print(table if found.matches else "No face was found.")


@app.command("list")
def list_(
    asset: Annotated[str, typer.Argument(metavar="ASSET", help="The asset's id.")],
    *,
    limit: Limit = 100,
    data: Data = None,
    user: User = DEFAULT_USER,
    as_json: Json = False,
) -> None:
    """List the faces of an asset, the best first."""
    request = face_service_pb2.ListFacesRequest(asset_id=asset)
    faces = in_session(
        data, user, lambda session: every(session.faces.ListFaces, request, "faces", limit)
    )
    if as_json:
        print_json([as_dict(one) for one in faces])
        return
    table = Table(Column("face", min_width=ID_COLUMNS), "at", "quality", "whose", "why", box=None)
    for one in faces:
        whose = one.person_id or (f"unknown {one.anonymous_id}" if one.anonymous_id else "")
        row = (_moment(one), f"{one.quality.score:.2f}", whose, " ".join(one.quality.flaws))
        add_row(table, one.face_id, *row)
    out.print(table if faces else "No face was found in it.")


@app.command()
def unknown(
    *,
    min_faces: Annotated[int, typer.Option(min=1, help="With at least so many faces.")] = 2,
    limit: Limit = 100,
    data: Data = None,
    user: User = DEFAULT_USER,
    as_json: Json = False,
) -> None:
    """List unknown people, those with most faces first."""
    request = face_service_pb2.ListAnonymousPeopleRequest(min_faces=min_faces)
    people = in_session(
        data,
        user,
        lambda session: every(session.faces.ListAnonymousPeople, request, "people", limit),
    )
    if as_json:
        print_json([as_dict(one) for one in people])
        return
    table = Table(Column("unknown", min_width=ID_COLUMNS), "faces", "best face", "ends", box=None)
    for one in people:
        ends = one.expire_time.ToJsonString() if one.HasField("expire_time") else ""
        add_row(table, one.anonymous_id, one.face_count, one.cover_face_id, ends)
    out.print(table if people else "There is nobody unknown.")


def _moment(face: face_pb2.Face) -> str:
    return f"{face.time_ms / 1000:.1f} s" if face.HasField("frame_no") else "picture"
