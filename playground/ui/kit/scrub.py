"""A slider over the run's own history: drag it, and the whole window shows that moment."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

from PySide6.QtCore import Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QHBoxLayout, QSlider, QStyle, QStyleOptionSlider, QWidget

from playground.runner.messages import Command, Frame, GoTo, State
from playground.ui.kit.numbers import count
from playground.ui.kit.text import Label

#: seconds between two moves of the handle while the run goes on
PAUSE = 0.1
TIP = (
    "Drag back to any update that was made since the last change of a setting: network, curves and numbers show that moment, and "
    "Play goes on from there. Arrow keys move by one update."
)


#: said where no earlier update can be reached
BEGUN = "There is no way back from here: the network, a setting or a weight was changed, and what came before cannot be repeated with it."


class Track(QSlider):
    """A slider whose handle comes to where it is clicked, and can be dragged from there."""

    def mousePressEvent(self, event: QMouseEvent) -> None:
        option = QStyleOptionSlider()
        self.initStyleOption(option)
        style, control = self.style(), QStyle.ComplexControl.CC_Slider
        handle = style.subControlRect(control, option, QStyle.SubControl.SC_SliderHandle, self)
        if event.button() == Qt.MouseButton.LeftButton and not handle.contains(event.position().toPoint()):
            at = round(event.position().x()) - handle.width() // 2
            self.setValue(
                QStyle.sliderValueFromPosition(
                    self.minimum(), self.maximum(), at, self.width() - handle.width()
                )
            )
        super().mousePressEvent(event)


class Scrub(QWidget):
    """From the first moment that one can return to, on the left, to the furthest that was reached, on the right.

    Args:
        send: takes the command to go there.
        name: begins the names of its parts.
        caption: stands before it; "" for none.
        numbered: the update is said behind it, too.
    """

    def __init__(
        self,
        send: Callable[[Command], None],
        name: str = "transport_scrub",
        caption: str = "History",
        numbered: bool = True,
    ) -> None:
        super().__init__()
        self.setObjectName(f"{name}_row")
        self._send, self._showing, self._shown_at = send, False, 0.0
        self.slider = Track(Qt.Orientation.Horizontal)
        self.slider.setObjectName(name)
        self.slider.setAccessibleName("Moment of the run")
        self.slider.setToolTip(TIP)
        self.slider.setEnabled(False)
        self.slider.setRange(0, 0)
        self.slider.valueChanged.connect(self._moved)
        words = Label(caption)
        words.setObjectName(f"{name}_caption")
        words.setProperty("muted", True)
        words.setBuddy(self.slider)
        words.setVisible(bool(caption))
        self._label = Label("nothing yet")
        self._label.setObjectName(f"{name}_value")
        self._label.setProperty("muted", True)
        # Wide enough for a long run, so that the slider does not move under the mouse.
        self._label.setFixedWidth(self.fontMetrics().horizontalAdvance("step 0,000,000 of 0,000,000") + 6)
        self._label.setVisible(numbered)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 0, 8, 4)
        layout.setSpacing(8)
        layout.addWidget(words)
        layout.addWidget(self.slider, stretch=1)
        layout.addWidget(self._label)

    def see(self, frame: Frame) -> None:
        """Follow the run, a few times a second; never take the handle out of a hand."""
        now = perf_counter()
        if self.slider.isSliderDown() or (
            frame.state is State.RUNNING and now - self._shown_at < PAUSE and self.slider.isEnabled()
        ):
            return
        self._shown_at = now
        self._showing = True
        # Where there is no way back, the handle stands at the end, as the present is the latest moment.
        earliest = min(frame.earliest_step, max(frame.latest_step - 1, 0))
        if (self.slider.minimum(), self.slider.maximum()) != (earliest, frame.latest_step):
            self.slider.setRange(earliest, frame.latest_step)
            self.slider.setPageStep(max(1, (frame.latest_step - frame.earliest_step) // 20))
        self.slider.setValue(frame.step)
        self._showing = False
        self.slider.setEnabled(frame.earliest_step < frame.latest_step)
        begun = frame.earliest_step == frame.latest_step > 0
        self.slider.setToolTip(frame.no_way_back or (BEGUN if begun else TIP))
        self._say(frame.step)

    def _moved(self, step: int) -> None:
        if not self._showing:
            self._say(step)
            self._send(GoTo(step))

    def _say(self, step: int) -> None:
        last = self.slider.maximum()
        self._label.setText(f"step {count(step)} of {count(last)}" if last else "nothing yet")
