"""What decoders do at their worst, chosen by the colour of the first pixel.

Imported by decoder children through `sys.path`; this is no test.
"""

from __future__ import annotations

import mmap
import os
import signal
import sys
import time

import numpy as np
from PIL import Image

KIND, SEGFAULT, SLEEP, SPIN, HOG, RAISE, MODULES = range(0, 70, 10)


def misbehave(picture: Image.Image) -> np.ndarray:
    """The pixels, or a crash, a hang, a busy loop, 4 GiB of memory, an exception."""
    pixels = np.asarray(picture)
    wish = int(pixels[0, 0, 0])
    if wish == SEGFAULT:
        os.kill(os.getpid(), signal.SIGSEGV)
    elif wish == SLEEP:
        time.sleep(600)
    elif wish == SPIN:
        while True:
            pass
    elif wish == HOG:
        mmap.mmap(-1, 4 << 30)
    elif wish == RAISE:
        raise RuntimeError("a bug of the service")
    elif wish == MODULES:
        return np.array(["torch" in sys.modules, "asyncpg" in sys.modules, "PIL" in sys.modules])
    return pixels
