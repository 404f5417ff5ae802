"""A folder is a checkpoint of a kind we run, in safetensors, or refused in one sentence."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kioku_vlm.engines.failure import EngineUnusable
from kioku_vlm.engines.local.checkpoint import Family, open_checkpoint
from kioku_vlm.engines.sizes import AreaSizes, BoundSizes, TileSizes


def _folder(path: Path, config: object, *files: str) -> Path:
    path.mkdir(exist_ok=True)
    (path / "config.json").write_text(json.dumps(config))
    for name in files:
        (path / name).write_bytes(b"x")
    return path


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("qwen2.5", Family.QWEN), ("qwen3", Family.QWEN), ("smolvlm", Family.TILES),
        ("idefics3", Family.TILES), ("writer", Family.TEXT),
    ],
)  # fmt: skip
def test_what_transformers_wrote_is_known(
    name: str, family: Family, tiny: Callable[[str], Path]
) -> None:
    assert open_checkpoint(tiny(name), most_pixels=1_000_000).family is family


@pytest.mark.parametrize("weights", ["pytorch_model.bin", "model.pt", "weights.pkl"])
def test_weights_in_other_formats_are_not_read(weights: str, tmp_path: Path) -> None:
    folder = _folder(tmp_path / "m", {"model_type": "qwen2_5_vl"}, weights)
    with pytest.raises(EngineUnusable, match="no weights in safetensors"):
        open_checkpoint(folder, most_pixels=1_000_000)


def test_a_kind_that_is_not_run_here_is_named_with_the_way_out(tmp_path: Path) -> None:
    folder = _folder(tmp_path / "m", {"model_type": "florence2"}, "model.safetensors")
    with pytest.raises(EngineUnusable, match=r"florence2.*KIOKU_VLM_ENGINE=openai"):
        open_checkpoint(folder, most_pixels=1_000_000)


@pytest.mark.parametrize("config", [None, "not json", "[]"])
def test_a_folder_without_a_config_is_none(config: str | None, tmp_path: Path) -> None:
    if config is not None:
        (tmp_path / "config.json").write_text(config)
    with pytest.raises(EngineUnusable, match=r"config\.json"):
        open_checkpoint(tmp_path, most_pixels=1_000_000)


def test_the_version_changes_with_the_weights(tiny: Callable[[str], Path], tmp_path: Path) -> None:
    copy = shutil.copytree(tiny("writer"), tmp_path / "writer")
    before = open_checkpoint(copy, most_pixels=1_000_000).version
    assert open_checkpoint(copy, most_pixels=1_000_000).version == before
    weights = copy / "model.safetensors"
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(data)
    after = open_checkpoint(copy, most_pixels=1_000_000).version
    assert before.startswith("writer@")
    assert after != before


_SIDE = st.integers(1, 8000)


@given(_SIDE, _SIDE)
def test_areas_keep_their_bounds_and_their_factor(width: int, height: int) -> None:
    ((wide, high),) = AreaSizes(28, 3136, 1_003_520).of(width, height)
    assert wide % 28 == high % 28 == 0
    assert wide * high <= 1_003_520
    if max(width, height) <= 20 * min(width, height) and min(width, height) >= 56:
        assert wide / high == pytest.approx(width / height, rel=0.5)


@given(_SIDE, _SIDE)
def test_tiles_fill_the_longest_side_and_come_with_the_whole(width: int, height: int) -> None:
    large, small = TileSizes(512, 2048).of(width, height)
    assert max(large) == 2048
    assert large[0] % 512 == large[1] % 512 == 0
    assert small == (512, 512)


@given(_SIDE, _SIDE)
def test_bounds_never_enlarge(width: int, height: int) -> None:
    ((wide, high),) = BoundSizes(500_000).of(width, height)
    assert 1 <= wide <= width
    assert 1 <= high <= height
    assert wide * high <= 500_000 or (wide, high) == (width, height)
