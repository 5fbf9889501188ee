"""Normalizations, step by step: the mean, the deviation, and the three ways back through them."""

from __future__ import annotations

import math

import numpy as np

from engine.core import Array
from engine.layers import BatchNorm, LayerNorm, LocalResponseNorm
from engine.trace.base import At, Explainer, Index, explains, grid
from engine.trace.record import NotKept
from engine.trace.terms import Column, Equation, Function, Operand, Place, Products, few, sub

DEVIATION = Function("deviation", r"\sqrt{#0 + #1}", lambda v, e: math.sqrt(v + e))
NORMAL = Function("normalized", r"\frac{#0 - #1}{#2}", lambda x, m, s: (x - m) / s)


class _Normalization(Explainer):
    """y = γ·(x − μ)/s + β, with μ and s over ``population``."""

    forward_why = (
        "Whatever scale comes in, mean 0 and deviation 1 go on; γ and β let the layer choose its own again."
    )
    share_sentence = "Three ways lead back: straight, through the mean, and through the deviation."
    share_why = "Moving one value moves the mean and the deviation of all. What pulls all of them the same way, or stretches them, is taken out."

    def population(self, at: At, index: Index) -> Array:
        """The cells ``(n, 1 + d)`` that are normalized together with the cell ``index``, the sample first."""
        raise NotImplementedError

    def own(self, at: At, index: Index) -> Index:
        """Which cell of γ and β an output cell uses."""
        return index

    def statistics(self, at: At, index: Index) -> tuple[Equation, Equation, Equation]:
        """Mean, variance and deviation."""
        xs = at.xs(self.population(at, index))
        share = Operand(rf"\frac{{1}}{{{len(xs.values)}}}", 1.0 / len(xs.values))
        mean = Equation(Operand(r"\mu", float(xs.values.mean())), Products(xs), scale=(share,))
        off = at.constant(r"(x - \mu)", xs.values - mean.result.value)
        variance = Equation(
            Operand(r"\sigma^2", float((off.values**2).mean())), Products(off, off), scale=(share,)
        )
        epsilon = at.setting(r"\epsilon", at.layer.eps, "eps")
        terms = few(variance.result, epsilon)
        deviation = Equation(Operand("s", DEVIATION.evaluate(*terms.values)), terms, "function", DEVIATION)
        return mean, variance, deviation

    def normal(self, at: At, index: Index, found: tuple[Equation, Equation, Equation]) -> Equation:
        """x̂ of one cell."""
        terms = few(at.x(index), found[0].result, found[2].result)
        return Equation(
            Operand(rf"\hat{{x}}{sub(index)}", NORMAL.evaluate(*terms.values)), terms, "function", NORMAL
        )

    def forward(self, at: At, index: Index) -> tuple[Equation, ...]:
        found = self.statistics(at, index)
        normal = self.normal(at, index, found)
        terms = few(normal.result)
        if self._affine(at):
            own = self.own(at, index)
            terms = few((at.p("weight", own), normal.result), at.p("bias", own))
        return (*found, *self.running(at, index, found), normal, Equation(at.y(index), terms))

    def running(
        self, at: At, index: Index, found: tuple[Equation, Equation, Equation]
    ) -> tuple[Equation, ...]:
        """The running averages that inference will use."""
        return ()

    def share(self, at: At, position: int, index: Index) -> tuple[Equation, ...]:
        found = self.statistics(at, index)
        normal = self.normal(at, index, found)
        cells = self.population(at, index)
        deltas = at.dys(cells)
        factors = [deltas]
        straight: tuple[Operand, ...] = (at.dy(index),)
        if self._affine(at):
            where = np.column_stack(
                self.own(at, tuple(cells.T[1:]))
            )  # whole columns as an index: all cells at once
            factors.append(at.ps("weight", where))
            straight = (*straight, at.p("weight", self.own(at, index)))
        normals = self.normals(at, cells, found)
        share = Operand(rf"\frac{{1}}{{{len(cells)}}}", 1.0 / len(cells))
        pull = Products(*factors)
        stretch = Products(*factors, normals)
        by_mean = Equation(Operand(r"\bar{g}", float(pull.values.mean())), pull, scale=(share,))
        by_deviation = Equation(Operand("q", float(stretch.values.mean())), stretch, scale=(share,))
        minus = Operand(r"-\bar{g}", -by_mean.result.value)
        minus_normal = Operand("-" + normal.result.symbol, -normal.result.value)
        last = few(straight, minus, (minus_normal, by_deviation.result))
        scale = Operand(r"\frac{1}{s}", 1.0 / found[2].result.value)
        return *found, normal, by_mean, by_deviation, Equation(at.dx(index), last, scale=(scale,))

    def normals(self, at: At, cells: Array, found: tuple[Equation, Equation, Equation]) -> Column:
        """x̂ of many cells."""
        xs = at.xs(cells).values
        return at.constant(r"\hat{x}", (xs - found[0].result.value) / found[2].result.value)

    def _affine(self, at: At) -> bool:
        return bool(at.layer.parameters(*at.in_shapes))


@explains(BatchNorm)
class OverBatch(_Normalization):
    """Each channel over the whole batch."""

    forward_sentence = (
        "Brought to mean 0 and deviation 1 over the whole batch: every sample has a say in this one's value."
    )
    parameter_sentence = (
        "The scale is blamed times the normalized value, the shift as it is, wherever they act."
    )

    def population(self, at: At, index: Index) -> Array:
        if not at.trace.whole:
            raise NotKept(f"The whole batch is not in this trace. {' '.join(at.trace.left_out)}")
        return grid(range(at.trace.size), [index[0]], *map(range, at.in_shapes[0][1:]))

    def own(self, at: At, index: Index) -> Index:
        return (index[0],)

    def running(
        self, at: At, index: Index, found: tuple[Equation, Equation, Equation]
    ) -> tuple[Equation, ...]:
        c, n, m = index[0], len(found[0].terms), at.layer.momentum
        keep, new = at.setting("(1 - m)", 1.0 - m), at.setting("m", m)
        unbiased = Operand(rf"\frac{{{n}}}{{{n - 1}}}" if n > 1 else "1", n / max(n - 1, 1))
        before, after = (s[at.node.id] for s in (at.trace.state_before, at.trace.state_after))
        equations = []
        for name, symbol, fresh in (
            ("running_mean", r"\mu_{\mathrm{run}}", (new, found[0].result)),
            ("running_var", r"\sigma^2_{\mathrm{run}}", (new, unbiased, found[1].result)),
        ):
            old = Operand(symbol, float(before[name][c]), Place(at.node.id, "statistic", name, (c,)))
            result = Operand(
                symbol + "'", float(after[name][c]), Place(at.node.id, "statistic", f"{name}/after", (c,))
            )
            equations.append(Equation(result, few((keep, old), fresh)))
        return tuple(equations)

    def parameter(self, at: At, name: str, index: Index) -> tuple[Equation, ...]:
        cells = grid(at.samples(), [index[0]], *map(range, at.out_shape[1:]))
        return _affine_gradient(self, at, name, index, cells, (index[0], *(0 for _ in at.out_shape[1:])))


@explains(LayerNorm)
class OverSample(_Normalization):
    """All values of one sample together, or those of its last dimensions."""

    forward_sentence = "Brought to mean 0 and deviation 1 over values of this sample alone."
    parameter_sentence = (
        "The scale is blamed times the normalized value, the shift as it is, in every sample."
    )

    def population(self, at: At, index: Index) -> Array:
        shape = at.layer.normalized_shape(*at.in_shapes)
        before = index[: len(index) - len(shape)]
        return grid([at.here], *([i] for i in before), *map(range, shape))

    def own(self, at: At, index: Index) -> Index:
        return index[len(at.out_shape) - len(at.layer.normalized_shape(*at.in_shapes)) :]

    def parameter(self, at: At, name: str, index: Index) -> tuple[Equation, ...]:
        shape = at.out_shape
        before = shape[: len(shape) - len(index)]
        cells = grid(at.samples(), *map(range, before), *([i] for i in index))
        return _affine_gradient(self, at, name, index, cells, index)


def _affine_gradient(
    explainer: _Normalization, at: At, name: str, index: Index, cells: Array, example: Index
) -> tuple[Equation, ...]:
    """The gradient of γ or β over ``cells``; x̂ of each sample is worked out by itself."""
    deltas = at.dys(cells)
    terms = Products(deltas)
    if name == "weight":
        if isinstance(explainer, OverBatch):
            normals = explainer.normals(at, cells, explainer.statistics(at, example))
        else:
            values = []
            for n, *cell in cells.tolist():
                one, where = At(at.trace, at.node, n), tuple(cell)
                values.append(explainer.normal(one, where, explainer.statistics(one, where)).result.value)
            normals = at.constant(rf"\hat{{x}}{sub(index)}", np.array(values))
        terms = Products(deltas, normals)
    alone = float(terms.values.sum()) if at.sample is not None else None
    return (Equation(at.dp(name, index, alone), terms),)


POWER = Function("power", r"#0^{-#1}", lambda d, b: d**-b)


@explains(LocalResponseNorm)
class OverNeighbours(Explainer):
    """A channel against its neighbours at the same place."""

    forward_sentence = "Damped by how strongly the neighbouring channels answer at the same place."
    forward_why = "Channels compete: where one answers loudly, those beside it are turned down."
    share_why = "A value acts on its own output directly, and on its neighbours' by damping them; the contributions add up."

    def forward(self, at: At, index: Index) -> tuple[Equation, ...]:
        equations = self._damping(at, index)
        return *equations, Equation(at.y(index), few((at.x(index), equations[-1].result)))

    def share(self, at: At, position: int, index: Index) -> tuple[Equation, ...]:
        c, rest = index[0], index[1:]
        before, after = at.layer.size // 2, (at.layer.size - 1) // 2
        others = [k for k in range(at.out_shape[0]) if c - after <= k <= c + before]
        x = at.x(index).value
        local = []
        for k in others:
            _, damp, power = self._damping(at, (k, *rest))
            back = 2.0 * at.layer.alpha * at.layer.beta / at.layer.size * x * at.x((k, *rest)).value
            local.append(
                (power.result.value if k == c else 0.0) - back * power.result.value / damp.result.value
            )
        cells = grid([at.here], others, *([r] for r in rest))
        column = at.constant(
            rf"\frac{{\partial {at.y_letter}}}{{\partial {at.x_letter()}{sub(index)}}}", np.array(local)
        )
        return (Equation(at.dx(index), Products(at.dys(cells), column)),)

    def share_counts(self, at: At, position: int) -> Array:
        before, after = at.layer.size // 2, (at.layer.size - 1) // 2
        return self._counts(at, before, after)

    def forward_counts(self, at: At) -> int:
        return 1

    def _damping(self, at: At, index: Index) -> tuple[Equation, Equation, Equation]:
        c, rest, layer = index[0], index[1:], at.layer
        near = [k for k in range(at.out_shape[0]) if c - layer.size // 2 <= k <= c + (layer.size - 1) // 2]
        xs = at.xs(grid([at.here], near, *([r] for r in rest)))
        total = Equation(Operand("S", float((xs.values**2).sum())), Products(xs, xs))
        share = at.setting(r"\frac{\alpha}{n}", layer.alpha / layer.size)
        terms = few(at.setting("k", layer.k, "k"), (share, total.result))
        damp = Equation(Operand("d", float(terms.values.sum())), terms)
        last = few(damp.result, at.setting(r"\beta", layer.beta, "beta"))
        return (
            total,
            damp,
            Equation(Operand(r"d^{-\beta}", POWER.evaluate(*last.values)), last, "function", POWER),
        )

    def _counts(self, at: At, before: int, after: int) -> Array:
        n = at.out_shape[0]
        counts = np.array([min(n, c + before + 1) - max(0, c - after) for c in range(n)])
        return np.broadcast_to(counts.reshape(-1, *(1 for _ in at.out_shape[1:])), at.out_shape)
