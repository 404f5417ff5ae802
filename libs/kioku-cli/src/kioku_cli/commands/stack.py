"""`kioku up`, `down`, `status` and `plan`."""

from __future__ import annotations

import signal
import time
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.live import Live
from rich.table import Table

from kioku_cli.data import DataFolder
from kioku_cli.invocation import invocation
from kioku_cli.launch import await_end, prepare, running, start_supervisor, take_down, wait_ready
from kioku_cli.logs import follow_all
from kioku_cli.plan.build import build_plan
from kioku_cli.plan.options import StackOptions
from kioku_cli.plan.profile import PROFILES
from kioku_cli.refusal import Refusal, UsageRefusal
from kioku_cli.screen import Data, Json, err, out, print_json, remark
from kioku_cli.supervisor.state import ComponentState, StackState, live_state

_COLOURS = {
    "ready": "green",
    "done": "green",
    "starting": "yellow",
    "waiting": "dim",
    "stopped": "dim",
}

Ports = Annotated[
    str | None, typer.Option(help="`default`: the fixed ones; `auto`: free ones, remembered.")
]
ProfileName = Annotated[str | None, typer.Option(help="Checkpoint: " + ", ".join(PROFILES) + ".")]
Device = Annotated[str | None, typer.Option(help="`cpu` or `cuda`; default: the profile's own.")]
SecondModel = Annotated[
    str | None,
    typer.Option(
        metavar="DIR|PROFILE", help="A second checkpoint that the embedders serve besides."
    ),
]
Embedders = Annotated[int | None, typer.Option(help="Embedder processes; default: 1.")]
Frames = Annotated[
    int | None, typer.Option(help="Processes that cut videos and read tags; default: 1.")
]
Searches = Annotated[int | None, typer.Option(help="Search processes; default: 1.")]
Faces = Annotated[
    int | None, typer.Option(help="Processes that find faces; default: 1; 0: nobody does.")
]
FacePack = Annotated[
    Path | None, typer.Option(help="A folder with the models that find faces.", metavar="DIR")
]
Vlms = Annotated[
    int | None, typer.Option(help="Processes that read schedules; default: 1; 0: nobody does.")
]
Wait = Annotated[float, typer.Option("--wait", help="Seconds until everything must be ready.")]
READY_SECONDS = 300.0


def chosen_options(**given: str | int | None) -> StackOptions:
    """The options that were given, and the defaults of the others. Raises UsageRefusal."""
    profile = given.get("profile")
    if profile is not None and profile not in PROFILES:
        raise UsageRefusal(f"There is no profile {profile!r}; there are: {', '.join(PROFILES)}.")
    try:
        return StackOptions.model_validate(
            {name: value for name, value in given.items() if value is not None}
        )
    except ValidationError as refused:
        first = refused.errors()[0]
        raise UsageRefusal(f"--{first['loc'][0]}: {first['msg']}.") from refused


def _checkpoint(named: str | None) -> str | None:
    """A profile as it is, a folder by its full path. Raises UsageRefusal."""
    if named is None or named in PROFILES:
        return named
    if not Path(named).expanduser().is_dir():
        raise UsageRefusal(
            f"--second-model: {named!r} is neither a folder nor one of {', '.join(PROFILES)}."
        )
    return str(Path(named).expanduser().resolve())


def _folder(named: Path | None) -> str | None:
    """A folder by its full path. Raises UsageRefusal."""
    if named is None:
        return None
    if not named.expanduser().is_dir():
        raise UsageRefusal(f"--face-pack: {str(named)!r} is no folder.")
    return str(named.expanduser().resolve())


def up(
    *,
    data: Data = None,
    detach: Annotated[bool, typer.Option("--detach", help="Return when all is ready.")] = False,
    ports: Ports = None,
    profile: ProfileName = None,
    device: Device = None,
    second_model: SecondModel = None,
    embedders: Embedders = None,
    frames: Frames = None,
    searches: Searches = None,
    faces: Faces = None,
    face_pack: FacePack = None,
    vlms: Vlms = None,
    wait: Wait = READY_SECONDS,
    as_json: Json = False,
) -> None:
    """Start what is missing, and keep it running."""
    options = chosen_options(
        ports=ports,
        profile=profile,
        device=device,
        second_model=_checkpoint(second_model),
        embedders=embedders,
        frames=frames,
        searches=searches,
        faces=faces,
        face_pack=_folder(face_pack),
        vlms=vlms,
    )
    folder = DataFolder.chosen(data)
    await_end(folder)
    found = live_state(folder)
    if found is not None:
        _check_same(found, options)
    state = bring_up(folder, options, wait, tied=not detach)
    _announce(state, as_json=as_json, fresh=found is None)
    if not detach:
        _stay(folder, owner=found is None)


def _check_same(found: StackState, options: StackOptions) -> None:
    """Raise Refusal where an option was given and the running stack has another."""
    have = found.options.model_dump()
    wanted = options.model_dump(exclude_unset=True)
    other = [
        f"{key} is {have[key]}, not {wanted[key]}" for key in wanted if have[key] != wanted[key]
    ]
    if other:
        raise Refusal(
            f"A stack runs on {found.data} with other options ({'; '.join(other)}); "
            "run `kioku down` first.",
            reason="OTHER_OPTIONS",
        )


def bring_up(folder: DataFolder, options: StackOptions, wait: float, *, tied: bool) -> StackState:
    """The state of a stack that is ready; what was started in vain is taken down again."""
    fresh = live_state(folder) is None
    if fresh:
        prepare(folder, options)
        start_supervisor(folder, tied=tied)
    try:
        with Live(console=err, transient=True, refresh_per_second=4) as live:
            return wait_ready(folder, wait, lambda state: live.update(status_table(state)))
    except (Refusal, KeyboardInterrupt):
        if fresh:
            take_down(folder)
        raise


def _announce(state: StackState, *, as_json: bool, fresh: bool) -> None:
    if as_json:
        print_json(state.model_dump())
        return
    took = f" in {state.ready_seconds:.1f} s" if fresh and state.ready_seconds else ""
    out.print(f"[bold green]Kioku is ready[/]{took}." if fresh else "Kioku runs already.")
    out.print(f"  REST and gRPC  {state.endpoints['rest']}", markup=False)
    out.print(f"  data           {state.data}", markup=False)
    root = Path(state.data)
    for number, words in enumerate(("ingest PATH…", 'search "words"', "status", "down")):
        label = "go on with" if number == 0 else ""
        out.print(f"  {label:<14} {invocation(words, root)}", markup=False, soft_wrap=True)


def _stay(folder: DataFolder, *, owner: bool) -> None:
    """Show every log until Ctrl-C; then drain the stack if we started it."""
    remark("Ctrl-C stops everything." if owner else "Ctrl-C leaves the stack running.")
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    try:
        follow_all(folder, while_running=True)
    except KeyboardInterrupt:
        if owner:
            remark("stopping…")
            take_down(folder)


def down(data: Data = None, as_json: Json = False) -> None:
    """Stop everything, in reverse order; the data stay."""
    folder = DataFolder.chosen(data)
    began = time.monotonic()
    was_running = take_down(folder)
    seconds = time.monotonic() - began
    if as_json:
        print_json({"data": str(folder.root), "was_running": was_running, "seconds": seconds})
    elif was_running:
        out.print(f"Stopped in {seconds:.1f} s; the data stay in {folder.root}.", markup=False)
    else:
        out.print(f"Nothing runs on {folder.root}.", markup=False)


def status(data: Data = None, as_json: Json = False) -> None:
    """Show every component: process, port, readiness, restarts, reason."""
    state = running(DataFolder.chosen(data))
    if as_json:
        print_json(state.model_dump())
        return
    out.print(status_table(state))
    out.print(f"{state.phase}; REST and gRPC at {state.endpoints['rest']}", markup=False)


def plan(
    *,
    data: Data = None,
    ports: Ports = None,
    profile: ProfileName = None,
    device: Device = None,
    second_model: SecondModel = None,
    embedders: Embedders = None,
    frames: Frames = None,
    searches: Searches = None,
    faces: Faces = None,
    face_pack: FacePack = None,
    vlms: Vlms = None,
    as_json: Json = False,
) -> None:
    """Show what `up` would run: commands, environment, ports, order. Holds development secrets."""
    options = chosen_options(
        ports=ports,
        profile=profile,
        device=device,
        second_model=_checkpoint(second_model),
        embedders=embedders,
        frames=frames,
        searches=searches,
        faces=faces,
        face_pack=_folder(face_pack),
        vlms=vlms,
    )
    rows = build_plan(DataFolder.chosen(data), options)
    if as_json:
        print_json(rows.model_dump(mode="json"))
        return
    table = Table("component", "kind", "ports", "after", "command", box=None)
    for row in rows.in_order():
        numbers = " ".join(f"{use}:{port}" for use, port in row.ports.items())
        table.add_row(row.name, row.kind, numbers, " ".join(row.after), " ".join(row.command[1:]))
    out.print(table)


def status_table(state: StackState) -> Table:
    """The table of `kioku status`."""
    table = Table("component", "phase", "pid", "ports", "restarts", "uptime", "reason", box=None)
    for row in state.components:
        colour = _COLOURS.get(row.phase, "red")
        ports = " ".join(f"{use}:{port}" for use, port in row.ports.items())
        table.add_row(
            row.name,
            f"[{colour}]{row.phase}[/]",
            str(row.pid or ""),
            ports,
            str(row.restarts or ""),
            _uptime(row),
            row.reason.replace("[", r"\["),
        )
    return table


def _uptime(row: ComponentState) -> str:
    if row.pid is None or row.started is None:
        return ""
    seconds = int(time.time() - row.started)
    hours, rest = divmod(seconds, 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}"
