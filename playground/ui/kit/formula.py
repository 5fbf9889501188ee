"""Formulas, typeset from the LaTeX that stands in the engine."""

from __future__ import annotations

import logging
import math
import re
import warnings
from functools import cache, lru_cache

from PySide6.QtCore import QByteArray, QRectF, QSizeF, Qt, QTimer
from PySide6.QtGui import (
    QAction,
    QColor,
    QGuiApplication,
    QImage,
    QPainter,
    QPaintEvent,
    QPixmap,
    QResizeEvent,
)
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QScrollArea, QWidget
from shiboken6 import isValid

from playground.ui.kit.theme import Theme

log = logging.getLogger(__name__)

#: ziamath's unit: formulas are typeset at this size once and scaled when painted
EM = 24.0
#: how much smaller than wished a formula may become before it scrolls
SHRINK = 0.72
#: pixels between the lines of a formula
LEADING = 10


@cache
def _ziamath():
    with warnings.catch_warnings():
        # WORKAROUND for ziamath 0.13, which opens its font in a way that Python 3.11 and 3.12 call deprecated.
        warnings.simplefilter("ignore", DeprecationWarning)
        import ziamath  # a third of a second, and only who looks at a formula needs it
    ziamath.config.svg2 = False  # type: ignore[attr-defined]  # Qt's SVG knows no <use> of symbols from SVG 2
    return ziamath


#: typeset formulas that are kept; whoever steps through an update sees thousands
KEPT = 2000
_svgs: dict[str, str] = {}  # the newest of all that were ever shown


def svg(latex: str) -> str:
    """``latex`` as SVG in black at ``EM``; "" where it cannot be read (the raw text is then shown instead)."""
    if latex not in _svgs:
        _svgs[latex] = _typeset(latex)
        if len(_svgs) > KEPT:
            del _svgs[next(iter(_svgs))]
    return _svgs[latex]


def _typeset(latex: str) -> str:
    typesetter = _ziamath()
    try:
        # WORKAROUND for ziamath 0.13: brackets round a sum with an index grow fifty times too high, unless it is said where that stands.
        placed = re.sub(r"\\(sum|prod)(?=_)", r"\\\1\\limits", latex)
        return typesetter.Math.fromlatex(placed, size=EM, color="#000000").svg()
    except Exception:
        # Whatever the parser raises at odd LaTeX: a formula is no reason to lose the window.
        log.info("This formula cannot be typeset: %s", latex, exc_info=True)
        return ""


@lru_cache(maxsize=512)
def renderer(latex: str, colour: str) -> QSvgRenderer | None:
    """What paints ``latex`` in ``colour`` (``#rrggbb``) at any size; ``None`` where it cannot be typeset."""
    found = svg(latex).replace("#000000", colour)
    made = QSvgRenderer(QByteArray(found.encode())) if found else None
    return made if made is not None and made.isValid() else None


def size(latex: str, pixels: float) -> QSizeF:
    """How much room ``latex`` takes where its letters are ``pixels`` high; empty where it cannot be typeset."""
    found = renderer(latex, "#000000")
    return QSizeF(found.viewBoxF().size()) * (pixels / EM) if found else QSizeF()


def pixmap(latex: str, colour: str, pixels: float, ratio: float) -> QPixmap:
    """A picture of ``latex`` for a screen with ``ratio`` device pixels to the pixel; null where it cannot be typeset."""
    found, room = renderer(latex, colour), size(latex, pixels)
    if found is None:
        return QPixmap()
    image = QImage((room * ratio).toSize(), QImage.Format.Format_ARGB32_Premultiplied)
    image.setDevicePixelRatio(ratio)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    found.render(painter, QRectF(0, 0, room.width(), room.height()))
    painter.end()
    return QPixmap.fromImage(image)


def lines(latex: str) -> tuple[str, ...]:
    r"""The parts of a long formula, each fit for a line of its own: it is cut where it says ``\quad``."""
    return tuple(
        part.strip().rstrip(",").strip() for part in re.split(r"\\q?quad", latex) if part.strip(" ,")
    )


class _Sheet(QWidget):
    """The lines under one another; text stands in for what cannot be typeset."""

    PIXELS = 15.0  #: how large the letters are where there is room

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.theme, self.colour = theme, "text"
        self.lines: tuple[str, ...] = ()
        self.offered = 0.0  # how wide the view is
        self._natural: list[QSizeF] = []  # the room of each line at full size, as far as they are typeset

    def set_lines(self, lines: tuple[str, ...]) -> None:
        self.lines, self._natural = lines, []

    @property
    def ready(self) -> bool:
        return len(self._natural) == len(self.lines)

    @property
    def at_hand(self) -> bool:
        """Whether the next line was typeset before."""
        return not self.ready and self.lines[len(self._natural)] in _svgs

    def typeset_next(self) -> None:
        line = self.lines[len(self._natural)]
        room = size(line, self.PIXELS)
        if room.isEmpty():
            metrics = self.fontMetrics()
            room = QSizeF(metrics.horizontalAdvance(line) + 2, metrics.height() + 4)
        self._natural.append(room)

    def scaled(self, width: float) -> list[QSizeF]:
        """The room of each line where ``width`` is offered: one factor for all, so that they look alike."""
        widest = max((room.width() for room in self._natural), default=1.0)
        scale = min(1.0, max(SHRINK, width / max(widest, 1.0)))
        waiting = len(self.lines) - len(self._natural)
        return [room * scale for room in self._natural] + waiting * [QSizeF(0, 2 * self.PIXELS)]

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        colour = getattr(self.theme, self.colour)
        painter.setPen(QColor(colour))
        y = 0.0
        rooms = self.scaled(self.offered)
        for line, room in zip(self.lines, rooms[: len(self._natural)], strict=False):
            place = QRectF(0, y, room.width(), room.height())
            drawing = renderer(line, colour)
            if drawing is not None:
                drawing.render(painter, place)
            else:
                painter.drawText(place, Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine, line)
            y += room.height() + LEADING


class FormulaView(QScrollArea):
    r"""A formula over as many lines as it has ``\quad``s; it shrinks a little when the panel is narrow, then scrolls.

    What was never shown before is typeset in the next turns of the event loop, one line in each: the very first loads the
    typesetter, a third of a second, and a line takes up to 70 ms. ``patience``, in milliseconds, waits longer: where formulas follow
    one another quickly, those that nobody can read are not typeset at all.
    """

    def __init__(self, theme: Theme, name: str, parent: QWidget | None = None, patience: int = 0) -> None:
        super().__init__(parent)
        self._patience = patience
        self.setObjectName(name)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        self.latex = ""
        copy = QAction("Copy LaTeX", self)
        copy.triggered.connect(lambda: QGuiApplication.clipboard().setText(self.latex))
        self.addAction(copy)
        self._sheet = _Sheet(theme)
        self.setWidget(self._sheet)
        self._next = QTimer(self)
        self._next.setSingleShot(True)
        self._next.timeout.connect(self._typeset_next)

    def set_latex(self, latex: str, colour: str = "text") -> None:
        """Show ``latex`` in a colour of the theme, by name; "" shows nothing."""
        self._sheet.colour = colour
        self._sheet.update()
        if latex == self.latex:
            return
        self.latex = latex
        self._sheet.set_lines(lines(latex))
        self.setAccessibleName(f"Formula: {latex}")
        while self._sheet.at_hand:
            self._sheet.typeset_next()
        self._later()

    @property
    def ready(self) -> bool:
        """Whether all lines are typeset."""
        return self._sheet.ready

    def _typeset_next(self) -> None:
        if not self.ready:
            self._sheet.typeset_next()
        # Typesetting makes so many objects that Python's collector runs in it, and may take this view's window with it.
        if isValid(self):
            self._later()

    def _later(self) -> None:
        if not self.ready:
            self._next.start(self._patience)
        self._fit()

    def _fit(self) -> None:
        offered = self._sheet.offered = float(self.viewport().width())
        rooms = self._sheet.scaled(offered)
        width = max((room.width() for room in rooms), default=0.0)
        height = sum(room.height() + LEADING for room in rooms) - LEADING
        self._sheet.setMinimumWidth(math.ceil(width) if width > offered + 1 else 0)
        bar = self.horizontalScrollBar().sizeHint().height() if width > offered + 1 else 0
        self.setFixedHeight(max(1, math.ceil(height) + 2 + bar))
        self._sheet.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()
