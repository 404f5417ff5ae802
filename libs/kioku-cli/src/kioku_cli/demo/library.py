"""The pictures of the demonstration: drawn scenes that no model was trained on, and real photos."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from kioku_scenes import Scene, draw_scene, seeds_of

from kioku_cli.plan.profile import REPOSITORY

_QUALITY = 92
_PHOTOS = Path("photos", "coco", "images-by")


@dataclass(frozen=True)
class Drawn:
    """A scene's captions and things, without its picture."""

    path: Path
    caption_en: str
    caption_ja: str
    things: tuple[tuple[str, str], ...]
    """Kind and colour of each thing; the first is the main one."""

    @property
    def main(self) -> tuple[str, str]:
        """Kind and colour of the main thing."""
        return self.things[0]


def draw_library(folder: Path, count: int, seed: int) -> list[Drawn]:
    """Draw `count` held-out scenes from `seed` up; those drawn before are kept."""
    folder.mkdir(parents=True, exist_ok=True)
    return [_draw(folder, number) for number in seeds_of("held-out", count, seed)]


def _draw(folder: Path, seed: int) -> Drawn:
    scene = draw_scene(seed)
    path = folder / f"scene-{seed:08d}.jpg"
    if not path.exists():
        fresh = path.with_suffix(".new")
        scene.image.save(fresh, "JPEG", quality=_QUALITY)
        fresh.replace(path)
    return Drawn(path, scene.caption_en, scene.caption_ja, _things(scene))


def _things(scene: Scene) -> tuple[tuple[str, str], ...]:
    return tuple((thing.kind, thing.colour) for thing in scene.layout.things)


def photo_folder() -> Path | None:
    """Real photographs, where $KIOKU_EVAL_DATA (default: ../shared/data) has them."""
    root = Path(os.environ.get("KIOKU_EVAL_DATA") or REPOSITORY.parent / "shared" / "data")
    folder = root / _PHOTOS
    return folder if folder.is_dir() else None
