"""From gradients to new weights: penalty, clipping, optimizer, max-norm, for all parameters at once."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from engine.clipping import norm_calls
from engine.core import Array, Call, call
from engine.fit import Fit
from engine.model import Model
from engine.program import compile_calls

#: parameters up to which penalties work on one vector of strengths (fewest calls); above it one array at a time (least memory)
WHOLE_VECTOR = 1 << 20


class Update:
    """The calls that follow a backward pass, bound to a model's parameters.

    Args:
        model: its parameters are changed by ``calls``.
        fit: penalty, clipping, optimizer, max-norm.
        slots: what an earlier optimizer remembered; taken over by name.

    Attributes:
        calls: in order; run them after ``Program.backward``.
        lr, step: 0-d; the current learning rate, and how many updates were made.
        slots: ``name → (n,)``.
        norm: 0-d; length of the whole gradient (penalty included) before clipping.
    """

    def __init__(self, model: Model, fit: Fit, slots: dict[str, Array], step: Array) -> None:
        self._model, self._fit = model, fit
        p, g = model.store.values, model.store.gradients
        self.lr, self.step, self.norm = np.array(fit.optimizer.lr, p.dtype), step, np.zeros((), p.dtype)
        self.slots = {name: slots.get(name, np.zeros_like(p)) for name in fit.optimizer.slots}
        self._penalties = list(self._bind_penalties())
        self._norm = compile_calls(norm_calls(g, self.norm))
        self.calls: list[Call] = self.penalty_calls()
        if fit.clipping is not None:
            self.calls += fit.clipping.bind(g, self.norm)
        if self.slots:  # optimizers without memory do not ask which update this is
            self.calls.append(call(np.add, step, 1, step))
        for part in self._learning():
            own = (slot[part] for slot in self.slots.values())
            self.calls += fit.optimizer.bind(p[part], g[part], self.lr, step, *own)
        if fit.max_norm:
            self.calls += self._max_norm_calls(fit.max_norm)

    def penalty(self) -> float:
        """The regularization term of the present weights."""
        terms = (one * np.abs(p) + 0.5 * two * p * p for p, _, one, two in self._penalties)
        return float(sum(t.sum(dtype=np.float64) for t in terms))

    def gradient_norm(self) -> float:
        """Length of the last gradient, before clipping."""
        if self._fit.clipping is None:
            self._norm()
        return self.norm.item()

    def _learning(self) -> Iterator[slice]:
        """The stretches of the parameter vector that learn: all of it, unless layers are frozen."""
        start = stop = 0
        for node_id, where in self._model.store.slices.items():
            if getattr(self._model.network[node_id].layer, "frozen", False):
                if stop > start:
                    yield slice(start, stop)
                start = where.stop
            stop = where.stop
        if stop > start:
            yield slice(start, stop)

    def _weights(self) -> Iterator[tuple[str, str]]:
        """``(node id, name)`` of every parameter that penalties act on: weights, never biases."""
        for node_id, specs in self._model.store.specs.items():
            yield from ((node_id, name) for name, spec in specs.items() if not spec.is_bias)

    def _bind_penalties(self) -> Iterator[tuple[Array, Array, Array, Array]]:
        """``(parameters, gradients, l1, l2)``; one entry for the whole vector where that is affordable."""
        store, network = self._model.store, self._model.network
        strengths = {}
        for node_id, name in self._weights():
            own = getattr(network[node_id].layer, "regularizer", None)
            l1, l2 = (own or self._fit.regularizer).strengths()
            if l1 or l2:
                strengths[node_id, name] = l1, l2
        if not strengths:
            return
        if len(store.values) > WHOLE_VECTOR:
            for (node_id, name), (l1, l2) in strengths.items():
                p, g = store.views[node_id][name], store.gradient_views[node_id][name]
                yield p, g, np.array(l1, p.dtype), np.array(l2, p.dtype)
            return
        l1s, l2s = np.zeros_like(store.values), np.zeros_like(store.values)
        for (node_id, name), (l1, l2) in strengths.items():
            where, arrange = store.slices[node_id], network[node_id].layer.arrange
            arrange(l1s[where], store.specs[node_id])[name][...] = l1
            arrange(l2s[where], store.specs[node_id])[name][...] = l2
        yield store.values, store.gradients, l1s, l2s

    def penalty_calls(self) -> list[Call]:
        """Calls that add the penalty's gradient to the gradients."""
        calls: list[Call] = []
        for p, g, one, two in self._penalties:
            work = np.zeros(p.shape, p.dtype)
            if two.any():
                calls += [call(np.multiply, p, two, work), call(np.add, g, work, g)]
            if one.any():
                calls += [
                    call(np.sign, p, work),
                    call(np.multiply, work, one, work),
                    call(np.add, g, work, g),
                ]
        return calls

    def _max_norm_calls(self, limit: float) -> list[Call]:
        """Shorten the incoming weights of each unit or filter to at most ``limit``. Srivastava et al. 2014, appendix A.1."""
        calls: list[Call] = []
        for node_id, name in self._weights():
            w = self._model.store.views[node_id][name]
            if w.ndim < 2:
                continue
            axes = tuple(range(1, w.ndim))
            squares = np.zeros(w.shape, w.dtype)
            length = np.zeros((len(w), *(1 for _ in axes)), w.dtype)
            top = np.array(limit, w.dtype)
            calls += [
                call(np.multiply, w, w, squares),
                call(np.add.reduce, squares, axes, None, length, True),
                call(np.sqrt, length, length),
                call(np.maximum, length, top, out=length),
                call(np.divide, top, length, length),
                call(np.multiply, w, length, w),
            ]
        return calls
