"""What widgets have in common that paint themselves and answer keys."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPen
from PySide6.QtWidgets import QWidget

from playground.ui.kit.theme import Theme


class Keyed(QWidget):
    """Takes the focus, and is painted anew as that comes and goes."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def paint_focus(self, painter: QPainter) -> None:
        """A line round it while it has the focus."""
        if self.hasFocus():
            painter.setPen(QPen(QColor(self._theme.accent), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)

    def focusInEvent(self, event: QEvent) -> None:
        self.update()

    def focusOutEvent(self, event: QEvent) -> None:
        self.update()


class LayerRows(Keyed):
    """A row for each layer. ``chosen`` carries the id of the one that was clicked, or reached by an arrow key."""

    chosen = Signal(str)

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme)
        self._selected = ""

    @property
    def ids(self) -> Sequence[str]:
        """Of the layers, from the highest row to the lowest."""
        return ()

    def select(self, node_id: str) -> None:
        """Mark a layer."""
        self._selected = node_id
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()))
        ids = self.ids
        if step is None or not ids:
            super().keyPressEvent(event)
            return
        at = ids.index(self._selected) + step if self._selected in ids else 0
        self.chosen.emit(ids[max(0, min(at, len(ids) - 1))])
