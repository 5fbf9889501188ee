"""The order in which an update is stepped through, at every grain, without ever listing it: a picture network has millions of steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, overload

import numpy as np

from engine.core import Array, Shape
from engine.trace.base import At, Index, explainer_of
from engine.trace.loss import LOSS, loss_gradient, loss_stages, outputs
from engine.trace.record import Trace
from engine.trace.update import update_rows

Phase = Literal["forward", "loss", "backward", "update"]
Grain = Literal["pass", "layer", "unit", "term"]
Part = Literal["", "value", "stage", "gradient", "fork", "parameter", "share", "row", "after"]

PHASES: tuple[Phase, ...] = ("forward", "loss", "backward", "update")
GRAINS: tuple[Grain, ...] = ("pass", "layer", "unit", "term")


@dataclass(frozen=True)
class Moment:
    """One step of the walk through an update.

    Args:
        phase: in which of the four.
        grain: how fine it is.
        node_id: where; "loss" for the loss, "" for a whole pass.
        part: what is computed: "value" of a node (forward), "stage" of the loss, "gradient" of the loss by an output, at a "fork" the sum
            of what several readers send back, gradient of a "parameter", "share" sent to an input (backward), "row" of the update table, "after" (the loss after the update).
            "" for a whole layer or pass.
        name: the parameter; for a share the position of the input as text.
        cell: which cell, in public shape without the sample; for stages the number of the stage; () for all cells at once.
        term: which term of that cell's last equation (of the row or stage: which equation); −1 at coarser grains.
    """

    phase: Phase
    grain: Grain
    node_id: str = ""
    part: Part = ""
    name: str = ""
    cell: Index = ()
    term: int = -1


@dataclass(frozen=True, eq=False)
class _Block:
    """Moments that differ in cell and term only."""

    phase: Phase
    grain: Grain
    node_id: str
    part: Part
    name: str = ""
    shape: Shape = ()
    counts: int | Array = 0  #: terms of each cell; 0 where this block does not go into terms

    @cached_property
    def starts(self) -> Array | None:
        """Where each cell's terms begin, ``(cells + 1,)``; ``None`` where all have the same number."""
        if isinstance(self.counts, int):
            return None
        return np.concatenate([[0], np.cumsum(np.asarray(self.counts).ravel())])

    def __len__(self) -> int:
        if self.starts is not None:
            return int(self.starts[-1])
        return int(np.prod(self.shape)) * max(1, int(self.counts))

    def __getitem__(self, i: int) -> Moment:
        term = -1
        if self.starts is not None:
            cell = int(np.searchsorted(self.starts, i, side="right")) - 1
            term = i - int(self.starts[cell])
        elif self.counts:
            cell, term = divmod(i, int(self.counts))
        else:
            cell = i
        at = tuple(int(k) for k in np.unravel_index(cell, self.shape)) if self.shape else ()
        return Moment(self.phase, self.grain, self.node_id, self.part, self.name, at, term)

    def find(self, moment: Moment) -> int | None:
        """The place of ``moment`` here, or that of its cell's first term."""
        same = (self.phase, self.node_id, self.part, self.name) == (
            moment.phase, moment.node_id, moment.part, moment.name,
        )  # fmt: skip
        if not same or len(moment.cell) != len(self.shape):
            return None
        cell = int(np.ravel_multi_index(moment.cell, self.shape)) if self.shape else 0
        term = max(0, moment.term)
        if self.starts is not None:
            return int(min(self.starts[cell] + term, self.starts[cell + 1] - 1))
        return cell * max(1, int(self.counts)) + (min(term, int(self.counts) - 1) if self.counts else 0)


class Moments(Sequence[Moment]):
    """All steps of a walk, in order; each is made when it is asked for.

    Attributes:
        trace, grain: of the walk.
    """

    def __init__(self, trace: Trace, grain: Grain, blocks: Sequence[_Block]) -> None:
        self.trace, self.grain = trace, grain
        self._blocks = [b for b in blocks if len(b)]
        self._starts = np.concatenate([[0], np.cumsum([len(b) for b in self._blocks])]).astype(np.int64)

    def __len__(self) -> int:
        return int(self._starts[-1])

    @overload
    def __getitem__(self, i: int) -> Moment: ...
    @overload
    def __getitem__(self, i: slice) -> tuple[Moment, ...]: ...
    def __getitem__(self, i: int | slice) -> Moment | tuple[Moment, ...]:
        if isinstance(i, slice):
            return tuple(self[j] for j in range(*i.indices(len(self))))
        if not -len(self) <= i < len(self):
            raise IndexError(
                f"Step {i} of {len(self)} was asked for; expected one that exists. Ask for another."
            )
        i %= len(self)
        block = int(np.searchsorted(self._starts, i, side="right")) - 1
        return self._blocks[block][i - int(self._starts[block])]

    def marks(self) -> dict[Phase, range]:
        """Which steps belong to each phase: the scrubber's sections."""
        found: dict[Phase, range] = {}
        for block, start in zip(self._blocks, self._starts, strict=False):
            first = found[block.phase].start if block.phase in found else int(start)
            found[block.phase] = range(first, int(start) + len(block))
        return found

    def sections(self) -> tuple[tuple[Moment, range], ...]:
        """Runs of steps at one part of one node: the first moment of each, and where it lies."""
        return tuple(
            (block[0], range(int(start), int(start) + len(block)))
            for block, start in zip(self._blocks, self._starts, strict=False)
        )

    def place(self, moment: Moment) -> int:
        """Where ``moment`` of any grain is in this walk: itself, or the step of this grain nearest to it."""
        for block, start in zip(self._blocks, self._starts, strict=False):
            inside = block.find(moment)
            if inside is not None:
                return int(start) + inside
        for same in (("phase", "node_id", "part"), ("phase", "node_id"), ("phase",)):
            for block, start in zip(self._blocks, self._starts, strict=False):
                if all(getattr(block, a) == getattr(moment, a) for a in same):
                    return int(start)
        return 0


def moments(trace: Trace, grain: Grain, within: str | None = None) -> Moments:
    """The steps of one sample's walk through ``trace`` at a grain.

    ``within``: only this node (or "loss") is gone through so finely; the others layer by layer.
    """
    if grain == "pass":
        return Moments(trace, grain, [_Block(phase, grain, "", "") for phase in PHASES])
    blocks: list[_Block] = []
    for node in trace.network.nodes:
        fine = _grain(grain, node.id, within)
        blocks += _forward(trace, node.id, fine)
    blocks += _loss(trace, _grain(grain, LOSS, within))
    for node in reversed(trace.network.nodes):
        blocks += _backward(trace, node.id, _grain(grain, node.id, within))
    for node_id in trace.learners():
        blocks += _update(trace, node_id, _grain(grain, node_id, within))
    blocks.append(_Block("update", "layer", LOSS, "after"))
    return Moments(trace, grain, blocks)


def _grain(grain: Grain, node_id: str, within: str | None) -> Grain:
    return grain if within is None or node_id == within else "layer"


def _forward(trace: Trace, node_id: str, grain: Grain) -> list[_Block]:
    if grain == "layer":
        return [_Block("forward", grain, node_id, "")]
    at = At(trace, trace.network[node_id], trace.samples[0])
    counts = explainer_of(at.layer).forward_counts(at) if grain == "term" else 0
    return [_Block("forward", grain, node_id, "value", "", at.out_shape, counts)]


def _loss(trace: Trace, grain: Grain) -> list[_Block]:
    if grain == "layer":
        return [_Block("loss", grain, LOSS, ""), _Block("backward", grain, LOSS, "")]
    stages = loss_stages(trace, trace.samples[0])
    count, k = len(stages), outputs(trace)
    if grain == "unit":
        return [
            _Block("loss", grain, LOSS, "stage", "", (count,)),
            _Block("backward", grain, LOSS, "gradient", "", (k,)),
        ]
    lengths = np.array([len(s.equations) for s in stages])
    counts = len(loss_gradient(trace, trace.samples[0], 0))
    return [
        _Block("loss", grain, LOSS, "stage", "", (count,), lengths),
        _Block("backward", grain, LOSS, "gradient", "", (k,), counts),
    ]


def _backward(trace: Trace, node_id: str, grain: Grain) -> list[_Block]:
    at = At(trace, trace.network[node_id], trace.samples[0])
    whole, term = grain == "layer", grain == "term"
    who, blocks = trace.readers(node_id), list[_Block]()
    if len(who) > 1:
        blocks.append(
            _Block(
                "backward", grain, node_id, "fork", "", () if whole else at.out_shape, len(who) if term else 0
            )
        )
    if whole:
        if node_id in trace.learners():
            names = at.layer.parameters(*at.in_shapes)
            blocks += [_Block("backward", grain, node_id, "parameter", name) for name in names]
        return [*blocks, _Block("backward", grain, node_id, "")]
    explainer = explainer_of(at.layer)
    if node_id in trace.learners():
        for name, spec in at.layer.parameters(*at.in_shapes).items():
            counts = len(explainer.parameter(at, name, (0,) * len(spec.shape))[-1].terms) if term else 0
            blocks.append(_Block("backward", grain, node_id, "parameter", name, spec.shape, counts))
    for position, shape in enumerate(at.in_shapes):
        shares = explainer.share_counts(at, position) if term else 0
        blocks.append(_Block("backward", grain, node_id, "share", str(position), shape, shares))
    return blocks


def _update(trace: Trace, node_id: str, grain: Grain) -> list[_Block]:
    if grain == "layer":
        return [_Block("update", grain, node_id, "")]
    at = At(trace, trace.network[node_id], None)
    blocks = []
    for name, spec in at.layer.parameters(*at.in_shapes).items():
        first = update_rows(trace, node_id, name, [(0,) * len(spec.shape)])[0]
        counts = len(first.equations) if grain == "term" else 0
        blocks.append(_Block("update", grain, node_id, "row", name, spec.shape, counts))
    return blocks
