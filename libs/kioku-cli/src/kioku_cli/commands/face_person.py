"""`kioku face person add|list|show|rename|hide|delete`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from google.protobuf.field_mask_pb2 import FieldMask
from kioku.face.v1 import face_pb2
from kioku.face.v1 import people_service_pb2 as pb
from rich.table import Column, Table

from kioku_cli.paging import every
from kioku_cli.screen import DEFAULT_USER, ID_COLUMNS, Data, Json, User, add_row, out, print_json
from kioku_cli.session import as_dict, in_session

app = typer.Typer(help="People of a library.", no_args_is_help=True)
PersonId = Annotated[str, typer.Argument(metavar="PERSON", help="The person's id.")]
Name = Annotated[str, typer.Argument(help="What you call them.")]


@app.command()
def add(
    name: Name,
    *,
    user_id: Annotated[str, typer.Option(help="The user of the app that this is.")] = "",
    collection: Annotated[str, typer.Option(help="The collection; default: default.")] = "",
    data: Data = None,
    user: User = DEFAULT_USER,
    as_json: Json = False,
) -> None:
    """Add a person; nothing is linked to them before they agree."""
    person = face_pb2.Person(name=name, user_id=user_id, collection_id=collection)
    request = pb.CreatePersonRequest(person=person)
    made = in_session(data, user, lambda session: session.people.CreatePerson(request))
    print_person(made.person, as_json=as_json)


@app.command("list")
def list_(
    *,
    prefix: Annotated[str, typer.Option(help="Only names that begin so.")] = "",
    collection: Annotated[str, typer.Option(help="Only this collection.")] = "",
    hidden: Annotated[bool, typer.Option("--hidden", help="Hidden ones too.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 100,
    data: Data = None,
    user: User = DEFAULT_USER,
    as_json: Json = False,
) -> None:
    """List people, by name."""
    request = pb.ListPeopleRequest(collection_id=collection, show_hidden=hidden, name_prefix=prefix)
    people = in_session(
        data, user, lambda session: every(session.people.ListPeople, request, "people", limit)
    )
    if as_json:
        print_json([as_dict(one) for one in people])
        return
    table = Table(Column("person", min_width=ID_COLUMNS), "name", "faces", "consent", box=None)
    for one in people:
        add_row(table, one.person_id, one.name, one.face_count, consent_word(one.consent_state))
    out.print(table if people else "There are no people yet.")


@app.command()
def show(
    person: PersonId, *, data: Data = None, user: User = DEFAULT_USER, as_json: Json = False
) -> None:
    """Show one person."""
    request = pb.GetPersonRequest(person_id=person)
    found = in_session(data, user, lambda session: session.people.GetPerson(request))
    print_person(found.person, as_json=as_json)


@app.command()
def rename(
    person: PersonId,
    name: Name,
    *,
    data: Data = None,
    user: User = DEFAULT_USER,
    as_json: Json = False,
) -> None:
    """Call a person something else."""
    changed = _change(data, user, face_pb2.Person(person_id=person, name=name), "name")
    print_person(changed, as_json=as_json)


@app.command()
def hide(
    person: PersonId,
    *,
    show_again: Annotated[bool, typer.Option("--no", help="Show them again.")] = False,
    data: Data = None,
    user: User = DEFAULT_USER,
    as_json: Json = False,
) -> None:
    """Leave a person out of lists."""
    wanted = face_pb2.Person(person_id=person, hidden=not show_again)
    print_person(_change(data, user, wanted, "hidden"), as_json=as_json)


@app.command()
def delete(
    person: PersonId, *, data: Data = None, user: User = DEFAULT_USER, as_json: Json = False
) -> None:
    """Remove a person, and everything that is held of them."""
    request = pb.DeletePersonRequest(person_id=person)
    removal = in_session(data, user, lambda session: session.people.DeletePerson(request))
    if as_json:
        print_json(as_dict(removal))
        return
    word = "Removed; everything is erased." if removal.done else "Removed; the erasure goes on."
    out.print(f"{word} ({removal.erasure_id})", markup=False)


def print_person(person: face_pb2.Person, *, as_json: bool) -> None:
    """A person as a document or a table."""
    if as_json:
        print_json(as_dict(person))
        return
    table = Table(show_header=False, box=None)
    add_row(table, "person", person.person_id)
    add_row(table, "name", person.name)
    add_row(table, "collection", person.collection_id)
    add_row(table, "user", person.user_id)
    add_row(table, "consent", consent_word(person.consent_state))
    add_row(table, "faces", person.face_count)
    add_row(table, "hidden", "yes" if person.hidden else "no")
    out.print(table)


def consent_word(state: face_pb2.ConsentState.ValueType) -> str:
    """A state of consent for people."""
    name = face_pb2.ConsentState.Name(state).removeprefix("CONSENT_STATE_")
    return "never asked" if name == "UNSPECIFIED" else name.lower()


def _change(data: Path | None, user: str, person: face_pb2.Person, field: str) -> face_pb2.Person:
    request = pb.UpdatePersonRequest(person=person, update_mask=FieldMask(paths=[field]))
    return in_session(data, user, lambda session: session.people.UpdatePerson(request)).person
