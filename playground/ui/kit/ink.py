"""Fonts, pens and tables of colours of one theme: what numbers, maps and names are painted with, in every view."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Literal

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QFontMetricsF, QPainter, QPen
from PySide6.QtWidgets import QApplication

from playground.ui.kit.colours import gradient_table, grey_table, mix, signed_table
from playground.ui.kit.theme import Theme, cached

#: which table of colours: values, gradients, or a picture in grey
Table = Literal["values", "gradients", "grey"]
LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
CENTRE = Qt.AlignmentFlag.AlignCenter
LEGIBLE = 10.0  #: pixels of a font that can be read
#: luminance above which black stands out more than white (WCAG's contrast)
_MIDDLE = 0.179


class Ink:
    """What is made once per theme. A subclass that is zoomed hints its letters otherwise, or has larger titles."""

    hinting = QFont.HintingPreference.PreferDefaultHinting
    title_size = 12

    def __init__(self, theme: Theme) -> None:
        self.theme = theme
        self.title, self.small, self.tiny = (
            self.font(self.title_size, bold=True),
            self.font(11),
            self.font(10),
        )
        self.number, self.large = self.font(12), self.font(15, bold=True)
        self.letters = {
            12: self.number,
            11: self.small,
            10: self.tiny,
        }  #: of numbers in cells, by their pixels
        self.title_metrics, self.small_metrics = QFontMetricsF(self.title), QFontMetricsF(self.small)
        self.tiny_metrics = QFontMetricsF(self.tiny)
        self.text, self.muted = QColor(theme.text), QColor(theme.muted)
        self.panel, self.sunken = QColor(theme.panel), QColor(theme.sunken)
        self.border, self.neutral = QColor(theme.border), QColor(theme.neutral)
        self.accent, self.gradient = QColor(theme.accent), QColor(theme.gradient)
        #: the cursor of a window: on any colour, light or dark, one of its two lines can be seen
        self.cursor = QPen(self.text, 3.0)
        self.cursor_inside = QPen(QColor("#ffd84d"), 1.4)
        self.winner = QPen(QColor(theme.class_colour(1)), 3.0)
        self.struck = QPen(QColor(theme.error), 1.6)
        self.hatch = QBrush(QColor(mix(theme.muted, theme.panel, 0.45)), Qt.BrushStyle.BDiagPattern)
        self.dropped = QBrush(QColor(theme.warning), Qt.BrushStyle.DiagCrossPattern)
        self.wire = QPen(QColor(mix(theme.muted, theme.panel, 0.3)), 1.4)
        self._papers: dict[Table, list[tuple[QColor, QColor]]] = {}

    def font(self, pixels: int, bold: bool = False) -> QFont:
        """The program's font, so high."""
        made = QFont(QApplication.font())
        made.setPixelSize(pixels)
        made.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
        made.setHintingPreference(self.hinting)
        return made

    @cached_property
    def tables(self) -> dict[Table, list[int]]:
        """Each table's 256 colours, ``0xAARRGGBB``."""
        return {
            "values": signed_table(self.theme),
            "gradients": gradient_table(self.theme),
            "grey": grey_table(),
        }

    def papers(self, table: Table) -> list[tuple[QColor, QColor]]:
        """For each colour of a table those of the number, and of a small note, that can be read on it."""
        if table not in self._papers:
            self._papers[table] = [_readable_on(entry) for entry in self.tables[table]]
        return self._papers[table]

    def end(self, value: float, backward: bool = False) -> QColor:
        """The end of the scale on the side of ``value``, for numbers in large print."""
        theme = self.theme
        low, high = (
            (theme.gradient_negative, theme.gradient) if backward else (theme.negative, theme.positive)
        )
        return QColor(high if value >= 0 else low)


def _readable_on(entry: int) -> tuple[QColor, QColor]:
    ground = QColor.fromRgba(entry)
    parts = (ground.redF(), ground.greenF(), ground.blueF())
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    dark = 0.2126 * red + 0.7152 * green + 0.0722 * blue > _MIDDLE
    paper, faint = (QColor("#000000" if dark else "#ffffff") for _ in range(2))
    faint.setAlpha(205)
    return paper, faint


@cached
def ink_of(theme: Theme) -> Ink:
    """The ink of a theme, made once."""
    return Ink(theme)


def legible(painter: QPainter, pixels: int) -> bool:
    """Whether letters so high can be read, as the painter is zoomed."""
    return pixels * painter.worldTransform().m11() >= LEGIBLE - 0.01


def write(
    painter: QPainter, rect: QRectF, text: str, colour: QColor, used: QFont, align: Qt.AlignmentFlag = LEFT
) -> None:
    """A text in a rectangle."""
    painter.setFont(used)
    painter.setPen(colour)
    painter.drawText(rect, align, text)


@dataclass(frozen=True, eq=False)
class Text:
    """A text in a rectangle, as data: what is written there, and how."""

    rect: QRectF
    text: str
    colour: QColor
    font: QFont
    align: Qt.AlignmentFlag = LEFT

    def paint(self, painter: QPainter) -> None:
        """Write it."""
        write(painter, self.rect, self.text, self.colour, self.font, self.align)


@lru_cache(maxsize=8192)
def advance(text: str, pixels: int) -> float:
    """Pixels that a number is wide in a font so high."""
    return _metrics(pixels).horizontalAdvance(text)


@lru_cache(maxsize=8)
def _metrics(pixels: int) -> QFontMetricsF:
    font = QFont(QApplication.font())
    font.setPixelSize(pixels)
    return QFontMetricsF(font)
