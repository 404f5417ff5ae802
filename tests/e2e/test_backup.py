"""A backup of a running stack becomes another stack that gives the same answers."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import mkdtemp

import pytest

from bench.stack import CommandFailed, Stack
from tests.e2e.app import App

QUESTION = "a red house"


@pytest.fixture
def elsewhere() -> Iterator[Stack]:
    """A data folder of another stack, which is down."""
    folder = Path(mkdtemp(prefix="kioku-elsewhere-"))
    folder.chmod(0o755)
    other = Stack(folder / "data")
    yield other
    other.down()
    shutil.rmtree(folder)


def sound(stack: Stack) -> bool:
    """Whether the stack's own comparison, objects and all, finds nothing wrong."""
    return bool(stack.run("reconcile", "--objects")["wrong"] == 0)


@pytest.mark.timeout(600)  # a second stack starts beside the first
def test_a_stack_from_a_backup(stack, alice, elsewhere, tmp_path):
    """Same hits and scores; what was deleted after the backup is not there; nothing is wrong."""
    backup = tmp_path / "backup"
    taken = stack.run("backup", str(backup))
    assert 0 == taken["manifest"]["objects"]["missing_count"]
    before = alice.search(text=QUESTION, k=50)["hits"]
    gone = before[0]["asset_id"]
    with closing(App(stack, "alice")) as app:
        kept = app.http.get(f"/v1/assets/{gone}").json()["asset"]
    assert kept["state"] == "ASSET_STATE_READY"
    tombstones = tmp_path / "later.jsonl"
    tombstones.write_text(f'{{"owner": "alice", "asset_id": "{gone}"}}\n{{"tombstones": 1}}\n')
    restored = elsewhere.run("restore", str(backup), "--tombstones", str(tombstones))
    assert 1 == restored["buried"]
    assert [] == [r for r in restored["comparisons"] if r["expected"] != r["restored"]]
    elsewhere.up()
    with closing(App(elsewhere, "alice")) as app:
        assert before[1:] == app.search(text=QUESTION, k=50)["hits"]
        assert 404 == app.http.get(f"/v1/assets/{gone}").status_code
        picture = before[1]["asset_id"]
        url = app.http.get(f"/v1/assets/{picture}:downloadUrl").json()["url"]
        assert app.http.get(url, headers={"Authorization": ""}).status_code == 200
    elsewhere.wait(lambda: sound(elsewhere), 90, "nothing is wrong")
    with pytest.raises(CommandFailed, match="STACK_RUNNING"):
        elsewhere.run("restore", str(backup))
