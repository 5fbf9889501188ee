"""The path through all lessons: a dot for each, filled where it is done; where one stands is ringed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QHelpEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from playground.lessons.lesson import Lesson
from playground.ui.kit.text import tip
from playground.ui.kit.theme import Theme

#: pixels between two dots, of a dot, and between two rows
STEP, RADIUS, ROW = 17, 5.0, 18


@dataclass(frozen=True)
class Stop:
    """One lesson on the path, and how much of it is done, 0 to 1."""

    lesson: Lesson
    share: float


class LessonMap(QWidget):
    """A click on a dot begins its lesson. The list below it says the same in words, for the keyboard and who hears the screen.

    Attributes:
        stops: in their order.
        next: the number of the first that is not done; ``None`` where all are.
    """

    def __init__(self, theme: Theme, begin: Callable[[Lesson], object]) -> None:
        super().__init__()
        self.setObjectName("lesson_map")
        self._theme, self._begin = theme, begin
        self.stops: tuple[Stop, ...] = ()
        self.next: int | None = None
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        theme.follow(self.update)

    def show_stops(self, stops: Sequence[Stop]) -> None:
        """Show how far one has come."""
        self.stops = tuple(stops)
        self.next = next((i for i, one in enumerate(self.stops) if one.share < 1.0), None)
        done = sum(one.share == 1.0 for one in self.stops)
        self.setAccessibleName(f"Path through the lessons: {done} of {len(self.stops)} done")
        self.updateGeometry()
        self.update()

    def _in_a_row(self, width: int) -> int:
        return max(1, (width - 4) // STEP)

    def heightForWidth(self, width: int) -> int:
        rows = -(-len(self.stops) // self._in_a_row(width))
        return max(1, rows) * ROW + 4

    def hasHeightForWidth(self) -> bool:
        return True

    def sizeHint(self) -> QSize:
        return QSize(260, self.heightForWidth(260))

    def centre(self, i: int) -> QPointF:
        """Of a dot. Every second row goes back, so that the path is one line."""
        many = self._in_a_row(self.width())
        row, at = divmod(i, many)
        column = at if row % 2 == 0 else many - 1 - at
        return QPointF(STEP * (column + 0.5) + 2, ROW * (row + 0.5) + 2)

    def _at(self, point: QPointF) -> int | None:
        for i in range(len(self.stops)):
            off = self.centre(i) - point
            if max(abs(off.x()), abs(off.y())) <= STEP / 2:
                return i
        return None

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        found = self._at(event.position())
        if found is not None and event.button() == Qt.MouseButton.LeftButton:
            self._begin(self.stops[found].lesson)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            found = self._at(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), "" if found is None else tip(self._words(found)), self)
            return True
        return super().event(event)

    def _words(self, i: int) -> str:
        stop = self.stops[i]
        done = (
            "done"
            if stop.share == 1.0
            else f"{round(100 * stop.share)} % done"
            if stop.share
            else "not begun"
        )
        return f"{i + 1}. {stop.lesson.title}: {done}"

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        theme = self._theme
        painter.setPen(QPen(QColor(theme.border), 2))
        for i in range(1, len(self.stops)):
            painter.drawLine(self.centre(i - 1), self.centre(i))
        for i, stop in enumerate(self.stops):
            middle = self.centre(i)
            colour = QColor(theme.accent if stop.share or i == self.next else theme.muted)
            if i == self.next:
                painter.setPen(QPen(colour, 1.5))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawEllipse(middle, RADIUS + 2.5, RADIUS + 2.5)
            painter.setPen(QPen(colour, 1.5))
            painter.setBrush(colour if stop.share == 1.0 else QColor(theme.panel))
            painter.drawEllipse(middle, RADIUS, RADIUS)
            if 0 < stop.share < 1:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(colour)
                around = QRectF(middle.x() - RADIUS, middle.y() - RADIUS, 2 * RADIUS, 2 * RADIUS)
                painter.drawPie(around, 90 * 16, -round(360 * 16 * stop.share))
