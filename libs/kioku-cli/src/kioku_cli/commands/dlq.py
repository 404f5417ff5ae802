"""`kioku dlq list|show|replay`: the events that were given up."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from google.protobuf.message import DecodeError, Message
from kioku.events.v1 import events_pb2
from kioku_rt.events import DeadLetter, DeadLetters, EventBus
from rich.table import Table

from kioku_cli.data import DataFolder
from kioku_cli.launch import running
from kioku_cli.refusal import Refusal, UsageRefusal
from kioku_cli.screen import Data, Json, add_row, out, print_json
from kioku_cli.session import as_dict, run_calls

app = typer.Typer(help="Read and replay the events that were given up.", no_args_is_help=True)

_T = TypeVar("_T")
_PATIENCE = 3.0
_MESSAGES: dict[str, type[Message]] = {
    "asset.uploaded": events_pb2.AssetUploaded,
    "asset.failed": events_pb2.AssetFailed,
    "asset.deleted": events_pb2.AssetDeleted,
    "asset.purged": events_pb2.AssetPurged,
    "embedding.requested": events_pb2.EmbeddingRequested,
    "embedding.ready": events_pb2.EmbeddingReady,
}


def _with_letters(data: Path | None, work: Callable[[DeadLetters], Awaitable[_T]]) -> _T:
    url = running(DataFolder.chosen(data)).endpoints["nats"]

    async def connected() -> _T:
        bus = await EventBus.connect(url, "kioku-cli", patience=_PATIENCE)
        try:
            return await work(DeadLetters(bus))
        finally:
            await bus.close()

    return run_calls(connected())


@app.command("list")
def list_(
    *,
    data: Data = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 100,
    as_json: Json = False,
) -> None:
    """List dead letters, oldest first."""
    found = _with_letters(data, lambda letters: letters.list(limit))
    if as_json:
        print_json([_facts(letter) for letter in found])
        return
    table = Table("letter", "subject", "consumer", "reason", "tries", "when", "what", box=None)
    for letter in found:
        when = f"{letter.time:%Y-%m-%d %H:%M:%S}"
        add_row(
            table,
            letter.sequence,
            letter.subject,
            letter.consumer,
            letter.reason,
            letter.attempts,
            when,
            letter.message,
        )
    out.print(table if found else "There are no dead letters.")


@app.command()
def show(
    letter: Annotated[int, typer.Argument(help="Its number, as `list` shows it.")],
    *,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Show one dead letter with its event."""
    found = _with_letters(data, lambda letters: letters.show(letter))
    if found is None:
        raise Refusal(f"There is no dead letter {letter}.", reason="LETTER_NOT_FOUND")
    document = _facts(found) | {"headers": dict(found.headers), "event": _event(found)}
    if as_json:
        print_json(document)
        return
    table = Table(show_header=False, box=None)
    for name, value in document.items():
        add_row(table, name, value)
    out.print(table)


@app.command()
def replay(
    letter: Annotated[int | None, typer.Argument(help="Its number.")] = None,
    *,
    everything: Annotated[bool, typer.Option("--all", help="Every letter there is now.")] = False,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Give an event back to the consumer that gave it up, with all its attempts."""
    if (letter is None) != everything:
        raise UsageRefusal("Name one letter, or give --all.")
    number = _with_letters(data, lambda letters: letters.replay(letter))
    if letter is not None and not number:
        raise Refusal(f"There is no dead letter {letter}.", reason="LETTER_NOT_FOUND")
    if as_json:
        print_json({"replayed": number})
    else:
        out.print(f"Replayed {number}.")


def _facts(letter: DeadLetter) -> dict[str, Any]:
    return {
        "letter": letter.sequence,
        "subject": letter.subject,
        "event_id": letter.event_id,
        "consumer": letter.consumer,
        "reason": letter.reason,
        "message": letter.message,
        "attempts": letter.attempts,
        "time": letter.time.isoformat(),
    }


def _event(letter: DeadLetter) -> dict[str, Any] | str:
    """The event in words; vectors are personal data and are left out."""
    kind = _MESSAGES.get(letter.subject)
    if kind is None:
        return f"{len(letter.payload)} bytes of an unknown kind"
    message = kind()
    try:
        message.ParseFromString(letter.payload)
    except DecodeError:
        return f"{len(letter.payload)} bytes that are no {kind.DESCRIPTOR.name}"
    return {key: _told(key, value) for key, value in as_dict(message).items()}


def _told(key: str, value: Any) -> Any:
    if key in ("values", "vector"):
        return f"{len(value)} numbers, not shown"
    if isinstance(value, dict):
        return {inner: _told(inner, some) for inner, some in value.items()}
    if isinstance(value, list):
        return [_told("", some) for some in value]
    return value
