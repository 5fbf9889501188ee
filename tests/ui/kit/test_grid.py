"""A grid of numbers as data: what is written fits its cell or is left out, and each number is found where it belongs."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QImage, QPainter

from engine.trace import Place
from playground.ui.kit.grid import LEGIBLE, NOTED, SMALL, Grid, Laid, Ring, cell_ring, centred, short
from playground.ui.kit.grid_paint import paint_grid
from playground.ui.kit.ink import advance, ink_of
from playground.ui.kit.numbers import fmt
from playground.ui.kit.theme import DARK, LIGHT

NUMBERS = np.array([[0.0, 1.0, -2.0, 998.0], [0.5, -0.25, 1e-9, -1.2345e-7], [np.pi, -99999.5, 3e12, -0.001]])


def laid(cells, width: float, height: float, **more) -> Laid:
    rows, columns = np.shape(cells)
    return Laid.whole(Grid("w", "", np.asarray(cells), **more), QRectF(3, 5, width * columns, height * rows))


def painted(shown: Laid, theme=LIGHT, zoom: float = 1.0) -> QImage:
    image = QImage(400, 300, QImage.Format.Format_RGB32)
    image.fill(QColor("#123456"))
    painter = QPainter(image)
    painter.scale(zoom, zoom)
    paint_grid(painter, ink_of(theme), shown)
    painter.end()
    return image


@pytest.mark.parametrize("height", [13.0, 16.0, 40.0])
@pytest.mark.parametrize("width", [26.0, 31.0, 44.0, 90.0])
@pytest.mark.parametrize("before", ["", "← "])
@pytest.mark.parametrize("least", [SMALL, 11])
def test_a_number_fits_its_cell_or_is_left_out(qapp, width, height, before, least) -> None:
    shown = laid(NUMBERS, width, height, limit=4.0, before=before, least=least)
    written = shown.written
    assert written is not None
    assert written.pixels >= least
    for row, values in zip(written.numbers, NUMBERS, strict=True):
        for text, value in zip(row, values.tolist(), strict=True):
            assert advance(text, written.pixels) <= width - 2
            digits = {fmt(int(value))} if value.is_integer() and abs(value) < 1000 else set()
            digits |= {fmt(value, n) for n in (1, 2, 3)}
            digits |= {d.replace("0.", ".", 1) for d in digits if abs(value) < 1}
            assert text in {"", *(before + d for d in digits)}
    assert written.numbers[0][0] == before + "0"
    if width == 90.0:
        assert written.numbers[2][0] == f"{before}3.14"


def test_the_limit_of_what_can_be_read_is_one(qapp) -> None:
    assert laid(NUMBERS, *LEGIBLE).written is not None
    assert laid(NUMBERS, LEGIBLE[0] - 1, LEGIBLE[1]).written is None
    assert laid(NUMBERS, LEGIBLE[0], LEGIBLE[1] - 1).written is None


def test_all_cells_have_notes_or_none(qapp) -> None:
    notes = [["a·b"] * 4] * 3
    assert laid(NUMBERS, 60, NOTED, notes=notes).written.notes == notes
    assert laid(NUMBERS, 60, NOTED - 1, notes=notes).written.notes is None
    longer = [*notes[:2], [*notes[0][:3], "much too long for a cell"]]
    assert laid(NUMBERS, 60, NOTED, notes=longer).written.notes is None


def test_numbers_are_multiples_of_the_power_they_are_given(qapp) -> None:
    shown = laid([[2e-5, -7.5e-6]], 60, 30, power=-5)
    assert shown.written.numbers == [["2", "−0.750"]] or shown.written.numbers == [["2.00", "−0.750"]]


@pytest.mark.parametrize("most", [1, 2, 3])
def test_digits_are_given_up_before_the_number(qapp, most) -> None:
    texts = [short(-0.012345, width, most) for width in range(80, 0, -1)]
    lengths = [len(text) for text in texts]
    assert texts[0] == fmt(-0.012345, most)
    assert lengths == sorted(lengths, reverse=True)
    assert all(advance(text, SMALL) <= width for text, width in zip(texts, range(80, 0, -1), strict=True))
    assert texts[-1] == ""


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_what_is_not_known_is_seen_through(qapp, theme) -> None:
    image = painted(laid([[1.0, np.nan], [-1.0, 0.0]], 6, 6), theme)
    assert image.pixelColor(5, 7).name() == theme.positive
    assert image.pixelColor(12, 8).name() == "#123456"
    assert image.pixelColor(5, 13).name() == theme.negative


def test_cells_are_said_with_every_digit(qapp) -> None:
    inside = np.array([[True, False]])
    shown = laid([[0.123456789, 0.0]], 40, 40, inside=inside)
    assert shown.words_for(0, 0) == "w[1, 1] = 0.123456789"
    assert shown.words_for(0, 1) == "w[1, 2] = 0 (padding)"
    assert laid([[np.nan]], 40, 40).words_for(0, 0) == "w[1, 1] = not computed yet"


@pytest.mark.parametrize(
    ("least", "zoom", "seen"), [(SMALL, 1.0, True), (SMALL, 0.95, False), (11, 0.95, True), (11, 0.9, False)]
)
def test_numbers_too_small_to_be_read_where_it_is_zoomed_out_are_not_written(qapp, least, zoom, seen) -> None:
    """Their cells are so low that the smallest letters are taken."""
    with_numbers = laid([[1.5, 2.0]], 40, 14, least=least)
    without = laid([[1.5, 2.0]], 40, 14, least=least)
    without.__dict__["written"] = None
    assert with_numbers.written.pixels == least
    assert (painted(with_numbers, zoom=zoom) != painted(without, zoom=zoom)) == seen


def test_a_cell_is_where_it_is_found(qapp) -> None:
    grid = Grid("w", "", np.arange(60.0).reshape(6, 10))
    part = Laid(grid, QRectF(10, 20, 90, 60), range(2, 5), range(4, 7))
    for row in part.rows:
        for column in part.columns:
            assert part.cell_at(part.rect_of(row, column).center()) == (row, column)
    assert part.cell_at(QPointF(9, 30)) is None
    assert part.rect_round(Ring((0, 3), (6, 10))) == part.rect_of(2, 6)
    assert part.rect_round(cell_ring(0, 0)) is None


@pytest.mark.parametrize("size", [(3, 4), (40, 50)], ids=["few", "many"])
def test_a_number_is_found_by_its_place(qapp, size) -> None:
    place = lambda i, j: Place("a", "value", "", (0, 2, i, j))
    shown = laid(np.zeros(size), 5, 5, place=place)
    wanted = place(2, 3)
    assert shown.where(wanted, lambda other: other == wanted) == (2, 3)
    elsewhere = Place("b", "value", "", (0, 2, 2, 3))
    assert shown.where(elsewhere, lambda other: other == elsewhere) is None


def test_a_number_of_a_large_picture_is_found_in_whichever_way_it_is_counted(qapp) -> None:
    flat = lambda i, j: Place("loss", "target", "", (0, 40 * i + j))
    stacked = lambda i, j: Place("a", "value", "", (0, i // 30, i % 30, j))
    for place, size in ((flat, (30, 40)), (stacked, (90, 40))):
        shown = laid(np.zeros(size), 5, 5, place=place)
        wanted = place(size[0] - 2, 17)
        assert shown.where(wanted, lambda other, wanted=wanted: other == wanted) == (size[0] - 2, 17)


def test_a_cell_of_a_window_is_found_though_it_stands_elsewhere(qapp) -> None:
    rows, columns = (-1, 0, 1), (6, 7, 8)
    place = lambda u, v: Place("a", "value", "", (0, 2, rows[u], columns[v])) if rows[u] >= 0 else None
    shown = laid(np.zeros((3, 3)), 5, 5, place=place)
    wanted = Place("a", "value", "", (0, 2, 1, 7))
    assert shown.where(wanted, lambda other: other == wanted) == (2, 1)


@pytest.mark.parametrize("style", ["strong", "weak", "winner", "cursor"])
@pytest.mark.parametrize("side", [4.0, 30.0])
def test_every_ring_is_seen_and_stays_at_its_cells(qapp, style, side) -> None:
    plain, ringed = (
        painted(laid(np.zeros((5, 5)), side, side, rings=rings)) for rings in ((), (cell_ring(2, 2, style),))
    )
    changed = [
        (x, y) for x in range(200) for y in range(200) if plain.pixelColor(x, y) != ringed.pixelColor(x, y)
    ]
    assert changed
    around = laid(np.zeros((5, 5)), side, side).rect_of(2, 2).adjusted(-4, -4, 4, 4)
    assert all(around.contains(QPointF(x, y)) for x, y in changed)


def test_proportions_are_kept_in_the_middle(qapp) -> None:
    assert centred(QRectF(10, 10, 40, 20), 2, 2) == QRectF(20, 10, 20, 20)
    assert centred(QRectF(10, 10, 20, 40), 1, 2) == QRectF(10, 25, 20, 10)


@pytest.mark.parametrize(
    "number", [0.5, np.float64(0.5), np.float32(0.5)], ids=lambda number: type(number).__name__
)
def test_the_end_of_the_scale_is_that_of_a_numbers_sign(number) -> None:
    ink = ink_of(LIGHT)
    assert ink.end(number).name() == LIGHT.positive
    assert ink.end(-number).name() == LIGHT.negative
    assert ink.end(number, backward=True).name() == LIGHT.gradient
    assert ink.end(-number, backward=True).name() == LIGHT.gradient_negative
