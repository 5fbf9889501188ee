"""Training time as a film: filters and maps as they were at any moment of the run, and a Play that walks through all of it."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

from PySide6.QtCore import QTimer
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from playground.runner.messages import Command, Frame, GoTo, State
from playground.ui.kit.fonts import small
from playground.ui.kit.icons import icon
from playground.ui.kit.numbers import count
from playground.ui.kit.scrub import PAUSE, Scrub
from playground.ui.kit.theme import Theme
from playground.ui.kit.widgets import filled, label, tool
from playground.ui.panels.convolution.pace import Pace

#: moments of a film, and milliseconds that each is shown at least, to begin with
MOMENTS, SHOWN = 60, 80
#: milliseconds without any frame after which a moment that was asked for is no longer expected
PATIENCE = 10_000
TIP = (
    "Watch filters and maps form: the run from its first update that can still be reached to its last, once more, in {n} moments, "
    "most of them early, when most happens. The run pauses; click again to stop at a moment, and Play at the top goes on from there."
)


def moments(first: int, last: int) -> list[int]:
    """The updates a film shows: closer together at the beginning, where filters change fastest."""
    share = [k / MOMENTS for k in range(MOMENTS + 1)]
    return sorted({first + round((last - first) * s * s) for s in share})


class Replay(QWidget):
    """The run's history as a slider with a Play of its own."""

    def __init__(self, send: Callable[[Command], None], theme: Theme) -> None:
        super().__init__()
        self.setObjectName("convolution_replay")
        self._send = send
        self._span = (0, 0)  # what can be reached
        self._left: list[int] = []  # moments still to be shown
        self._asked: int | None = None  # the one that is on its way
        self._own: Command | None = None  # what was sent for it
        self._begun = False  # the first has come, and the run stands still
        self._at = 0  # the one that has come last
        self._many = 0  # moments of this film
        self._said_at, self._where = 0.0, ""
        tip, picture = TIP.format(n=MOMENTS), icon("movie-open-outline", theme)
        self.play = tool("convolution_film", "Watch it form", tip, None, picture, little=True, checkable=True)
        self.play.setAccessibleName("Watch filters form over training time")
        self.play.setEnabled(False)
        self.play.toggled.connect(self._toggled)
        self.pace = Pace(
            "convolution_film_pace",
            "Time per moment",
            "How long each moment of the film is shown at least, in milliseconds.",
            SHOWN,
        )
        self.pace.said.setFont(small(self.pace.said.font()))
        self.said = label("convolution_moment", wraps=False, muted=True)
        self.said.setToolTip(
            "Which epoch the filters and maps are of. live: the run goes on; newest: it waits where it has come furthest; "
            "looking back: it waits at an earlier moment, and Play at the top goes on from there."
        )
        # Wide enough for a long run, so that the slider does not move under the mouse.
        self.said.setFixedWidth(self.fontMetrics().horizontalAdvance("epoch 00,000 · looking back") + 6)
        self.scrub = Scrub(self._by_hand, "convolution_time", "", numbered=False)
        self.scrub.slider.setMinimumWidth(90)
        self.scrub.setContentsMargins(0, 4, 0, 0)  # it leaves room below itself: on one line with the others
        self.scrub.slider.setAccessibleName("Training time")
        row = filled(QHBoxLayout(self), self.play, 8, self.pace, self.scrub, self.said, gap=0)
        row.setStretchFactor(self.scrub, 1)
        #: pixels that it needs
        self.least = row.minimumSize().width()
        self._timer = QTimer(self, singleShot=True, interval=self.pace.slider.value())
        self._timer.timeout.connect(self._next)
        self.pace.slider.valueChanged.connect(self._timer.setInterval)
        self._lost = QTimer(self, singleShot=True, interval=PATIENCE)
        self._lost.timeout.connect(self.stop)

    def see(self, frame: Frame) -> None:
        """Follow the run; show the next moment a while after this one has come."""
        self.scrub.see(frame)
        self._span = frame.earliest_step, frame.latest_step
        self.play.setEnabled(frame.earliest_step < frame.latest_step)
        if self.play.isChecked():
            self._follow(frame)
        self._say(frame)

    def _follow(self, frame: Frame) -> None:
        """Go on with the film, or end it where somebody else has moved the run."""
        running = frame.state is State.RUNNING
        # another run, or somebody has pressed Play
        if not self.play.isEnabled() or (running and self._begun):
            self.stop()
        elif running:
            return
        elif self._asked == frame.step:
            self._asked, self._at, self._begun = None, frame.step, True
            self._lost.stop()
            self._timer.start()
        elif self._begun and self._elsewhere(frame.step):
            self.stop()
        elif self._asked is not None:
            self._lost.start()  # on the way

    def _elsewhere(self, step: int) -> bool:
        """Whether the run stands where the film would not have brought it."""
        if self._asked is None:
            return step != self._at
        return step > self._asked  # what is before it may be passed on the way

    def _say(self, frame: Frame) -> None:
        """Which epoch, and whether it is the past; a few times a second while the run goes on."""
        if self.play.isChecked() and self._begun:
            where = f"moment {self._many - len(self._left) - (self._asked is not None)} of {self._many}"
        elif frame.state is State.RUNNING:
            where = "live"
        else:
            where = "newest" if frame.step >= frame.latest_step else "looking back"
        now = perf_counter()
        if where == "live" == self._where and now - self._said_at < PAUSE:
            return
        self._said_at, self._where = now, where
        words = f"epoch {count(frame.epoch)} · {where}"
        if self.said.text() != words:
            self.said.setText(words)

    def stop(self) -> None:
        """Stay at this moment."""
        self.play.setChecked(False)

    def _toggled(self, on: bool) -> None:
        self._timer.stop()
        self._lost.stop()
        self._left, self._asked, self._begun = [], None, False
        if on:
            self._left = moments(*self._span)
            self._many = len(self._left)
            self._next()

    def _next(self) -> None:
        if not self._left:
            self.stop()
            return
        self._asked = self._left.pop(0)
        self._lost.start()
        self._own = GoTo(self._asked)
        self._send(self._own)

    def hear(self, command: Command) -> None:
        """Somebody sends the run to another moment: unless it is the film itself, it stops, lest its next moment be the last word."""
        if command is not self._own:
            self.stop()

    def _by_hand(self, command: Command) -> None:
        self.stop()
        self._send(command)

    def hideEvent(self, event: QHideEvent) -> None:
        self.stop()  # no frames come, and nobody sees it
        super().hideEvent(event)
