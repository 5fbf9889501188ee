"""Losses, in stages: from the outputs of one sample to the mean over the batch, and back to the first gradient."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.core import Array
from engine.losses import Loss
from engine.trace.base import grid
from engine.trace.record import NotKept, Trace
from engine.trace.terms import Column, Equation, Few, Function, Operand, Place, Products, few, sub

LOSS = "loss"  #: the node id that stands for the loss


@dataclass(frozen=True)
class Stage:
    """One stage of a loss: what happens, and the equations of it for one sample."""

    title: str
    sentence: str
    equations: tuple[Equation, ...]


class LossExplainer:
    """Base: how one kind of loss explains itself."""

    why = ""

    def stages(self, trace: Trace, sample: int) -> tuple[Stage, ...]:
        """From this sample's outputs to its own loss; the mean over the batch follows by itself (:func:`loss_stages`)."""
        raise NotImplementedError

    def losses(self, loss: Any, z: Array, t: Array) -> Array:
        """The own loss of each row of outputs and targets ``(S, K)``: ``(S,)``."""
        raise NotImplementedError

    def sample_losses(self, trace: Trace) -> Array:
        """Each kept sample's own loss ``(S,)``; the batch's loss is ``scale`` times their sum."""
        z = np.asarray(trace.values[trace.network.output_id], np.float64).reshape(len(trace.samples), -1)
        with np.errstate(all="ignore"):
            return self.losses(trace.fit.loss, z, np.asarray(trace.targets[list(trace.samples)], np.float64))

    def scale(self, trace: Trace) -> Operand:
        """What the sum over the batch is multiplied by."""
        return Operand(r"\frac{1}{N}", 1.0 / trace.size)

    def total(self, trace: Trace) -> Equation:
        """The loss of the batch from those of its samples; all must be kept."""
        symbol = lambda at: rf"\ell^{{({at[0] + 1})}}"
        column = Column(self.sample_losses(trace), symbol, LOSS, "loss", "sample", grid(range(trace.size)))
        return Equation(
            Operand("L", trace.loss, Place(LOSS, "loss")), Products(column), scale=(self.scale(trace),)
        )

    def gradient(self, trace: Trace, sample: int, k: int) -> tuple[Equation, ...]:
        """∂L/∂z of output ``k``; the last equation's result is the gradient that arrives at the last node."""
        raise NotImplementedError


_EXPLAINERS: dict[type[Loss], LossExplainer] = {}


def explains_loss(kind: type[Loss]) -> Callable[[type[LossExplainer]], type[LossExplainer]]:
    """Class decorator: this explainer is for this loss, and for subclasses that compute in the same way."""

    def decorate(cls: type[LossExplainer]) -> type[LossExplainer]:
        _EXPLAINERS[kind] = cls()
        return cls

    return decorate


def loss_explainer(loss: Loss) -> LossExplainer:
    """The explainer of a loss: its own, or the general one."""
    for cls in type(loss).__mro__:
        if cls in _EXPLAINERS:
            return _EXPLAINERS[cls]
        if "bind" in vars(cls):
            break
    return _EXPLAINERS[Loss]


def z(trace: Trace, sample: int, k: int) -> Operand:
    """An output of the network."""
    node_id = trace.network.output_id
    value = trace.values[node_id][trace.row(sample)].reshape(-1)[k]
    return Operand(f"z{sub((k,))}", float(value), Place(node_id, "value", "", (sample, k)))


def t(trace: Trace, sample: int, k: int) -> Operand:
    """What it should be."""
    return Operand(f"t{sub((k,))}", float(trace.targets[sample, k]), Place(LOSS, "target", "", (sample, k)))


def dz(trace: Trace, sample: int, k: int) -> Operand:
    """The first gradient."""
    node_id = trace.network.output_id
    value = trace.gradients[node_id][trace.row(sample)].reshape(-1)[k]
    symbol = rf"\frac{{\partial L}}{{\partial z{sub((k,))}}}"
    return Operand(symbol, float(value), Place(node_id, "gradient", "", (sample, k)))


def outputs(trace: Trace) -> int:
    """K, the number of outputs."""
    return int(trace.targets.shape[1])


def made(symbol: str, function: Function, *operands: Operand) -> Equation:
    """A function of operands, with its result worked out."""
    terms = few(*operands)
    return Equation(Operand(symbol, float(function.evaluate(*terms.values))), terms, "function", function)


def summed(symbol: str, terms: Few, *scale: Operand) -> Equation:
    """A sum of products, with its result worked out."""
    found = Equation(Operand(symbol, 0.0), terms, scale=scale)
    return Equation(Operand(symbol, found.evaluate()), terms, scale=scale)


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


@explains_loss(Loss)
class _General(LossExplainer):
    """A loss that nobody has explained: its own calls, run again on the outputs of the batch."""

    why = "This loss comes without an explanation of its own; its calls were run again on these very outputs."

    def sample_losses(self, trace: Trace) -> Array:
        z = np.asarray(trace.values[trace.network.output_id], np.float64).reshape(len(trace.samples), -1)
        t = trace.targets[list(trace.samples)]
        return np.array([self._run(trace, z[i : i + 1], t[i : i + 1])[0] for i in range(len(z))])

    def stages(self, trace: Trace, sample: int) -> tuple[Stage, ...]:
        zs = [z(trace, sample, k) for k in range(outputs(trace))]
        targets = trace.targets[sample : sample + 1]
        own = made(
            r"\ell", self._function(trace, lambda *v: self._run(trace, np.array([v]), targets)[0]), *zs
        )
        return (Stage("loss", f"{trace.fit.loss.label} of this sample alone.", (own,)),)

    def total(self, trace: Trace) -> Equation:
        function = self._function(
            trace, lambda *v: self._run(trace, np.reshape(v, trace.targets.shape), trace.targets)[0]
        )
        result = Operand("L", trace.loss, Place(LOSS, "loss"))
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
            for c in (*steps.forward, *steps.backward):
                c.function(*c.args, **c.kwargs)
        return float(value), dz.T
