"""The film of the demonstration: a scene every two seconds, and a caption that finds its moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kioku.assets.v1 import asset_pb2
from kioku.search.v1 import search_service_pb2
from kioku_scenes import draw_scene, seeds_of, write_film

from kioku_cli.session import Session

SECONDS = 2.0
_SCENES = 8
_ASKED = (1, 4, 6)


@dataclass(frozen=True)
class Film:
    """A drawn film and the captions of its scenes, in order."""

    path: Path
    captions: Sequence[str]


@dataclass(frozen=True)
class Moment:
    """One caption, when its scene is shown, and when the search says it is; seconds."""

    caption: str
    begins: float
    found: float | None

    @property
    def right(self) -> bool:
        """Whether the moment found lies within the scene."""
        return self.found is not None and self.begins <= self.found < self.begins + SECONDS


def draw_film(folder: Path, after: int, seed: int) -> Film:
    """Draw the held-out scenes that follow the first `after` ones; a film drawn before is kept."""
    folder.mkdir(parents=True, exist_ok=True)
    seeds = list(seeds_of("held-out", after + _SCENES, seed))[after:]
    path = folder / f"film-{seeds[0]:08d}.mp4"
    if not path.exists():
        fresh = path.with_name(f"new-{path.name}")
        write_film(fresh, seeds, seconds_each=SECONDS)
        fresh.replace(path)
    return Film(path, [draw_scene(number).caption_en for number in seeds])


async def find_moments(session: Session, film: Film) -> list[Moment]:
    """Look for some of the film's scenes by their captions, among videos only."""
    return [await _find(session, film, number) for number in _ASKED]


async def _find(session: Session, film: Film, number: int) -> Moment:
    only_videos = search_service_pb2.Filter(kind=asset_pb2.ASSET_KIND_VIDEO)
    request = search_service_pb2.SearchRequest(text=film.captions[number], k=1, filter=only_videos)
    hits = (await session.search.Search(request)).hits
    found = hits[0].time_ms / 1000 if hits and hits[0].filename == film.path.name else None
    return Moment(film.captions[number], number * SECONDS, found)
