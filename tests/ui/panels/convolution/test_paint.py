"""Strips of maps and filters show every value where it belongs."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtGui import QImage

from playground.ui.kit.grid import power_in_words, power_of
from playground.ui.kit.ink import ink_of
from playground.ui.kit.theme import LIGHT
from playground.ui.panels.convolution.paint import filter_strip, map_image, map_strip

TABLE = ink_of(LIGHT).tables["values"]


def colours(image: QImage) -> np.ndarray:
    """``(height, width)`` of 0xAARRGGBB."""
    size = image.height(), image.width()
    return np.array([[image.pixel(x, y) for x in range(size[1])] for y in range(size[0])])


@pytest.mark.parametrize("limits", [2.0, np.array([0.5, 0.0, 3.0], np.float32)], ids=["one", "each"])
def test_a_strip_is_its_maps_below_one_another(limits) -> None:
    maps = np.random.default_rng(0).normal(size=(3, 4, 5)).astype(np.float32)
    maps[1] = 0.0
    each = np.broadcast_to(limits, 3)
    alone = [colours(map_image(m, float(limit), TABLE)) for m, limit in zip(maps, each, strict=True)]
    assert (colours(map_strip(maps, limits, TABLE)) == np.concatenate(alone)).all()


@pytest.mark.parametrize("depth", [1, 2, 5, 6])
def test_a_filter_is_its_slices_side_by_side(depth) -> None:
    weight = np.random.default_rng(depth).normal(size=(2, depth, 3, 2)).astype(np.float32)
    shown = colours(filter_strip(weight, 2.0, TABLE))
    across, gap = int(np.ceil(np.sqrt(depth))), int(depth > 1)
    height = len(shown) // 2
    for o, c in np.ndindex(2, depth):
        top, left = o * height + c // across * (3 + gap), c % across * (2 + gap)
        assert (shown[top : top + 3, left : left + 2] == colours(map_image(weight[o, c], 2.0, TABLE))).all()


def test_large_filters_for_red_green_and_blue_are_coloured() -> None:
    weight = np.zeros((2, 3, 5, 5), np.float32)
    weight[1, 0] = 4.0  # red in the second filter, on its own scale
    weight[0] = -1.0
    shown = filter_strip(weight, np.array([1.0, 4.0], np.float32), TABLE)
    assert (shown.width(), shown.height()) == (5, 10)
    assert shown.pixelColor(2, 2).getRgb()[:3] == (0, 0, 0)
    assert shown.pixelColor(2, 7).getRgb()[:3] == (255, 128, 128)


@pytest.mark.parametrize(
    ("values", "power", "words"),
    [
        ([0.0, 0.0], 0, ""),
        ([0.5, -0.012], 0, ""),
        ([9.0e-3, -1e-5], -3, " · 10⁻³"),
        ([-2.3e-5], -5, " · 10⁻⁵"),
        ([12_345.0], 4, " · 10⁴"),
        ([np.nan, np.inf, 1.0], 0, ""),
    ],
)
def test_very_small_and_very_large_numbers_are_multiples_of_a_power_of_ten(values, power, words) -> None:
    assert power_of(np.array(values)) == power
    assert power_in_words(power) == words
