"""The whole walk as a bar with four sections, Forward, Loss, Backward and Update: drag it to any step."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QHelpEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from engine.trace.moments import Phase
from playground.ui.kit.colours import mix
from playground.ui.kit.fonts import small
from playground.ui.kit.numbers import count
from playground.ui.kit.theme import Theme

NAMES = {"forward": "Forward", "loss": "Loss", "backward": "Backward", "update": "Update"}
GAP = 3.0
#: a section is at least so wide, however few of the steps are in it
LEAST = 46.0
#: pixels of the two ticks that show where one is
TICK = 4.0


class Scrubber(QWidget):
    """Where one is. Every section keeps a readable width, so a step's place is not quite to scale between sections."""

    chosen = Signal(int)  #: the number of a step

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("backprop_scrubber")
        self.setAccessibleName("Steps")
        self.setToolTip("Drag to any step. (Home, End)")
        self.theme = theme
        self.marks: Mapping[Phase, range] = {}
        self.at, self.length = 0, 0
        self.setFixedHeight(30)
        self.setMinimumWidth(3 * round(LEAST))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def show_walk(self, marks: Mapping[Phase, range], at: int) -> None:
        """The sections, and where the walk stands."""
        self.marks, self.at = marks, at
        self.length = sum(map(len, marks.values()))
        phase = next((NAMES[p] for p, r in marks.items() if at in r), "")
        self.setAccessibleDescription(f"{phase}, step {count(at + 1)} of {count(self.length)}")
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(320, 30)

    def sections(self) -> dict[Phase, QRectF]:
        """Where each section is."""
        if not self.marks:
            return {}
        least = min(LEAST, (self.width() - 3 * GAP) / len(self.marks))
        free = self.width() - GAP * (len(self.marks) - 1) - least * len(self.marks)
        # Even shares and shares by number of steps, half and half: a forward pass of three steps stays visible beside 3,000.
        found: dict[Phase, QRectF] = {}
        x = 0.0
        for phase, steps in self.marks.items():
            share = 0.5 / len(self.marks) + 0.5 * len(steps) / max(1, self.length)
            room = least + max(0.0, free) * share
            found[phase] = QRectF(x, 4, room, self.height() - 8)
            x += room + GAP
        return found

    def x_of(self, at: int) -> float:
        """The middle of a step, in pixels."""
        for phase, rect in self.sections().items():
            steps = self.marks[phase]
            if at in steps:
                return rect.x() + rect.width() * (at - steps.start + 0.5) / len(steps)
        return 0.0

    def step_at(self, x: float) -> int:
        """The step under a point."""
        found = 0
        for phase, rect in self.sections().items():
            steps = self.marks[phase]
            if x >= rect.x():
                inside = int((x - rect.x()) / rect.width() * len(steps))
                found = steps.start + min(inside, len(steps) - 1)
        return found

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(small(self.font()))
        here = self.x_of(self.at)
        for phase, rect in self.sections().items():
            colour = self.theme.phase_colour(phase)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(mix(self.theme.panel, colour, 0.13)))
            painter.drawRoundedRect(rect, 5, 5)
            painter.save()
            painter.setClipRect(QRectF(0, 0, here, self.height()))
            painter.setBrush(QColor(mix(self.theme.panel, colour, 0.32)))
            painter.drawRoundedRect(rect, 5, 5)
            painter.restore()
            painter.setPen(QColor(mix(colour, self.theme.text, 0.35)))
            name = NAMES[phase]
            fits = painter.fontMetrics().horizontalAdvance(name) <= rect.width() - 4
            painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, name if fits else name[0])
        if self.marks:
            painter.setPen(QPen(QColor(self.theme.text), 3.0, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
            for edge, inwards in ((3, TICK), (self.height() - 3, -TICK)):  # not across the word
                painter.drawLine(QPointF(here, edge), QPointF(here, edge + inwards))
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._choose(event.position().x())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._choose(event.position().x())

    def wheelEvent(self, event: QWheelEvent) -> None:
        steps = event.angleDelta().y() or event.angleDelta().x()
        if self.marks and steps:
            self.chosen.emit(min(max(self.at + (-1 if steps > 0 else 1), 0), self.length - 1))
        event.accept()

    def _choose(self, x: float) -> None:
        if self.marks:
            self.chosen.emit(self.step_at(x))

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent) and self.marks:
            at = self.step_at(event.pos().x())
            phase = next(p for p, r in self.marks.items() if at in r)
            QToolTip.showText(
                event.globalPos(), f"{NAMES[phase]}: step {count(at + 1)} of {count(self.length)}", self
            )
            return True
        return super().event(event)
