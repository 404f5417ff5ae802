"""Geometry in the child and scaling in the engine give what transformers' processor gives."""

from __future__ import annotations

import pickle
import subprocess
import sys

import numpy as np
import pytest
from kioku_embedder.preprocessing import LONGEST_ASPECT, Preprocessing
from PIL import Image
from transformers import CLIPImageProcessorPil, SiglipImageProcessorPil

PROCESSORS = {
    "siglip": SiglipImageProcessorPil(size={"height": 96, "width": 96}),
    "siglip-bilinear": SiglipImageProcessorPil(size={"height": 64, "width": 64}, resample=2),
    "siglip-lanczos": SiglipImageProcessorPil(size={"height": 64, "width": 48}, resample=1),
    "clip": CLIPImageProcessorPil(),
    "clip-smaller-crop": CLIPImageProcessorPil(
        size={"shortest_edge": 70}, crop_size={"height": 63, "width": 64}
    ),
}
SHAPES = [(200, 320), (320, 200), (97, 96), (30, 41), (224, 224), (1, 1), (500, 40)]


def scaled(rules: Preprocessing, pixels: np.ndarray) -> np.ndarray:
    """What the engine makes of the child's result, (3, height, width)."""
    values = rules(pixels).astype(np.float32) * rules.scale
    return ((values - np.float32(rules.mean)) / np.float32(rules.std)).transpose(2, 0, 1)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", PROCESSORS)
def test_pixels_are_those_of_the_reference(name: str, shape: tuple[int, int]) -> None:
    """Every value within float32 rounding of transformers' own, for any shape."""
    pixels = np.random.default_rng(1).integers(0, 256, (*shape, 3), np.uint8)
    rules = Preprocessing.from_processor(PROCESSORS[name].to_dict())
    reference = PROCESSORS[name](pixels, input_data_format="channels_last")["pixel_values"][0]
    assert np.abs(scaled(rules, pixels) - reference).max() < 1e-5
    assert (rules(pixels) == rules(Image.fromarray(pixels))).all()


@pytest.mark.parametrize("shape", [(1, 1024), (1024, 1)])
def test_endless_pictures_stay_small(shape: tuple[int, int]) -> None:
    """A line of pixels is cut before it is blown up; the result has the model's size."""
    rules = Preprocessing.from_processor(PROCESSORS["clip"].to_dict())
    result = rules(np.full((*shape, 3), 7, np.uint8))
    assert (result.shape, int(result.min()), int(result.max())) == ((224, 224, 3), 7, 7)


def test_long_pictures_agree_with_the_reference_in_content() -> None:
    """Cutting before resizing shifts the middle by less than a pixel of the source."""
    ramp = np.linspace(0, 255, 40 * LONGEST_ASPECT * 2, dtype=np.uint8)
    pixels = np.repeat(np.repeat(ramp[None, :, None], 40, 0), 3, 2)
    rules = Preprocessing.from_processor(PROCESSORS["clip"].to_dict())
    reference = PROCESSORS["clip"](pixels, input_data_format="channels_last")["pixel_values"][0]
    assert np.abs(scaled(rules, pixels) - reference).max() < 0.05


def test_rules_travel_to_a_child_without_torch() -> None:
    """The rules pickle, and the module that holds them imports neither torch nor transformers."""
    rules = Preprocessing.from_processor(PROCESSORS["siglip"].to_dict())
    assert pickle.loads(pickle.dumps(rules)) == rules
    code = (
        "import sys, kioku_embedder.preprocessing as p; "
        "print(sorted({'torch', 'transformers', 'grpc'} & set(sys.modules)))"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert answer.stdout.strip() == b"[]"


@pytest.mark.parametrize(
    "facts",
    [
        {"size": {"longest_edge": 100}},
        {"size": {"shortest_edge": 64}},
        {"size": {"shortest_edge": 64}, "crop_size": {"height": 80, "width": 80}},
        {"size": {"height": 9, "width": 9}, "do_center_crop": True},
    ],
)
def test_unknown_geometry_is_refused(facts: dict[str, object]) -> None:
    """A processor that does something else is refused at start, not imitated wrongly."""
    rest = {"do_rescale": False, "do_normalize": False, "resample": 3}
    with pytest.raises(ValueError, match="image processor"):
        Preprocessing.from_processor({**rest, **facts})
