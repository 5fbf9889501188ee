"""From gradients to new weights: penalty, clipping, optimizer, max-norm, for all parameters at once."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from engine.clipping import norm_calls
from engine.compiled import compile_calls
from engine.core import Array, Call, call, unwarned
from engine.fit import Fit
from engine.layers.linear import is_frozen
from engine.model import Model

#: parameters up to which one call works on all of them (fewest calls); more are worked on in blocks of BLOCK, which stay in the
#: second-level cache from one call to the next, and need little memory besides
WHOLE_VECTOR, BLOCK = 1 << 20, 1 << 16


class Update:
    """The calls that follow a backward pass, bound to a model's parameters.

    Args:
        model: its parameters are changed by ``calls``.
        fit: penalty, clipping, optimizer, max-norm.
        slots: what an earlier optimizer remembered; taken over by name.

    Attributes:
        calls: in order; run them after ``Program.backward``.
        stages: the same, by what they do: "penalty", "clipping", "optimizer", "max-norm".
        lr, step: 0-d; the current learning rate, and how many updates were made.
        slots: ``name → (n,)``.
        norm: 0-d; length of the whole gradient (penalty included) of what learns, before clipping. In PyTorch, whose
            ``clip_grad_norm_`` does the same, frozen layers have no gradient.
    """

    @unwarned()
    def __init__(self, model: Model, fit: Fit, slots: dict[str, Array], step: Array) -> None:
        self._model, self._fit = model, fit
        p, g = model.store.values, model.store.gradients
        self.lr, self.step, self.norm = np.array(fit.optimizer.lr, p.dtype), step, np.zeros((), p.dtype)
        self.slots = {name: slots.get(name, np.zeros_like(p)) for name in fit.optimizer.slots}
        self._penalties = list(self._bind_penalties())
        norm = norm_calls([g[part] for part in self._learning()], self.norm)
        self._norm = compile_calls(norm)
        penalties, blocks = list(self._penalty_blocks()), list(self._optimizer_blocks())
        # Optimizers without memory do not ask which update this is.
        count = [call(np.add, step, 1, step)] if self.slots else []
        self.stages = {
            "penalty": _joined(penalties),
            "clipping": [] if fit.clipping is None else [*norm, *fit.clipping.bind(g, self.norm)],
            "optimizer": count + _joined(blocks),
            "max-norm": self._max_norm_calls(fit.max_norm) if fit.max_norm else [],
        }
        self.calls = _joined(enumerate(self.stages.values()))
        if fit.clipping is None:  # each block's penalty just before its update: both read the same numbers
            self.calls = [
                *count,
                *_joined(sorted([*penalties, *blocks], key=_first)),
                *self.stages["max-norm"],
            ]

    def _optimizer_blocks(self) -> Iterator[_Block]:
        """The optimizer's calls; for very many parameters, block by block."""
        store = self._model.store
        size = BLOCK if len(store.values) > WHOLE_VECTOR else max(len(store.values), 1)
        scratch = _Scratch(size)
        for stretch in self._learning():
            for start in range(stretch.start, stretch.stop, size):
                part = slice(start, min(start + size, stretch.stop))
                p, g, *own = (a[part] for a in (store.values, store.gradients, *self.slots.values()))
                bind = self._fit.optimizer.bind
                # After every penalty of what it covers, the last of which may begin at its last number.
                yield part.stop, bind(p, g, self.lr, self.step, *own, scratch=scratch.anew())

    @unwarned()
    def penalty(self) -> float:
        """The regularization term of the present weights."""
        terms = (one * np.abs(p) + 0.5 * two * p * p for p, _, one, two in self._penalties)
        return float(sum(t.sum(dtype=np.float64) for t in terms))

    @unwarned()
    def gradient_norm(self) -> float:
        """Length of the last gradient, before clipping."""
        if self._fit.clipping is None:
            self._norm()
        return self.norm.item()

    def _learning(self) -> Iterator[slice]:
        """The stretches of the parameter vector that learn: all of it, unless layers are frozen."""
        start = stop = 0
        for node_id, where in self._model.store.slices.items():
            still = where.start if self._frozen(node_id) else where.stop - self._frozen_biases(node_id)
            if still < where.stop:
                if still > start:
                    yield slice(start, still)
                start = where.stop
            stop = where.stop
        if stop > start:
            yield slice(start, stop)

    def _frozen(self, node_id: str) -> bool:
        return is_frozen(self._model.network[node_id].layer)

    def _frozen_biases(self, node_id: str) -> int:
        """How many of a node's last numbers are biases that stay as they are."""
        spec = self._model.store.specs[node_id].get("bias")
        still = spec is not None and is_frozen(self._model.network[node_id].layer, "bias")
        return math.prod(spec.shape) if spec is not None and still else 0

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
                p, g = (_as_stored(views[node_id][name]) for views in (store.views, store.gradient_views))
                for start in range(0, len(p), BLOCK):
                    part = slice(start, start + BLOCK)
                    yield p[part], g[part], np.array(l1, p.dtype), np.array(l2, p.dtype)
            return
        l1s, l2s = np.zeros_like(store.values), np.zeros_like(store.values)
        for (node_id, name), (l1, l2) in strengths.items():
            where, arrange = store.slices[node_id], network[node_id].layer.arrange
            arrange(l1s[where], store.specs[node_id])[name][...] = l1
            arrange(l2s[where], store.specs[node_id])[name][...] = l2
        yield store.values, store.gradients, l1s, l2s

    def _penalty_blocks(self) -> Iterator[_Block]:
        """Calls that add the penalty's gradient to the gradients."""
        first = self._model.store.values.ctypes.data
        longest = max((len(p) for p, *_ in self._penalties), default=0)
        memory = np.zeros(longest, self._model.dtype)
        for p, g, one, two in self._penalties:
            work, calls = memory[: len(p)], list[Call]()
            if two.any():
                calls += [call(np.multiply, p, two, work), call(np.add, g, work, g)]
            if one.any():
                calls += [
                    call(np.sign, p, work),
                    call(np.multiply, work, one, work),
                    call(np.add, g, work, g),
                ]
            yield (p.ctypes.data - first) // p.itemsize, calls

    def _max_norm_calls(self, limit: float) -> list[Call]:
        """Shorten the incoming weights of each unit or filter that learns to ``limit`` at most. Srivastava et al. 2014, app. A.1."""
        calls: list[Call] = []
        for node_id, name in self._weights():
            w = self._model.store.views[node_id][name]
            if w.ndim < 2 or self._frozen(node_id):
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


#: where in the vector of parameters its work begins, or rather: what orders it among others; and its calls
_Block = tuple[int, Sequence[Call]]


def _first(block: _Block) -> int:
    return block[0]


def _joined(blocks: Iterable[_Block]) -> list[Call]:
    return [c for _, calls in blocks for c in calls]


class _Scratch:
    """Vectors to work in. Each block is given the same ones, as they are done one after the other."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._vectors: list[Array] = []
        self._next = 0

    def anew(self) -> _Scratch:
        """Begin again with the first."""
        self._next = 0
        return self

    def __call__(self, like: Array) -> Array:
        if self._next == len(self._vectors):
            self._vectors.append(np.zeros(self._size, like.dtype))
        self._next += 1
        return self._vectors[self._next - 1][: len(like)]


def _as_stored(array: Array) -> Array:
    """All numbers of a view without gaps, in the order in which they lie in memory, as a vector that shares it."""
    return array.transpose(np.argsort([-s for s in array.strides], kind="stable")).reshape(-1)
