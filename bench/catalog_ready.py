"""How soon a catalogue of 1,000 pictures is searchable, by tags and by what is seen.

`python -m bench.catalog_ready [--pictures 1000]` draws the pictures, writes what they show beside
them, brings up a stack of its own and runs `kioku catalog import`. The time by tags counts from the
command's first look at the stack to the last vector of tags; the upload is most of it.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any

from kioku_scenes import write_scenes

from bench.stack import Stack, temporary_stack

_QUESTIONS = (("owl", "auto"), ("ふくろう", "tags"), ("red car", "tags"), ("red car", "combined"))


def main() -> None:
    """Print the times and what some searches gave."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--pictures", type=int, default=1000)
    count = options.parse_args().pictures
    with tempfile.TemporaryDirectory(prefix="kioku-bench-") as scratch, temporary_stack() as stack:
        folder = Path(scratch) / "catalogue"
        _draw(folder, count)
        started = time.monotonic()
        imported = _import(stack, folder, "tags")
        print(_times(imported, count))
        for words, method in _QUESTIONS:
            print(_search(stack, words, method))
        again = _import(stack, folder, "visual")
        print(f"seen by the model as well {time.monotonic() - started:.1f} s after the beginning")
        print(f"a second run uploads {again['uploaded']} and finds {again['known']} there")


def _draw(folder: Path, count: int) -> None:
    write_scenes(folder, count, 0)
    lines = (folder / "captions.jsonl").read_text("utf-8").splitlines()
    with (folder / "metadata.jsonl").open("w", encoding="utf-8") as out:
        for line in map(json.loads, lines):
            tags = [v for k, v in line["facts"].items() if "kind" in k or "colour" in k]
            record = {"file": line["file"], "tags": tags, "title": line["caption_ja"]}
            out.write(json.dumps(record, ensure_ascii=False) + "\n")


def _import(stack: Stack, folder: Path, wait: str) -> dict[str, Any]:
    answer: dict[str, Any] = stack.run("catalog", "import", str(folder), "--wait", wait)
    return answer


def _times(imported: dict[str, Any], count: int) -> str:
    by_tags, upload = imported["tags_seconds"], imported["upload_seconds"]
    return (
        f"{count} pictures: uploaded in {upload:.1f} s ({count / upload:.0f}/s), "
        f"all searchable by tags {max(0.0, by_tags - upload):.1f} s later"
    )


def _search(stack: Stack, words: str, method: str) -> str:
    answer = stack.run("catalog", "search", words, "--method", method, "-k", "3")
    explain, hits = answer["explain"], answer["hits"]
    done = explain["method"].removeprefix("SEARCH_METHOD_").lower()
    first = " ".join(hits[0]["tags"][:4]) if hits else "nothing"
    took = explain["embed_ms"] + explain["database_ms"]
    return f"  {words} ({method}: {done}, {took:.1f} ms): {first}"


if __name__ == "__main__":
    main()
