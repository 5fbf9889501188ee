"""The curves of several runs over one another: runs that differ only in their seed as a median with a band."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from engine.log import COLUMNS
from playground.ui.kit.fonts import small
from playground.ui.kit.lines import Line
from playground.ui.kit.numbers import fmt
from playground.ui.kit.plot import Plot
from playground.ui.kit.text import tip
from playground.ui.kit.theme import Theme

Array = NDArray[Any]

#: groups that are drawn: more cannot be told apart
MOST = 6
LETTERS = "ABCDEF"
NOTHING = "Choose runs in the table, or run two beside each other."


@dataclass(frozen=True, eq=False)
class Group:
    """Runs that differ only in their seed.

    Args:
        words: what differs from the others.
        rows: of each run its curves, ``(epochs, 8)`` as in ``engine.log.COLUMNS``.
    """

    words: str
    rows: tuple[Array, ...]

    def curves(self, column: str) -> tuple[Array, Array]:
        """Epochs (n,), and the values of each run there, ``(runs, n)``: as far as the longest goes, NaN behind the end of a shorter."""
        at = COLUMNS.index(column)
        tables = [rows for rows in self.rows if len(rows)]
        if not tables:
            return np.zeros(0), np.zeros((0, 0))
        epochs = np.unique(np.concatenate([rows[:, 0] for rows in tables]))
        values = [np.interp(epochs, rows[:, 0], rows[:, at], right=np.nan) for rows in tables]
        return epochs, np.array(values)


def colour_of(theme: Theme, number: int) -> str:
    """That of group ``number``, which is always named by its letter as well."""
    return (theme.accent, theme.warning, *theme.classes)[number]


class Band(pg.GraphicsObject):
    """The area between two curves."""

    def __init__(self) -> None:
        super().__init__()
        self._area, self._colour = QPolygonF(), QColor()

    def show_band(self, x: Array, low: Array, high: Array, colour: str) -> None:
        sound = np.isfinite(low) & np.isfinite(high)
        x, low, high = x[sound], low[sound], high[sound]
        points = zip(np.concatenate([x, x[::-1]]), np.concatenate([low, high[::-1]]), strict=True)
        self._area = QPolygonF([QPointF(float(a), float(b)) for a, b in points])
        self._colour = QColor(colour)
        self._colour.setAlphaF(0.18)
        self.update()

    def clear(self) -> None:
        if not self._area.isEmpty():
            self._area = QPolygonF()
            self.update()

    def boundingRect(self) -> QRectF:
        return QRectF(self.viewRect())

    def viewTransformChanged(self) -> None:
        super().viewTransformChanged()
        self.prepareGeometryChange()

    def paint(self, painter: QPainter, option: object, widget: QWidget | None = None) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._colour)
        painter.drawPolygon(self._area)


class Key(QWidget):
    """Names the groups above the plot: a line in the colour of each, its letter and what differs."""

    def __init__(self, theme: Theme, name: str = "runs_key") -> None:
        super().__init__()
        self.setObjectName(name)
        self.setFont(small(self.font()))
        self._theme = theme
        self._groups: tuple[Group, ...] = ()
        self.setFixedHeight(self.fontMetrics().height() + 2)

    def show_groups(self, groups: Sequence[Group]) -> None:
        self._groups = tuple(groups)
        self.setAccessibleName("; ".join(self.names()) or "No runs are chosen")
        self.setToolTip(tip("\n".join(self.names())))
        self.update()

    def names(self) -> list[str]:
        return [
            f"{LETTERS[i]} {group.words}" + (f" · {len(group.rows)} seeds" if len(group.rows) > 1 else "")
            for i, group in enumerate(self._groups)
        ]

    def paintEvent(self, event: object) -> None:
        painter, metrics = QPainter(self), self.fontMetrics()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        names = self.names()
        if names:
            each = self.width() / len(names)
            for i, name in enumerate(names):
                x, middle = i * each, self.height() / 2
                pen = QPen(QColor(colour_of(self._theme, i)), 2.0)
                pen.setStyle(Qt.PenStyle.SolidLine if i % 2 == 0 else Qt.PenStyle.DashLine)
                painter.setPen(pen)
                painter.drawLine(QPointF(x, middle), QPointF(x + 18, middle))
                painter.setPen(QColor(self._theme.text))
                words = metrics.elidedText(name, Qt.TextElideMode.ElideRight, int(each) - 30)
                painter.drawText(
                    QRectF(x + 22, 0, each - 24, self.height()), Qt.AlignmentFlag.AlignVCenter, words
                )
        painter.end()


class RunCurves(Plot):
    """Losses by epoch, on a logarithmic scale."""

    def __init__(self, theme: Theme, name: str = "runs_plot", nothing: str = NOTHING) -> None:
        """``nothing``: said where there are no curves."""
        super().__init__(theme, name, whole_x=True)
        self._nothing = nothing
        self.setAccessibleName("Validation loss by epoch of the chosen runs")
        self.left.setLogMode(True)
        self.set_labels("epoch", "loss")
        self._bands, self._lines = [Band() for _ in range(MOST)], [Line() for _ in range(MOST)]
        for item in (*self._bands, *self._lines):
            self.box.addItem(item, ignoreBounds=True)
        self._groups: tuple[Group, ...] = ()
        self.column = "validation_loss"
        self._drawn: list[tuple[Array, Array]] = []
        self.probed.connect(self._probe)
        theme.follow(self.redraw)
        self.show_groups(())

    def show_groups(self, groups: Sequence[Group]) -> None:
        """Draw these, MOST at most."""
        self._groups = tuple(groups[:MOST])
        self.redraw()

    def redraw(self) -> None:
        if not hasattr(self, "_lines"):
            return
        curves = [group.curves(self.column) for group in self._groups]
        if curves and all(not np.isfinite(values).any() for _, values in curves):  # no part is for validation
            curves = [group.curves("train_loss") for group in self._groups]
        self._drawn, low, high, end = [], [], [], 1.0
        for i, (band, line) in enumerate(zip(self._bands, self._lines, strict=True)):
            band.clear()
            line.clear()
            if i >= len(curves) or not curves[i][1].size:
                continue
            epochs, values = curves[i]
            with np.errstate(divide="ignore", invalid="ignore"):
                logs = np.where(values > 0, np.log10(np.where(values > 0, values, 1.0)), np.nan)
            known = np.isfinite(logs).any(0)
            epochs, logs = epochs[known], logs[:, known]
            if not len(epochs):
                continue
            middle = np.nanmedian(logs, axis=0)
            colour = colour_of(self.theme, i)
            line.style(colour, weight=2, dotted=i % 2 == 1)
            line.set_data(epochs, middle)
            if len(logs) > 1:
                band.show_band(epochs, np.nanmin(logs, axis=0), np.nanmax(logs, axis=0), colour)
            self._drawn.append((epochs, middle))
            low.append(float(np.nanmin(logs)))
            high.append(float(np.nanmax(logs)))
            end = max(end, float(epochs[-1]))
        room = 0.05 * max(max(high) - min(low), 0.3) if low else 0.0
        self.set_range((0.0, end), (min(low) - room, max(high) + room) if low else (-1.0, 0.0))
        self.set_note("" if low else self._nothing)

    def _probe(self, at: tuple[float, float] | None) -> None:
        """The losses at the epoch next to the cursor."""
        if at is None or not self._drawn:
            return
        epoch = round(at[0])
        said = [f"epoch {epoch:,}"]
        for letter, (epochs, middle) in zip(LETTERS, self._drawn, strict=False):
            value = float(np.interp(epoch, epochs, middle, right=np.nan))
            said.append(f"{letter} {fmt(10**value)}")
        self.point_at(float(epoch), at[1], "\n".join(said), horizontal=False)
