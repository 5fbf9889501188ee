"""The update of single weights: old value, gradient, penalty, clipping, what the optimizer remembers, step, new value."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from engine.clipping import ClipNorm, ClipValue
from engine.core import Parameter, run_calls
from engine.layers.linear import is_frozen
from engine.maths import Let, is_explained
from engine.optimizers import Optimizer
from engine.trace.base import At, Index, grid
from engine.trace.record import NotKept, Trace
from engine.trace.symbols import primed
from engine.trace.terms import Column, Equation, Function, Operand, Place, Products, few, stated, sub


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
        frozen: the layer, or its bias, does not learn.
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


ROOT = Function("root", r"\sqrt{#0}", math.sqrt)
CUT = Function("clip", r"\min(\max(#0, -#1), #1)", lambda g, c: min(max(g, -c), c))
SHORTEN = Function(
    "shorten", r"\min\left(1, \frac{#0}{#1 + 10^{-6}}\right)", lambda c, n: min(1.0, c / (n + 1e-6))
)
LIMIT = Function("limit", r"\min\left(1, \frac{#0}{#1}\right)", lambda c, n: c / max(n, c))
SIGN = Function("sign", r"\mathrm{sign}(#0)", lambda w: float(np.sign(w)))


def _made(symbol: str, function: Function, *operands: Operand) -> Equation:
    return Equation(Operand(symbol, 0.0), few(*operands), "function", function).settled()


@lru_cache(maxsize=8)
def _lines(optimizer: Optimizer) -> tuple[Let, ...]:
    return tuple(optimizer.update())


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
        self.letter = self.at.p_letter(name) + sub(index)
        self.rate = Operand(r"\eta", trace.learning_rate, Place("", "setting", "lr"))

    def stage(self, stage: str) -> float:
        return float(self.trace.parameter(self.node_id, self.name, stage)[self.index])

    def add(self, equation: Equation) -> Operand:
        self.equations.append(equation)
        return equation.result

    def slot(self, slot: str, when: str) -> Operand:
        """A remembered number, "before" or "after" this update."""
        prime = "'" if when == "after" else ""
        letter = self.trace.fit.optimizer.letter(slot)
        place = Place(self.node_id, "slot", f"{slot}/{self.name}", self.index) if when == "before" else None
        return Operand(f"{letter}{prime}", self.stage(f"{slot}/{when}"), place)

    def row(self) -> UpdateRow:
        fit, frozen = self.trace.fit, is_frozen(self.at.layer, self.name)
        old, gradient = self.at.p(self.name, self.index), self.at.dp(self.name, self.index)
        g, penalty = self._penalized(old, gradient)
        g, clipping = self._clipped(g)
        stepped = Operand(primed(self.letter), self.stage("stepped"))
        if frozen:
            self.equations.clear()
            self.add(Equation(stepped, few(old)))
        else:
            self._stepped(old, g, stepped)
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
        letter = primed(self.at.p_letter(self.name))
        # Stepped and not shortened yet: numbers that stand nowhere else.
        column = Column(np.asarray(array.ravel(), np.float64), lambda at: f"{letter}{sub(at)}", index=cells)
        total = self.add(Equation(Operand("s", 0.0), Products(column, column)).settled())
        length = self.add(_made(rf"\|{letter}\|", ROOT, total))
        factor = self.add(_made("f", LIMIT, self.at.setting("c", limit), length))
        new = Operand(f"{stepped.symbol}'", self.stage("after"), place)
        return self.add(Equation(new, few((stepped, factor))))

    # --- the optimizer ---

    def _stepped(self, old: Operand, g: Operand, stepped: Operand) -> None:
        """The lines of the optimizer's update; where it says none, its own calls on this weight alone, in float64."""
        optimizer = self.trace.fit.optimizer
        if not is_explained(type(optimizer), "update"):
            slots = [self.slot(s, "before") for s in optimizer.slots]
            function = Function(
                optimizer.label, rf"\mathrm{{{optimizer.label}}}(#0, #1, #2)", self._run_again
            )
            self.add(Equation(stepped, few(old, g, self.rate, *slots), "function", function))
            return
        known = {s: self.slot(s, "before") for s in optimizer.slots}
        known |= {"w": old, "g": g, "lr": self.rate, "t": Operand("t", self.trace.number)}
        *lines, last = _lines(optimizer)
        for let in (*lines, last):
            operands = [known[name] if name in known else self._setting(name) for name in let.names]
            # What the engine keeps is its own number; what lies between is worked out.
            own = (
                stepped
                if let is last
                else self.slot(let.name, "after")
                if let.name in optimizer.slots
                else None
            )
            result = own or let.symbol or optimizer.letter(let.name)
            known[let.name] = self.add(stated(result, let, operands, let.title or let.name, summed=True))

    def _setting(self, name: str) -> Operand:
        optimizer = self.trace.fit.optimizer
        return self.at.setting(optimizer.letter(name), getattr(optimizer, name))

    def _run_again(self, w: float, gradient: float, rate: float, *memory: float) -> float:
        p, g, lr = np.array([w]), np.array([gradient]), np.array(rate)
        vectors = [np.array([m]) for m in memory]
        run_calls(self.trace.fit.optimizer.bind(p, g, lr, np.array(self.trace.number), *vectors))
        return float(p[0])
