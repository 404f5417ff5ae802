"""What was made once from a checkpoint is found whole, or made again."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
from kioku_embedder.digests import DigestCache
from kioku_embedder.engines.store import Store

FACTS = {"revision": "abc", "packages": {"torch": "2"}}


class Maker:
    """Writes one file and counts how often it was asked."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, folder: Path) -> None:
        self.calls += 1
        (folder / "weights.bin").write_bytes(b"w" * 1000)


def test_an_entry_is_made_once(tmp_path: Path) -> None:
    """The second time it is found, also by another process's store."""
    make = Maker()
    first = Store(tmp_path).made("graphs", FACTS, make)
    again = Store(tmp_path).made("graphs", FACTS, make)
    assert (first, 1) == (again, make.calls)
    assert first == Store(tmp_path).whole("graphs", FACTS)


def test_other_facts_are_another_entry(tmp_path: Path) -> None:
    """A new revision or package never finds what was made before it."""
    store, make = Store(tmp_path), Maker()
    store.made("graphs", FACTS, make)
    assert store.whole("graphs", {**FACTS, "revision": "abd"}) is None


@pytest.mark.parametrize("damage", ["cut", "changed", "missing", "no manifest", "odd manifest"])
def test_a_damaged_entry_is_made_again(tmp_path: Path, damage: str) -> None:
    """Whatever happened to it."""
    store, make = Store(tmp_path), Maker()
    folder = store.made("graphs", FACTS, make)
    weights, manifest = folder / "weights.bin", folder / "manifest.json"
    if damage == "cut":
        weights.write_bytes(b"w" * 10)
    elif damage == "changed":
        weights.write_bytes(b"x" * 1000)
    elif damage == "missing":
        weights.unlink()
    elif damage == "no manifest":
        manifest.unlink()
    else:
        manifest.write_text("[1]")
    assert store.whole("graphs", FACTS) is None
    store.made("graphs", FACTS, make)
    assert (2, folder) == (make.calls, store.whole("graphs", FACTS))


def test_what_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    """A maker that raises half-way is as if it had never run."""

    def fail(folder: Path) -> None:
        (folder / "half").write_bytes(b"h")
        raise RuntimeError("no more disk")

    store = Store(tmp_path)
    with pytest.raises(RuntimeError, match="no more disk"):
        store.made("graphs", FACTS, fail)
    assert store.whole("graphs", FACTS) is None
    assert [] == [path for path in tmp_path.iterdir() if path.is_dir() and path.name != "digests"]


def test_two_that_want_the_same_make_it_once(tmp_path: Path) -> None:
    """The second waits for the first and takes what it made."""
    entered, go_on, make = threading.Event(), threading.Event(), Maker()

    def slow(folder: Path) -> None:
        entered.set()
        assert go_on.wait(10)
        make(folder)

    first = threading.Thread(target=Store(tmp_path).made, args=("graphs", FACTS, slow))
    first.start()
    assert entered.wait(10)
    second = threading.Thread(target=Store(tmp_path).made, args=("graphs", FACTS, make))
    second.start()
    go_on.set()
    first.join(10)
    second.join(10)
    assert make.calls == 1


def settled(path: Path, content: bytes) -> Path:
    """A file that has been left alone for a while."""
    path.write_bytes(content)
    os.utime(path, ns=(10**18, 10**18))
    return path


def test_an_unchanged_file_is_not_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its digest comes from the cache."""
    path = settled(tmp_path / "model.safetensors", b"one")
    first = DigestCache(tmp_path).sha256(path)
    monkeypatch.setattr("hashlib.file_digest", lambda *_: pytest.fail("it was read"))
    assert first == DigestCache(tmp_path).sha256(path)


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    """Another size, another inode or another time of modification; the content decides."""
    path = settled(tmp_path / "model.safetensors", b"one")
    digests = DigestCache(tmp_path)
    before = digests.sha256(path)
    other = settled(tmp_path / "other", b"two")
    other.rename(path)
    assert before != digests.sha256(path)


def test_a_file_just_written_is_not_remembered(tmp_path: Path) -> None:
    """A change within the same tick of the clock would not show."""
    path = tmp_path / "model.safetensors"
    path.write_bytes(b"one")
    DigestCache(tmp_path).sha256(path)
    assert not (tmp_path / "digests").exists()


def test_digests_need_no_cache(tmp_path: Path) -> None:
    """Without a folder, or with one that cannot be written to, they are computed."""
    path = settled(tmp_path / "model.safetensors", b"one")
    blocked = tmp_path / "file"
    blocked.write_bytes(b"not a folder")
    assert DigestCache(None).sha256(path) == DigestCache(blocked).sha256(path)
