"""What was read is taken away, so that what was not is seen."""

from __future__ import annotations

import numpy as np
from kioku_vlm.reading.raster import Raster
from kioku_vlm.reading.recogniser import Row, Symbol
from kioku_vlm.reading.unread import without


def test_what_was_read_becomes_paper() -> None:
    """With half its height around it; the rest stays, and the raster that came in."""
    page = Raster(np.zeros((100, 200), np.uint8), np.eye(3))
    row = Row(1, [Symbol("a", (0, 40, 20, 60), 0.9, starts_word=True)])
    rest = without(page, [row])
    expected = np.zeros((100, 200), bool)
    expected[30:70, 0:30] = True
    assert ((rest.grey == 255) == expected).all()
    assert not page.grey.any()
