"""A batch taken apart: what each sample says about one weight, their mean, and how sure it is."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine.trace import NotKept, sample_gradients
from playground.ui.kit.colours import mix
from playground.ui.kit.fonts import small
from playground.ui.kit.numbers import fmt
from playground.ui.kit.plot import ReadOut
from playground.ui.kit.step_progress import Progress
from playground.ui.kit.theme import Theme
from playground.ui.kit.view import Context
from playground.ui.kit.widgets import label
from playground.ui.panels.backprop.side import SideCard
from playground.ui.panels.backprop.strip import BatchStrip
from playground.ui.panels.backprop.subject import in_words

Array = NDArray[Any]

DOT, REACH = 4.0, 9.0  #: radius of a dot, and how near the mouse must come, in pixels
LEFT, RIGHT_, FOOT = 62.0, 14.0, 20.0  #: room for words round the picture
LINE = 17.0  #: height of the row of one batch size
_MOVES = {Qt.Key.Key_Left: -1, Qt.Key.Key_Down: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: 1}


def batch_sizes(n: int) -> tuple[int, ...]:
    """The sizes that are compared: 1, 4, 16, … and the batch's own."""
    smaller = [4**k for k in range(6) if 4**k < n]
    return (*smaller[-3:], n)


def standard_error(gradients: Array, size: int) -> float:
    """How far the mean over ``size`` samples drawn like these would be off, one standard deviation; NaN of a single sample.

    s / √size, with s the sample standard deviation of ``gradients`` (n,).
    """
    return float(np.std(gradients, ddof=1)) / math.sqrt(size) if len(gradients) > 1 else math.nan


class DotsPlot(QWidget):
    """A dot per sample along one axis, the mean as a line; below, how far the mean of smaller batches would be off."""

    chosen = Signal(int)  #: place in the batch

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("sample_dots")
        self.setAccessibleName("Gradient of one weight, sample by sample")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setFont(small(self.font()))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.theme = theme
        self.gradients: Array = np.zeros(0)  #: of each sample, (N,)
        self.current = -1
        self._hovered: int | None = None
        self._where: list[QPointF] = []
        self.read_out = ReadOut(self)

    def show_gradients(self, gradients: Array, current: int) -> None:
        """``gradients`` (N,); ``current`` is the sample that is looked at, −1 for the whole batch."""
        self.gradients, self.current = gradients, current
        self._hovered = None
        self.read_out.hide()
        self._lay()
        self.update()

    def minimumSizeHint(self) -> QSize:
        return QSize(180, round(46 + FOOT + LINE * len(batch_sizes(max(1, len(self.gradients))))))

    def sizeHint(self) -> QSize:
        return self.minimumSizeHint()

    # --- layout -------------------------------------------------------------------------------------------------------

    @property
    def sizes(self) -> tuple[int, ...]:
        return batch_sizes(len(self.gradients)) if len(self.gradients) > 1 else ()

    def area(self) -> QRectF:
        """Where the dots lie."""
        height = self.height() - FOOT - LINE * len(self.sizes) - 6
        return QRectF(LEFT, 4, self.width() - LEFT - RIGHT_, max(30.0, height))

    def range(self) -> tuple[float, float]:
        """The ends of the axis; 0 is always on it."""
        finite = self.gradients[np.isfinite(self.gradients)]
        low, high = min(0.0, float(finite.min(initial=0.0))), max(0.0, float(finite.max(initial=0.0)))
        if self.sizes:
            mean, off = float(finite.mean()), standard_error(finite, self.sizes[0])
            low, high = min(low, mean - off), max(high, mean + off)
        room = 0.05 * (high - low) or 1.0
        return low - room, high + room

    def across(self, value: float) -> float:
        """Where a gradient is on the axis, in pixels."""
        low, high = self.range()
        area = self.area()
        return area.left() + (value - low) / (high - low) * area.width()

    def where(self, sample: int) -> QPointF:
        """The middle of a sample's dot."""
        return self._where[sample]

    def _lay(self) -> None:
        """Dots that would cover one another are stacked, like coins."""
        area, step = self.area(), 2 * DOT + 1
        most = max(1, int(area.height() / step))
        stacks: dict[int, int] = {}
        self._where = []
        for value in self.gradients.tolist():
            at = self.across(value) if math.isfinite(value) else area.left()
            column = round(at / step)
            level = stacks.get(column, 0)
            stacks[column] = level + 1
            y = area.bottom() - DOT - (level % most) * step - (level // most) * 2
            self._where.append(QPointF(column * step, y))

    def resizeEvent(self, event: object) -> None:
        self._lay()

    # --- drawing ------------------------------------------------------------------------------------------------------

    def paintEvent(self, event: object) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if len(self.gradients):
            self._paint_axis(painter)
            self._paint_mean(painter)
            self._paint_dots(painter)
        painter.end()

    def _paint_axis(self, painter: QPainter) -> None:
        theme, area = self.theme, self.area()
        painter.fillRect(area.adjusted(-4, 0, 4, 0), QColor(theme.sunken))
        painter.setPen(QPen(QColor(theme.border), 1))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        zero = self.across(0.0)
        painter.setPen(QPen(QColor(theme.muted), 1, Qt.PenStyle.DotLine))
        painter.drawLine(QPointF(zero, area.top()), QPointF(zero, self.height() - FOOT))
        painter.setPen(QColor(theme.muted))
        foot = QRectF(zero - 40, self.height() - FOOT + 2, 80, FOOT - 2)
        painter.drawText(foot, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop, "0")
        middle = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(QRectF(0, area.top(), LEFT - 10, area.height()), middle, "each\nsample")

    def _paint_mean(self, painter: QPainter) -> None:
        theme, area = self.theme, self.area()
        mean, colour = float(self.gradients.mean()), QColor(self.theme.gradient)
        at, bottom = self.across(mean), self.height() - FOOT
        painter.setPen(QPen(colour, 2.2))
        painter.drawLine(QPointF(at, area.top()), QPointF(at, bottom))
        y = area.bottom() + 6
        for size in self.sizes:
            off = standard_error(self.gradients, size)
            own = size == len(self.gradients)
            start, end = self.across(mean - off), self.across(mean + off)
            bar = QRectF(start, y + LINE / 2 - 3, end - start, 6)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour if own else QColor(mix(theme.gradient, theme.panel, 0.55)))
            painter.drawRoundedRect(bar, 3, 3)
            painter.setPen(QColor(theme.text if own else theme.muted))
            right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(QRectF(0, y, LEFT - 10, LINE), right, f"batch {size}")
            y += LINE
        painter.setPen(colour)
        words = f"mean {fmt(mean)}"
        width = painter.fontMetrics().horizontalAdvance(words) + 4
        left = min(max(at - width / 2, 2.0), self.width() - width - 2)
        zero = self.across(0.0)
        if not left - 8 < zero < left + width + 8:  # else the 0 of the axis stands there
            painter.drawText(QRectF(left, bottom + 2, width, FOOT - 2), Qt.AlignmentFlag.AlignHCenter, words)

    def _paint_dots(self, painter: QPainter) -> None:
        theme = self.theme
        painter.setPen(QPen(QColor(theme.panel), 0.8))
        painter.setBrush(QColor(mix(theme.gradient, theme.panel, 0.3)))
        for i, at in enumerate(self._where):
            if i != self.current:
                painter.drawEllipse(at, DOT, DOT)
        for marked, colour in ((self.current, theme.text), (self._hovered, theme.accent)):
            if marked is not None and 0 <= marked < len(self._where):
                painter.setPen(QPen(QColor(colour), 2.0))
                painter.setBrush(QColor(theme.gradient))
                painter.drawEllipse(self._where[marked], DOT + 1.5, DOT + 1.5)

    # --- choosing -----------------------------------------------------------------------------------------------------

    def _nearest(self, at: QPointF) -> int | None:
        if not self._where:
            return None
        away = [math.hypot(p.x() - at.x(), p.y() - at.y()) for p in self._where]
        i = int(np.argmin(away))
        return i if away[i] <= REACH else None

    def _point(self, sample: int | None) -> None:
        if sample != self._hovered:
            self._hovered = sample
            self.update()
        if sample is None:
            self.read_out.hide()
        else:
            self.read_out.say(
                f"sample {sample + 1}: {fmt(float(self.gradients[sample]))}", self._where[sample]
            )

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        sample = self._nearest(event.position())
        self._point(sample)
        self.setCursor(Qt.CursorShape.ArrowCursor if sample is None else Qt.CursorShape.PointingHandCursor)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        sample = self._nearest(event.position())
        if sample is not None and event.button() == Qt.MouseButton.LeftButton:
            self.chosen.emit(sample)

    def leaveEvent(self, event: object) -> None:
        self._point(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows go from dot to dot in the order of their gradients; Return chooses."""
        move = _MOVES.get(Qt.Key(event.key()))
        if move is not None and len(self.gradients):
            order = np.argsort(self.gradients, kind="stable").tolist()
            now = self._hovered if self._hovered is not None else max(self.current, 0)
            self._point(order[min(max(order.index(now) + move, 0), len(order) - 1)])
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._hovered is not None:
            self.chosen.emit(self._hovered)
        else:
            super().keyPressEvent(event)


class DotsCard(SideCard):
    """The mini-batch made visible for one weight.

    ``sample_chosen(int)``: somebody wants to look at this sample of the batch.
    """

    title = "Batch"
    idle = "Step inside an update to see what each sample of the batch says about a weight."
    sample_chosen = Signal(int)

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.setObjectName("dots_card")
        self.plot = DotsPlot(context.theme)
        self.plot.setToolTip(
            "A dot per sample: click one to look at that sample. The bars show how far the mean of a batch of that size would be off, "
            "one standard error: four times the samples, half the noise."
        )
        self.words = label("dots_words", muted=True)
        self.strip = BatchStrip(context.theme)
        context.theme.follow(self.strip.restyle)
        self.strip.chosen.connect(self.sample_chosen)
        self.column.insertWidget(0, self.strip.area)
        self.body.addWidget(self.plot, 1)
        self.body.addWidget(self.words)
        self.plot.chosen.connect(self.sample_chosen)
        self._shown: tuple[object, ...] = ()

    def refresh(self) -> None:
        step, place = self.step, self.subject.place
        self.strip.show_batch(
            step.trace if step is not None else None, step.sample if step is not None else None
        )
        if step is None or place is None:
            self.say("Nothing in this network learns, so no weight has a gradient.")
            return
        trace = step.trace
        self.remark.say(in_words(place))
        if not Progress(trace, step.moment, step.sample, self.context.focus.veiled).parameter_gradient(
            place.node_id, place.name, place.index
        ):
            self._shown = ()
            self.say(
                "The steps have not come to this gradient yet. It is known once they have gone back to its layer."
            )
            return
        shown = (trace, place, step.sample)
        if shown == self._shown:
            return
        self._shown = shown
        try:
            gradients = trace.size * sample_gradients(trace, place)
        except NotKept as error:
            self.say(str(error))
            return
        self.say("")
        self.plot.show_gradients(gradients, -1 if step.sample is None else step.sample)
        self.words.setText(sentence(gradients))


def sentence(gradients: Array) -> str:
    """What the dots say, in words."""
    n, mean = len(gradients), float(gradients.mean())
    if n == 1:
        return f"A batch of one: its gradient, {fmt(mean)}, is the update's. A larger one would average noise away."
    off = standard_error(gradients, n)
    words = f"The mean of {n}, {fmt(mean)} ± {fmt(off, 2)}, is the update's gradient."
    against = int((np.sign(gradients) == -np.sign(mean)).sum()) if mean else 0
    return words + (f" {against} of {n} pull the other way." if against else "")
