"""The `kioku` command: every way in which a command can end is a sentence and an exit code."""

from __future__ import annotations

import os
import sys

import typer
from kioku_rt.reasons import Reason

from kioku_cli.commands import (
    asset,
    asset_labels,
    backfill,
    backup,
    catalog,
    demo,
    dlq,
    estimate,
    face,
    index,
    ingest,
    logs,
    reconcile,
    scenes,
    schedule,
    search,
    space,
    stack,
    token,
)
from kioku_cli.refusal import Refusal
from kioku_cli.screen import err, print_json

app = typer.Typer(
    name="kioku",
    help="Kioku: pictures in, answers out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(demo.demo)
app.command()(stack.up)
app.command()(stack.down)
app.command()(stack.status)
app.command()(stack.plan)
app.command()(logs.logs)
app.command()(backup.backup)
app.command()(backup.restore)
app.command()(token.token)
app.command()(ingest.ingest)
app.command()(search.search)
app.command()(schedule.schedule)
app.command()(search.duplicates)
app.command()(search.stats)
app.command()(scenes.scenes)
asset.app.command()(asset_labels.tag)
asset.app.command()(asset_labels.album)
app.command()(reconcile.reconcile)
app.add_typer(asset.app, name="asset")
catalog.app.command("estimate")(estimate.estimate)
app.add_typer(catalog.app, name="catalog")
app.add_typer(dlq.app, name="dlq")
backfill.add_to(space.app)
app.add_typer(space.app, name="space")
app.add_typer(index.app, name="index")
app.add_typer(face.app, name="face")


def run() -> None:
    """Run the command line; the only place where an error becomes words."""
    try:
        app()
    except Refusal as refusal:
        _tell(refusal)
    except KeyboardInterrupt:
        _tell(Refusal("Interrupted.", reason="INTERRUPTED"))
    except Exception as bug:
        if os.environ.get("KIOKU_DEBUG"):
            raise
        what = f"{type(bug).__name__}: {bug}"
        text = f"Something broke in kioku itself: {what} (KIOKU_DEBUG=1 shows where)."
        _tell(Refusal(text, reason="INTERNAL"))


def _tell(refusal: Refusal) -> None:
    if refusal.shown:
        raise SystemExit(int(refusal.code))
    if "--json" in sys.argv:
        print_json({"error": {"reason": refusal.reason, "message": refusal.message}})
    else:
        why = f" ({refusal.reason})" if refusal.reason in Reason.__members__ else ""
        err.print(f"kioku: {refusal.message}{why}", markup=False, style="red", soft_wrap=True)
    raise SystemExit(int(refusal.code))


if __name__ == "__main__":
    run()
