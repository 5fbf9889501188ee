"""The samples as points: colour and shape say the class, the filling says the part."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyqtgraph.graphicsItems.ScatterPlotItem import Symbols
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QBrush, QColor, QIcon, QPainter, QPen, QPixmap, QTransform

from engine.data import Prepared
from playground.ui.kit.theme import CLASS_MARKERS, Theme

Array = NDArray[Any]

PARTS = ("train", "validation", "test")

#: at most so many points of a part are drawn; more would hide the picture and slow it down
MOST = 2000

#: where a part has more points than this, they are drawn smaller
CROWD = 400

SIZE = 8.0


def rows_of(data: Prepared, part: str) -> NDArray[np.intp]:
    """Where the samples of a part stand in ``data.raw``."""
    rows: NDArray[np.intp] = getattr(data.index, part)
    return rows


def size_of(data: Prepared, part: str) -> int:
    """How many samples a part has."""
    return len(rows_of(data, part))


@dataclass(frozen=True)
class Look:
    """How a point is drawn."""

    marker: str
    pen: QPen
    brush: QBrush
    size: float = SIZE


def _rim(colour: str, width: float) -> QPen:
    pen = QPen(QColor(colour), width)
    pen.setCosmetic(True)  # symbols are drawn one unit wide and enlarged
    return pen


def look(theme: Theme, part: str, colour: str, marker: str = "o") -> Look:
    """Training points are filled, validation points are rings, test points have a dark rim."""
    if part == "validation":
        return Look(marker, _rim(colour, 1.8), QBrush(QColor(theme.panel)), SIZE - 1)
    rim = _rim(theme.panel, 1.0) if part == "train" else _rim(theme.text, 1.4)
    return Look(marker, rim, QBrush(QColor(colour)), SIZE if part == "train" else SIZE - 1)


def part_colour(theme: Theme, part: str) -> str:
    """The colour of a part, where points have no class."""
    return {"train": theme.train, "validation": theme.validation}.get(part, theme.muted)


def ring(colour: str, size: float) -> Look:
    """A circle that leaves what is inside it to be seen."""
    return Look("o", _rim(colour, 1.6), QBrush(Qt.BrushStyle.NoBrush), size)


def value_look(theme: Theme, part: str, colour: str) -> Look:
    """A point that shows a value. Where the fit is good it vanishes but for its rim: there are many, and they may not hide it."""
    plain = _rim(theme.text, 1.6)
    rim = {"train": _rim(theme.panel, 0.8), "validation": _rim(theme.text, 0.8)}.get(part, plain)
    return Look("o", rim, QBrush(QColor(colour)), SIZE - 2 if part == "train" else SIZE - 1)


def marker_of(label: int) -> str:
    """The shape of a class."""
    return CLASS_MARKERS[label % len(CLASS_MARKERS)]


def draw_marker(painter: QPainter, at: QPointF, look: Look, size: float | None = None) -> None:
    """One point, outside of a plot: in a legend, on a card; of another ``size`` than its look says, if told."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(at)
    # Its outline is made as large as it is to be, where pyqtgraph enlarges the painter: the pen for that would be cosmetic, whose width
    # programs that show drawings (SVG) or print them take otherwise.
    across = look.size if size is None else size
    pen = QPen(look.pen)
    pen.setCosmetic(False)
    painter.setPen(pen)
    painter.setBrush(look.brush)
    painter.drawPath(QTransform.fromScale(across, across).map(Symbols[look.marker]))
    painter.restore()


def symbol(one: Look, ratio: float) -> QPixmap:
    """One point as a picture of its own, with room for its rim; ``ratio`` device pixels per pixel."""
    side = math.ceil(one.size + one.pen.widthF()) + 3
    pixmap = QPixmap(round(side * ratio), round(side * ratio))
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    draw_marker(painter, QPointF(side / 2, side / 2), one)
    painter.end()
    return pixmap


def marker_icon(one: Look, ratio: float = 2.0) -> QIcon:
    """One point as an icon."""
    return QIcon(symbol(one, ratio))
