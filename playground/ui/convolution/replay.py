"""Training time as a film: filters and maps as they were at any moment of the run, and a Play that walks through all of it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtWidgets import QHBoxLayout, QToolButton, QWidget

from playground.runner.messages import Command, Frame, GoTo, State
from playground.ui.icons import icon
from playground.ui.plots.plot import small
from playground.ui.scrub import Scrub
from playground.ui.theme import Theme

#: moments of a film, and milliseconds that each is shown at least
MOMENTS, SHOWN = 60, 80
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

    def __init__(self, send: Callable[[Command], None]) -> None:
        super().__init__()
        self.setObjectName("convolution_replay")
        self._send = send
        self._span = (0, 0)  # what can be reached
        self._left: list[int] = []  # moments still to be shown
        self._asked: int | None = None  # the one that is on its way
        self._begun = False  # the first has come, and the run stands still
        self.play = QToolButton()
        self.play.setObjectName("convolution_film")
        self.play.setText("Watch it form")
        self.play.setToolTip(TIP.format(n=MOMENTS))
        self.play.setAccessibleName("Watch filters form over training time")
        self.play.setCheckable(True)
        self.play.setEnabled(False)
        self.play.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.play.setIconSize(QSize(16, 16))
        self.play.setFont(small(self.play.font()))
        self.play.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.play.toggled.connect(self._toggled)
        self.scrub = Scrub(self._by_hand, "convolution_time", "")
        self.scrub.slider.setMinimumWidth(90)
        self.scrub.slider.setAccessibleName("Training time")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.play)
        row.addWidget(self.scrub, stretch=1)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SHOWN)
        self._timer.timeout.connect(self._next)

    def see(self, frame: Frame) -> None:
        """Follow the run; show the next moment a while after this one has come."""
        self.scrub.see(frame)
        self._span = frame.earliest_step, frame.latest_step
        self.play.setEnabled(frame.earliest_step < frame.latest_step)
        if not self.play.isChecked():
            return
        running = frame.state is State.RUNNING
        if not self.play.isEnabled() or (
            running and self._begun
        ):  # another run, or somebody has pressed Play
            self.stop()
        elif self._asked == frame.step and not running:
            self._asked, self._begun = None, True
            self._timer.start()

    def stop(self) -> None:
        """Stay at this moment."""
        self.play.setChecked(False)

    def _toggled(self, on: bool) -> None:
        self._timer.stop()
        self._left, self._asked, self._begun = [], None, False
        if on:
            self._left = moments(*self._span)
            self._next()

    def _next(self) -> None:
        if not self._left:
            self.stop()
            return
        self._asked = self._left.pop(0)
        self._send(GoTo(self._asked))

    def _by_hand(self, command: Command) -> None:
        self.stop()
        self._send(command)

    def set_theme(self, theme: Theme) -> None:
        self.play.setIcon(icon("movie-open-outline", theme))
