"""Of a file's name only what somebody meant by it is kept."""

from __future__ import annotations

import pytest
from kioku_rt.filenames import filename_words


@pytest.mark.parametrize(
    "name",
    [
        "IMG_1234.jpg",
        "DSC0001.JPG",
        "PXL_20230405_123456789.jpg",
        "P1010001.JPG",
        "06a00c0f-5f9a-410d-a7da-3881a9df3a71.jpg",
        "9f86d081884c7d65.png",
        "u1f553.png",
        "写真 2024-01-01.heic",
        "20230405.png",
        "...",
        "",
    ],
)
def test_names_that_say_nothing_have_no_words(name: str) -> None:
    """Cameras, counters, dates, digests and codes are no words."""
    assert () == filename_words(name)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        pytest.param("red-summer_dress02.JPG", ("red", "summer", "dress"), id="counter"),
        pytest.param("RedSummerDress.png", ("Red", "Summer", "Dress"), id="camel-case"),
        pytest.param("赤いシャツ_01.png", ("赤いシャツ",), id="japanese"),
        pytest.param("keycap 5.png", ("keycap", "5"), id="number"),
        pytest.param("shop/spring/IMG_7 bike.jpeg", ("bike",), id="after-a-camera"),
        pytest.param("deadbeef.jpg", ("deadbeef",), id="letters-only"),
    ],
)
def test_names_that_say_something_give_their_words(name: str, words: tuple[str, ...]) -> None:
    """They come in their order and as they are written."""
    assert words == filename_words(name)
