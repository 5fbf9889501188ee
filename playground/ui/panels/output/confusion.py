"""Who is taken for whom: true classes against predicted ones."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from playground.ui.kit.colours import mix, readable
from playground.ui.kit.fonts import small
from playground.ui.kit.numbers import fmt
from playground.ui.kit.plot import ReadOut
from playground.ui.kit.theme import Theme

#: of each class, beside its row
MEASURES = ("precision", "recall", "F1")
#: pixels between two of them
GAP = 8

_MOVES = {Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1), Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0)}


def count_pairs(truth: NDArray[Any], guess: NDArray[Any], classes: int) -> NDArray[np.int64]:
    """``[i, j]``: how many samples of class i were taken for class j."""
    return np.bincount(truth * classes + guess, minlength=classes * classes).reshape(classes, classes)


def measures(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """``(classes, 3)``: precision, recall and F1 of each class; NaN where nothing was taken for it, or nothing is of it."""
    right, taken, there = np.diag(counts), counts.sum(axis=0), counts.sum(axis=1)
    with np.errstate(invalid="ignore"):
        return np.stack([right / taken, right / there, 2 * right / (taken + there)], axis=1)


class ConfusionMatrix(QWidget):
    """Counts in a square: a row per true class, a column per predicted one; right answers on the diagonal."""

    chosen = Signal(int, int)  #: (true, predicted) of a cell that was clicked

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("confusion")
        self.setAccessibleName("Confusion matrix: true classes against predicted ones")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMouseTracking(True)
        self.setFont(small(self.font()))
        self.theme = theme
        self._counts = np.zeros((0, 0), np.int64)
        self._classes: tuple[str, ...] = ()
        self._cell: tuple[int, int] | None = None
        self.read_out = ReadOut(self)

    @property
    def counts(self) -> NDArray[np.int64]:
        """What it shows, ``(classes, classes)``; empty before the first answer."""
        return self._counts

    @property
    def classes(self) -> tuple[str, ...]:
        return self._classes

    def show_counts(self, counts: NDArray[np.int64] | None, classes: tuple[str, ...]) -> None:
        """``None``: no answer yet."""
        new = np.zeros((0, 0), np.int64) if counts is None else counts
        if classes != self._classes or not np.array_equal(new, self._counts):
            self._counts, self._classes = new, classes
            self._say()
            self.update()

    def minimumSizeHint(self) -> QSize:
        return QSize(120, 90)

    def sizeHint(self) -> QSize:
        return QSize(260, 200)

    # ---- layout --------------------------------------------------------------------------------------------------------

    def _measure_width(self) -> int:
        return max(map(self.fontMetrics().horizontalAdvance, MEASURES)) + GAP

    def measures_shown(self) -> bool:
        """Whether there is room for them beside the rows."""
        high = self.height() >= (len(self._classes) + 2) * self.fontMetrics().height() + 10
        return high and self.width() >= 150 + 3 * self._measure_width()

    def cells(self) -> QRectF:
        """Where the square of counts lies."""
        metrics = self.fontMetrics()
        beside = 3 * self._measure_width() if self.measures_shown() else 0
        widest = max((float(metrics.horizontalAdvance(name)) for name in self._classes), default=0.0)
        left = min(widest + 8.0, 0.28 * self.width()) + metrics.height() + 4
        bottom = 2 * metrics.height() + 8
        top = float(metrics.height() + 2 if beside else 4)
        width, height = self.width() - left - beside - 4.0, self.height() - bottom - top
        # Wider than high where there is room: the names below the columns need it.
        height = max(20.0, min(height, width))
        width = max(20.0, min(width, max(2.4 * height, (widest + 6.0) * len(self._classes))))
        return QRectF(left + max(0.0, (self.width() - left - beside - 4 - width) / 2), top, width, height)

    def cell(self, row: int, column: int) -> QRectF:
        """Where one count stands."""
        area, n = self.cells(), max(1, len(self._classes))
        width, height = area.width() / n, area.height() / n
        return QRectF(area.x() + column * width, area.y() + row * height, width, height)

    # ---- drawing -------------------------------------------------------------------------------------------------------

    def paintEvent(self, event: object) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_names(painter)
        rows = self._counts.sum(axis=1)
        for (i, j), count in np.ndenumerate(self._counts):
            self._paint_cell(painter, i, j, int(count), int(rows[i]))
        if len(self._counts) and self.measures_shown():
            self._paint_measures(painter)
        if not len(self._counts):
            painter.setPen(QPen(QColor(self.theme.border)))
            painter.setBrush(QColor(self.theme.sunken))
            painter.drawRoundedRect(self.cells(), 4, 4)
            painter.setPen(QColor(self.theme.muted))
            painter.drawText(self.cells(), Qt.AlignmentFlag.AlignCenter, "No predictions yet")
        if self._cell is not None and len(self._counts):
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(self.theme.text), 2.0))
            painter.drawRoundedRect(self.cell(*self._cell).adjusted(1, 1, -1, -1), 4, 4)
        painter.end()

    def _paint_cell(self, painter: QPainter, i: int, j: int, count: int, of: int) -> None:
        theme, box = self.theme, self.cell(i, j).adjusted(1, 1, -1, -1)
        share = count / of if of else 0.0
        end = theme.accent if i == j else theme.error
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(mix(theme.sunken, end, 0.8 * share**0.6) if count else theme.sunken))
        painter.drawRoundedRect(box, 3, 3)
        text = str(count)
        if (
            self.fontMetrics().horizontalAdvance(text) <= box.width()
            and self.fontMetrics().height() <= box.height() + 4
        ):
            painter.setPen(QColor(readable(painter.brush().color(), theme) if count else theme.muted))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)

    def _paint_measures(self, painter: QPainter) -> None:
        area, line, width = self.cells(), self.fontMetrics().height(), self._measure_width()
        for k, (name, values) in enumerate(zip(MEASURES, measures(self._counts).T, strict=True)):
            x = area.right() + k * width
            painter.setPen(QColor(self.theme.muted))
            painter.drawText(QRectF(x, 0, width, line), Qt.AlignmentFlag.AlignRight, name)
            painter.setPen(QColor(self.theme.text))
            for i, value in enumerate(values):
                row = self.cell(i, 0)
                box = QRectF(x, row.y(), width, row.height())
                painter.drawText(
                    box,
                    Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter,
                    f"{value:.2f}" if value == value else "–",
                )

    def _paint_names(self, painter: QPainter) -> None:
        metrics, elide, area = self.fontMetrics(), Qt.TextElideMode.ElideRight, self.cells()
        line = metrics.height()
        painter.setPen(QColor(self.theme.text))
        for k, name in enumerate(self._classes):
            row, column = self.cell(k, 0), self.cell(0, k)
            left = QRectF(line + 4, row.y(), area.x() - line - 10, row.height())
            if row.height() >= line - 2:
                shown = metrics.elidedText(name, elide, round(left.width()))
                painter.drawText(left, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, shown)
            below = QRectF(column.x(), area.bottom() + 2, column.width(), line)
            shown = metrics.elidedText(name, elide, round(below.width()))
            painter.drawText(below, Qt.AlignmentFlag.AlignCenter, shown)
        painter.setPen(QColor(self.theme.muted))
        painter.drawText(
            QRectF(area.x(), area.bottom() + line + 3, area.width(), line),
            Qt.AlignmentFlag.AlignCenter,
            "predicted",
        )
        painter.save()
        painter.translate(0, area.bottom())
        painter.rotate(-90)
        painter.drawText(QRectF(0, 0, area.height(), line), Qt.AlignmentFlag.AlignCenter, "true")
        painter.restore()

    # ---- gestures ------------------------------------------------------------------------------------------------------

    def cell_at(self, at: QPointF) -> tuple[int, int] | None:
        """Row and column of the cell at a point."""
        area, n = self.cells(), len(self._counts)
        if not n or not area.contains(at):
            return None
        row = int((at.y() - area.y()) / area.height() * n)
        column = int((at.x() - area.x()) / area.width() * n)
        return min(row, n - 1), min(column, n - 1)

    def mouseMoveEvent(self, event) -> None:
        self._point(self.cell_at(event.position()))

    def mousePressEvent(self, event) -> None:
        self._point(self.cell_at(event.position()))
        if event.button() == Qt.MouseButton.LeftButton and self._cell is not None:
            self.chosen.emit(*self._cell)

    def leaveEvent(self, event) -> None:
        self._point(None)

    def focusOutEvent(self, event) -> None:
        super().focusOutEvent(event)
        self._point(None)

    def keyPressEvent(self, event) -> None:
        n = len(self._counts)
        if event.key() in _MOVES and n:
            i, j = self._cell or (0, 0)
            di, dj = _MOVES[event.key()] if self._cell else (0, 0)
            self._point((min(max(i + di, 0), n - 1), min(max(j + dj, 0), n - 1)))
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._cell is not None:
            self.chosen.emit(*self._cell)
        else:
            event.ignore()

    def _point(self, cell: tuple[int, int] | None) -> None:
        if cell != self._cell:
            self._cell = cell
            self._say()
            self.update()

    def _say(self) -> None:
        """What the cell under the cursor means."""
        if self._cell is None or not len(self._counts):
            self.read_out.hide()
            return
        i, j = self._cell
        count, of = int(self._counts[i, j]), int(self._counts[i].sum())
        verdict = "recognized" if i == j else f"taken for {self._classes[j]}"
        words = f"{self._classes[i]}: {count} of {of} {verdict}"
        if i == j:
            values = zip(MEASURES, measures(self._counts)[i], strict=True)
            words += "".join(f"\n{name} {fmt(value)}" for name, value in values if value == value)
        self.read_out.say(words, self.cell(i, j).center())
