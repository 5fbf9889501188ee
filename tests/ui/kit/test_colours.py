"""Numbers become table entries, and the entries the theme's colours."""

import numpy as np
import pytest
from PySide6.QtGui import QColor

from playground.ui.kit import colours
from playground.ui.kit.theme import DARK, LIGHT


def test_mix():
    assert colours.mix("#000000", "#ffffff", 0.0) == "#000000"
    assert colours.mix("#000000", "#ffffff", 0.2) == "#333333"
    assert colours.mix("#102030", "#ffffff", 1.0) == "#ffffff"


def test_signed_values_are_symmetric_about_the_neutral_middle():
    index = colours.signed_index(np.array([-9.0, -2.0, 0.0, 2.0, 9.0]), limit=2.0)
    assert index.tolist() == [0, 0, 128, 255, 255]


def test_values_that_are_not_numbers_are_drawn_without_a_warning():
    index = colours.signed_index(np.array([np.nan, np.inf, -np.inf, 1e300]), limit=1.0)
    assert index.tolist() == [128, 255, 0, 255]
    assert colours.signed_index(np.zeros(3), limit=0.0).tolist() == [128, 128, 128]


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda t: t.name)
def test_an_image_takes_the_colours_of_its_table(theme):
    image = colours.indexed_image(np.array([[0, 128, 255]], np.uint8), colours.signed_table(theme))
    got = [image.pixelColor(x, 0).name() for x in range(3)]
    assert got[0] == theme.negative
    assert got[2] == theme.positive
    middle, neutral = QColor(got[1]), QColor(theme.neutral)
    assert abs(middle.red() - neutral.red()) + abs(middle.blue() - neutral.blue()) <= 4


@pytest.mark.parametrize("classes", [3, 8, 10])
def test_each_class_fades_from_neutral_to_its_own_colour(classes):
    labels = np.arange(classes)
    table = colours.class_table(LIGHT, classes)
    surely = colours.class_index(labels, np.ones(classes), classes)
    hardly = colours.class_index(labels, np.zeros(classes), classes)
    for k in range(classes):
        assert QColor(table[surely[k]]).name() == colours.area(LIGHT, k)
        assert QColor(table[hardly[k]]).name() == LIGHT.neutral


def test_sample_images():
    grey = colours.sample_image(np.array([[[0.0, 8.0, 16.0]]]), 0.0, 16.0)
    assert [grey.pixelColor(x, 0).red() for x in range(3)] == [0, 128, 255]
    colour = colours.sample_image(np.array([[[1.0]], [[0.0]], [[0.5]]]), 0.0, 1.0)
    assert colour.pixelColor(0, 0).getRgb()[:3] == (255, 0, 128)
    flat = colours.sample_image(np.ones((1, 2, 2)), 1.0, 1.0)  # a set without contrast
    assert flat.pixelColor(0, 0).red() == 0
