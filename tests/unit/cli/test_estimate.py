"""A bulk run that would be paid for is estimated first, and refused until it is confirmed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import grpc
import pytest
from kioku.embedder.v1 import embedder_service_pb2 as pb
from kioku_cli.estimate import estimate_of, price, require_confirmation
from kioku_cli.main import app
from kioku_cli.refusal import Refusal
from PIL import Image
from typer.testing import CliRunner


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three pictures, a video, and files that are neither."""
    for number in range(3):
        Image.new("RGB", (4, 4), (number, 0, 0)).save(tmp_path / f"{number}.png")
    (tmp_path / "film.mp4").write_bytes(b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomiso2" * 4)
    (tmp_path / "notes.txt").write_text("words")
    return tmp_path


class Session:
    """A stack whose embedder says what it is, or does not answer."""

    def __init__(self, engine: str, code: grpc.StatusCode | None = None) -> None:
        self.embedder = self
        self._engine = engine
        self._code = code

    async def ListModels(self, _: pb.ListModelsRequest) -> pb.ListModelsResponse:  # noqa: N802
        if self._code is not None:
            none = grpc.aio.Metadata()
            raise grpc.aio.AioRpcError(self._code, none, none)
        models = [pb.Model(engine=self._engine, default=True), pb.Model(engine="tags")]
        return pb.ListModelsResponse(models=models)


async def asked(session: Any, folder: Path, *, confirmed: bool = False) -> None:
    await require_confirmation(session, [folder], confirmed=confirmed)


def test_pictures_are_counted_by_their_bytes(folder: Path) -> None:
    """Videos are named, not priced: nobody knows their frames yet."""
    found = estimate_of([folder], 0.0006)
    assert (3, 1) == (found.pictures, found.videos)
    assert found.usd == pytest.approx(0.0018)
    assert "the frames of 1 videos come on top" in found.sentence()


def test_the_command_says_count_and_cost(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For people and for scripts; the price by option or by the embedder's own variable."""
    run = CliRunner().invoke
    said = run(app, ["catalog", "estimate", str(folder), "--usd-per-image", "2"])
    assert (0, True) == (said.exit_code, "3 pictures at $2 are $6.0000" in said.stdout)
    assert "--confirm" in said.stdout
    monkeypatch.setenv("KIOKU_HOSTED_USD_PER_IMAGE", "0.5")
    shown = run(app, ["catalog", "estimate", str(folder), "--json"])
    expected = {"pictures": 3, "videos": 1, "usd_per_image": 0.5, "usd": 1.5}
    assert expected == json.loads(shown.stdout)


@pytest.mark.parametrize("engine", ["replicate", "openai"])
async def test_a_paid_run_needs_a_yes(folder: Path, engine: str) -> None:
    """The refusal holds the estimate; --confirm goes on."""
    text = r"3 pictures at \$0\.0006 are \$0\.0018.*--confirm"
    with pytest.raises(Refusal, match=text) as caught:
        await asked(Session(engine), folder)
    assert "HOSTED_NOT_CONFIRMED" == caught.value.reason
    await asked(Session(engine), folder, confirmed=True)


async def test_a_free_run_needs_none(folder: Path) -> None:
    """A model of one's own; or an embedder that is away, which has a budget of its own."""
    await asked(Session("torch"), folder)
    await asked(Session("", grpc.StatusCode.UNAVAILABLE), folder)
    with pytest.raises(grpc.aio.AioRpcError):
        await asked(Session("", grpc.StatusCode.PERMISSION_DENIED), folder)


@pytest.mark.parametrize("value", ["cheap", "-1", "nan", "inf"])
def test_a_price_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    """Instead of an estimate of nothing."""
    monkeypatch.setenv("KIOKU_HOSTED_USD_PER_IMAGE", value)
    with pytest.raises(Refusal, match="price"):
        price()
