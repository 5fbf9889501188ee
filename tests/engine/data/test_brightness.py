"""What white is follows from what the pictures hold."""

from __future__ import annotations

import pytest

from engine.data.brightness import Brightness, by_content


@pytest.mark.parametrize(
    ("low", "high", "shift", "scale"),
    [
        (0, 255, 0, 255),
        (3, 100, 0, 255),
        (0, 64, 0, 255),  # a quarter of it
        (0, 63, 0, 63),
        (0, 16, 0, 16),
        (0, 15, 0, 15),
        (0, 1, 0, 1),
        (0, 0, 0, 1),
        (0.1, 0.7, 0, 1),
        (0, 1.03, 0, 1),
        (0, 0.01, 0, 0.01),
        (0, 256, 0, 255),
        (0, 900, 0, 1023),
        (0, 4095, 0, 4095),
        (7, 4000, 0, 4095),
        (0, 16000, 0, 16383),
        (0, 65535, 0, 65535),
        (0, 1e6, 0, 1e6),
        (-1, 1, -1, 2),
        (-0.5, 0, -0.5, 0.5),
    ],
)
def test_white_is_what_the_brightest_pixel_tells(low: float, high: float, shift: float, scale: float) -> None:
    assert by_content(low, high) == Brightness(shift, scale)


def test_in_words() -> None:
    assert by_content(0, 4000).in_words == "is divided by 4,095"
    assert by_content(0, 1).in_words == "stays as it is"
    assert by_content(-1, 1).in_words == "is brought from −1 … 1 to 0 … 1"
    assert by_content(0, 4000).to_do == "divide by 4,095"
    assert by_content(0, 1).to_do == "leave it as it is"
    assert by_content(-1, 1).to_do == "bring −1 … 1 to 0 … 1"
