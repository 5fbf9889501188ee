"""What of an update has been computed when the walk through it stands at one step. No Qt."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.network import INPUT
from engine.trace import Card, Moment, NotKept, Place, Trace, card
from engine.trace.loss import LOSS
from playground.ui.kit.numbers import fmt

Array = NDArray[Any]
Index = tuple[int, ...]


class Progress:
    """Which numbers of a trace are known at a moment: those of the steps before it and of the step itself.

    Args:
        trace: the recorded update.
        moment: where the walk stands.
        sample: place in the batch; of a whole batch the first kept sample is shown.
        veiled: the step's own number is not to be shown yet.
    """

    def __init__(self, trace: Trace, moment: Moment, sample: int | None, veiled: bool = False) -> None:
        self.trace, self.moment, self.veiled = trace, moment, veiled
        self.sample = trace.samples[0] if sample is None else sample
        self._batch = sample
        self._row = trace.row(self.sample)
        self._order = {node.id: i for i, node in enumerate(trace.network.nodes)} | {INPUT: -1}

    @cached_property
    def card(self) -> Card | None:
        """What the step computes; ``None`` where the trace has not kept it."""
        try:
            return card(self.trace, self.moment, self._batch, fmt)
        except NotKept:
            return None

    # --- values and gradients -----------------------------------------------------------------------------------------

    def value(self, node_id: str) -> Array | None:
        """A node's output for the sample, NaN in cells that are not computed yet; ``None`` before all of them."""
        found: Array = self.trace.values[node_id][self._row]
        if self.moment.phase != "forward" or node_id == INPUT:
            return found
        if self.moment.grain == "pass":
            return None if self.veiled else found
        at, here = self._order[node_id], self._order[self.moment.node_id]
        if at != here:
            return found if at < here else None
        return self._part(found)

    def gradient(self, node_id: str) -> Array | None:
        """∂L/∂output of a node for the sample, as far as its readers have sent their shares; NaN where none has arrived."""
        found: Array = self.trace.gradients[node_id][self._row]
        if self.moment.phase in ("forward", "loss"):
            return None
        if self.moment.phase == "update":
            return found
        if self.moment.grain == "pass":
            return None if self.veiled else found
        if self.moment.part == "fork" and self.moment.node_id == node_id:
            return self._part(found)
        who = self.trace.readers(node_id)
        if len(who) > 1 and self.moment.node_id in {reader for reader, _ in who}:
            # One of several that read it is at work: what this one sends is the number of the step. Where they join, it is added.
            own = [self._share(r, p) for r, p in who if r == self.moment.node_id]
            sent = [s for s in own if s is not None]
            return np.sum(sent, axis=0) if sent else None
        shares = [self._share(reader, position) for reader, position in who]
        if node_id == self.trace.network.output_id:
            shares.append(self._from_loss(found) if self.moment.node_id == LOSS else found)
        arrived = [s for s in shares if s is not None]
        if not arrived:
            return None
        if len(arrived) == len(shares) and not any(np.isnan(s).any() for s in arrived):
            return found
        known = np.any([~np.isnan(s) for s in arrived], axis=0)
        return np.where(known, np.nansum(arrived, axis=0), np.nan)

    def parameter_gradient(self, node_id: str, name: str, index: Index) -> bool:
        """Whether the gradient of this parameter's cell is known."""
        moment = self.moment
        if moment.phase != "backward" or moment.grain == "pass":
            return moment.phase == "update" or (moment.phase == "backward" and not self.veiled)
        if moment.node_id == LOSS:
            return False
        at, here = self._order[node_id], self._order[moment.node_id]
        if at != here:
            return at > here
        if moment.part == "parameter":
            names = self._parameters(node_id)
            if name != moment.name:
                return names.index(name) < names.index(moment.name)
            return self._reached(index)
        return moment.part == "share" or (moment.part != "fork" and not self.veiled)

    def updated(self, node_id: str, name: str, index: Index) -> bool:
        """Whether the new value of this parameter's cell is known."""
        moment = self.moment
        if moment.phase != "update":
            return False
        if moment.grain == "pass":
            return not self.veiled
        if moment.part == "after":
            return True
        at, here = self._order[node_id], self._order[moment.node_id]
        if at != here:
            return at < here
        if not moment.part:
            return not self.veiled
        names = self._parameters(node_id)
        if name != moment.name:
            return names.index(name) < names.index(moment.name)
        return self._reached(index)

    @property
    def loss(self) -> bool:
        """Whether the loss is known."""
        moment = self.moment
        if moment.phase != "loss":
            return moment.phase != "forward"
        if self.veiled:
            return False
        return moment.part != "stage" or (self.card is not None and self._last_stage(self.card))

    @property
    def loss_after(self) -> bool:
        """Whether the loss after the update is known."""
        moment = self.moment
        last = moment.phase == "update" and (moment.part == "after" or moment.grain == "pass")
        return last and not self.veiled

    # --- parts --------------------------------------------------------------------------------------------------------

    def _share(self, reader: str, position: int) -> Array | None:
        """What a reader has sent of its share."""
        if self.moment.node_id == LOSS:
            return None
        at, here = self._order[reader], self._order[self.moment.node_id]
        if at < here:
            return None
        found: Array = self.trace.share(reader, position)[self._row]
        if at > here or (not self.moment.part and not self.veiled):
            return found
        if self.moment.part != "share" or position > int(self.moment.name):
            return None
        return found if position < int(self.moment.name) else self._part(found)

    def _from_loss(self, found: Array) -> Array | None:
        if not self.moment.part:
            return None if self.veiled else found
        return self._part(found, np.unravel_index(self.moment.cell[0], found.shape))

    def _part(self, found: Array, cell: Any = None) -> Array | None:
        """The cells up to that of the moment."""
        if not self.moment.part or (cell is None and not self.moment.cell):
            return None if self.veiled else found
        last = int(np.ravel_multi_index(self.moment.cell if cell is None else cell, found.shape))
        last += int(self._finished)
        if not last:
            return None
        part = np.full(found.size, np.nan)
        part[:last] = found.ravel()[:last]
        return part.reshape(found.shape)

    def _reached(self, index: Index) -> bool:
        """Whether a cell of the moment's parameter comes before its cell, or is it and finished."""
        cell = tuple(self.moment.cell)
        if not cell:  # all of it at once
            return self._finished
        return tuple(index) < cell or (tuple(index) == cell and self._finished)

    @cached_property
    def _finished(self) -> bool:
        """Whether the step gives its cell's number, and does not stand at one of several terms of it."""
        if self.veiled:
            return False
        if self.moment.term < 0 or self.card is None:
            return True
        if self.moment.part in ("value", "parameter", "share", "fork"):
            return self.moment.term == len(self.card.equations[-1].terms) - 1
        return self.card.row is None or self.moment.term == len(self.card.row.equations) - 1

    def _last_stage(self, shown: Card) -> bool:
        return self.moment.cell[0] == len(shown.stages) - 1 and self._finished

    def _parameters(self, node_id: str) -> tuple[str, ...]:
        layer = self.trace.network[node_id].layer
        return tuple(layer.parameters(*self.trace.in_shapes(node_id)))


def number_at(trace: Trace, place: Place) -> float | None:
    """The number that stands at a place of a trace; ``None`` for places that are no cells, or are not kept."""
    try:
        match place.kind:
            case "value":
                array = trace.values[place.node_id]
            case "gradient":
                array = trace.gradients[place.node_id]
            case "share":
                array = trace.share(place.node_id, int(place.name))
            case "parameter":
                return float(trace.parameter(place.node_id, place.name)[place.index])
            case "parameter_gradient":
                return float(trace.parameter(place.node_id, place.name, "gradient")[place.index])
            case _:
                return None
        return float(array[(trace.row(place.index[0]), *place.index[1:])])
    except (NotKept, LookupError):
        return None
