"""Where Tesseract's data lie: a folder with `eng`, `jpn`, `jpn_vert` and `osd`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

LANGUAGES = ("eng", "jpn", "jpn_vert", "osd")
_SYSTEM = Path("/usr/share/tesseract-ocr")


class TessdataMissing(LookupError):
    """No folder has the data, in one sentence for the operator."""


def find_tessdata(named: Path | None = None) -> Path:
    """The folder that was named, else `.data/tessdata` here or above, else the system's.

    Raises:
        TessdataMissing: none of them has all of them.
    """
    tried = []
    for folder in _candidates(named):
        if all((folder / f"{language}.traineddata").is_file() for language in LANGUAGES):
            return folder
        tried.append(str(folder))
    raise TessdataMissing(
        f"Tesseract's data ({', '.join(LANGUAGES)}) are in none of: {', '.join(tried)};"
        " run scripts/fetch-debian, or name their folder by KIOKU_VLM_TESSDATA"
    )


def _candidates(named: Path | None) -> Iterator[Path]:
    if named is not None:
        yield named.absolute()
        return
    if prefix := os.environ.get("TESSDATA_PREFIX"):
        yield Path(prefix)
    here = Path.cwd()
    yield from (folder / ".data" / "tessdata" for folder in (here, *here.parents))
    yield from sorted(_SYSTEM.glob("*/tessdata"), reverse=True)
