"""What a decoder child does with an upright picture: it reads it."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from kioku_vlm.reading.page_reader import PageReader
from kioku_vlm.reading.recogniser import Recogniser
from kioku_vlm.reading.transfer import packed


def read_picture(tessdata: Path, picture: Image.Image) -> npt.NDArray[np.uint8]:
    """The page of a picture, as bytes; the models stay in the child's memory."""
    return packed(_reader(tessdata).read(np.asarray(picture.convert("RGB"))))


@cache
def _reader(tessdata: Path) -> PageReader:
    return PageReader(Recogniser(tessdata))
