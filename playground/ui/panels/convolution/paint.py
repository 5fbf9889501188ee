"""How maps, kernels and numbers are drawn in every level of the convolution view."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QFontMetricsF, QImage, QPainter, QPen
from PySide6.QtWidgets import QApplication

from playground.ui.kit.colours import (
    draw_part,
    gradient_table,
    indexed_image,
    mix,
    sample_image,
    signed_index,
    signed_table,
)
from playground.ui.kit.numbers import fmt
from playground.ui.kit.theme import Theme, cached

Array = NDArray[Any]

#: numbers are written into cells at least so wide, and so high; into smaller ones only on hover
LEGIBLE, LOWEST = 26, 17
#: what has no room is said to be about 0 below this, else left out
SLIGHT = 0.01
#: whole numbers below are written without decimals
WHOLE = 1000


class Ink:
    """Fonts, pens and tables of one theme."""

    def __init__(self, theme: Theme) -> None:
        self.theme = theme
        self.title, self.small, self.tiny = font(12, bold=True), font(11), font(10)
        self.number, self.large = font(12), font(15, bold=True)
        self.small_metrics = QFontMetricsF(self.small)
        self.title_metrics = QFontMetricsF(self.title)
        self.text, self.muted = QColor(theme.text), QColor(theme.muted)
        self.panel, self.sunken = QColor(theme.panel), QColor(theme.sunken)
        self.border = QPen(QColor(theme.border), 1.0)
        self.neutral = QColor(theme.neutral)
        self.accent = QColor(theme.accent)
        self.gradient = QColor(theme.gradient)
        #: the linked cursor: on any colour, light or dark, one of its two lines can be seen
        self.cursor = QPen(QColor(theme.text), 3.0)
        self.cursor_inside = QPen(QColor("#ffd84d"), 1.4)
        self.winner = QPen(QColor(theme.class_colour(1)), 3.0)
        self.hatch = QBrush(QColor(mix(theme.muted, theme.panel, 0.45)), Qt.BrushStyle.BDiagPattern)
        self.dropped = QBrush(QColor(theme.warning), Qt.BrushStyle.DiagCrossPattern)
        self.wire = QPen(QColor(mix(theme.muted, theme.panel, 0.3)), 1.4)
        self.values, self.gradients = signed_table(theme), gradient_table(theme)

    def table(self, backward: bool) -> list[int]:
        return self.gradients if backward else self.values

    def cells(self, backward: bool) -> list[tuple[QColor, QColor, QColor]]:
        """For each entry of a table its colour, and those of the number and of a small note on it."""
        return self._gradient_cells if backward else self._value_cells

    @cached_property
    def _value_cells(self) -> list[tuple[QColor, QColor, QColor]]:
        return [_on(entry) for entry in self.values]

    @cached_property
    def _gradient_cells(self) -> list[tuple[QColor, QColor, QColor]]:
        return [_on(entry) for entry in self.gradients]

    def end(self, value: float, backward: bool = False) -> QColor:
        """The end of the scale on the side of ``value``, for numbers in large print."""
        theme = self.theme
        ends = (theme.gradient_negative, theme.gradient) if backward else (theme.negative, theme.positive)
        return QColor(ends[value >= 0])


def _on(entry: int) -> tuple[QColor, QColor, QColor]:
    fill = QColor.fromRgba(entry)
    paper = QColor("#000000") if fill.lightnessF() > 0.56 else QColor("#ffffff")
    faint = QColor(paper)
    faint.setAlpha(205)
    return fill, paper, faint


def font(pixels: int, bold: bool = False) -> QFont:
    made = QFont(QApplication.font())
    made.setPixelSize(pixels)
    made.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
    return made


@cached
def ink_of(theme: Theme) -> Ink:
    """The ink of a theme, made once."""
    return Ink(theme)


def map_image(values: Array, limit: float, table: list[int]) -> QImage:
    """One map ``(H, W)`` on the scale ``±limit``."""
    return indexed_image(signed_index(values, limit), table)


def input_image(values: Array) -> QImage:
    """The picture ``(C, H, W)`` that enters the network: grey, or in colours where it has three channels."""
    return sample_image(values.astype(np.float32), float(values.min()), float(values.max()))


def channel_image(values: Array, channel: int) -> QImage:
    """One channel of the picture that enters, in grey on the scale of all channels."""
    return sample_image(
        values[channel : channel + 1].astype(np.float32), float(values.min()), float(values.max())
    )


def map_strip(maps: Array, limits: Array | float, table: list[int]) -> QImage:
    """Maps ``(C, H, W)`` below one another, on the scale ``±limits``, one for all or ``(C,)``: one picture costs as much as the next."""
    if isinstance(limits, np.ndarray):
        maps, limits = maps / np.where(limits > 0, limits, 1)[:, None, None], 1.0
    return indexed_image(signed_index(maps.reshape(-1, maps.shape[2]), limits), table)


def in_colours(shape: tuple[int, ...]) -> bool:
    """Whether filters of this shape ``(C, kh, kw)`` are shown as small pictures: those for red, green and blue, if large enough."""
    return shape[0] == 3 and shape[1] > 4


def filter_strip(weight: Array, limits: Array | float, table: list[int]) -> QImage:
    """Filters ``(O, C, kh, kw)`` below one another: the slices of each side by side in a block; red, green and blue in colours."""
    count, depth, height, width = weight.shape
    if in_colours(weight.shape[1:]):
        scale = np.reshape(np.where(np.greater(limits, 0), limits, 1), (-1, 1, 1, 1))
        below = (weight / scale).transpose(1, 0, 2, 3).reshape(3, -1, width)
        return sample_image(below.astype(np.float32), -1.0, 1.0)
    across = int(np.ceil(np.sqrt(depth)))
    down = -(-depth // across)
    gap = 1 if depth > 1 else 0
    cells = np.zeros((count, down * across, height + gap, width + gap), np.float32)
    cells[:, :depth, :height, :width] = weight
    blocks = cells.reshape(count, down, across, height + gap, width + gap).transpose(0, 1, 3, 2, 4)
    blocks = blocks.reshape(count, down * (height + gap), across * (width + gap))
    return map_strip(blocks[:, : blocks.shape[1] - gap, : blocks.shape[2] - gap], limits, table)


def filter_image(kernel: Array, limit: float, table: list[int]) -> QImage:
    """One filter ``(C, kh, kw)``."""
    return filter_strip(kernel[None], limit, table)


def draw_strip(painter: QPainter, strip: QImage, count: int, rects: Mapping[int, QRectF], pen: QPen) -> None:
    """Draw those of the ``count`` pictures of a strip that have a place, with sharp pixels and rims."""
    height = strip.height() / count
    for index, rect in rects.items():
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, strip.width() > rect.width())
        draw_part(painter, rect, strip, QRectF(0, index * height, strip.width(), height))
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRects(list(rects.values()))


def draw(painter: QPainter, image: QImage, rect: QRectF, pen: QPen | None = None) -> None:
    """A picture with sharp pixels in ``rect``, with a rim."""
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, image.width() > rect.width())
    painter.drawImage(rect, image)
    if pen is not None:
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(rect)


def fitted(rect: QRectF, height: int, width: int) -> QRectF:
    """The largest rectangle of these proportions in ``rect``, at its top left; whole pixels per cell where there is room."""
    scale = min(rect.width() / width, rect.height() / height)
    if scale >= 2:
        scale = float(int(scale))
    return QRectF(rect.x(), rect.y(), width * scale, height * scale)


def cell_at(rect: QRectF, at: QPointF, height: int, width: int) -> tuple[int, int] | None:
    """Row and column of the map drawn in ``rect`` under a point."""
    if not rect.contains(at):
        return None
    i = int((at.y() - rect.y()) * height / rect.height())
    j = int((at.x() - rect.x()) * width / rect.width())
    return min(i, height - 1), min(j, width - 1)


def cells_rect(rect: QRectF, size: tuple[int, int], rows: Sequence[int], columns: Sequence[int]) -> QRectF:
    """Where cells from the first to the last of ``rows`` and ``columns`` lie on a map ``size`` drawn in ``rect``."""
    y, x = rect.height() / size[0], rect.width() / size[1]
    return QRectF(
        rect.x() + columns[0] * x,
        rect.y() + rows[0] * y,
        (columns[-1] - columns[0] + 1) * x,
        (rows[-1] - rows[0] + 1) * y,
    )


def draw_cursor(painter: QPainter, ink: Ink, rect: QRectF) -> None:
    """The linked cursor round some cells."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    rect = rect.adjusted(-0.5, -0.5, 0.5, 0.5)
    for pen in (ink.cursor, ink.cursor_inside):
        painter.setPen(pen)
        painter.drawRect(rect)


def write(
    painter: QPainter,
    rect: QRectF,
    text: str,
    colour: QColor,
    used: QFont,
    align: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter,
) -> None:
    painter.setFont(used)
    painter.setPen(colour)
    painter.drawText(rect, align, text)


CENTRE = Qt.AlignmentFlag.AlignCenter


def _write_number(
    painter: QPainter, ink: Ink, middle: float, base: float, text: str, colour: QColor, small: bool
) -> None:
    """A number in a cell. Twice as fast as a text in a rectangle."""
    painter.setFont(ink.tiny if small else ink.number)
    painter.setPen(colour)
    painter.drawText(QPointF(middle - _advance(text, small=small) / 2, base), text)


@lru_cache(maxsize=8192)
def short(value: float, width: float) -> str:
    """A number with as many digits, three at most, as fit so many pixels in small print; "" where not even one does.

    A last resort is to leave out the 0 in front of the point.
    """
    if abs(value) < WHOLE and value.is_integer():
        return fmt(int(value))
    texts = []
    for digits in (3, 2, 1):
        said = fmt(value, digits)
        texts += [said, said.replace("0.", ".", 1)] if abs(value) < 1 and digits < 3 else [said]
    return next((text for text in texts if _advance(text, small=True) <= width), "")


def power_of(values: Array) -> int:
    """The power of ten that a matrix is written as multiples of: 0 where its largest number is written well as it is."""
    most = float(np.nan_to_num(np.abs(values), posinf=0.0).max(initial=0.0))
    return 0 if most == 0 or 0.01 <= most < 10_000 else math.floor(math.log10(most))


def power_in_words(power: int) -> str:
    """· 10⁻⁴; "" for none."""
    return f" · 10{str(power).translate(_RAISED)}" if power else ""


_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@lru_cache(maxsize=4096)
def _advance(text: str, *, small: bool) -> float:
    """Pixels that a number is wide."""
    return _metrics(small).horizontalAdvance(text)


@lru_cache(maxsize=2)
def _metrics(small: bool) -> QFontMetricsF:
    return QFontMetricsF(font(10 if small else 12))


def draw_grid(
    painter: QPainter,
    ink: Ink,
    rect: QRectF,
    values: Array,
    limit: float,
    backward: bool = False,
    inside: Array | None = None,
    ring: tuple[int, int] | None = None,
    notes: Sequence[Sequence[str]] | None = None,
    power: int = 0,
) -> None:
    """A matrix ``(h, w)`` as coloured cells with their numbers.

    ``inside``: where it is False the cell is padding, hatched. ``ring``: the cell that wins. ``notes``: a second, small line for each.
    ``power``: numbers are written as multiples of this power of ten.
    """
    rows, columns = values.shape
    height, width = rect.height() / rows, rect.width() / columns
    colours = ink.cells(backward)
    index = signed_index(values, limit).tolist()
    gap = 1.0 if min(height, width) > 8 else 0.0
    legible = width >= LEGIBLE and height >= LOWEST
    said: list[list[str]] = []
    small = False
    if legible:
        scaled = values / 10.0**power if power else values
        said = [
            [short(v, width - gap - 2) or ("≈0" if abs(v) < SLIGHT else "…") for v in row]
            for row in scaled.tolist()
        ]
        small = any(_advance(text, small=False) > width - 6 for row in said for text in row)
    # All cells have their notes or none: some alone would look as if they were special.
    noted = (
        notes is not None
        and height >= LEGIBLE + 8
        and all(_advance(note, small=True) <= width - 6 for row in notes for note in row)
    )
    for i in range(rows):
        for j in range(columns):
            x, y = rect.x() + j * width, rect.y() + i * height
            fill, paper, faint = colours[index[i][j]]
            painter.fillRect(QRectF(x, y, width - gap, height - gap), fill)
            padded = inside is not None and not inside[i, j]
            if padded:
                painter.fillRect(QRectF(x, y, width - gap, height - gap), ink.hatch)
            if not legible:
                continue
            middle = x + (width - gap) / 2
            if notes is None or padded or not noted:
                _write_number(painter, ink, middle, y + (height - gap) / 2 + 4, said[i][j], paper, small)
                continue
            _write_number(painter, ink, middle, y + height * 0.36 + 3, said[i][j], paper, small)
            painter.setPen(faint)
            painter.setFont(ink.tiny)
            painter.drawText(
                QPointF(middle - _advance(notes[i][j], small=True) / 2, y + height * 0.84), notes[i][j]
            )
    if ring is not None:
        i, j = ring
        painter.setPen(ink.winner)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        around = QRectF(rect.x() + j * width, rect.y() + i * height, width - gap, height - gap)
        painter.drawRoundedRect(around.adjusted(1, 1, -1, -1), 5, 5)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
