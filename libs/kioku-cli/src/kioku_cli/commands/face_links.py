"""`kioku face enroll|assign|reject|name|merge|undo|changes`: whose faces are whose."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Annotated

import typer
from google.protobuf.message import Message
from kioku.face.v1 import people_service_pb2 as pb
from rich.table import Column, Table

from kioku_cli import answers
from kioku_cli.commands.face_person import PersonId
from kioku_cli.paging import every
from kioku_cli.screen import DEFAULT_USER, ID_COLUMNS, Data, Json, User, add_row, out, print_json
from kioku_cli.session import as_dict, in_session

FaceId = Annotated[str, typer.Argument(metavar="FACE", help="The face's id.")]


def add_to(app: typer.Typer) -> None:
    """Put the commands into a group."""
    for command in (enroll, assign, reject, name, merge, undo, changes):
        app.command()(command)


def enroll(
    person: PersonId,
    source: Annotated[
        str, typer.Argument(metavar="FILE|FACE", help="A picture of one face, or a face's id.")
    ],
    *,
    data: Data = None,
    user: User = DEFAULT_USER,
    as_json: Json = False,
) -> None:
    """Make a face of a person known; they must have agreed."""
    request = pb.EnrollFaceRequest(person_id=person, request_id=str(uuid.uuid4()))
    if _is_id(source):
        request.face_id = source
    else:
        request.image = answers.read_image(Path(source))
    known = in_session(data, user, lambda session: session.people.EnrollFace(request))
    quality = known.face.quality.score
    _told(f"Known by face {known.face.face_id}, quality {quality:.2f}.", known, as_json=as_json)


def assign(
    person: PersonId,
    faces: Annotated[list[str], typer.Argument(metavar="FACE…", help="Ids of faces.")],
    *,
    data: Data = None,
    user: User = DEFAULT_USER,
    as_json: Json = False,
) -> None:
    """Say that faces are a person's."""
    request = pb.AssignFacesRequest(person_id=person, face_ids=faces)
    linked = in_session(data, user, lambda session: session.people.AssignFaces(request))
    _told(_faces(linked), linked, as_json=as_json)


def reject(
    person: PersonId,
    face: FaceId,
    *,
    data: Data = None,
    user: User = DEFAULT_USER,
    as_json: Json = False,
) -> None:
    """Say that a face is not a person's; it is remembered."""
    request = pb.RejectFaceRequest(person_id=person, face_id=face)
    done = in_session(data, user, lambda session: session.people.RejectFace(request))
    _told("Not theirs.", done, as_json=as_json)


def name(
    unknown: Annotated[str, typer.Argument(metavar="UNKNOWN", help="The unknown person's id.")],
    person: PersonId,
    *,
    data: Data = None,
    user: User = DEFAULT_USER,
    as_json: Json = False,
) -> None:
    """Say who somebody unknown is."""
    request = pb.NameAnonymousPersonRequest(anonymous_id=unknown, person_id=person)
    linked = in_session(data, user, lambda session: session.people.NameAnonymousPerson(request))
    _told(_faces(linked), linked, as_json=as_json)


def merge(
    person: PersonId,
    into: Annotated[str, typer.Argument(metavar="INTO", help="Who they are.")],
    *,
    data: Data = None,
    user: User = DEFAULT_USER,
    as_json: Json = False,
) -> None:
    """Make two people one; `undo` makes them two again."""
    request = pb.MergePeopleRequest(person_id=person, into_person_id=into)
    linked = in_session(data, user, lambda session: session.people.MergePeople(request))
    _told(_faces(linked), linked, as_json=as_json)


def undo(
    change: Annotated[str, typer.Argument(metavar="CHANGE", help="The change's id.")],
    *,
    data: Data = None,
    user: User = DEFAULT_USER,
    as_json: Json = False,
) -> None:
    """Take a change back."""
    request = pb.UndoChangeRequest(change_id=change)
    done = in_session(data, user, lambda session: session.people.UndoChange(request))
    kept = len(done.skipped_face_ids)
    _told(f"As before{f', but for {kept} faces' if kept else ''}.", done, as_json=as_json)


def changes(
    *,
    person: Annotated[str, typer.Option(help="Only those that touched this person.")] = "",
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 50,
    data: Data = None,
    user: User = DEFAULT_USER,
    as_json: Json = False,
) -> None:
    """List what was changed, the newest first."""
    request = pb.ListChangesRequest(person_id=person)
    rows = in_session(
        data, user, lambda session: every(session.people.ListChanges, request, "changes", limit)
    )
    if as_json:
        print_json([as_dict(one) for one in rows])
        return
    table = Table(Column("change", min_width=ID_COLUMNS), "what", "faces", "by", "when", box=None)
    for one in rows:
        what = f"{one.action} (undone)" if one.HasField("undo_time") else one.action
        when = one.create_time.ToJsonString()
        add_row(table, one.change_id, what, one.face_count, one.actor, when)
    out.print(table if rows else "Nothing was changed yet.")


def _is_id(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False


def _faces(
    linked: pb.AssignFacesResponse | pb.NameAnonymousPersonResponse | pb.MergePeopleResponse,
) -> str:
    return f"{linked.person.name or linked.person.person_id}: {linked.person.face_count} faces."


def _told(sentence: str, answer: Message, *, as_json: bool) -> None:
    """The answer, with how to take it back."""
    if as_json:
        print_json(as_dict(answer))
        return
    change = getattr(answer, "change_id", "")
    out.print(f"{sentence} (change {change})" if change else sentence, markup=False)
