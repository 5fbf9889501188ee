"""One layer over time: a hill for each moment of the run, the oldest behind. A click goes there, as History does."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip

from playground.ui.kit.fonts import small
from playground.ui.kit.keyed import Keyed
from playground.ui.kit.numbers import count
from playground.ui.kit.text import tip
from playground.ui.kit.theme import Theme
from playground.ui.panels.distributions.layers import USUAL
from playground.ui.panels.distributions.model import SHOWN, Quantity, Row
from playground.ui.panels.distributions.paint import draw_marks, draw_row

#: pixels of the column of epochs, how high a hill may be, and how many lines of hills it may rise over
LEFT, MOST, OVER = 66, 54.0, 3.4


class FilmRidges(Keyed):
    """Hills of moments. ``gone`` carries the update of the one that was clicked, or reached by an arrow key."""

    gone = Signal(int)

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme)
        self.setObjectName("film_ridges")
        self.setAccessibleName("How the numbers of the layer were spread over time")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setFont(small(self.font()))
        self.setMinimumSize(180, 120)
        self.quantity: Quantity = SHOWN[0]
        self.moments: tuple[tuple[int, int, Row], ...] = ()  # update, epoch, hill; ascending
        self.now = 0
        self._under: int | None = None
        self.setMouseTracking(True)

    def show_moments(self, quantity: Quantity, moments: tuple[tuple[int, int, Row], ...], now: int) -> None:
        """Draw these; ``now``: the update that the run stands at."""
        self.quantity, self.moments, self.now = quantity, moments, now
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(320, 220)

    def _area(self) -> QRectF:
        """Where hills stand, from the highest line to the lowest."""
        foot = self.fontMetrics().height() + 4
        top = min(MOST, self.height() * 0.3)
        return QRectF(LEFT, top, max(self.width() - LEFT - 10, 20), max(self.height() - foot - top, 10))

    def baseline(self, index: int) -> float:
        """Where the hill of a moment stands."""
        area = self._area()
        return (
            area.bottom()
            if len(self.moments) < 2
            else area.top() + area.height() * index / (len(self.moments) - 1)
        )

    def at(self, y: float) -> int | None:
        """Which moment stands next to ``y``."""
        if not self.moments:
            return None
        area = self._area()
        share = (y + 6 - area.top()) / max(
            area.height(), 1.0
        )  # one points at a hill, a little above its foot
        return max(0, min(round(share * (len(self.moments) - 1)), len(self.moments) - 1))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, theme = QPainter(self), self._theme
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = self._area()
        if self.moments:
            whole = QRectF(area.left(), 2, area.width(), area.bottom() - 2)
            draw_marks(painter, whole, self.moments[0][2].axis, theme, USUAL.get(self.quantity.key), True)
        spacing = area.height() / max(len(self.moments) - 1, 1)
        high = min(MOST, area.top() - 4 if len(self.moments) > 1 else MOST, max(spacing * OVER, 14.0))
        line, last = self.fontMetrics().height(), -1e9
        by_epoch = len({epoch for _, epoch, _ in self.moments}) == len(self.moments)
        for i, (step, epoch, row) in enumerate(self.moments):
            foot = self.baseline(i)
            is_now = step == self.now
            faint = 0.0 if is_now else 0.55
            draw_row(
                painter, QRectF(area.left(), foot - high, area.width(), high), row, theme, self.quantity,
                faint=0.15 if i == self._under else faint, solid=True,
            )  # fmt: skip
            if is_now:
                painter.setPen(QPen(QColor(theme.accent), 1.2))
                painter.drawLine(QPointF(area.left(), foot), QPointF(area.right(), foot))
            if is_now or (foot - last > line + 1 and not self._near_now(i, line)):
                painter.setPen(QColor(theme.accent if is_now else theme.muted))
                words = "now" if is_now else f"ep. {count(epoch)}" if by_epoch else f"upd. {count(step)}"
                box = QRectF(4, foot - line + 3, LEFT - 10, line)
                painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, words)
                last = foot
        self.paint_focus(painter)
        painter.end()

    def _near_now(self, index: int, line: int) -> bool:
        """Whether the word "now" stands where this moment's would."""
        return any(
            step == self.now and i > index and self.baseline(i) - self.baseline(index) <= line
            for i, (step, *_) in enumerate(self.moments)
        )

    # --- mouse and keys -----------------------------------------------------------------------------------------------

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        under = self.at(event.position().y())
        if under != self._under:
            self._under = under
            self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self._under = None
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        at = self.at(event.position().y())
        if event.button() == Qt.MouseButton.LeftButton and at is not None:
            self.gone.emit(self.moments[at][0])

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Left: -1, Qt.Key.Key_Down: 1, Qt.Key.Key_Right: 1}.get(
            Qt.Key(event.key())
        )
        steps = [one[0] for one in self.moments]
        if step is None or not steps:
            super().keyPressEvent(event)
            return
        at = max((i for i, one in enumerate(steps) if one <= self.now), default=0) + step
        self.gone.emit(steps[max(0, min(at, len(steps) - 1))])

    def event(self, event: QEvent) -> bool:
        """The figures of the moment under the mouse."""
        if event.type() != QEvent.Type.ToolTip or not isinstance(event, QHelpEvent):
            return super().event(event)
        at = self.at(event.pos().y())
        words = ""
        if at is not None:
            step, epoch, row = self.moments[at]
            words = f"Epoch {count(epoch)}, update {count(step)}. {row.full}\nClick to go there."
        QToolTip.showText(event.globalPos(), tip(words), self)
        return True
