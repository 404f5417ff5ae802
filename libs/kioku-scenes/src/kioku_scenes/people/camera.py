"""What a camera does to a picture: light, colour cast, blur and grain."""

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

Pixels = npt.NDArray[np.float32]


def photograph(image: Image.Image, rng: np.random.Generator, wildness: float) -> Image.Image:
    """The RGB picture as a camera gives it; `wildness` 0 leaves it, 1 is as poor as it gets."""
    pixels = np.asarray(image, np.float32) * _light(image.size, rng, wildness)
    pixels = 255 * np.clip(pixels / 255, 0, 1) ** np.exp(wildness * rng.normal(0, 0.2))
    grain = float(wildness * rng.choice((0.0, 4.0, 9.0)))
    if grain > 0:
        pixels = pixels + rng.normal(0, grain, pixels.shape)
    taken = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
    blur = float(wildness * rng.choice((0.0, 0.0, rng.uniform(0, 1.6))))
    return taken.filter(ImageFilter.GaussianBlur(blur)) if blur > 0.2 else taken


def _light(size: tuple[int, int], rng: np.random.Generator, wildness: float) -> Pixels:
    """Factors (height, width, 3): exposure, cast, and more light on one side."""
    width, height = size
    slope = rng.normal(0, 0.22 * wildness, 2)
    across = np.linspace(-1, 1, width)[None, :] * slope[0]
    down = np.linspace(-1, 1, height)[:, None] * slope[1]
    exposure = np.exp(wildness * rng.normal(-0.08, 0.22))
    cast = np.exp(wildness * rng.normal(0, 0.05, 3))
    factors: Pixels = (exposure * np.exp(across + down)[..., None] * cast).astype(np.float32)
    return factors
