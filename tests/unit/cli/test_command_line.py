"""Every command ends in a sentence and an exit code; with --json in one document."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from kioku_cli.commands.asset_labels import labels_after
from kioku_cli.main import app, run
from typer.main import get_command


class Ended:
    """What a command printed and how it ended."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    @property
    def document(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def kioku(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Any:
    """Runs the command line in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("KIOKU_DATA", raising=False)

    def call(*words: str) -> Ended:
        monkeypatch.setattr(sys, "argv", ["kioku", *words])
        with pytest.raises(SystemExit) as ended:
            run()
        said = capsys.readouterr()
        return Ended(int(ended.value.code or 0), said.out, said.err)

    return call


NEED_A_STACK = [
    ("status",),
    ("token",),
    ("ingest", "."),
    ("search", "a red bird"),
    ("search", "--like", "some-asset"),
    ("search", "--like", "some-asset", "--also-text", "at night", "--collapse", "--diverse", "0.5"),
    ("search", "sea", "--method", "words", "--fusion", "min-max", "--min-relevance", "0.5"),
    ("duplicates", "--min-similarity", "0.9"),
    ("schedule", "00000000-0000-4000-8000-000000000000", "--zone", "Asia/Tokyo", "--wait", "5"),
    ("stats",),
    ("asset", "show", "some-asset"),
    ("asset", "list"),
    ("asset", "watch", "some-asset"),
    ("asset", "retry", "some-asset"),
    ("asset", "delete", "some-asset"),
    ("asset", "download", "some-asset"),
    ("index", "show"),
    ("index", "evaluate"),
    ("index", "tune", "--method", "ivfflat"),
    ("index", "rebuild"),
    ("asset", "tag", "some-asset", "--add", "red"),
    ("asset", "album", "some-asset", "--only", "trip"),
    ("backup", "new"),
    ("backup", "new", "--tombstones"),
    ("reconcile",),
    ("reconcile", "--repair", "--objects"),
    ("dlq", "list"),
    ("dlq", "show", "1"),
    ("dlq", "replay", "1"),
    ("space", "list"),
    ("space", "show", "some-space"),
    ("space", "register"),
    ("space", "backfill", "some-space", "--rate", "60", "--window", "22:00-06:00"),
    ("space", "pause", "some-space"),
    ("space", "resume", "some-space"),
    ("space", "retry", "some-space"),
    ("space", "failures", "some-space"),
    ("space", "compare", "some-space"),
    ("space", "canary", "some-space", "5"),
    ("space", "promote", "some-space"),
    ("space", "rollback"),
    ("space", "retire", "some-space"),
    ("face", "people", "--prefix", "A"),
    ("face", "person", "add", "Ada"),
    ("face", "person", "list", "--hidden"),
    ("face", "person", "show", "some-person"),
    ("face", "person", "rename", "some-person", "Ada"),
    ("face", "person", "hide", "some-person"),
    ("face", "person", "delete", "some-person"),
    ("face", "enroll", "some-person", "00000000-0000-4000-8000-000000000000"),
    ("face", "list", "some-asset"),
    ("face", "assign", "some-person", "face-1", "face-2"),
    ("face", "reject", "some-person", "some-face"),
    ("face", "merge", "some-person", "another"),
    ("face", "undo", "some-change"),
    ("face", "changes", "--person", "some-person"),
    ("face", "unknown"),
    ("face", "name", "some-unknown", "some-person"),
    ("face", "consent", "grant", "some-person", "v1", "--until", "9000-01-01"),
    ("face", "consent", "withdraw", "some-person", "--purpose", "asked"),
    ("face", "consent", "history", "some-person"),
    ("face", "consent", "export", "some-person"),
    ("face", "sheet", "out.html"),
    ("face", "sheet", "out.jpg", "--no-unknown"),
    ("face", "audit", "list", "--subject", "some-person"),
    ("face", "audit", "verify"),
]


@pytest.mark.parametrize("words", NEED_A_STACK, ids=" ".join)
def test_without_a_stack_the_code_is_three(kioku: Any, words: tuple[str, ...]) -> None:
    """People read how to start one; nothing but the sentence is printed."""
    ended = kioku(*words)
    assert (3, "") == (ended.code, ended.out)
    assert "kioku up --detach" in ended.err
    assert "Traceback" not in ended.err


@pytest.mark.parametrize("words", NEED_A_STACK, ids=" ".join)
def test_without_a_stack_scripts_read_a_reason(kioku: Any, words: tuple[str, ...]) -> None:
    """With --json the refusal is a document on stdout."""
    ended = kioku(*words, "--json")
    assert (3, "STACK_NOT_RUNNING") == (ended.code, ended.document["error"]["reason"])


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("search",), "exactly one"),
        (("search", "words", "--like", "x"), "exactly one"),
        (("schedule", "no-such.jpg"), "no-such.jpg is neither a file nor the id of an asset"),
        (("ingest", "no-such-folder"), "There is no file or folder no-such-folder"),
        (("up", "--profile", "huge"), "There is no profile 'huge'"),
        (("up", "--second-model", "no/such"), "is neither a folder nor one of offline"),
        (("up", "--embedders", "99"), "--embedders"),
        (("up", "--ports", "some"), "--ports"),
        (("dlq", "replay"), "--all"),
        (("dlq", "replay", "1", "--all"), "--all"),
        (("asset", "list", "--state", "GREEN"), "There is no state GREEN"),
        (("asset", "tag", "some-asset"), "--add and --remove, or --only"),
        (("asset", "album", "x", "--add", "a", "--only", "b"), "one of the two ways"),
        (("logs", "nobody"), "nobody has no log"),
        (("face", "match", "no-such.jpg"), "no-such.jpg cannot be read"),
        (("face", "enroll", "some-person", "no-such.jpg"), "no-such.jpg cannot be read"),
        (("face", "sheet", "out.pdf"), "ends in .html or .jpg"),
        (("face", "consent", "grant", "p", "v1", "--until", "1999-01-01"), "lies ahead"),
        (("token", "--ttl", "1e9"), "thirty days"),
    ],
    ids=str,
)
def test_wrong_use_is_a_sentence_and_code_two(
    kioku: Any, words: tuple[str, ...], says: str
) -> None:
    """What cannot be is refused before anything is started or asked."""
    ended = kioku(*words)
    assert 2 == ended.code
    assert says in ended.err.replace("\n", " ")


def test_down_without_a_stack_is_no_failure(kioku: Any) -> None:
    """There is nothing to stop, and that is fine."""
    ended = kioku("down", "--json")
    assert (0, False) == (ended.code, ended.document["was_running"])


def test_every_command_knows_json() -> None:
    """No answer is for people only."""
    missing = []
    pending = [("kioku", get_command(app))]
    while pending:
        name, command = pending.pop()
        inner = getattr(command, "commands", None)
        if inner:
            pending += [(f"{name} {key}", value) for key, value in inner.items()]
        elif not any("--json" in parameter.opts for parameter in command.params):
            missing.append(name)
    assert [] == missing


def test_every_command_that_needs_a_stack_knows_data() -> None:
    """Each works from any folder."""
    top = getattr(get_command(app), "commands", {})
    without = [
        name
        for name, command in top.items()
        if name not in ("asset", "catalog", "dlq", "face", "index", "scenes", "space")
        and not any("--data" in parameter.opts for parameter in command.params)
    ]
    assert [] == without


@pytest.mark.parametrize(
    ("add", "remove", "only", "after"),
    [
        (["c", "a"], None, None, ["a", "b", "c"]),
        (None, ["a", "z"], None, ["b"]),
        (["a"], ["a"], None, ["b", "a"]),
        (None, None, ["c", "c", "a"], ["c", "a"]),
    ],
)
def test_labels_after_a_change(
    add: list[str] | None, remove: list[str] | None, only: list[str] | None, after: list[str]
) -> None:
    """Each once, in the order they were given."""
    assert after == labels_after(["a", "b"], add, remove, only)


def test_scenes_are_drawn_and_counted(kioku: Any, tmp_path: Path) -> None:
    """Drawing needs no stack."""
    ended = kioku("scenes", "drawn", "--count", "2", "--seed", "9", "--size", "32", "--json")
    assert {"folder": "drawn", "count": 2, "seed": 9} == ended.document
    assert 2 == len(list((tmp_path / "drawn").glob("*.jpg")))


def test_a_bug_is_a_sentence_too(kioku: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever breaks inside, people see no traceback unless they ask for it."""

    def broken(*_: object) -> None:
        raise RuntimeError("the lamp is out")

    monkeypatch.setattr("kioku_cli.commands.stack.take_down", broken)
    ended = kioku("down")
    assert 1 == ended.code
    assert "RuntimeError: the lamp is out" in ended.err
    assert "KIOKU_DEBUG=1" in ended.err


def test_the_plan_is_json(kioku: Any) -> None:
    """`kioku plan --json` is what the Tiltfile reads."""
    names = [row["name"] for row in kioku("plan", "--json").document["components"]]
    assert {"postgres", "nats", "swift", "envoy", "search", "embedder"} <= set(names)


def test_a_restore_of_nothing_changes_nothing(kioku, tmp_path):
    """A folder without a manifest is no backup, and no data folder is made for it."""
    ended = kioku("restore", "nothing", "--data", "new", "--json")
    assert (1, "BACKUP_DAMAGED") == (ended.code, ended.document["error"]["reason"])
    assert not (tmp_path / "new").exists()


def test_orphans_are_removed_by_a_repair_only(kioku):
    """A report changes nothing, so the flag makes no sense there."""
    assert 2 == kioku("reconcile", "--remove-orphans").code
