"""How the run goes, in numbers, for the bar above everything."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QRect, QSize, Qt
from PySide6.QtGui import QAction, QColor, QFont, QFontMetrics, QGuiApplication, QHelpEvent, QPainter
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from playground.runner.messages import Frame, State
from playground.ui.kit.fonts import small
from playground.ui.kit.icons import icon
from playground.ui.kit.numbers import count, fmt
from playground.ui.kit.theme import Theme
from playground.ui.kit.view import Context, View

GAP = 14  #: pixels between two numbers


@dataclass(frozen=True)
class Reading:
    """One number of a frame.

    Args:
        name: of the widget.
        caption: below the number; ``{metric}`` stands for accuracy or R².
        help: for the tool tip.
        value: takes it from a frame.
        text: writes it.
        widest: as long as it usually gets.
        priority: where there is no room for all, the smallest stay.
    """

    name: str
    caption: str
    help: str
    value: Callable[[Frame], float]
    text: Callable[[float], str]
    widest: str
    priority: int


def _rate(per_second: float) -> str:
    """A speed; none while paused."""
    return "–" if not per_second else count(round(per_second)) if per_second >= 100 else fmt(per_second)


READINGS = (
    Reading("epoch", "epoch", "Finished passes over the training data.",
            lambda f: f.epoch, lambda v: count(int(v), 6), "000,000", 0),
    Reading("step", "step", "Finished updates of the weights, one for each batch.",
            lambda f: f.step, lambda v: count(int(v)), "0,000,000", 6),
    Reading("train_loss", "train loss", "Loss over the whole training part after the last finished epoch, without the penalty.",
            lambda f: f.train_loss, fmt, "0.00e−0", 2),
    Reading("penalty", "+ penalty", "The regularization term, which is added to the training loss: both together are made small.",
            lambda f: f.penalty, fmt, "0.00e−0", 4),
    Reading("validation_loss", "val. loss", "Loss over the validation part, which the network never learns from.",
            lambda f: f.validation_loss, fmt, "0.00e−0", 3),
    Reading("train_metric", "train {metric}", "{Metric} over the training part after the last finished epoch.",
            lambda f: f.train_metric, fmt, "−0.000", 7),
    Reading("validation_metric", "val. {metric}", "{Metric} over the validation part after the last finished epoch.",
            lambda f: f.validation_metric, fmt, "−0.000", 1),
    Reading("speed", "epochs/s", "Passes over the training data per second, while it runs.",
            lambda f: f.epochs_per_second, _rate, "00,000", 5),
)  # fmt: skip


class Readout(QWidget):
    """A number over its caption, of a width that does not change with the digits.

    It paints itself: a label would have the whole window laid out again with each new number.
    """

    def __init__(self, name: str, theme: Theme) -> None:
        super().__init__()
        self.setObjectName(name)
        self.theme = theme
        self._text, self._caption, self._help, self._widest = "–", "", "", ""
        self._kept: tuple[tuple[QFont, QFontMetrics], tuple[QFont, QFontMetrics]] | None = None
        self._exact = math.nan
        copy = QAction("Copy exact value", self)
        copy.triggered.connect(lambda: QGuiApplication.clipboard().setText(self.exact))
        self.addAction(copy)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)

    @property
    def text(self) -> str:
        """The number as written."""
        return self._text

    @property
    def caption(self) -> str:
        """What it is."""
        return self._caption

    @property
    def exact(self) -> str:
        """The number with all its digits."""
        return repr(self._exact) if isinstance(self._exact, int) else f"{self._exact:.17g}"

    def describe(self, caption: str, help: str, widest: str) -> None:
        """What it stands for, and how long it usually gets."""
        if (caption, widest) != (self._caption, self._widest):
            self._caption, self._help, self._widest = caption, help, widest
            self.setAccessibleName(caption.removeprefix("+ ").replace("val.", "validation"))
            self.updateGeometry()
            self.update()

    def show_value(self, value: float, text: str) -> None:
        """The newest value."""
        self._exact = value
        if text != self._text:
            longer = len(text) > max(len(self._widest), len(self._text))
            self._text = text
            self.setAccessibleDescription(text)
            if longer:
                self.updateGeometry()
            self.update()

    def _fonts(self) -> tuple[tuple[QFont, QFontMetrics], tuple[QFont, QFontMetrics]]:
        """Of the number, bold with digits of equal width where the font has them, and of the caption; kept, as layouts ask often."""
        if self._kept is None:
            number = QFont(self.font())
            number.setPointSizeF(1.1 * number.pointSizeF())
            number.setBold(True)
            number.setFeature(QFont.Tag("tnum"), 1)
            caption = small(self.font())
            self._kept = (number, QFontMetrics(number)), (caption, QFontMetrics(caption))
        return self._kept

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.FontChange:
            self._kept = None
        super().changeEvent(event)

    def sizeHint(self) -> QSize:
        (_, number), (_, caption) = self._fonts()
        longest = max(number.horizontalAdvance(self._widest), number.horizontalAdvance(self._text))
        width = max(longest, caption.horizontalAdvance(self._caption))
        return QSize(width + 2, number.height() + caption.height() + 1)

    minimumSizeHint = sizeHint

    def paintEvent(self, event: object) -> None:
        painter = QPainter(self)
        self._paint_lines(painter, 0, self._text, self._caption, self.theme.text)
        painter.end()

    def _paint_lines(self, painter: QPainter, x: int, first: str, second: str, colour: str) -> None:
        elide, left = Qt.TextElideMode.ElideRight, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        number, caption = self._fonts()
        top = number[1].height()
        both = top + caption[1].height() + 1
        y = max(0, (self.height() - both) // 2)
        for (font, metrics), rect, text, ink in (
            (number, QRect(x, y, self.width() - x, top), first, colour),
            (caption, QRect(0, y + top + 1, self.width(), both - top - 1), second, self.theme.muted),
        ):
            painter.setFont(font)
            painter.setPen(QColor(ink))
            painter.drawText(rect, left, metrics.elidedText(text, elide, rect.width()))

    def tip(self) -> str:
        """What the tool tip says."""
        return f"{self._help}\n" + ("Not known yet." if math.isnan(self._exact) else f"Exactly {self.exact}")

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), self.tip(), self)
            return True
        return super().event(event)


#: icon, colour of the theme, word, and what stands below when there is nothing to explain
STATES = {
    State.EMPTY: ("cancel", "warning", "cannot run", "see Problems"),
    State.READY: ("circle-outline", "muted", "ready", "press Play"),
    State.RUNNING: ("play-circle", "good", "running", "training"),
    State.PAUSED: ("pause-circle", "muted", "paused", "Play goes on"),
    State.DIVERGED: ("alert", "warning", "diverged", "numbers grew too large"),
    State.CRASHED: ("close-octagon", "error", "crashed", "see details"),
}

#: where there is nothing wrong, it is only not there yet
LOADING = ("timer-sand", "muted", "loading", "one moment")


class StateReadout(Readout):
    """The state as a sign and a word, over the reason in words."""

    ICON = 16

    def __init__(self, theme: Theme) -> None:
        super().__init__("state", theme)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.setAccessibleName("State")
        self.state, self._message = State.EMPTY, ""
        self.show_state(State.EMPTY, "")

    def show_state(self, state: State, message: str) -> None:
        """The state, and why it is so."""
        self.state, self._message = state, message
        self._look = LOADING if state is State.EMPTY and not message else STATES[state]
        self._text, self._caption = self._look[2], message or self._look[3]
        self.setAccessibleDescription(f"{self._text}: {self._caption}")
        self.update()

    def sizeHint(self) -> QSize:
        number = self._fonts()[0][1]
        # Why a project cannot run stands in place of the numbers, so that no room is kept for it here.
        width = max(
            number.horizontalAdvance(words[2]) for state, words in STATES.items() if state is not State.EMPTY
        )
        return QSize(self.ICON + 5 + width, super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def tip(self) -> str:
        return f"State: {self._text}.\n{self._message}".strip()

    def paintEvent(self, event: object) -> None:
        painter, theme = QPainter(self), self.theme
        name, colour = self._look[:2]
        line = self._fonts()[0][1].height()
        y = max(0, (self.height() - self.sizeHint().height()) // 2) + (line - self.ICON) // 2
        pixmap = icon(name, theme, colour).pixmap(QSize(self.ICON, self.ICON), self.devicePixelRatioF())
        painter.drawPixmap(0, y, pixmap)
        self._paint_lines(painter, self.ICON + 5, self._text, self._caption, theme.text)
        painter.end()


class MetricsBar(View):
    """Epoch, losses, accuracies, speed and state, side by side; what finds no room is left out, the least important first."""

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self.setObjectName("metrics")
        self.state = StateReadout(context.theme)
        self.readouts = {reading.name: Readout(reading.name, context.theme) for reading in READINGS}
        for readout in (*self.readouts.values(), self.state):
            readout.setParent(self)
        self._penalized = False
        self._name("accuracy")

    def _name(self, metric: str) -> None:
        for reading in READINGS:
            help = reading.help.replace("{Metric}", metric[:1].upper() + metric[1:])
            self.readouts[reading.name].describe(reading.caption.format(metric=metric), help, reading.widest)
        self._metric = metric

    # ---- what it is given ----------------------------------------------------------------------------------------------

    def show_frame(self, frame: Frame) -> None:
        """The numbers of a frame; a change of state at once, other changes a few times a second."""
        same = frame.state is self.state.state
        if not self.context.calm.due(frame):
            return
        if not same or frame.message != self.state._message:
            self.state.show_state(frame.state, frame.message)
        if frame.metric_name != self._metric:
            self._name(frame.metric_name)
        for reading in READINGS:
            value = reading.value(frame)
            self.readouts[reading.name].show_value(value, reading.text(value))
        penalized = frame.penalty > 0
        if penalized != self._penalized:
            self._penalized = penalized
            self._lay_out()

    # ---- layout --------------------------------------------------------------------------------------------------------

    def sizeHint(self) -> QSize:
        sizes = [readout.sizeHint() for readout in self.readouts.values()] + [self.state.sizeHint()]
        return QSize(sum(size.width() + GAP for size in sizes), max(size.height() for size in sizes))

    def minimumSizeHint(self) -> QSize:
        return QSize(self.state.sizeHint().width(), self.sizeHint().height())

    def event(self, event: QEvent) -> bool:
        # A number has asked for more room.
        if event.type() in (QEvent.Type.LayoutRequest, QEvent.Type.FontChange):
            self._lay_out()
        return super().event(event)

    def resizeEvent(self, event) -> None:
        super().resizeEvent(event)
        self._lay_out()

    def _lay_out(self) -> None:
        """Give places to as many numbers as there is room for beside the state."""
        wanted = [r for r in READINGS if r.name != "penalty" or self._penalized]
        room = self.width() - self.state.sizeHint().width()
        kept: set[str] = set()
        for reading in sorted(wanted, key=lambda r: r.priority):
            width = self.readouts[reading.name].sizeHint().width() + GAP
            if width > room:
                break
            room -= width
            kept.add(reading.name)
        x = 0
        for name, readout in self.readouts.items():
            readout.setVisible(name in kept)
            if name in kept:
                width = readout.sizeHint().width()
                readout.setGeometry(x, 0, width, self.height())
                x += width + GAP
        self.state.setGeometry(x, 0, self.width() - x, self.height())
