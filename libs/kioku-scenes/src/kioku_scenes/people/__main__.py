"""Command line: python -m kioku_scenes.people FOLDER: an album of drawn people, and portraits."""

import argparse
from itertools import pairwise
from pathlib import Path

from kioku_scenes.people.gathering import draw

NAMES = {"ada": 1009, "ben": 2019, "cleo": 3029, "dan": 4039}
"""Held out: no pack that was trained on drawn people has seen them."""
_SIZE = (640, 480)
_WILDNESS = 0.2


def main() -> None:
    """Write FOLDER/album/*.jpg, in which they appear, and FOLDER/NAME.jpg, a portrait of each."""
    parser = argparse.ArgumentParser(prog="kioku_scenes.people", description="Draw an album.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--each", type=int, default=4, help="pictures of each person alone")
    options = parser.parse_args()
    album: Path = options.folder / "album"
    album.mkdir(parents=True, exist_ok=True)
    people = list(NAMES.values())
    for number, (name, person) in enumerate(NAMES.items()):
        _write(options.folder / f"{name}.jpg", [person], 500 + number)
        for one in range(options.each):
            _write(album / f"picture-{number}{one}.jpg", [person], 10 * number + one)
    for number, pair in enumerate(pairwise(people)):
        _write(album / f"together-{number}.jpg", list(pair), 900 + number)
    _write(options.folder / "party.jpg", people, 990)
    print(f"drew {', '.join(NAMES)} into {album}")


def _write(path: Path, people: list[int], seed: int) -> None:
    image, _ = draw(people, _SIZE, seed=seed, wildness=_WILDNESS)
    image.save(path, quality=92)


if __name__ == "__main__":
    main()
