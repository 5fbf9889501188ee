"""What the network answers about one picture: a line for each class, with a bar and a number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter

from playground.ui.kit.ink import RIGHT, Ink, write
from playground.ui.kit.numbers import fmt, probability

Array = NDArray[Any]

#: a line's height: at most, and at least as long as that lets more of them be seen
LINE, LOWEST = 17.0, 13.0
#: so many classes are listed
MOST = 40
#: pixels for a name, and for a number
NAME, NUMBER = 42, 40


def lines_for(count: int, height: float) -> tuple[int, float]:
    """How many of ``count`` lines there is room for in ``height`` pixels, and how high each is."""
    line = min(LINE, max(LOWEST, height / count))
    return max(1, min(count, MOST, int(height / line + 1e-6))), line


def draw_classes(
    painter: QPainter, ink: Ink, rect: QRectF, names: Sequence[str], values: Array, probable: bool = True
) -> None:
    """Lines for ``values`` ``(classes,)``, in their order; of more than fit, those with the largest values, and how many others there are.

    ``probable``: they are probabilities, which bars show; other outputs are numbers alone.
    """
    room, line = lines_for(len(values), rect.height())
    if 1 < room < len(values):
        room -= 1
        rest = QRectF(rect.x(), rect.y() + room * line, rect.width(), line)
        write(painter, rest, f"and {len(values) - room:,} others", ink.muted, ink.tiny)
    order = sorted(np.argsort(-values, kind="stable")[:room].tolist())
    best = int(values.argmax()) if probable else -1
    for row, k in enumerate(order):
        y, value = rect.y() + row * line, float(values[k])
        used = ink.title if k == best else ink.small
        name = ink.title_metrics.elidedText(
            names[k] if k < len(names) else str(k), Qt.TextElideMode.ElideRight, NAME - 2
        )
        write(painter, QRectF(rect.x(), y, NAME, line), name, ink.text, used)
        if probable:
            length = max(1.0, (rect.width() - NAME - NUMBER) * float(np.clip(value, 0, 1)))
            colour = ink.accent if k == best else ink.wire.color()
            painter.fillRect(QRectF(rect.x() + NAME, y + line / 2 - 4.5, length, 9), colour)
        said = probability(value) if probable else fmt(value, 2)
        number = QRectF(rect.x(), y, rect.width(), line)
        write(painter, number, said, ink.text if k == best else ink.muted, ink.tiny, RIGHT)
