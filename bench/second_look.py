"""What the second look at a picture costs, and how often it tells of words in honest pictures.

    KIOKU_EVAL_DATA=DIR .venv/bin/python -m bench.second_look [--tessdata DIR]

Each rendered document, clean and photographed, is read at its own size, scaled as a Qwen-VL (1.0
megapixels) and as a SmolVLM (2,048 and 512 pixels) see it, and read again. None of them hides
anything that way, so every suspicion is a false one.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import time
from pathlib import Path
from statistics import median

from kioku_rt.images import DecodePool, ImageLimits
from kioku_vlm.engines.second_look import SecondLook
from kioku_vlm.engines.sizes import AreaSizes, Sizes, TileSizes
from kioku_vlm.engines.viewing import Viewer
from kioku_vlm.observing.ports import Picture, Reader
from kioku_vlm.reading import ReaderOptions, open_reader

SIZES: dict[str, Sizes] = {
    "qwen": AreaSizes(28, 3_136, 28 * 28 * 1280),
    "smolvlm": TileSizes(512, 2_048),
}


async def look(files: list[Path], tessdata: Path | None) -> None:
    """Prints one JSON object for each of the two."""
    pool = DecodePool(1, ImageLimits(long_edge=4_096))
    await asyncio.to_thread(pool.start)
    try:
        async with open_reader(ReaderOptions(tessdata=tessdata, processes=1)) as reader:
            for name, sizes in SIZES.items():
                print(json.dumps({"sizes": name} | await _of(files, sizes, reader, Viewer(pool))))
    finally:
        pool.close()


async def _of(files: list[Path], sizes: Sizes, reader: Reader, viewer: Viewer) -> dict[str, object]:
    seconds: list[float] = []
    told: dict[str, list[str]] = {}
    for path in files:
        picture = Picture(path.read_bytes())
        document = await reader.read(picture.data)
        views = await viewer.views([picture], document, sizes.of)
        begun = time.perf_counter()
        found = await SecondLook(reader).suspicions(views, document)
        seconds.append(time.perf_counter() - begun)
        if found:
            told[path.name] = [one.reason for one in found]
    return {
        "pictures": len(files),
        "false_suspicions_in": len(told),
        "seconds_median": round(median(seconds), 2),
        "seconds_max": round(max(seconds), 2),
        "which": told,
    }


def main() -> None:
    """Looks at the rendered documents."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0] if __doc__ else None)
    parser.add_argument("--tessdata", type=Path)
    args = parser.parse_args()
    folder = Path(os.environ.get("KIOKU_EVAL_DATA", "")) / "vlm" / "rendered"
    files = sorted([*folder.glob("*.png"), *folder.glob("*.photo.jpg")])
    if not files:
        print("KIOKU_EVAL_DATA has no vlm/rendered: nothing was measured")
        return
    asyncio.run(look(files, args.tessdata))


if __name__ == "__main__":
    main()
