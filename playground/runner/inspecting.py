"""The next update, held still to be looked at: its trace, and the proofs that were asked for."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from engine.errors import EngineError, clipped
from engine.train import Trainer

if TYPE_CHECKING:
    from engine.gradcheck import Report
    from engine.trace import Guest, Nudge, Place, Prover, Trace

#: what belongs to ``messages``
__all__ = ["CheckState"]

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class CheckState:
    """How far a check of all gradients is.

    Args:
        share: done, from 0 to 1.
        reports: one for each parameter that is finished.
        running: whether there is more to do.
        refusal: why it cannot be done, or broke off; "" if it can.
    """

    share: float = 0.0
    reports: tuple[Report, ...] = ()
    running: bool = True
    refusal: str = ""


#: a check of up to so many numbers of each parameter, with or without a planted fault
Asked = tuple[int, bool]


class Inspection:
    """What the window is shown of the next update, until training goes on.

    Attributes:
        trace: of the update that comes next; ``None`` while nobody looks.
        refusal: why there is none, though one was asked for; "" otherwise.
        sample: whose values are kept where there is no room for all.
    """

    def __init__(self) -> None:
        self.trace: Trace | None = None
        self.refusal = ""
        self.sample = 0
        self._prover: Prover | None = None
        self._nudged: tuple[tuple[Place, float], Nudge | str] | None = None  # the last one
        self._steps: tuple[Asked, Iterator[float | Report]] | None = (
            None  # of the check, and what was asked for
        )
        self._checked = CheckState()

    def begin(self, trainer: Trainer | None, sample: int, guest: Guest | None = None) -> None:
        """Record the next update of ``trainer``; ``sample`` and ``guest`` as in ``engine.trace.record``."""
        self.end()
        self.sample = sample
        if trainer is None:
            self.refusal = "The network cannot run yet, so there is no update to look at. Mend what the problems panel lists."
            return
        self.trace = trainer.trace(sample, guest)

    def end(self) -> None:
        """The weights are about to change, or nobody looks any more."""
        self.trace = self._prover = self._nudged = self._steps = None
        self.refusal = ""

    def nudge(self, place: Place, epsilon: float) -> Nudge | str | None:
        """What moving one number shows, or why that cannot be done; ``None`` while no update is looked at."""
        if self.trace is None:
            return None
        if self._nudged is None or self._nudged[0] != (place, epsilon):
            try:
                found: Nudge | str = self._ready(self.trace).nudge(place, epsilon)
            except Exception as error:  # noqa: BLE001  whatever it is, it would come with every frame
                found = _in_words(error)
            self._nudged = (place, epsilon), found
        return self._nudged[1]

    def check(self, asked: Asked) -> CheckState | None:
        """How far the check of up to so many numbers of each parameter, with or without a planted fault, is; ``None``: not begun."""
        return self._checked if self._steps is not None and self._steps[0] == asked else None

    def check_on(self, asked: Asked, go_on: Callable[[], bool]) -> bool:
        """Get on with that check while ``go_on()``; whether anything was left to do."""
        if self.trace is None:
            return False
        if self._steps is None or self._steps[0] != asked:
            self._steps, self._checked = (asked, self._of_all(self.trace, *asked)), CheckState()
        if not self._checked.running:
            return False
        state = self._checked
        try:
            for step in self._steps[1]:
                if isinstance(step, float):
                    state = self._checked = replace(state, share=step)
                else:
                    state = self._checked = replace(state, reports=(*state.reports, step))
                if not go_on():
                    return True
            self._checked = replace(state, share=1.0, running=False)
        except Exception as error:  # noqa: BLE001  a check that broke off must not be taken for one that is through
            self._checked = replace(state, running=False, refusal=_in_words(error))
        return True

    def _of_all(self, trace: Trace, cells: int, planted: bool) -> Iterator[float | Report]:
        yield from self._ready(trace).whole().steps(cells, planted=planted)

    def _ready(self, trace: Trace) -> Prover:
        """The float64 copy of the update, made when it is first needed. Raises NotKept where the trace has too little."""
        if self._prover is None:
            from engine.trace import Prover

            self._prover = Prover(trace)
        return self._prover


def _in_words(error: Exception) -> str:
    """Why a proof cannot be given; what nobody foresaw is logged besides."""
    if isinstance(error, EngineError):
        return str(error)
    log.error("A proof broke off", exc_info=error)
    what = f"{type(error).__name__}: {clipped(str(error), 200)}".removesuffix(".")
    return (
        f"An error in the program has broken this off ({what}); the run is as it was. "
        "Leave this update and step inside again to try once more."
    )
