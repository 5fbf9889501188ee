"""The explanation of a layer that nobody has explained: its own calls, run with one output at a time."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.core import Array
from engine.layers.base import Bind, Layer
from engine.trace.base import At, Explainer, Index, explains, grid
from engine.trace.terms import Column, Equation, Function, Products, sub


@explains(Layer, any_bind=True)
class General(Explainer):
    """Local derivatives from the layer's own backward calls: δ is 1 at one output and 0 at all others."""

    forward_why = "This kind of layer comes without an explanation of its own; its calls were run again on these very inputs."

    def forward(self, at: At, index: Index) -> tuple[Equation, ...]:
        groups = [
            at.xs(grid([at.here], *map(range, shape)), position)
            for position, shape in enumerate(at.in_shapes)
        ]
        sizes = [len(g.values) for g in groups]
        joined = Column(np.concatenate([g.values for g in groups]), "x")
        terms = Products(groups[0]) if len(groups) == 1 else Products(joined)

        def run_again(*numbers: float) -> float:
            machine = _Machine(at)
            start = 0
            for position, size in enumerate(sizes):
                machine.xs[position][..., machine.column(at.here)] = np.reshape(
                    numbers[start : start + size], at.in_shapes[position]
                )
                start += size
            machine.forward()
            return float(machine.y[(*index, machine.column(at.here))])

        name = rf"\mathrm{{{at.layer.label}}}"
        function = Function(at.layer.label, rf"{name}{sub(index)}(#0, \ldots)", run_again)
        return (Equation(at.y(index), terms, "function", function),)

    def share(self, at: At, position: int, index: Index) -> tuple[Equation, ...]:
        machine = _Machine(at)
        # A layer that mixes samples (it keeps statistics, say) may be moved in all of them by one input.
        samples = at.trace.samples if at.layer.state(*at.in_shapes) and at.trace.whole else (at.here,)
        cells = grid(samples, *map(range, at.out_shape))
        slopes = machine.slopes(cells, lambda m: m.dxs[position][(*index, m.column(at.here))])
        local = Column(
            slopes, rf"\frac{{\partial {at.y_letter}}}{{\partial {at.x_letter(position)}{sub(index)}}}"
        )
        return (Equation(at.dx(index, position), Products(at.dys(cells), local)),)

    def parameter(self, at: At, name: str, index: Index) -> tuple[Equation, ...]:
        machine = _Machine(at)
        cells = grid(at.samples(), *map(range, at.out_shape))
        slopes = machine.slopes(cells, lambda m: m.grads[name][index])
        local = Column(
            slopes, rf"\frac{{\partial {at.y_letter}}}{{\partial {at.p_letter(name)}{sub(index)}}}"
        )
        terms = Products(at.dys(cells), local)
        alone = float(terms.values.sum()) if at.sample is not None else None
        return (Equation(at.dp(name, index, alone), terms),)


class _Machine:
    """The layer bound to buffers of its own, holding the kept samples of the trace, in float64.

    A random layer works in the trace's own precision: in another it would draw other numbers.
    """

    def __init__(self, at: At) -> None:
        trace, layer, node_id = at.trace, at.layer, at.node.id
        dtype: Any = trace.values[node_id].dtype if layer.is_random else np.float64
        self._at = at
        n = len(trace.samples)
        layout = layer.layout(*at.in_shapes)
        xs: list[Array] = []
        fulls: list[Array] = []
        dxs: list[Array] = []
        dfulls: list[Array] = []
        for position, source in enumerate(at.sources):
            value = np.moveaxis(np.asarray(trace.values[source], dtype), 0, -1)
            full, x = _laid_out(value, layout if position == 0 else None, dtype)
            dfull, dx = _laid_out(np.zeros_like(value), layout if position == 0 else None, dtype)
            for found, array in ((xs, x), (fulls, full), (dxs, dx), (dfulls, dfull)):
                found.append(array)
        self.xs, self.dxs = xs, dxs
        self.y = np.zeros((*at.out_shape, n), dtype)
        self.dy = np.zeros_like(self.y)
        specs = layer.parameters(*at.in_shapes)
        size = sum(p.size for p in specs.values())
        flat = np.array(trace.parameters["before"][node_id], dtype) if specs else np.zeros(0, dtype)
        flat_grad = np.zeros(size, dtype)
        self.grads = layer.arrange(flat_grad, specs)
        state = {k: np.array(v, dtype) for k, v in trace.state_before.get(node_id, {}).items()}
        rng = np.random.default_rng()
        if node_id in trace.randomness:
            rng.bit_generator.state = trace.randomness[node_id]
        self._steps = layer.bind(
            Bind(
                tuple(xs), tuple(fulls), self.y, self.dy, tuple(dxs), tuple(dfulls), layer.arrange(flat, specs), self.grads,
                flat, flat_grad, state, True, rng,
            )
        )  # fmt: skip
        self.forward()

    def column(self, sample: int) -> int:
        return self._at.trace.row(sample)

    def forward(self) -> None:
        self._run(self._steps.forward)

    def slopes(self, cells: Array, read: Any) -> Array:
        """``read(self)`` after a backward pass from each of the output ``cells`` ``(n, 1 + d)`` alone."""
        found = np.zeros(len(cells))
        for i, (sample, *index) in enumerate(cells):
            self.dy.fill(0)
            self.dy[(*index, self.column(int(sample)))] = 1
            self._run(self._steps.backward)
            found[i] = read(self)
        return found

    def _run(self, calls: Any) -> None:
        with np.errstate(all="ignore"):
            for c in calls:
                c.function(*c.args, **c.kwargs)


def _laid_out(value: Array, layout: Any, dtype: Any) -> tuple[Array, Array]:
    """``value`` with the surroundings that the layer asked for, and itself within."""
    if layout is None or layout.plain:
        whole = np.ascontiguousarray(value)
        return whole, whole
    if layout.ones:
        size = int(np.prod(value.shape[:-1]))
        full = np.ones((size + 1, value.shape[-1]), dtype)
        inner = full[:size].reshape(value.shape)
    else:
        top, bottom, left, right = layout.pad
        c, h, w, n = value.shape
        full = np.full((c, h + top + bottom, w + left + right, n), layout.fill, dtype)
        inner = full[:, top : top + h, left : left + w]
    inner[...] = value
    return full, inner
