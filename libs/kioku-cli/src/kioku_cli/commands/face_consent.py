"""`kioku face consent grant|withdraw|history|export`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer
from google.protobuf.timestamp_pb2 import Timestamp
from kioku.face.v1 import consent_service_pb2 as pb
from rich.table import Table

from kioku_cli.commands.face_person import PersonId, consent_word
from kioku_cli.paging import every
from kioku_cli.refusal import UsageRefusal
from kioku_cli.screen import DEFAULT_USER, Data, Json, User, add_row, out, print_json
from kioku_cli.session import as_dict, in_session

app = typer.Typer(help="What people agreed to.", no_args_is_help=True)


@app.command()
def grant(
    person: PersonId,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="Version of the text agreed to.")],
    *,
    until: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day it ends by itself.")
    ] = None,
    data: Data = None,
    user: User = DEFAULT_USER,
    as_json: Json = False,
) -> None:
    """Record that a person agreed to be recognised."""
    request = pb.GrantConsentRequest(person_id=person, text_version=text, expire_time=_stamp(until))
    given = in_session(data, user, lambda session: session.consents.GrantConsent(request))
    if as_json:
        print_json(as_dict(given))
    else:
        out.print(f"{_word(given.consent)}, version {given.consent.version}.", markup=False)


@app.command()
def withdraw(
    person: PersonId,
    *,
    purpose: Annotated[str, typer.Option(help="Why; it is kept in the audit.")] = "",
    data: Data = None,
    user: User = DEFAULT_USER,
    as_json: Json = False,
) -> None:
    """Take it back: everything that is held of the person is erased."""
    request = pb.WithdrawConsentRequest(person_id=person, purpose=purpose)
    done = in_session(data, user, lambda session: session.consents.WithdrawConsent(request))
    if as_json:
        print_json(as_dict(done))
        return
    erasure = done.erasure
    state = pb.ErasureState.Name(erasure.state).removeprefix("ERASURE_STATE_").lower()
    out.print(
        f"{_word(done.consent)}; erasure {erasure.erasure_id} of {erasure.faces} faces: {state}.",
        markup=False,
    )


@app.command()
def history(
    person: PersonId,
    *,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 100,
    data: Data = None,
    user: User = DEFAULT_USER,
    as_json: Json = False,
) -> None:
    """List what a person agreed to and took back, the newest first."""
    request = pb.ListConsentsRequest(person_id=person)
    rows = in_session(
        data, user, lambda session: every(session.consents.ListConsents, request, "consents", limit)
    )
    if as_json:
        print_json([as_dict(one) for one in rows])
        return
    table = Table("version", "what", "text", "by", "when", "ends", box=None)
    for one in rows:
        ends = one.expire_time.ToJsonString() if one.HasField("expire_time") else ""
        when = one.create_time.ToJsonString()
        add_row(table, one.version, _word(one), one.text_version, one.actor, when, ends)
    out.print(table if rows else "They were never asked.")


@app.command()
def export(
    person: PersonId,
    *,
    data: Data = None,
    user: User = DEFAULT_USER,
    as_json: Json = False,  # noqa: ARG001 - it is a document for whoever asks
) -> None:
    """Print everything that is held of a person, as one JSON document."""
    request = pb.ExportPersonRequest(person_id=person)
    held = in_session(data, user, lambda session: session.consents.ExportPerson(request))
    print_json(as_dict(held))


def _word(consent: pb.Consent) -> str:
    return consent_word(consent.state)


def _stamp(day: datetime | None) -> Timestamp | None:
    if day is None:
        return None
    moment = day.replace(tzinfo=UTC)
    if moment <= datetime.now(UTC):
        raise UsageRefusal(f"{day:%Y-%m-%d} is over; name a day that lies ahead.")
    stamp = Timestamp()
    stamp.FromDatetime(moment)
    return stamp
