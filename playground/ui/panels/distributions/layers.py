"""The layers under one another, each with the hill of its numbers; a click selects the block."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QHelpEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from playground.ui.kit.fonts import small
from playground.ui.kit.keyed import LayerRows
from playground.ui.kit.text import tip
from playground.ui.kit.theme import Theme
from playground.ui.panels.distributions.model import SHOWN, Quantity, Row
from playground.ui.panels.distributions.paint import draw_marks, draw_row

#: pixels of a row, and where there is room for all; of the room above its hill, of the column of names and of that of figures
HIGH, HIGHEST, ABOVE, NAME, FIGURES = 40, 84, 5, 122, 104
#: what updates should be near: a thousandth
USUAL = {"updates": 1e-3}


class LayerRidges(LayerRows):
    """A row for each layer. ``chosen`` carries the id of the one that was clicked, or reached by an arrow key."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme)
        self.setObjectName("layer_ridges")
        self.setAccessibleName("How the numbers of each layer are spread")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFont(small(self.font()))
        self.setMinimumWidth(NAME + FIGURES + 140)
        self.quantity, self.rows, self.shared = SHOWN[0], (), True
        self._room = 0
        self.setFixedHeight(HIGH)

    rows: tuple[Row, ...]

    def show_rows(self, quantity: Quantity, rows: tuple[Row, ...], shared: bool) -> None:
        """Draw these."""
        self.quantity, self.rows, self.shared = quantity, rows, shared
        self._take_room()
        self.setAccessibleDescription("\n".join(row.full for row in rows[:20]))
        self.update()

    def give_room(self, height: int) -> None:
        """So high is what they are seen through: few layers have higher hills."""
        if height != self._room:
            self._room = height
            self._take_room()

    def _take_room(self) -> None:
        high = max(self._each * len(self.rows), HIGH)
        if high != self.height():
            self.setFixedHeight(high)
        self.update()

    @property
    def ids(self) -> list[str]:
        return [row.name for row in self.rows]

    @property
    def _foot(self) -> int:
        return self.fontMetrics().height() + 4

    @property
    def _high(self) -> int:
        foot = 0 if self.shared else self._foot
        return max(HIGH, min(HIGHEST, self._room // max(len(self.rows), 1) - foot))

    @property
    def _each(self) -> int:
        return self._high if self.shared else self._high + self._foot

    def sizeHint(self) -> QSize:
        return QSize(420, self.height())

    def place(self, name: str) -> QRectF:
        """Where the row of a layer is; empty for one that is not there."""
        for i, row in enumerate(self.rows):
            if row.name == name:
                return QRectF(0, i * self._each, self.width(), self._each)
        return QRectF()

    def area(self, index: int) -> QRectF:
        """Where the hill of a row stands."""
        top = index * self._each + ABOVE
        return QRectF(NAME, top, max(self.width() - NAME - FIGURES, 20), self._high - ABOVE)

    # --- drawing ------------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, theme = QPainter(self), self._theme
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        seen = QRectF(event.rect())
        usual = USUAL.get(self.quantity.key)
        if self.shared and self.rows:
            whole = self.area(0).united(self.area(len(self.rows) - 1))
            draw_marks(painter, whole, self.rows[0].axis, theme, usual, False)
        for i, row in enumerate(self.rows):
            if not QRectF(0, i * self._each, self.width(), self._each).intersects(seen):
                continue
            area = self.area(i)
            if row.name == self._selected:
                painter.setPen(Qt.PenStyle.NoPen)
                shade = QColor(theme.accent)
                shade.setAlphaF(0.1)
                painter.setBrush(shade)
                painter.drawRoundedRect(QRectF(2, i * self._each + 2, self.width() - 4, self._high - 1), 5, 5)
            if not self.shared:
                draw_marks(painter, area, row.axis, theme, usual, True)
            painter.setPen(QPen(QColor(theme.border), 1))
            painter.drawLine(area.bottomLeft(), area.bottomRight())
            draw_row(painter, area, row, theme, self.quantity)
            self._write(painter, i, row)
        self.paint_focus(painter)
        painter.end()

    def _write(self, painter: QPainter, index: int, row: Row) -> None:
        theme, metrics = self._theme, painter.fontMetrics()
        line = metrics.height()
        top = index * self._each + max(ABOVE + 1, (self._high - 2 * line) / 2)
        name = f"⚠ {row.name}" if row.words else row.name
        painter.setPen(QColor(theme.warning if row.words else theme.text))
        elide = lambda text: metrics.elidedText(text, Qt.TextElideMode.ElideRight, NAME - 18)
        painter.drawText(QPointF(10, top + line - 3), elide(name))
        painter.setPen(QColor(theme.muted))
        painter.drawText(QPointF(10, top + 2 * line - 3), elide(row.numbers))
        for i, text in enumerate(row.figures):
            painter.setPen(QColor(theme.text if i == 0 else theme.muted))
            box = QRectF(self.width() - FIGURES + 8, top + i * line, FIGURES - 16, line)
            painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)

    # --- mouse and keys -----------------------------------------------------------------------------------------------

    def _row_at(self, y: float) -> Row | None:
        at = int(y // self._each)
        return self.rows[at] if 0 <= at < len(self.rows) else None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        row = self._row_at(event.position().y())
        if event.button() == Qt.MouseButton.LeftButton and row is not None:
            self.chosen.emit(row.name)

    def event(self, event: QEvent) -> bool:
        """All figures of the row under the mouse."""
        if event.type() != QEvent.Type.ToolTip or not isinstance(event, QHelpEvent):
            return super().event(event)
        row = self._row_at(event.pos().y())
        QToolTip.showText(event.globalPos(), tip(row.full) if row is not None else "", self)
        return True


class AxisStrip(QWidget):
    """The numbers of the axis that all layers share, below them, where they stay while the layers are scrolled."""

    def __init__(self, layers: LayerRidges, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("axis_strip")
        self.setFont(small(self.font()))
        self._layers, self._theme = layers, theme
        self.setFixedHeight(self.fontMetrics().height() + 2)

    def refresh(self) -> None:
        """The layers show others."""
        self.setVisible(self._layers.shared and bool(self._layers.rows))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._layers.rows:
            return
        painter, area = QPainter(self), self._layers.area(0)
        draw_marks(
            painter,
            QRectF(area.left(), 0, area.width(), 0),
            self._layers.rows[0].axis,
            self._theme,
            None,
            True,
        )
        painter.end()
