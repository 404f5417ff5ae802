"""An ingest sends every picture once, however often it is run and whatever fails meanwhile."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest
from kioku_cli.ingest.files import Medium, Skipped, count, find
from kioku_cli.ingest.gateway import Announced, PutRefused, Standing, Upload
from kioku_cli.ingest.pipeline import Ingest, Manner, request_id_of
from kioku_cli.ingest.report import Report
from kioku_cli.refusal import Refusal

JPEG = b"\xff\xd8\xff\xe0"
MANNER = Manner(owner="demo", workers=3, window=4, again=0.001, poll=0.001, patience=0.2)


class FakeStack:
    """Remembers assets by request id, as the service does."""

    def __init__(self) -> None:
        self.assets: dict[str, Standing] = {}
        self.stored: set[str] = set()
        self.puts: list[str] = []
        self.refuse_puts = 0
        self.refusal = 503
        self.refused_names: set[str] = set()
        self.corrupt_names: set[str] = set()
        self.stuck = False
        self.in_hand = 0
        self.most_in_hand = 0

    async def announce(self, upload: Upload) -> Announced:
        if upload.filename in self.refused_names:
            raise Refusal("The image has more bytes than the limit.", reason="IMAGE_TOO_LARGE")
        asset_id = f"asset-{upload.request_id}"
        if asset_id in self.stored:
            return Announced(self.assets[asset_id])
        self.assets[asset_id] = Standing(asset_id, "UPLOADING")
        return Announced(self.assets[asset_id], f"http://store/{upload.filename}/{asset_id}")

    async def put(self, path: Path, announced: Announced, size: int) -> None:
        assert path.stat().st_size == size
        if self.refuse_puts:
            self.refuse_puts -= 1
            raise PutRefused(self.refusal)
        assert announced.url
        self.puts.append(path.name)

    async def complete(self, asset_id: str) -> Standing:
        self.stored.add(asset_id)
        self.in_hand += 1
        self.most_in_hand = max(self.most_in_hand, self.in_hand)
        name = next(name for name in reversed(self.puts))
        failed = name in self.corrupt_names
        self.assets[asset_id] = (
            Standing(asset_id, "FAILED", "IMAGE_TRUNCATED", "The image ends early.")
            if failed
            else Standing(asset_id, "READY")
        )
        return Standing(asset_id, "PROCESSING")

    async def look(self, asset_id: str) -> Standing:
        if self.stuck:
            return Standing(asset_id, "PROCESSING")
        self.in_hand -= 1
        return self.assets[asset_id]


def pictures(folder: Path, names: Iterable[str]) -> Path:
    folder.mkdir(exist_ok=True)
    for name in names:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(JPEG + name.encode())
    return folder


async def ingest(stack: FakeStack, folder: Path, manner: Manner = MANNER) -> Report:
    return await Ingest(stack, manner).run([folder])


async def test_every_picture_is_uploaded_and_waited_for(tmp_path: Path) -> None:
    """Each file found ends in exactly one count."""
    folder = pictures(tmp_path / "in", (f"{n}.jpg" for n in range(20)))
    (folder / "notes.txt").write_text("no picture")
    (folder / "nothing.jpg").touch()
    stack = FakeStack()
    report = await ingest(stack, folder)
    assert (22, 20, 20, 0) == (report.found, report.uploaded, report.ready, report.failed)
    assert {"neither picture nor video": 1, "empty file": 1} == dict(report.skipped)


async def test_a_second_run_uploads_nothing(tmp_path: Path) -> None:
    """The request id is made of owner, bytes and name, so the stack knows what it has."""
    folder = pictures(tmp_path / "in", ["a.jpg", "b.jpg"])
    stack = FakeStack()
    await ingest(stack, folder)
    report = await ingest(stack, folder)
    assert (0, 2, 2) == (report.uploaded, report.known, report.ready)
    assert 2 == len(stack.puts)


async def test_a_run_after_a_crash_sends_only_what_is_missing(tmp_path: Path) -> None:
    """An asset whose bytes never came is announced again and sent; the others are not."""
    folder = pictures(tmp_path / "in", ["a.jpg", "b.jpg", "c.jpg"])
    stack = FakeStack()
    await ingest(stack, folder)
    stack.stored.pop()
    report = await ingest(stack, folder)
    assert (1, 2, 3) == (report.uploaded, report.known, report.ready)


async def test_a_moved_folder_is_no_new_library(tmp_path: Path) -> None:
    """The place of a file is no part of what it is; its name and bytes are."""
    stack = FakeStack()
    await ingest(stack, pictures(tmp_path / "old", ["a.jpg"]))
    (tmp_path / "old").rename(tmp_path / "new")
    assert 0 == (await ingest(stack, tmp_path / "new")).uploaded


async def test_the_same_picture_twice_is_one_asset(tmp_path: Path) -> None:
    """A copy of the same name elsewhere in the tree is counted, not uploaded."""
    folder = pictures(tmp_path / "in", ["a.jpg"])
    (folder / "copy").mkdir()
    (folder / "copy" / "a.jpg").write_bytes((folder / "a.jpg").read_bytes())
    report = await ingest(FakeStack(), folder)
    assert (2, 1, 1) == (report.found, report.uploaded, report.duplicates)


async def test_a_refused_put_is_tried_again_with_a_fresh_url(tmp_path: Path) -> None:
    """A store that is restarting costs time, no picture."""
    stack = FakeStack()
    stack.refuse_puts = 9
    report = await ingest(stack, pictures(tmp_path / "in", ["a.jpg"]))
    assert (1, 0) == (report.ready, report.failed)


async def test_a_put_that_stays_refused_is_a_failure_with_its_reason(tmp_path: Path) -> None:
    """One picture that cannot be stored does not end the run."""
    stack = FakeStack()
    stack.refuse_puts, stack.refusal = 3, 403
    one_worker = Manner(owner="demo", workers=1, again=0.001, poll=0.001)
    report = await ingest(stack, pictures(tmp_path / "in", ["a.jpg", "b.jpg"]), one_worker)
    assert {"UPLOAD_REFUSED": 1} == dict(report.failures_by_reason)
    assert 1 == report.ready


async def test_failures_keep_the_reason_of_the_service(tmp_path: Path) -> None:
    """A refusal at the call and a failure in the pipeline are both counted by reason."""
    stack = FakeStack()
    stack.refused_names = {"big.jpg"}
    stack.corrupt_names = {"torn.jpg"}
    folder = pictures(tmp_path / "in", ["big.jpg", "torn.jpg", "good.jpg"])
    report = await ingest(stack, folder, Manner(owner="demo", workers=1, poll=0.001))
    assert {"IMAGE_TOO_LARGE": 1, "IMAGE_TRUNCATED": 1} == dict(report.failures_by_reason)
    assert 1 == report.ready
    torn = next(failure for failure in report.failures if failure.reason == "IMAGE_TRUNCATED")
    assert torn.asset_id


async def test_what_never_settles_is_reported_as_pending(tmp_path: Path) -> None:
    """A stuck pipeline ends the wait, and the report says how many are not finished."""
    stack = FakeStack()
    stack.stuck = True
    report = await ingest(stack, pictures(tmp_path / "in", ["a.jpg", "b.jpg"]))
    assert (0, 2) == (report.ready, report.pending)


async def test_without_waiting_everything_is_pending(tmp_path: Path) -> None:
    """`--no-wait` returns after the uploads."""
    stack = FakeStack()
    manner = Manner(owner="demo", wait=False)
    report = await ingest(stack, pictures(tmp_path / "in", ["a.jpg", "b.jpg"]), manner)
    assert (2, 2) == (report.uploaded, report.pending)


async def test_at_most_a_window_of_assets_is_waited_for(tmp_path: Path) -> None:
    """A library of any size keeps no more than `window` assets unsettled."""
    stack = FakeStack()
    await ingest(stack, pictures(tmp_path / "in", (f"{n}.jpg" for n in range(40))))
    assert stack.most_in_hand <= MANNER.window


def test_a_request_id_tells_owner_bytes_and_name_apart() -> None:
    """No two of them can be mistaken for each other, even where the strings run together."""
    ids = {
        request_id_of("a", "bc", "d"),
        request_id_of("ab", "c", "d"),
        request_id_of("a", "bc", "e"),
        request_id_of("b", "bc", "d"),
    }
    assert 4 == len(ids)


def test_files_are_told_by_their_bytes(tmp_path: Path) -> None:
    """A name proves nothing: text called .jpg is skipped, a picture called .txt is not."""
    (tmp_path / "lie.jpg").write_text("hello")
    (tmp_path / "truth.txt").write_bytes(JPEG)
    (tmp_path / "clip.mp4").write_bytes(b"\0\0\0\x18ftypisom\0\0\0\0isomiso2")
    found = {file.path.name: file for file in find([tmp_path])}
    assert "image/jpeg" == getattr(found["truth.txt"], "media_type", None)
    assert Skipped(tmp_path / "lie.jpg", "neither picture nor video") == found["lie.jpg"]
    assert "video/mp4" == getattr(found["clip.mp4"], "media_type", None)


def test_hidden_files_are_left_alone(tmp_path: Path) -> None:
    """Thumbnails of file managers and checkouts are nobody's library."""
    (tmp_path / ".cache").mkdir()
    (tmp_path / ".cache" / "a.jpg").write_bytes(JPEG)
    (tmp_path / ".b.jpg").write_bytes(JPEG)
    (tmp_path / "c.jpg").write_bytes(JPEG)
    assert [Medium(tmp_path / "c.jpg", "image/jpeg", 4)] == list(find([tmp_path]))
    assert 1 == count([tmp_path])


@pytest.mark.parametrize("links_to", ["nowhere", "."])
def test_links_never_loop_or_break(tmp_path: Path, links_to: str) -> None:
    """A dangling link is skipped with its reason, a circular one is not followed."""
    (tmp_path / "link").symlink_to(links_to)
    found = list(find([tmp_path]))
    assert all(isinstance(file, Skipped) for file in found)
