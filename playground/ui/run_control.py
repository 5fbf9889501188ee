"""Starting, stepping and resetting the run, and saying how it goes when it goes wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from playground.document import edits
from playground.runner.messages import Command, Frame, Pause, Play, Reset, State, Step, StepBack
from playground.ui.banner import Details
from playground.ui.numbers import fmt

if TYPE_CHECKING:
    from playground.document.document import Document
    from playground.ui.banner import Banner

#: what a diverged run's learning rate is multiplied by
CALMER = 0.3


class RunControl(QObject):
    """Turns the Run menu into commands and edits, and the run's state into words in the banner."""

    changed = Signal()  #: ``state`` is another one

    def __init__(self, document: Document, send: Callable[[Command], None], banner: Banner) -> None:
        super().__init__(banner)
        self._document, self._send, self._banner = document, send, banner
        self.state = State.EMPTY
        self._said = (State.EMPTY, "")

    # --- commands -----------------------------------------------------------------------------------------------------

    def play_or_pause(self) -> None:
        self._send(Pause() if self.state is State.RUNNING else Play())

    def step(self, unit: str) -> None:
        self._send(Step(unit))

    def step_back(self, unit: str) -> None:
        self._send(StepBack(unit))

    def reset(self) -> None:
        self._send(Reset())

    def new_weights(self) -> None:
        self._document.apply(edits.new_weights(self._document.value), "New weights")

    def calm_down(self) -> None:
        """Lower the learning rate and go on from the last finite weights."""
        fit = self._document.value.fit
        rate = float(f"{fit.optimizer.lr * CALMER:.3g}")
        calmer = fit.replace(optimizer=fit.optimizer.replace(lr=rate))
        self._document.apply(edits.set_fit(self._document.value, calmer), f"Learning rate {fmt(rate)}")
        self._send(Play())

    # --- news ---------------------------------------------------------------------------------------------------------

    def see(self, frame: Frame) -> None:
        """Take note of a frame; cheap where the state is the same as before."""
        said = (frame.state, frame.message)
        if said == self._said:
            return
        before, self._said, self.state = self._said, said, frame.state
        if frame.state is State.DIVERGED:
            self._banner.show_message(
                "warning",
                frame.message,
                ((f"Lower the learning rate ×{CALMER} and go on", self.calm_down), ("Reset", self.reset)),
            )
        elif frame.state is State.CRASHED:
            details = f"{frame.message}\n\n{frame.details}"
            show = lambda: Details("What went wrong", details, self._banner.window()).show()
            self._banner.show_message("error", frame.message, (("Details…", show), ("Reset", self.reset)))
        elif before[0] in (State.DIVERGED, State.CRASHED):
            self._banner.clear_message()
        self.changed.emit()

    def view_failed(self, view: str, message: str, details: str) -> None:
        """A panel could not draw a frame: the others and the run go on."""
        text = f"The {view} panel could not be drawn and may be out of date ({message}). Training goes on."
        show = lambda: Details("What went wrong", details, self._banner.window()).show()
        if self.state not in (State.DIVERGED, State.CRASHED):
            self._banner.show_message("error", text, (("Details…", show),))
