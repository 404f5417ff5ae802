"""`kioku face audit list|verify`: who did what with face data, and whether that is whole."""

from __future__ import annotations

from typing import Annotated

import typer
from kioku.face.v1 import audit_service_pb2 as pb
from rich.table import Table

from kioku_cli.operator import NAME
from kioku_cli.paging import every
from kioku_cli.refusal import Refusal
from kioku_cli.screen import Data, Json, add_row, out, print_json
from kioku_cli.session import as_dict, in_session

app = typer.Typer(help="The audit of face data.", no_args_is_help=True)
SCOPES = ("audit.read",)


@app.command("list")
def list_(
    *,
    subject: Annotated[str, typer.Option(help="Only of this person or face.")] = "",
    actor: Annotated[str, typer.Option(help="Only by them.")] = "",
    action: Annotated[str, typer.Option(help="Only this, such as person.merge.")] = "",
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 50,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """List entries, the newest first."""
    request = pb.ListAuditEntriesRequest(subject=subject, actor=actor, action=action)
    rows = in_session(
        data,
        NAME,
        lambda session: every(session.face_audit.ListAuditEntries, request, "entries", limit),
        SCOPES,
    )
    if as_json:
        print_json([as_dict(one) for one in rows])
        return
    table = Table("entry", "when", "who", "what", "to", "outcome", box=None)
    for one in rows:
        outcome = f"{one.outcome} {one.reason}".strip()
        when = one.create_time.ToJsonString()
        add_row(table, one.entry_id, when, one.actor, one.action, one.subject, outcome)
    out.print(table if rows else "There is no such entry.")


@app.command()
def verify(*, data: Data = None, as_json: Json = False) -> None:
    """Recompute the chain of seals; a broken one ends with code 1."""
    request = pb.VerifyAuditRequest()
    found = in_session(data, NAME, lambda session: session.face_audit.VerifyAudit(request), SCOPES)
    if as_json:
        print_json(as_dict(found))
    elif found.intact:
        out.print(f"Intact: {found.sealed} entries are sealed, {found.unsealed} are not yet.")
    if not found.intact:
        raise Refusal(
            f"The audit was changed: seal {found.broken_seal} does not hold.",
            reason="AUDIT_BROKEN",
            shown=as_json,
        )
