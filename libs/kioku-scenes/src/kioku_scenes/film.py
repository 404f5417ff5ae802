"""Drawn videos: one scene after another, so that every moment has a caption one can look for."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from kioku_scenes.scene import draw_scene

_CODEC = "mpeg4"
"""Part of every FFmpeg build, and without a patent pool's encoder."""


def write_film(
    path: Path, seeds: Sequence[int], *, seconds_each: float = 2.0, fps: int = 10, side: int = 256
) -> None:
    """Write a video of the scenes of `seeds`, each shown for `seconds_each`; needs PyAV.

    Scene number i is on screen from `i * seconds_each` seconds. The container is told by the name.

    Args:
        path: `.mp4`, `.mkv` or `.mov`.
        seeds: of `draw_scene`.
        seconds_each: how long a scene stands still.
        fps: frames per second.
        side: width and height, pixels; even.
    """
    import av  # noqa: PLC0415 - only films need it; pictures are drawn without

    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream(_CODEC, rate=fps)
        stream.width = stream.height = side
        stream.pix_fmt = "yuv420p"
        stream.time_base = Fraction(1, fps)
        stream.bit_rate = 2_000_000
        for seed in seeds:
            scene = draw_scene(seed).image.convert("RGB")
            picture = np.asarray(scene.resize((side, side), Image.Resampling.BICUBIC))
            for _ in range(round(seconds_each * fps)):
                frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
                container.mux(stream.encode(frame))
        container.mux(stream.encode())
