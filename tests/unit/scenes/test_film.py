"""Drawn videos show what their seeds say, when they say it."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
from kioku_scenes import draw_scene, write_film


def test_each_scene_is_on_screen_at_its_time(tmp_path: Path) -> None:
    """The frame in the middle of each scene's time looks like that scene and no other."""
    seeds = [3, 5, 8]
    write_film(tmp_path / "film.mp4", seeds, seconds_each=1.0, fps=5, side=128)
    with av.open(str(tmp_path / "film.mp4")) as container:
        frames = [(frame.time, frame.to_ndarray(format="rgb24")) for frame in container.decode()]
    scenes = [np.asarray(draw_scene(s).image.convert("RGB").resize((128, 128))) for s in seeds]
    middles = [min(frames, key=lambda f: abs((f[0] or 0) - (i + 0.5)))[1] for i in range(3)]

    nearest = [
        int(np.argmin([np.abs(scene.astype(float) - frame).mean() for scene in scenes]))
        for frame in middles
    ]
    assert 15 == len(frames)
    assert [0, 1, 2] == nearest
