"""Command line: python -m kioku_scenes FOLDER --count N --seed S."""

import argparse
from pathlib import Path

from kioku_scenes.folder import write_scenes


def main() -> None:
    """Write scenes to a folder and say how many."""
    parser = argparse.ArgumentParser(prog="kioku_scenes", description="Draw captioned scenes.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--size", type=int, default=256, help="pixels a side")
    options = parser.parse_args()
    paths = write_scenes(options.folder, options.count, options.seed, options.size)
    print(f"wrote {len(paths)} scenes and captions.jsonl to {options.folder}")


if __name__ == "__main__":
    main()
