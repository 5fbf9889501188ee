"""Losses, in stages: from the outputs of one sample to the mean over the batch, and back to the first gradient."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from engine.core import Array, run_calls
from engine.losses import Loss
from engine.maths import Let, is_explained
from engine.trace.base import grid
from engine.trace.record import NotKept, Trace
from engine.trace.terms import (
    Column,
    Equation,
    Few,
    Function,
    Operand,
    Place,
    Products,
    few,
    stated,
    sub,
)

LOSS = "loss"  #: the node id that stands for the loss
#: outputs up to which each has equations of its own; of more, so many do that cost most
MANY, WORST = 40, 8


@dataclass(frozen=True)
class Stage:
    """One stage of a loss: what happens, and the equations of it for one sample."""

    title: str
    sentence: str
    equations: tuple[Equation, ...]


def z(trace: Trace, sample: int, k: int) -> Operand:
    """An output of the network, by its place among all."""
    node_id, cell = trace.network.output_id, output_cell(trace, k)
    value = trace.values[node_id][trace.row(sample)][cell]
    letter = trace.symbols.value(node_id, trace.fit.loss.letter("z"))
    return Operand(f"{letter}{sub(cell)}", float(value), Place(node_id, "value", "", (sample, *cell)))


def t(trace: Trace, sample: int, k: int) -> Operand:
    """What it should be."""
    symbol = f"{trace.symbols.targets}{sub(output_cell(trace, k))}"
    return Operand(symbol, float(trace.targets[sample, k]), Place(LOSS, "target", "", (sample, k)))


def dz(trace: Trace, sample: int, k: int) -> Operand:
    """The first gradient."""
    node_id, cell = trace.network.output_id, output_cell(trace, k)
    value = trace.gradients[node_id][trace.row(sample)][cell]
    letter = trace.symbols.value(node_id, trace.fit.loss.letter("z"))
    symbol = rf"\frac{{\partial {trace.symbols.loss}}}{{\partial {letter}{sub(cell)}}}"
    return Operand(symbol, float(value), Place(node_id, "gradient", "", (sample, *cell)))


def output_cell(trace: Trace, k: int) -> tuple[int, ...]:
    """Where output ``k`` stands in what the network gives for a sample: ``(k,)``, or a channel, row and column."""
    return tuple(int(i) for i in np.unravel_index(k, trace.shapes[trace.network.output_id]))


def outputs(trace: Trace) -> int:
    """K, the number of outputs."""
    return int(trace.targets.shape[1])


class LossExplainer:
    """How a loss that says its maths, ``Loss.value`` and ``Loss.slope``, is explained."""

    def why(self, loss: Loss) -> str:
        return loss.why

    def stages(self, trace: Trace, sample: int) -> tuple[Stage, ...]:
        """From this sample's outputs to its own loss; the mean over the batch follows by itself (:func:`loss_stages`)."""
        lines, found = _Lines(trace, sample), list[Stage]()
        few_of = (
            f" Of {outputs(trace)} outputs the {WORST} that cost most are shown."
            if outputs(trace) > MANY
            else ""
        )
        for let in trace.fit.loss.value:
            if let.title:
                found.append(Stage(let.title, let.sentence + few_of, ()))
            found[-1] = replace(found[-1], equations=(*found[-1].equations, *lines.all_of(let)))
        if outputs(trace) > 1:
            costs = few(*(lines.operand("cost", k) for k in range(outputs(trace))))
            own = Equation(Operand(r"\ell", 0.0), costs).settled()
            found[-1] = replace(found[-1], equations=(*found[-1].equations, own))
        return tuple(found)

    def sample_losses(self, trace: Trace) -> Array:
        """Each kept sample's own loss ``(S,)``; the batch's loss is ``scale`` times their sum."""
        z = trace.values[trace.network.output_id].reshape(len(trace.samples), -1)
        losses: Array = worked_out(trace.fit.loss, z, trace.targets[list(trace.samples)])["cost"].sum(1)
        return losses

    def scale(self, trace: Trace) -> Operand:
        """What the sum over the batch is multiplied by."""
        if getattr(trace.fit.loss, "weight", ()):
            return Operand(r"\frac{1}{W}", 1.0 / trace.fit.loss.mass(trace.targets.T))
        k = outputs(trace) if trace.fit.loss.over_outputs else 1
        return Operand(r"\frac{1}{NK}" if k > 1 else r"\frac{1}{N}", 1.0 / (trace.size * k))

    def total(self, trace: Trace) -> Equation:
        """The loss of the batch from those of its samples; all must be kept."""
        symbol = lambda at: rf"\ell^{{({at[0] + 1})}}"
        column = Column(self.sample_losses(trace), symbol, LOSS, "loss", "sample", grid(range(trace.size)))
        return Equation(
            Operand(trace.symbols.loss, trace.loss, Place(LOSS, "loss")),
            Products(column),
            scale=(self.scale(trace),),
        )

    def gradient(self, trace: Trace, sample: int, k: int) -> tuple[Equation, ...]:
        """∂L/∂z of output ``k``; the last equation's result is the gradient that arrives at the last node."""
        lines = _Lines(trace, sample)
        found = [lines.equation(let, k) for let in lines.needed("slope")]
        return *found, Equation(dz(trace, sample, k), few((self.scale(trace), found[-1].result)))


def worked_out(loss: Loss, z: Array, t: Array) -> dict[str, Array]:
    """What each line of the loss's maths gives for rows of outputs and targets ``(S, K)``: ``(S, K)``, or over all outputs ``(S, 1)``."""
    known = {"z": z, "t": t}
    for let in (*loss.value, *loss.slope):
        found = let.evaluate(*(known[n] if n in known else getattr(loss, n) for n in let.names))
        known[let.name] = getattr(found, let.over)(1, keepdims=True) if let.over else found
    return known


class _Lines:
    """The lines of a loss's maths, worked out for one sample."""

    def __init__(self, trace: Trace, sample: int) -> None:
        self._trace, self._sample, self._loss, self._count = trace, sample, trace.fit.loss, outputs(trace)
        z = trace.values[trace.network.output_id][trace.row(sample)].reshape(1, -1)
        self._known = worked_out(self._loss, z, trace.targets[sample : sample + 1])
        self._lets = {let.name: let for let in (*self._loss.value, *self._loss.slope)}

    def needed(self, name: str) -> list[Let]:
        """The line ``name`` and those it follows from, in order."""
        wanted = {name}
        for let in reversed(self._lets.values()):
            wanted.update(let.names if let.name in wanted else ())
        return [let for let in self._lets.values() if let.name in wanted]

    def all_of(self, let: Let) -> tuple[Equation, ...]:
        """One equation for each output, or the one over all."""
        return tuple(self.equation(let, k) for k in ((0,) if let.over else self.shown))

    @cached_property
    def shown(self) -> tuple[int, ...]:
        """The outputs that have equations of their own: all, or of very many those that cost most, in order."""
        if self._count <= MANY:
            return tuple(range(self._count))
        return tuple(sorted(int(k) for k in np.argsort(-self._known["cost"][0], kind="stable")[:WORST]))

    def equation(self, let: Let, k: int) -> Equation:
        if not let.over:
            return self._stated(let, k)
        terms = Few(*(self._stated(let, j, summed=True).terms[0] for j in range(self._count)))
        return Equation(self.operand(let.name, k), terms, "max" if let.over == "max" else "sum")

    def _stated(self, let: Let, k: int, *, summed: bool = False) -> Equation:
        operands = [self.operand(name, k) for name in let.names]
        return stated(self.operand(let.name, k), let, operands, let.title or let.name, summed=summed)

    def operand(self, name: str, k: int) -> Operand:
        """What a line reads or gives: z, t, a setting, or its number for an output or over all."""
        if name in ("z", "t"):
            return (z if name == "z" else t)(self._trace, self._sample, k)
        letter = self._loss.letter(name)
        if name not in self._lets:
            return Operand(letter, float(getattr(self._loss, name)), Place(LOSS, "setting", name))
        over = self._lets[name].over or self._count == 1
        below = sub(output_cell(self._trace, k))
        return Operand(letter if over else letter + below, float(self._known[name][0, 0 if over else k]))


class _General(LossExplainer):
    """A loss that says no maths: its own calls, run again on the outputs of the batch."""

    def why(self, loss: Loss) -> str:
        return "This loss comes without an explanation of its own; its calls were run again on these very outputs."

    def sample_losses(self, trace: Trace) -> Array:
        z = np.asarray(trace.values[trace.network.output_id], np.float64).reshape(len(trace.samples), -1)
        t = trace.targets[list(trace.samples)]
        return np.array([self._run(trace, z[i : i + 1], t[i : i + 1])[0] for i in range(len(z))])

    def stages(self, trace: Trace, sample: int) -> tuple[Stage, ...]:
        zs = few(*(z(trace, sample, k) for k in range(outputs(trace))))
        targets = trace.targets[sample : sample + 1]
        function = self._function(trace, lambda *v: self._run(trace, np.array([v]), targets)[0])
        own = Equation(Operand(r"\ell", 0.0), zs, "function", function).settled()
        return (Stage("loss", f"{trace.fit.loss.label} of this sample alone.", (own,)),)

    def total(self, trace: Trace) -> Equation:
        function = self._function(
            trace, lambda *v: self._run(trace, np.reshape(v, trace.targets.shape), trace.targets)[0]
        )
        result = Operand(trace.symbols.loss, trace.loss, Place(LOSS, "loss"))
        return Equation(result, Products(self._all(trace)), "function", function)

    def gradient(self, trace: Trace, sample: int, k: int) -> tuple[Equation, ...]:
        found = dz(trace, sample, k)
        if not trace.whole:
            raise NotKept(f"The whole batch is not in this trace. {' '.join(trace.left_out)}")

        def slope(*v: float) -> float:
            return float(self._run(trace, np.reshape(v, trace.targets.shape), trace.targets)[1][sample, k])

        return (Equation(found, Products(self._all(trace)), "function", self._function(trace, slope)),)

    def _all(self, trace: Trace) -> Column:
        cells, node_id = grid(*map(range, trace.targets.shape)), trace.network.output_id
        values = np.asarray(trace.values[node_id].reshape(len(trace.targets), -1).ravel(), np.float64)
        return Column(values, lambda at: f"z^{{({at[0] + 1})}}{sub(at[1:])}", node_id, "value", "", cells)

    def _function(self, trace: Trace, evaluate: Callable[..., float]) -> Function:
        label = trace.fit.loss.label
        return Function(label, rf"\mathrm{{{label}}}(#0, \ldots)", evaluate)

    def _run(self, trace: Trace, outputs: Array, targets: Array) -> tuple[float, Array]:
        """Loss and gradient ``(N, K)`` of ``outputs`` ``(N, K)``, by the loss's own calls in float64."""
        z, t = (np.ascontiguousarray(a.T, np.float64) for a in (outputs, targets))
        dz, value = np.zeros_like(z), np.zeros(())
        steps = trace.fit.loss.bind(z, t, dz, value)
        with np.errstate(all="ignore"):
            run_calls((*steps.forward, *steps.backward))
        return float(value), dz.T


_EXPLAINED, _GENERAL = LossExplainer(), _General()


def loss_explainer(loss: Loss) -> LossExplainer:
    """How a loss is explained: by the maths it says, or by its calls."""
    return _EXPLAINED if is_explained(type(loss), "value") else _GENERAL


def loss_stages(trace: Trace, sample: int) -> tuple[Stage, ...]:
    """From one sample's outputs to the loss of the batch; the mean only where all samples are kept."""
    explainer = loss_explainer(trace.fit.loss)
    stages = explainer.stages(trace, sample)
    if not trace.whole:
        return stages
    words = f"The loss of the batch: {trace.fit.loss.factor or 'of all samples together'}."
    return (*stages, Stage("mean", words, (explainer.total(trace),)))


def loss_gradient(trace: Trace, sample: int, k: int) -> tuple[Equation, ...]:
    """How the gradient that arrives at output ``k`` of the network came about."""
    return loss_explainer(trace.fit.loss).gradient(trace, sample, k)
