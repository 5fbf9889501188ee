"""The terms of a sum as chips: symbols above, this step's numbers below; long sums show the largest and count the rest."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine.core import Array
from engine.trace import Equation, Operand, Term
from playground.ui.kit.colours import mix
from playground.ui.kit.fonts import small
from playground.ui.kit.linked import Linked, Zone, colour_of, words_for
from playground.ui.kit.numbers import count, fmt
from playground.ui.kit.symbols import draw, width
from playground.ui.kit.theme import Theme
from playground.ui.kit.view import Focus

#: so many terms are shown as they come; of more, the largest, sorted by size
MOST = 10
PAD, GAP, SIGN = 7.0, 4.0, 13.0  # inside a chip, between chips, for a sign between them
LINE = 17.0


@dataclass(frozen=True)
class Chip:
    """One term to be drawn.

    Args:
        term: what stands in it.
        running: the sum so far, where terms are sorted by size.
        current: the step is about this very term.
        later: the walk has not come to it yet.
    """

    term: Term
    running: float | None = None
    current: bool = False
    later: bool = False


@dataclass(frozen=True)
class Shown:
    """What is shown of an equation.

    Args:
        chips: terms, in the order they are drawn.
        more: how many are not.
        rest: what these add up to; where the largest wins, the largest of them; ``None`` where a function is taken of them.
        sorted: whether the largest come first.
    """

    chips: tuple[Chip, ...] = ()
    more: int = 0
    rest: float | None = None
    sorted: bool = False


def shown(equation: Equation, current: int = -1) -> Shown:
    """The terms of an equation that are worth a chip each; ``current`` is the number of the term that a step is about."""
    terms, n = equation.terms, len(equation.terms)
    if n <= MOST:
        chips = tuple(Chip(t, None, i == current, current >= 0 and i > current) for i, t in enumerate(terms))
        return Shown(chips)
    if current >= 0:  # a window round the one that the step is about
        first = min(max(current - MOST // 2, 0), n - MOST)
        window = range(first, first + MOST)
        chips = tuple(Chip(terms[i], None, i == current, i > current) for i in window)
        return Shown(chips, n - MOST, _rest(equation, np.r_[:first, first + MOST : n]))
    order = equation.order
    running = np.cumsum(terms.values[order[:MOST]]) if equation.rule == "sum" else None
    chips = tuple(
        Chip(terms[int(i)], float(running[k]) if running is not None else None)
        for k, i in enumerate(order[:MOST])
    )
    return Shown(chips, n - MOST, _rest(equation, order[MOST:]), sorted=True)


def _rest(equation: Equation, left: Array) -> float | None:
    """What the terms of these numbers come to."""
    if equation.rule == "function":
        return None
    values = equation.terms.values[left]
    return float(values.max() if equation.rule == "max" else values.sum())


def _running_words(running: float) -> str:
    return f"sum so far {fmt(running)}"


@dataclass
class _Layout:
    """Where things are for one width."""

    chips: list[QRectF] = field(default_factory=list)
    zones: list[Zone] = field(default_factory=list)
    # rect, number, belongs to the future
    factors: list[tuple[QRectF, Operand, bool]] = field(default_factory=list)
    more: QRectF = field(default_factory=QRectF)
    height: float = 0.0


class TermStrip(Linked):
    """Chips in as many rows as they need, with the signs between them."""

    def __init__(self, focus: Focus, theme: Theme, name: str, parent: QWidget | None = None) -> None:
        super().__init__(focus, theme, name, parent)
        self.shown = Shown()
        self._sign = "+"
        self._veiled = False
        self._layout = _Layout()
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def set_equation(self, equation: Equation | None, current: int = -1, veiled: bool = False) -> None:
        """Show the terms of ``equation``; ``None`` shows nothing. ``veiled``: their factors alone, as what they come to is asked."""
        self._veiled = veiled
        self.shown = Shown() if equation is None else shown(equation, current)
        self._sign = "+" if equation is None or equation.rule == "sum" else ","
        self.setVisible(bool(self.shown.chips))
        if self.shown.chips:
            words = ", ".join(" · ".join(words_for(f) for f in c.term.factors) for c in self.shown.chips)
            self.setAccessibleName(f"Terms: {words}")
            self._arrange()

    def sizeHint(self) -> QSize:
        return QSize(200, round(self._layout.height))

    def resizeEvent(self, event: QResizeEvent) -> None:
        if event.size().width() != event.oldSize().width():
            self._arrange()

    # --- layout -------------------------------------------------------------------------------------------------------

    def _arrange(self) -> None:
        """Lay the chips out for the width at hand."""
        made, x, y, row = _Layout(), 0.0, 0.0, 0.0
        for i, chip in enumerate(self.shown.chips):
            size = self._size(chip)
            before = SIGN if i else 0.0
            if x > 0 and x + before + size.width() > self.width():
                x, y, before = 0.0, y + row + GAP, SIGN
            rect = QRectF(x + before, y, size.width(), size.height())
            made.chips.append(rect)
            self._lay_factors(made, chip, rect)
            x, row = rect.right() + GAP, rect.height()
        if self.shown.more:
            words = self._more_words()
            room = QFontMetricsF(small(self.font())).horizontalAdvance(words) + 2 * PAD
            if x + SIGN + room > self.width():
                x, y = 0.0, y + row + GAP
            made.more = QRectF(x + SIGN, y, room, row)
        made.height = y + row + 2
        self._layout, self.zones = made, made.zones
        self.setFixedHeight(max(1, round(made.height)))
        self.update()

    def _size(self, chip: Chip) -> QRectF:
        factors = sum(self._factor_width(f) for f in chip.term.factors) + SIGN * (len(chip.term.factors) - 1)
        result = 0.0
        if len(chip.term.factors) > 1:
            result = SIGN + QFontMetricsF(self.font()).horizontalAdvance(self.written(chip.term.value))
        if chip.running is None:
            return QRectF(0, 0, factors + result + 2 * PAD, 2 * LINE + 6)
        words = QFontMetricsF(small(self.font())).horizontalAdvance(_running_words(chip.running))
        return QRectF(0, 0, max(factors + result, words) + 2 * PAD, 3 * LINE + 6)

    def _factor_width(self, factor: Operand) -> float:
        numbers = QFontMetricsF(self.font()).horizontalAdvance(self.written(factor.value))
        return max(width(factor.symbol, self.font()), numbers) + 4

    def _lay_factors(self, made: _Layout, chip: Chip, rect: QRectF) -> None:
        x = rect.x() + PAD
        for factor in chip.term.factors:
            room = self._factor_width(factor)
            place = QRectF(x, rect.y() + 2, room, 2 * LINE + 2)
            made.factors.append((place, factor, chip.later))
            made.zones.append(Zone(place, words_for(factor), factor.place))
            x += room + SIGN

    def _more_words(self) -> str:
        more, rest = self.shown.more, None if self._veiled else self.shown.rest
        said = f"{count(more)} more term{'s' if more > 1 else ''}"
        largest = "the largest " if self._sign == "," and more > 1 else ""
        return said if rest is None else f"{said}: {largest}{self.written(rest)}"

    # --- painting -----------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        theme, font = self.theme, self.font()
        for i, (chip, rect) in enumerate(zip(self.shown.chips, self._layout.chips, strict=True)):
            self._paint_chip(painter, chip, rect)
            if i:
                self._write(
                    painter, QRectF(rect.x() - SIGN, rect.y(), SIGN, rect.height()), self._sign, theme.muted
                )
        for rect, factor, later in self._layout.factors:
            self._paint_factor(painter, rect, factor, later, font)
        if self.shown.more:
            more = self._layout.more
            self._write(
                painter, QRectF(more.x() - SIGN, more.y(), SIGN, more.height()), self._sign, theme.muted
            )
            painter.setFont(small(font))
            self._write(painter, more, self._more_words(), theme.muted)
        painter.end()

    def _paint_chip(self, painter: QPainter, chip: Chip, rect: QRectF) -> None:
        theme = self.theme
        painter.setPen(
            QPen(QColor(theme.accent if chip.current else theme.border), 2.0 if chip.current else 1.0)
        )
        painter.setBrush(QColor(theme.sunken))
        painter.drawRoundedRect(rect.adjusted(1, 1, -1, -1), 6, 6)
        colour = mix(theme.muted, theme.panel, 0.4) if chip.later else theme.text
        painter.setFont(self.font())
        x = rect.x() + PAD
        for i, factor in enumerate(chip.term.factors):
            x += self._factor_width(factor)
            last = i == len(chip.term.factors) - 1
            if last and i == 0:
                break
            sign = QRectF(x, rect.y() + 3 + LINE, SIGN, LINE)
            self._write(painter, sign, "=" if last else "·", theme.muted)
            x += SIGN
        if len(chip.term.factors) > 1:
            result = QRectF(x, rect.y() + 3 + LINE, rect.right() - x - PAD + 2, LINE)
            number = "?" if self._veiled else self.written(chip.term.value)
            self._write(painter, result, number, colour, Qt.AlignmentFlag.AlignLeft)
        if chip.running is not None:
            painter.setFont(small(self.font()))
            below = QRectF(rect.x() + PAD, rect.y() + 3 + 2 * LINE, rect.width() - 2 * PAD, LINE)
            words = "" if self._veiled else _running_words(chip.running)
            self._write(painter, below, words, theme.muted, Qt.AlignmentFlag.AlignLeft)
            painter.setFont(self.font())

    def _paint_factor(
        self, painter: QPainter, rect: QRectF, factor: Operand, later: bool, font: QFont
    ) -> None:
        theme = self.theme
        if self.lit(factor.place):
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(mix(theme.panel, colour_of(theme, factor.place), 0.25)))
            painter.drawRoundedRect(rect, 4, 4)
        tint = colour_of(theme, factor.place)
        colour = QColor(mix(tint, theme.panel, 0.55) if later else tint)
        room = width(factor.symbol, font)
        start = QPointF(rect.center().x() - room / 2, rect.y() + LINE - 4)
        draw(painter, start, factor.symbol, font, colour)
        painter.setFont(font)
        self._write(
            painter,
            QRectF(rect.x(), rect.y() + 1 + LINE, rect.width(), LINE),
            self.written(factor.value),
            colour.name(),
        )

    @staticmethod
    def _write(
        painter: QPainter,
        rect: QRectF,
        text: str,
        colour: str,
        align: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignHCenter,
    ) -> None:
        painter.setPen(QColor(colour))
        painter.drawText(rect, align | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextDontClip, text)
