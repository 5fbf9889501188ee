"""A plot that can be looked into: the wheel zooms, dragging moves, a double-click shows all again."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication

from playground.ui.kit.plot import Plot
from playground.ui.kit.theme import Theme

STEP = 1.25  #: of one notch of the wheel, and of one key
MOST = 1e4  #: how many times larger the axes may become


class ZoomPlot(Plot):
    """As ``Plot``, until somebody zooms: then ``set_range`` says no more than how far the axes reach as a whole."""

    zoomed = Signal(bool)  #: it begins, or ends, to show a part

    def __init__(self, theme: Theme, name: str, *, whole_x: bool = False) -> None:
        self._whole: tuple[Sequence[float], Sequence[float]] = ((0.0, 1.0), (0.0, 1.0))
        self._part: tuple[Sequence[float], Sequence[float]] | None = None
        self._grabbed_at: QPointF | None = None
        self._dragging = False
        super().__init__(theme, name, whole_x=whole_x)

    @property
    def shows_part(self) -> bool:
        """Whether somebody has zoomed."""
        return self._part is not None

    def set_range(self, x: Sequence[float], y: Sequence[float]) -> None:
        self._whole = x, y
        super().set_range(*(self._part or self._whole))

    def show_all(self) -> None:
        """The whole axes again."""
        self._show(None)

    def _show(self, part: tuple[Sequence[float], Sequence[float]] | None) -> None:
        before, self._part = self.shows_part, part
        super().set_range(*(part or self._whole))
        if before != self.shows_part:
            self.zoomed.emit(self.shows_part)
        self.refresh_cursor()

    def zoom_by(self, factor: float, at: QPointF | None = None) -> None:
        """Show ``factor`` times less of both axes, what is at a pixel (by default the middle) staying there; never more than all."""
        x, y = self.to_data(at if at is not None else self.area().center())
        part = []
        for (low, high), whole, fixed in zip(self._part or self._whole, self._whole, (x, y), strict=True):
            size = (high - low) / factor
            if size >= whole[1] - whole[0]:
                part.append(whole)
                continue
            size = max(size, (whole[1] - whole[0]) / MOST)
            share = (fixed - low) / (high - low)
            part.append(_inside((fixed - share * size, fixed + (1 - share) * size), whole))
        self._show(None if tuple(part) == tuple(map(tuple, self._whole)) else (part[0], part[1]))

    def move_by(self, pixels: QPointF) -> None:
        """Move what is shown, as far as the axes reach."""
        if self._part is None:
            return
        start, end = self.to_data(self.area().topLeft()), self.to_data(self.area().topLeft() + pixels)
        moved = [
            _inside((low - (b - a), high - (b - a)), whole)
            for (low, high), whole, a, b in zip(self._part, self._whole, start, end, strict=True)
        ]
        self._show((moved[0], moved[1]))

    # --- events -------------------------------------------------------------------------------------------------------

    def wheelEvent(self, event: QWheelEvent) -> None:
        notches = event.angleDelta().y() / 120.0
        if notches and self.area().contains(event.position()):
            self.zoom_by(STEP**notches, event.position())
            event.accept()
        else:
            event.ignore()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        self._dragging = False
        self._grabbed_at = event.position() if event.button() == Qt.MouseButton.LeftButton else None

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._grabbed_at is not None and event.buttons() & Qt.MouseButton.LeftButton and self.shows_part:
            way = event.position() - self._grabbed_at
            if self._dragging or way.manhattanLength() >= QApplication.startDragDistance():
                self._dragging = True
                self._grabbed_at = event.position()
                self.move_by(way)
        super().mouseMoveEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._grabbed_at, self._dragging = None, False
        super().mouseReleaseEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.show_all()
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        match event.key():
            case Qt.Key.Key_Plus | Qt.Key.Key_Equal:
                self.zoom_by(STEP, self._cursor)
            case Qt.Key.Key_Minus:
                self.zoom_by(1 / STEP, self._cursor)
            case Qt.Key.Key_0:
                self.show_all()
            case _:
                super().keyPressEvent(event)


def _inside(span: tuple[float, float], whole: Sequence[float]) -> tuple[float, float]:
    """``span``, moved so that it lies in ``whole``."""
    low = min(max(span[0], whole[0]), whole[1] - (span[1] - span[0]))
    return low, low + span[1] - span[0]
