"""Writes scenes to a folder as JPEG files with one line of captions each."""

import json
from pathlib import Path

from kioku_scenes.scene import Scene, draw_scene

_QUALITY = 92


def write_scenes(folder: Path, count: int, seed: int, size: int = 256) -> list[Path]:
    """Write `count` scenes of the seeds from `seed` up, and captions.jsonl beside them.

    A line of captions.jsonl has file, seed, caption_en, caption_ja and facts.  Returns the
    pictures' paths in seed order.  Raises OSError where the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    with (folder / "captions.jsonl").open("w", encoding="utf-8") as lines:
        for number in range(seed, seed + count):
            scene = draw_scene(number, size)
            path = folder / f"scene-{number:08d}.jpg"
            scene.image.save(path, "JPEG", quality=_QUALITY)
            lines.write(json.dumps(_record(scene, path), ensure_ascii=False) + "\n")
            paths.append(path)
    return paths


def _record(scene: Scene, path: Path) -> dict[str, object]:
    return {
        "file": path.name,
        "seed": scene.seed,
        "caption_en": scene.caption_en,
        "caption_ja": scene.caption_ja,
        "facts": {fact.attribute: fact.value for fact in scene.facts},
    }
