"""The next update, held still to be looked at: its trace, and the proofs that were asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from engine.errors import EngineError
from engine.train import Trainer
from playground.runner.messages import CheckState

if TYPE_CHECKING:
    from engine.gradcheck import Report
    from engine.trace import Nudge, Place, Prover, Trace


class Inspection:
    """What the window is shown of the next update, until training goes on.

    Attributes:
        trace: of the update that comes next; ``None`` while nobody looks.
        nudge: the last proof asked for.
        check: how far the check of all parameters is, or what it has found.
        refusal: why what was asked for last cannot be done; "" if it can.
        sample: whose values are kept where there is no room for all.
    """

    def __init__(self) -> None:
        self.trace: Trace | None = None
        self.nudge: Nudge | None = None
        self.check: CheckState | None = None
        self.refusal = ""
        self.sample = 0
        self._prover: Prover | None = None

    def begin(self, trainer: Trainer | None, sample: int) -> None:
        """Record the next update of ``trainer``; ``sample`` as in ``engine.trace.record``."""
        self.end()
        self.sample = sample
        if trainer is None:
            self.refusal = "The network cannot run yet, so there is no update to look at. Mend what the problems panel lists."
            return
        self.trace = trainer.trace(sample)

    def end(self) -> None:
        """The weights are about to change, or nobody looks any more."""
        self.trace = self.nudge = self.check = self._prover = None
        self.refusal = ""

    def prove(self, place: Place, epsilon: float) -> None:
        """Nudge one number."""
        self.nudge = None
        prover = self._ready()
        if prover is None:
            return
        try:
            self.nudge = prover.nudge(place, epsilon)
        except EngineError as error:
            self.refusal = str(error)

    def check_all(self, cells: int, go_on: Callable[[], bool]) -> None:
        """Check the gradients of all parameters, up to ``cells`` numbers of each, for as long as ``go_on()``."""
        prover = self._ready()
        found: list[Report] = []
        if prover is None:
            return
        self.check, cancelled = CheckState(), False

        def progress(share: float) -> bool:
            nonlocal cancelled
            self.check = CheckState(share, tuple(found))
            cancelled = not go_on()
            return not cancelled

        try:
            for report in prover.check(cells, progress=progress):
                found.append(report)  # noqa: PERF402  each is shown as soon as it is there
        except EngineError as error:
            self.refusal, cancelled = str(error), True
        share = self.check.share if cancelled else 1.0
        self.check = CheckState(share, tuple(found), running=False)

    def _ready(self) -> Prover | None:
        """The float64 copy of the update, made when it is first needed; says why there is none."""
        self.refusal = ""
        if self.trace is None:
            self.refusal = "No update is being looked at. Step inside one first."
        elif self._prover is None:
            from engine.trace import Prover

            try:
                self._prover = Prover(self.trace)
            except EngineError as error:
                self.refusal = str(error)
        return self._prover
