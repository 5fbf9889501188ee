"""Starting, stepping and resetting the run, and saying how it goes when it goes wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import perf_counter
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from engine.divergence import CALMER
from playground.document import edits
from playground.runner.messages import Command, Frame, GoTo, Pause, Play, Reset, State, Step, StepBack
from playground.ui.kit.numbers import fmt
from playground.ui.shell.banner import Details

if TYPE_CHECKING:
    from engine.problems import Remedy
    from playground.document.document import Document
    from playground.ui.shell.banner import Banner, Offer


class RunControl(QObject):
    """Turns the Run menu into commands and edits, and the run's state into words in the banner."""

    changed = Signal()  #: ``state``, or what is possible, is another

    def __init__(self, document: Document, send: Callable[[Command], None], banner: Banner) -> None:
        super().__init__(banner)
        self._document, self._send, self._banner = document, send, banner
        self.state = State.EMPTY
        self._said = (State.EMPTY, "", "")
        self._offered: Offer | None = None  # as long as it stands, whatever else is said meanwhile
        self._unanswered = ""
        self.epoch = self.step = 0  # as far as has been heard of
        self.seconds = 0.0  # that it has been trained while the window was looking
        self._seen_at: float | None = None  # when the last frame of training came
        #: called before a run is given up
        self.leaving: Callable[[], object] = lambda: None
        self.heard = False  # whether a frame of what was opened last has come, with its run
        self.can_go_back = False
        self.no_way_back = ""

    # --- commands -----------------------------------------------------------------------------------------------------

    def play_or_pause(self) -> None:
        # The first epochs are the ones worth watching, and at full speed easy data are learned before one has looked.
        self._send(Pause() if self.state is State.RUNNING else Play(gently=self.state is State.READY))

    def make_step(self, unit: str) -> None:
        self._send(Step(unit))

    def step_back(self, unit: str) -> None:
        self._send(StepBack(unit))

    def reset(self) -> None:
        self.leaving()
        self._send(Reset())

    def new_weights(self) -> None:
        self._document.edit(edits.new_weights)

    def offer(self, message: str, words: str, act: Callable[[], object]) -> None:
        """Say something that is good to know, and a button for it: until it is taken, or the person goes on."""

        def take() -> None:
            self._offered = None
            self._banner.clear_message()
            act()

        self._say(message, ((words, take),))
        self._offered = words, take

    def begin(self) -> None:
        """Another project has been opened."""
        self.epoch, self.step, self.seconds = 0, 0, 0.0
        self.heard, self._seen_at = False, None
        self.withdraw()

    def note(self, message: str) -> None:
        """Say something that is good to know."""
        self._say(message)

    def withdraw(self) -> None:
        """What was said or offered no longer holds; a notice stays."""
        self._offered = None
        if self._banner.kind == "note":
            self._banner.clear_message()
        elif self._banner.kind and self._banner.text.text() == self._said[2]:
            self._repeat_notice()

    def read(self) -> None:
        """Whoever goes on has read what was good to know; a warning stays."""
        if self._offered or self._banner.kind == "note":
            self.withdraw()

    def _say(self, message: str, offers: Sequence[Offer] = ()) -> None:
        self._offered = None
        self._banner.show_message("note", message, offers)

    def _repeat_notice(self) -> None:
        """With what is offered: such as the way back to the last project, which must not be lost by it."""
        self._banner.show_message("warning", self._said[2], () if self._offered is None else (self._offered,))

    def mend(self, remedy: Remedy) -> None:
        """Make the edit after which a diverged run can go on, and go on."""
        self._document.edit(edits.mend, remedy, text=remedy.text.partition(" and ")[0])
        self._send(Play())

    def go_to_best(self, step: int) -> None:
        """Back to the best weights that early stopping has seen; what came after can still be returned to."""
        self.withdraw()
        self._send(GoTo(step))

    def calm_down(self) -> None:
        """Lower the learning rate and go on from the last sane weights."""
        self._document.settle()
        fit = self._document.value.fit
        rate = float(f"{fit.optimizer.lr * CALMER:.3g}")
        calmer = fit.replace(optimizer=fit.optimizer.replace(lr=rate))
        self._document.do(edits.set_fit, calmer, text=f"Change learning rate to {fmt(rate)}")
        self._send(Play())

    # --- news ---------------------------------------------------------------------------------------------------------

    def see(self, frame: Frame) -> None:
        """Take note of a frame; cheap where the state is the same as before."""
        here = frame.project is self._document.value  # not the last words of a run that was left
        self.heard = self.heard or (here and not frame.awaited)
        if self.heard:
            self._count(frame)
        if here and frame.state is State.RUNNING:
            self.read()
        if frame.unanswered != self._unanswered:
            self._unanswered = frame.unanswered
            if frame.unanswered and self.state not in (State.DIVERGED, State.CRASHED):
                text = (
                    f"A part of what panels show could not be computed: {frame.unanswered}. Training goes on."
                )
                self._banner.show_message("error", text)
        said, back = (frame.state, frame.message, frame.notice), frame.earliest_step < frame.step
        if said == self._said and back == self.can_go_back:
            return
        before, self._said, self.state = self._said, said, frame.state
        self.can_go_back, self.no_way_back = back, frame.no_way_back
        if said != before:
            self._tell(frame, before)
        self.changed.emit()

    def _count(self, frame: Frame) -> None:
        """How far the run has come, and how long it has been trained."""
        now, self.epoch, self.step = perf_counter(), frame.epoch, frame.step
        if self._seen_at is not None:
            self.seconds += now - self._seen_at
        self._seen_at = now if frame.state is State.RUNNING else None
        if not frame.step:
            self.seconds = 0.0

    def _tell(self, frame: Frame, before: tuple[State, str, str]) -> None:
        if frame.state is State.DIVERGED:
            words, act = f"Lower the learning rate ×{CALMER} and go on", self.calm_down
            if (remedy := frame.remedy) is not None:
                words, act = remedy.text, lambda: self.mend(remedy)
            self._banner.show_message("warning", frame.message, ((words, act), ("Reset", self.reset)))
        elif frame.state is State.CRASHED:
            details = f"{frame.message}\n\n{frame.details}"
            show = lambda: Details("What went wrong", details, self._banner.window()).show()
            self._banner.show_message("error", frame.message, (("Details…", show), ("Reset", self.reset)))
        elif frame.notice:
            self._repeat_notice()
        elif frame.state is State.PAUSED and frame.message:
            best = frame.best_step
            go = () if best is None else (("Go to the best epoch", lambda: self.go_to_best(best)),)
            self._say(frame.message, go)
        elif (
            before[0] in (State.DIVERGED, State.CRASHED) or before[2] or before[1] == self._banner.text.text()
        ):
            self._banner.clear_message()

    def not_kept(self, why: str) -> None:
        """Nothing can be put aside."""
        self._banner.show_message(
            "warning", f"What is in this window cannot be kept for the next start. {why}"
        )

    def view_failed(self, view: str, message: str, details: str) -> None:
        """A panel could not draw a frame: the others and the run go on."""
        self._report(
            f"The {view} panel could not be drawn and may be out of date ({message}). Training goes on.",
            details,
        )

    def failed(self, message: str, details: str) -> None:
        """Something in the window went wrong."""
        self._report(
            f"Something in the program went wrong ({message}). What you did last may have had no effect; all else goes on.",
            details,
        )

    def _report(self, text: str, details: str) -> None:
        show = lambda: Details("What went wrong", details, self._banner.window()).show()
        if self.state not in (State.DIVERGED, State.CRASHED):
            self._banner.show_message("error", text, (("Details…", show),))
