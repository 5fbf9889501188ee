"""Where somebody is on the way through an update, as a value: each move gives another one. No Qt."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

from engine.trace import Moment, Moments, Trace, moments
from engine.trace.loss import LOSS
from engine.trace.moments import Grain

#: what each grain goes through, as the selector says it
GRAIN_WORDS: dict[Grain, str] = {
    "pass": "whole pass",
    "layer": "layer",
    "unit": "unit",
    "term": "single term",
}


@dataclass(frozen=True, eq=False)
class Walk:
    """One place on one walk.

    Args:
        trace: the recorded update.
        grain: how fine the steps are.
        within: the only node that is gone through so finely; "" for all.
        sample: place in the batch, or ``None`` for the whole batch.
        at: the number of the step.
    """

    trace: Trace
    grain: Grain = "layer"
    within: str = ""
    sample: int | None = 0
    at: int = 0

    @cached_property
    def moments(self) -> Moments:
        """All steps of it."""
        return moments(self.trace, self.grain, self.within or None)

    @property
    def moment(self) -> Moment:
        """The step it stands at."""
        return self.moments[self.at]

    @property
    def last(self) -> int:
        """The number of the last step."""
        return len(self.moments) - 1

    def go(self, at: int) -> Walk:
        """Stand at another step; before the first and behind the last there is none."""
        return self._on_same_steps(replace(self, at=min(max(at, 0), self.last)))

    def with_grain(self, grain: Grain) -> Walk:
        """Go in steps of another size from where one stands."""
        return self._near(replace(self, grain=grain), self.moment)

    def inside(self, node_id: str) -> Walk:
        """Go finely through ``node_id`` only ("" for all nodes), and stand at its first step in this phase, if it has one."""
        known = _steps(self.trace, node_id)
        other = replace(self, within=node_id if known else "")
        now = self.moment
        if not known or now.node_id == node_id or self.grain == "pass":
            return self._near(other, now)
        there = Moment(now.phase, self.grain, node_id)
        at = other.moments.place(there)
        found = other.moments[at]
        return replace(other, at=at) if found.node_id == node_id else self._near(other, now)

    def of_sample(self, sample: int | None) -> Walk:
        """The same step for another sample, or for the whole batch."""
        return self._on_same_steps(replace(self, sample=sample))

    def next_trace(self, trace: Trace) -> Walk:
        """The first step of another update, seen in the same way."""
        sample = self.sample if self.sample in (None, *trace.samples) else trace.samples[0]
        return Walk(trace, self.grain, self.within if _steps(trace, self.within) else "", sample)

    def _on_same_steps(self, moved: Walk) -> Walk:
        """Another place on the same steps, which need not be listed again."""
        moved.__dict__["moments"] = self.moments
        return moved

    @staticmethod
    def _near(other: Walk, moment: Moment) -> Walk:
        return replace(other, at=other.moments.place(moment))


def _steps(trace: Trace, node_id: str) -> bool:
    """Whether ``node_id`` is gone through: a layer, or the loss."""
    return node_id == LOSS or any(node.id == node_id for node in trace.network.nodes)
