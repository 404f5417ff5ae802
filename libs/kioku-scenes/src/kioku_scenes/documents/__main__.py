"""Command line: python -m kioku_scenes.documents FOLDER [--view photo] [--only DESIGN…]."""

import argparse
from pathlib import Path

from kioku_scenes.documents.degrade import Degrade
from kioku_scenes.documents.design import SEEDS, Half, designs
from kioku_scenes.documents.folder import write_documents


def main() -> None:
    """Write the documents of a half to a folder and say how many pictures there are."""
    parser = argparse.ArgumentParser(
        prog="kioku_scenes.documents", description="Draw documents that announce something."
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--set", choices=[*Half], default=Half.DEVELOPMENT)
    parser.add_argument("--view", choices=[*Degrade], default=Degrade.CLEAN)
    parser.add_argument("--only", metavar="DESIGN", nargs="+", help="names of designs, one each")
    options = parser.parse_args()
    chosen = designs(Half(options.set))
    seeds: tuple[int, ...] = SEEDS
    if options.only:
        chosen = tuple(one for one in chosen if one.name in options.only)
        seeds = SEEDS[:1]
    drawn = (one.draw(seed) for one in chosen for seed in seeds)
    paths = write_documents(options.folder, drawn, Degrade(options.view))
    print(f"wrote {len(paths)} pictures with their truth to {options.folder}")


if __name__ == "__main__":
    main()
