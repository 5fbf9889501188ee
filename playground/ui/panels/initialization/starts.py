"""Six starts by four activations, each a small picture of what becomes of signal and gradient; a click makes one the project's."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from engine.core import Array
from engine.propagation import Ladder
from playground.ui.kit.colours import mix
from playground.ui.kit.fonts import small
from playground.ui.kit.text import tip
from playground.ui.kit.theme import Theme
from playground.ui.panels.initialization.model import GATES, STARTS, said

#: powers of ten that a cell shows, down and up from where it begins
REACH = 4.0
NAME, HEAD = 62, 20

Cell = tuple[int, int]  #: activation, start


class StartsPicture(QWidget):
    """A cell for each. ``taken`` carries the one that was clicked, or on which Enter was pressed."""

    taken = Signal(int, int)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("starts")
        self.setAccessibleName("Starts and activations; Enter makes one the project's")
        self.setFont(small(self.font()))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(NAME + 6 * 62, HEAD + 4 * 38)
        self._theme = theme
        self.ladders: dict[Cell, Ladder] = {}
        self.own: Cell | None = None
        self._at: Cell | None = None

    def sizeHint(self) -> QSize:
        return QSize(NAME + 6 * 104, HEAD + 4 * 60)

    def clear(self) -> None:
        """What is shown was of another depth or width: it stands, pale, until the new comes."""
        self.ladders = {}
        self.update()

    def show_ladder(self, cell: Cell, ladder: Ladder) -> None:
        """What one of them does."""
        self.ladders[cell] = ladder
        self.update()

    def show_own(self, cell: Cell | None) -> None:
        """Ring the one that the project has."""
        if cell != self.own:
            self.own = cell
            self.update()

    def place(self, cell: Cell) -> QRectF:
        """Where a cell is."""
        wide, high = (self.width() - NAME - 4) / len(STARTS), (self.height() - HEAD - 2) / len(GATES)
        return QRectF(NAME + cell[1] * wide + 2, HEAD + cell[0] * high + 2, wide - 4, high - 4)

    def cell_at(self, at: QPointF) -> Cell | None:
        """Which cell is there."""
        cells = ((row, column) for row in range(len(GATES)) for column in range(len(STARTS)))
        return next((cell for cell in cells if self.place(cell).contains(at)), None)

    def words(self, cell: Cell) -> str:
        """What a cell says."""
        name = f"{STARTS[cell[1]][0]} with {GATES[cell[0]].label}"
        ladder = self.ladders.get(cell)
        if ladder is None:
            return f"{name}: being measured …"
        return (
            f"{name}. {said(ladder)}\nClick: begin the project so, with this activation (undo takes it back)."
        )

    # --- drawing ------------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, theme = QPainter(self), self._theme
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QColor(theme.muted))
        for column, (name, _) in enumerate(STARTS):
            place = self.place((0, column))
            painter.drawText(QRectF(place.left(), 0, place.width(), HEAD), Qt.AlignmentFlag.AlignCenter, name)
        for row, gate in enumerate(GATES):
            place = self.place((row, 0))
            painter.setPen(QColor(theme.muted))
            box = QRectF(0, place.top(), NAME - 6, place.height())
            painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, gate.label)
            for column in range(len(STARTS)):
                self._draw_cell(painter, (row, column))
        painter.end()

    def _draw_cell(self, painter: QPainter, cell: Cell) -> None:
        theme, place, ladder = self._theme, self.place(cell), self.ladders.get(cell)
        forward, backward = ladder.verdict() if ladder is not None else ("", "")
        good = forward == backward == "holds"
        tint = (
            theme.panel
            if ladder is None
            else mix(theme.panel, theme.good if good else theme.warning, 0.16 if good else 0.1)
        )
        painter.setPen(QPen(QColor(theme.border), 1))
        painter.setBrush(QColor(tint))
        painter.drawRoundedRect(place, 5, 5)
        line = painter.fontMetrics().height()
        picture = place.adjusted(5, 4, -5, -4 - line)
        painter.setPen(QPen(QColor(mix(theme.border, theme.muted, 0.2)), 1, Qt.PenStyle.DotLine))
        painter.drawLine(
            QPointF(picture.left(), picture.center().y()), QPointF(picture.right(), picture.center().y())
        )
        if ladder is not None:
            painter.setClipRect(picture.adjusted(-1, -1, 1, 1))
            self._draw_line(painter, picture, ladder.gradients, float(ladder.gradients[-1]), theme.gradient)
            self._draw_line(painter, picture, ladder.sums, float(ladder.sums[0]), theme.accent)
            painter.setClipping(False)
            box = QRectF(place.left() + 6, place.bottom() - line - 3, place.width() - 12, line)
            for words, colour, side in (
                (forward, theme.accent, Qt.AlignmentFlag.AlignLeft), (backward, theme.gradient, Qt.AlignmentFlag.AlignRight)
            ):  # fmt: skip
                painter.setPen(QColor(mix(colour, theme.text, 0.25)))
                painter.drawText(box, side | Qt.AlignmentFlag.AlignVCenter, words)
        if cell == self.own:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(theme.accent), 2))
            painter.drawRoundedRect(place.adjusted(0.5, 0.5, -0.5, -0.5), 5, 5)
        if cell == self._at:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(
                QPen(
                    QColor(theme.text), 1, Qt.PenStyle.DashLine if cell == self.own else Qt.PenStyle.SolidLine
                )
            )
            painter.drawRoundedRect(place.adjusted(2.5, 2.5, -2.5, -2.5), 3, 3)

    def _draw_line(self, painter: QPainter, place: QRectF, spread: Array, start: float, colour: str) -> None:
        """A spread against where it begins, by powers of ten; the middle line is: as large as there."""
        with np.errstate(all="ignore"):
            up = np.clip(
                np.nan_to_num(np.log10(spread / start), nan=0.0, posinf=99.0, neginf=-99.0),
                -2 * REACH,
                2 * REACH,
            )
        x = np.linspace(place.left(), place.right(), len(spread))
        y = place.center().y() - up / REACH * place.height() / 2
        painter.setPen(QPen(QColor(colour), 1.8))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolyline(QPolygonF([QPointF(a, b) for a, b in zip(x.tolist(), y.tolist(), strict=True)]))

    # --- mouse and keys -----------------------------------------------------------------------------------------------

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at = self.cell_at(event.position())
        if at != self._at:
            self._at = at
            self.setCursor(Qt.CursorShape.ArrowCursor if at is None else Qt.CursorShape.PointingHandCursor)
            self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self._at = None
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        at = self.cell_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and at is not None:
            self.taken.emit(*at)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {
            Qt.Key.Key_Left: (0, -1),
            Qt.Key.Key_Right: (0, 1),
            Qt.Key.Key_Up: (-1, 0),
            Qt.Key.Key_Down: (1, 0),
        }
        step = steps.get(Qt.Key(event.key()))
        if step is not None:
            row, column = self._at or self.own or (0, 0)
            if self._at is not None:
                row, column = row + step[0], column + step[1]
            self._at = max(0, min(row, len(GATES) - 1)), max(0, min(column, len(STARTS) - 1))
            self.setAccessibleDescription(self.words(self._at))
            self.update()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._at is not None:
            self.taken.emit(*self._at)
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        """What the cell under the mouse says."""
        if event.type() != QEvent.Type.ToolTip or not isinstance(event, QHelpEvent):
            return super().event(event)
        at = self.cell_at(QPointF(event.pos()))
        QToolTip.showText(event.globalPos(), tip(self.words(at)) if at is not None else "", self)
        return True
