"""A drawing is put into a picture as the data's own subjects stand in theirs."""

from __future__ import annotations

import numpy as np
import pytest

from engine.data.framing import Framing, fitted


def squares(side: int, top: int, left: int, low=0.0, high=1.0, count=5):
    x = np.full((count, 1, 20, 20), low)
    x[:, 0, top : top + side, left : left + side] = high
    return x


def box(picture, level=0.5):
    rows, columns = np.nonzero(picture > level)
    return rows.min(), rows.max(), columns.min(), columns.max()


def test_what_is_measured_is_there() -> None:
    found = Framing.measure(squares(8, 4, 6))
    assert found.length == 8
    assert found.centre == (8.0, 10.0)
    assert (found.background, found.ink) == (0.0, 1.0)


@pytest.mark.parametrize("where", [(5, 70), (60, 8)])
def test_a_drawing_is_scaled_and_centred(where) -> None:
    drawing = np.zeros((112, 112))
    drawing[where[0] : where[0] + 40, where[1] : where[1] + 40] = 1.0
    picture = Framing.measure(squares(8, 4, 6)).place(drawing)
    assert picture.shape == (1, 20, 20)
    assert box(picture[0]) == (4, 11, 6, 13)  # wherever it was drawn
    assert picture.sum() == pytest.approx(64.0)


def test_dark_ink_on_bright_paper_is_followed() -> None:
    framing = Framing.measure(squares(6, 7, 7, low=16.0, high=2.0))
    drawing = np.zeros((40, 40))
    drawing[10:20, 10:20] = 1.0
    picture = framing.place(drawing)[0]
    assert (picture.min(), picture.max()) == (2.0, 16.0)
    assert picture[0, 0] == 16.0


def test_nothing_drawn_is_background() -> None:
    framing = Framing.measure(np.repeat(squares(6, 7, 7, low=-1.0), 3, axis=1))
    assert (framing.place(np.zeros((9, 9))) == -1.0).all()
    assert framing.place(np.zeros((9, 9))).shape == (3, 20, 20)


def test_pictures_without_a_subject_are_borne() -> None:
    framing = Framing.measure(np.zeros((2, 1, 6, 6)))
    assert framing.length == 6
    assert np.isfinite(framing.place(np.eye(12))).all()


def test_the_sentence_has_the_numbers() -> None:
    assert "8 of 20 pixels" in Framing.measure(squares(8, 4, 6)).in_words()


def test_a_picture_is_cut_to_its_middle_and_averaged() -> None:
    picture = np.zeros((40, 80, 3))
    picture[:, 20:60] = (255, 0, 0)
    red = fitted(picture, (3, 8, 8), 0.0, 1.0)
    np.testing.assert_allclose(red[0], 1.0)
    np.testing.assert_allclose(red[1:], 0.0)
    grey = fitted(picture, (1, 8, 8), -1.0, 1.0)
    np.testing.assert_allclose(grey, -1 + 2 * 0.299)


def test_a_small_picture_is_enlarged() -> None:
    np.testing.assert_allclose(fitted(np.full((3, 5), 51.0), (1, 16, 16), 0.0, 10.0), 2.0)
