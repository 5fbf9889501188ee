"""The update of single weights: old value, gradient, penalty, clipping, what the optimizer remembers, step, new value."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.clipping import ClipNorm, ClipValue
from engine.core import Parameter
from engine.optimizers import SGD, Adagrad, Adam, AdamW, Optimizer, RMSprop
from engine.trace.base import At, Index, grid
from engine.trace.record import NotKept, Trace
from engine.trace.terms import Column, Equation, Few, Function, Operand, Place, Products, few, sub


@dataclass(frozen=True)
class UpdateRow:
    """How one weight changes.

    Args:
        node_id, name, index: which.
        old: before the update.
        gradient: of the loss alone.
        penalty: what regularization adds to it; 0 without.
        clipping: the factor that clipping multiplies gradient and penalty by; 1 without.
        slots: what the optimizer remembers, before and after: ``(before, after)`` for each of its vectors.
        corrected: the same with bias correction, where the optimizer has one.
        rate: the learning rate.
        step: by how much the weight changes, ``new − old``.
        new: after it.
        equations: from the gradient to the new value; the last gives ``new``.
        frozen: the layer does not learn.
    """

    node_id: str
    name: str
    index: Index
    old: Operand
    gradient: Operand
    penalty: Operand
    clipping: Operand
    slots: tuple[tuple[Operand, Operand], ...]
    corrected: tuple[Operand, ...]
    rate: Operand
    step: Operand
    new: Operand
    equations: tuple[Equation, ...]
    frozen: bool = False


def update_rows(trace: Trace, node_id: str, name: str, cells: Iterable[Index]) -> tuple[UpdateRow, ...]:
    """A row for each of ``cells`` of a parameter. Raises NotKept where the parameter is not in the trace."""
    return tuple(_Cell(trace, node_id, name, tuple(int(i) for i in index)).row() for index in cells)


SQRT_RATIO = Function("adaptive step", r"\frac{#0}{\sqrt{#1} + #2}", lambda a, s, e: a / (math.sqrt(s) + e))
RATIO = Function("ratio", r"\frac{#0}{#1}", lambda a, b: a / b)
ROOT = Function("root", r"\sqrt{#0}", math.sqrt)
CUT = Function("clip", r"\min(\max(#0, -#1), #1)", lambda g, c: min(max(g, -c), c))
SHORTEN = Function(
    "shorten", r"\min\left(1, \frac{#0}{#1 + 10^{-6}}\right)", lambda c, n: min(1.0, c / (n + 1e-6))
)
LIMIT = Function("limit", r"\min\left(1, \frac{#0}{#1}\right)", lambda c, n: c / max(n, c))
SIGN = Function("sign", r"\mathrm{sign}(#0)", lambda w: float(np.sign(w)))


def _made(symbol: str, function: Function, *operands: Operand) -> Equation:
    terms = few(*operands)
    with np.errstate(all="ignore"):
        return Equation(Operand(symbol, float(function.evaluate(*terms.values))), terms, "function", function)


class _Cell:
    """One cell of a parameter on its way through an update."""

    def __init__(self, trace: Trace, node_id: str, name: str, index: Index) -> None:
        self.trace, self.node_id, self.name, self.index = trace, node_id, name, index
        self.at = At(trace, trace.network[node_id], None)
        specs = self.at.layer.parameters(*self.at.in_shapes)
        if name not in specs:
            raise NotKept(
                f"Node {node_id!r} has no parameter {name!r}; it has {', '.join(specs) or 'none'}. Ask for one of these."
            )
        self.spec: Parameter = specs[name]
        self.equations: list[Equation] = []
        self.letter = self.at.letter(name) + sub(index)
        self.rate = Operand(r"\eta", trace.learning_rate, Place("", "setting", "lr"))

    def stage(self, stage: str) -> float:
        return float(self.trace.parameter(self.node_id, self.name, stage)[self.index])

    def add(self, equation: Equation) -> Operand:
        self.equations.append(equation)
        return equation.result

    def slot(self, slot: str, when: str) -> Operand:
        """A remembered number, "before" or "after" this update."""
        prime = "'" if when == "after" else ""
        letter = {"velocity": "v", "sum": "s", "square": "s"}.get(slot, slot)
        place = Place(self.node_id, "slot", f"{slot}/{self.name}", self.index) if when == "before" else None
        return Operand(f"{letter}{prime}", self.stage(f"{slot}/{when}"), place)

    def row(self) -> UpdateRow:
        fit, frozen = self.trace.fit, bool(getattr(self.at.layer, "frozen", False))
        old, gradient = self.at.p(self.name, self.index), self.at.dp(self.name, self.index)
        g, penalty = self._penalized(old, gradient)
        g, clipping = self._clipped(g)
        stepped = Operand(rf"{self.letter}'", self.stage("stepped"))
        if frozen:
            self.equations.clear()
            self.add(Equation(stepped, few(old)))
        else:
            _optimizer(fit.optimizer)(self, fit.optimizer, old, g, stepped)
        new = self._limited(stepped, frozen)
        slots = (
            ()
            if frozen
            else tuple((self.slot(s, "before"), self.slot(s, "after")) for s in fit.optimizer.slots)
        )
        corrected = tuple(e.result for e in self.equations if e.result.symbol.startswith(r"\hat"))
        step = Operand(
            r"\Delta " + self.letter,
            new.value - old.value,
            Place(self.node_id, "step", self.name, self.index),
        )
        return UpdateRow(
            self.node_id, self.name, self.index, old, gradient, penalty, clipping, slots, corrected, self.rate, step, new,
            tuple(self.equations), frozen,
        )  # fmt: skip

    def _penalized(self, old: Operand, gradient: Operand) -> tuple[Operand, Operand]:
        own = getattr(self.at.layer, "regularizer", None)
        l1, l2 = (0.0, 0.0) if self.spec.is_bias else (own or self.trace.fit.regularizer).strengths()
        terms: list[Operand | tuple[Operand, ...]] = [gradient]
        if l2:
            terms.append((self.at.setting(r"\lambda_2" if l1 else r"\lambda", l2), old))
        if l1:
            sign = self.add(_made(rf"\mathrm{{sign}}({self.letter})", SIGN, old))
            terms.append((self.at.setting(r"\lambda_1" if l2 else r"\lambda", l1), sign))
        share = float(few(*terms[1:]).values.sum()) if len(terms) > 1 else 0.0
        if len(terms) == 1:
            return gradient, Operand("R'", 0.0)
        total = self.add(Equation(Operand("g_r", self.stage("penalized")), few(*terms)))
        return total, Operand("R'", share)

    def _clipped(self, g: Operand) -> tuple[Operand, Operand]:
        clipping, cut = self.trace.fit.clipping, Operand("g_c", self.stage("clipped"))
        if clipping is None:
            return g, Operand("c", 1.0)
        if isinstance(clipping, ClipNorm):
            norm = Operand(r"\|g\|", self.trace.norm, Place("", "statistic", "norm"))
            factor = self.add(_made("c", SHORTEN, self.at.setting("c_{\\max}", clipping.max_norm), norm))
            return self.add(Equation(cut, few((g, factor)))), factor
        factor = Operand("c", cut.value / g.value if g.value else 1.0)
        if isinstance(clipping, ClipValue):
            limit = self.at.setting("c_{\\max}", clipping.limit)
            return self.add(Equation(cut, few(g, limit), "function", CUT)), factor
        return self.add(Equation(cut, few((g, factor)))), factor

    def _limited(self, stepped: Operand, frozen: bool) -> Operand:
        """Max-norm: a unit whose incoming weights are too long is shortened."""
        place = Place(self.node_id, "updated", self.name, self.index)
        limit = self.trace.fit.max_norm
        if frozen or not limit or self.spec.is_bias or len(self.spec.shape) < 2:
            final = Operand(stepped.symbol, stepped.value, place)
            last = self.equations[-1]
            self.equations[-1] = Equation(final, last.terms, last.rule, last.function, last.scale)
            return final
        array = self.trace.parameter(self.node_id, self.name, "stepped")[self.index[0]]
        cells = grid([self.index[0]], *map(range, array.shape))
        letter = self.at.letter(self.name)
        # Stepped and not shortened yet: numbers that stand nowhere else.
        column = Column(np.asarray(array.ravel(), np.float64), lambda at: f"{letter}'{sub(at)}", index=cells)
        squares = Equation(Operand("s", 0.0), Products(column, column))
        total = self.add(Equation(Operand("s", squares.evaluate()), squares.terms))
        length = self.add(_made(rf"\|{letter}'\|", ROOT, total))
        factor = self.add(_made("f", LIMIT, self.at.setting("c", limit), length))
        new = Operand(f"{stepped.symbol}'", self.stage("after"), place)
        return self.add(Equation(new, few((stepped, factor))))

    # --- shared by optimizers ---

    def decayed(self, optimizer: Any, old: Operand, g: Operand) -> Operand:
        """The gradient with the optimizer's own weight decay."""
        if not optimizer.weight_decay:
            return g
        decay = self.at.setting(r"\lambda_w", optimizer.weight_decay)
        return self.add(_summed("g_d", few(g, (decay, old))))

    def descend(self, old: Operand, direction: Operand, new: Operand, rate: Operand | None = None) -> None:
        """new = old − η · direction."""
        rate = rate or self.rate
        minus = Operand("-" + rate.symbol, -rate.value)
        self.add(Equation(new, few(old, (minus, direction))))


def _summed(symbol: str, terms: Few) -> Equation:
    return Equation(Operand(symbol, float(terms.values.sum())), terms)


Explains = Callable[[_Cell, Any, Operand, Operand, Operand], None]
_OPTIMIZERS: dict[type[Optimizer], Explains] = {}


def _for(kind: type[Optimizer]) -> Callable[[Explains], Explains]:
    def decorate(function: Explains) -> Explains:
        _OPTIMIZERS[kind] = function
        return function

    return decorate


def _optimizer(optimizer: Optimizer) -> Explains:
    for cls in type(optimizer).__mro__:
        if cls in _OPTIMIZERS:
            return _OPTIMIZERS[cls]
        if "bind" in vars(cls):
            break
    return _general


@_for(SGD)
def _sgd(cell: _Cell, o: SGD, old: Operand, g: Operand, new: Operand) -> None:
    g = cell.decayed(o, old, g)
    if not o.momentum:
        cell.descend(old, g, new)
        return
    mu = cell.at.setting(r"\mu", o.momentum)
    fresh: tuple[Operand, ...] = (g,)
    if o.dampening and cell.trace.number > 1:
        fresh = (cell.at.setting(r"(1 - \tau)", 1.0 - o.dampening), g)
    v = cell.add(Equation(cell.slot("velocity", "after"), few((mu, cell.slot("velocity", "before")), fresh)))
    if o.nesterov:
        v = cell.add(_summed("u", few(g, (mu, v))))
    cell.descend(old, v, new)


@_for(Adagrad)
def _adagrad(cell: _Cell, o: Adagrad, old: Operand, g: Operand, new: Operand) -> None:
    g = cell.decayed(o, old, g)
    s = cell.add(Equation(cell.slot("sum", "after"), few(cell.slot("sum", "before"), (g, g))))
    cell.descend(old, cell.add(_made("u", SQRT_RATIO, g, s, cell.at.setting(r"\epsilon", o.eps))), new)


@_for(RMSprop)
def _rmsprop(cell: _Cell, o: RMSprop, old: Operand, g: Operand, new: Operand) -> None:
    g = cell.decayed(o, old, g)
    alpha, rest = cell.at.setting(r"\alpha", o.alpha), cell.at.setting(r"(1 - \alpha)", 1.0 - o.alpha)
    s = cell.add(
        Equation(cell.slot("square", "after"), few((alpha, cell.slot("square", "before")), (rest, g, g)))
    )
    u = cell.add(_made("u", SQRT_RATIO, g, s, cell.at.setting(r"\epsilon", o.eps)))
    if o.momentum:
        mu = cell.at.setting(r"\mu", o.momentum)
        u = cell.add(Equation(cell.slot("velocity", "after"), few((mu, cell.slot("velocity", "before")), u)))
    cell.descend(old, u, new)


@_for(Adam)
def _adam(cell: _Cell, o: Adam, old: Operand, g: Operand, new: Operand) -> None:
    _adaptive(cell, o, old, cell.decayed(o, old, g), new)


@_for(AdamW)
def _adamw(cell: _Cell, o: AdamW, old: Operand, g: Operand, new: Operand) -> None:
    if o.weight_decay:
        keep = cell.at.setting(r"(1 - \eta \lambda_w)", 1.0 - cell.rate.value * o.weight_decay)
        old = cell.add(Equation(Operand(r"\tilde{w}", old.value * keep.value), few((old, keep))))
    _adaptive(cell, o, old, g, new)


def _adaptive(cell: _Cell, o: Adam, old: Operand, g: Operand, new: Operand) -> None:
    number, setting = cell.trace.number, cell.at.setting
    b1, rest1 = setting(r"\beta_1", o.beta1), setting(r"(1 - \beta_1)", 1.0 - o.beta1)
    b2, rest2 = setting(r"\beta_2", o.beta2), setting(r"(1 - \beta_2)", 1.0 - o.beta2)
    m = cell.add(Equation(cell.slot("m", "after"), few((b1, cell.slot("m", "before")), (rest1, g))))
    v = cell.add(Equation(cell.slot("v", "after"), few((b2, cell.slot("v", "before")), (rest2, g, g))))
    m = cell.add(_made(r"\hat{m}", RATIO, m, setting(rf"(1 - \beta_1^{{{number}}})", 1.0 - o.beta1**number)))
    v = cell.add(_made(r"\hat{v}", RATIO, v, setting(rf"(1 - \beta_2^{{{number}}})", 1.0 - o.beta2**number)))
    cell.descend(old, cell.add(_made("u", SQRT_RATIO, m, v, setting(r"\epsilon", o.eps))), new)


def _general(cell: _Cell, o: Optimizer, old: Operand, g: Operand, new: Operand) -> None:
    """An optimizer that nobody has explained: its own calls, on this weight alone, in float64."""
    slots = [cell.slot(s, "before") for s in o.slots]

    def run_again(w: float, gradient: float, rate: float, *memory: float) -> float:
        p, g, lr = np.array([w]), np.array([gradient]), np.array(rate)
        vectors = [np.array([m]) for m in memory]
        for c in o.bind(p, g, lr, np.array(cell.trace.number), *vectors):
            c.function(*c.args, **c.kwargs)
        return float(p[0])

    function = Function(o.label, rf"\mathrm{{{o.label}}}(#0, #1, #2)", run_again)
    cell.add(Equation(new, few(old, g, cell.rate, *slots), "function", function))
