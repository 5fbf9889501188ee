"""The walk through an update: asks the worker for a trace, moves, and tells everybody where it stands."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from engine.trace import Trace
from engine.trace.moments import Grain
from playground.document.change import TRAINED, diff
from playground.runner.messages import ApplyStep, Discard, Inspect
from playground.ui.kit.view import StepAt
from playground.ui.kit.walk import Walk

if TYPE_CHECKING:
    from playground.document.project import Project
    from playground.runner.messages import Command, Frame
    from playground.ui.kit.view import Focus

#: milliseconds between two steps that go by themselves
SLOWEST, DELAY, FASTEST = 1800, 900, 250


#: what is looked at while nobody has chosen a sample: then the batch is taken as it comes
UNCHOSEN = ("validation", 0)


class Stepper(QObject):
    """Owns ``focus.step``: nobody else calls ``show_step``.

    Attributes:
        walk: where it stands; ``None`` while nobody steps.
        refusal: why the worker could not begin; "" if it could.
    """

    moved = Signal()  #: ``walk`` is another one
    playing_changed = Signal(bool)
    refused = Signal(str)
    looks_changed = Signal()  #: somebody looks at another sample

    def __init__(self, focus: Focus, send: Callable[[Command], None]) -> None:
        super().__init__(focus)
        self._focus, self._send = focus, send
        self.walk: Walk | None = None
        self.refusal = ""
        self._grain: Grain = "layer"
        self._at: StepAt | None = None
        self._unseen = False  # the panel that explains the steps is closed
        self._left: Trace | None = None  # what was edited away; frames from before the edit still bring it
        self._clock = QTimer(self, interval=DELAY)
        self._clock.timeout.connect(self._tick)
        focus.node_changed.connect(self._node_changed)
        focus.sample_changed.connect(lambda _: self.looks_changed.emit())

    def set_seen(self, seen: bool) -> None:
        """While nobody explains the steps, no other view shows them; the walk stays where it is, to be gone on with."""
        if seen == self._unseen:
            self._unseen = not seen
            if not seen:
                self.play(False)
            self._focus.show_step(self._at if seen else None)

    # --- beginning and ending -----------------------------------------------------------------------------------------

    def begin(self, sample: int = 0, guest: tuple[str, int] | None = None) -> None:
        """Ask for the next update of the run, as it is now; ``guest`` (part, index) is followed in the place of its first sample."""
        self._send(Inspect(sample, guest))

    def begin_here(self) -> None:
        """Ask for the next update, with the sample that somebody has chosen to look at in it."""
        self.begin(guest=self.looked_at)

    @property
    def looked_at(self) -> tuple[str, int] | None:
        """The sample that somebody has chosen to look at; ``None`` for none."""
        return None if self._focus.seen == UNCHOSEN else self._focus.seen

    def apply(self) -> None:
        """Make this update the run's next step; nothing where it is none, because a guest takes part."""
        if self.walk is not None and self.walk.trace.guest is not None:
            return
        self.play(False)
        self._send(ApplyStep())

    def discard(self) -> None:
        """Leave everything as it was."""
        self.play(False)
        self._send(Discard())

    def see(self, frame: Frame) -> None:
        """Take note of a frame; cheap while its trace is the one that is walked through."""
        if frame.refusal != self.refusal:
            self.refusal = frame.refusal
            self.refused.emit(self.refusal)
        if frame.trace is not self._left:
            self._left = None
        elif frame.trace is not None:
            return
        known = None if self.walk is None else self.walk.trace
        if frame.trace is not known:
            self._show(self._walk_through(frame.trace))

    def show_project(self, before: Project | None, after: Project) -> None:
        """An edit of what is being stepped through ends it: the worker begins anew with the other network.

        So does another project (``before`` is None), also where it is equal to the last one.
        """
        if before is not None and not diff(before, after).touches(TRAINED | {"weight_edits"}):
            return
        if self.walk is not None:
            self._left = self.walk.trace
            self._show(None)

    def _walk_through(self, trace: Trace | None) -> Walk | None:
        if trace is None:
            return None
        if self.walk is not None:
            return self.walk.next_trace(trace)
        walk = Walk(trace, self._grain, "", self._favourite(trace))
        return walk.inside(self._focus.node_id) if self._focus.node_id else walk

    def _favourite(self, trace: Trace) -> int:
        """The sample that is chosen in the window, if it is in this batch."""
        part, index = self._focus.sample
        if trace.guest is not None:
            return trace.samples[0]
        if part == "train":
            for n in trace.samples:
                if int(trace.batch[n]) == index:
                    return n
        return trace.samples[0]

    # --- moving -------------------------------------------------------------------------------------------------------

    def step(self, by: int) -> None:
        """So many steps on, or back."""
        if self.walk is not None:
            self.go(self.walk.at + by)

    def go(self, at: int) -> None:
        """To the step of this number; the end is as far as it goes."""
        if self.walk is not None and min(max(at, 0), self.walk.last) != self.walk.at:
            self._show(self.walk.go(at))

    def set_grain(self, grain: Grain) -> None:
        """Take larger or smaller steps."""
        self._grain = grain
        if self.walk is not None and grain != self.walk.grain:
            self._show(self.walk.with_grain(grain))

    def choose_sample(self, sample: int | None) -> None:
        """Follow another sample, or (``None``) the whole batch. One that the trace had no room for is recorded first."""
        if self.walk is None or sample == self.walk.sample:
            return
        if sample is not None and sample not in self.walk.trace.samples:
            self.begin(sample)
        else:
            self._show(self.walk.of_sample(sample))

    def _node_changed(self, node_id: str) -> None:
        if self.walk is not None:
            self._show(self.walk.inside(node_id))

    # --- by itself ----------------------------------------------------------------------------------------------------

    @property
    def playing(self) -> bool:
        """Whether it goes by itself."""
        return self._clock.isActive()

    @property
    def delay(self) -> int:
        """Milliseconds that each step stays."""
        return self._clock.interval()

    def set_delay(self, delay: int) -> None:
        """Between ``FASTEST`` and ``SLOWEST`` milliseconds."""
        self._clock.setInterval(min(max(delay, FASTEST), SLOWEST))

    def play(self, on: bool) -> None:
        """Go on by itself, or stay. At the end it stays; from there it begins anew."""
        on = on and self.walk is not None
        if on == self.playing:
            return
        if on and self.walk is not None:
            if self.walk.at == self.walk.last:
                self.go(0)
            self._clock.start()
        else:
            self._clock.stop()
        self.playing_changed.emit(on)

    def _tick(self) -> None:
        # A question has been asked: it waits for the answer.
        if self._focus.veiled:
            return
        self.step(+1)
        if self.walk is None or self.walk.at == self.walk.last:
            self.play(False)

    def _show(self, walk: Walk | None) -> None:
        if walk is None and self.walk is None:
            return
        self.walk = walk
        if walk is None:
            self.play(False)
        self._at = None if walk is None else StepAt(walk.trace, walk.moment, walk.sample)
        self._focus.show_step(None if self._unseen else self._at)
        self.moved.emit()
