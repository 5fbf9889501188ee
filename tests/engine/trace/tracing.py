"""Traces to test with, and the one question asked of all of them: do the equations give the engine's numbers?"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from engine import Fit, Model, Network, Node, layers, losses, optimizers
from engine.data import Dataset
from engine.layers import Layer, Shape
from engine.trace import Equation, Operand, Trace
from engine.train import Trainer
from tests.engine.latex import Scope, evaluate

#: how far an equation may be from the engine's number, against the size of what it adds up
TOLERANCE = {"float64": 1e-12, "float32": 2e-5}


def network_with(layer: Layer, shape: Shape) -> Network:
    """The layer between others, so that it has a gradient to receive and one to pass on."""
    first = Node("first", layers.Tanh(), ("input",))
    inputs = ("first",) if layer.arity == 1 else ("input", "first")
    tested = Node("tested", layer, inputs)
    out = layer.check_inputs(*(shape,) * len(inputs))
    flat = (Node("flat", layers.Flatten()),) if len(out) == 3 else ()
    return Network((first, tested, *flat, Node("last", layers.Linear(2))))


def trainer_for(
    network: Network,
    shape: Shape,
    dtype: str = "float64",
    fit: Fit | None = None,
    samples: int = 3,
    seed: int = 3,
) -> Trainer:
    """A run on random numbers, one batch of all samples, weights drawn wide enough to matter."""
    rng = np.random.default_rng(seed)
    out = network.shapes(shape)[network.output_id][0]
    data = Dataset(rng.normal(0, 1, (samples, *shape)), rng.normal(0, 1, (samples, out)))
    fit = fit or Fit(loss=losses.MSELoss(), optimizer=optimizers.SGD(lr=0.1), batch_size=samples)
    model = Model(network, shape, 0, dtype)
    model.store.values[:] = rng.normal(0, 0.5, model.store.values.shape)
    return Trainer(model, data, None, fit)


def some(shape: Shape, rng: np.random.Generator, most: int = 6) -> Iterator[tuple[int, ...]]:
    """All cells of a small shape; of a larger one its corners and a few others."""
    size = int(np.prod(shape))
    picks = range(size) if size <= most else {0, size - 1, *rng.integers(0, size, most - 2).tolist()}
    for flat in sorted(picks):
        yield tuple(int(i) for i in np.unravel_index(flat, shape))


def check(equations: Iterable[Equation], dtype: str = "float64") -> None:
    """Each equation, worked out from its own operands, gives the result it shows."""
    for e in equations:
        sizes = np.abs(e.terms.values) * abs(np.prod([s.value for s in e.scale]) if e.scale else 1.0)
        scale = max(1e-3, float(sizes.sum()) if e.rule == "sum" else abs(e.result.value))
        difference = abs(e.evaluate() - e.result.value)
        assert difference <= TOLERANCE[dtype] * scale, (e.latex(), e.evaluate(), e.result)


#: terms of a sum that are worked out one by one; all are written in the same way
MOST = 60


def check_painted(equations: Iterable[Equation], dtype: str = "float64", scope: Scope | None = None) -> None:
    """What is written in numbers is right as it is written; of symbols that are sums or quotients, ``scope`` gives the letters."""
    for e in equations:
        if scope is not None:
            operands = [e.result, *e.scale, *(f for t in e.terms[:MOST] for f in t.factors)]
            check_symbols(operands, scope, max(1e-9, 10 * TOLERANCE[dtype]))
        own = e.function is not None and re.match(r"\\mathrm\{(?!sign)", e.function.latex)
        if len(e.terms) > MOST or own:  # nobody has explained it: only its name is written
            continue
        written = e.numbers(lambda value: f"{value:.17g}", MOST).removeprefix(f"{e.result.symbol} = ")
        right, _, result = written.rpartition(" = ")
        assert abs(evaluate(result, Scope({})) - e.result.value) <= 1e-12 * abs(e.result.value)
        found = evaluate(right or result, Scope({}))
        sizes = float(np.abs(e.terms.values).sum()) if e.rule == "sum" else 0.0
        tolerance = max(1e-9, TOLERANCE[dtype])
        assert abs(found - e.result.value) <= tolerance * max(1e-3, sizes, abs(e.result.value)), (
            written,
            found,
        )


def check_symbols(operands: Iterable[Operand], scope: Scope, tolerance: float) -> None:
    """A symbol that says how the number is made of others, such as (1 − β), says so rightly."""
    for operand in operands:
        if re.match(r"-|\(|\\frac\{\d", operand.symbol):
            found = evaluate(operand.symbol, scope)
            assert abs(found - operand.value) <= tolerance * max(1e-3, abs(operand.value)), (operand, found)


def stored(trace: Trace, place: Any) -> float | None:
    """The number that stands at a place in the trace; ``None`` for places that are no cells."""
    match place.kind:
        case "value":
            return float(trace.values[place.node_id][place.index])
        case "gradient":
            return (
                float(trace.gradients[place.node_id].reshape(trace.size, -1)[place.index])
                if len(place.index) == 2
                else float(trace.gradients[place.node_id][place.index])
            )
        case "share":
            return float(trace.share(place.node_id, int(place.name))[place.index])
        case "parameter":
            return float(trace.parameter(place.node_id, place.name)[place.index])
        case "parameter_gradient":
            return float(trace.parameter(place.node_id, place.name, "gradient")[place.index])
    return None


def check_places(trace: Trace, equations: Iterable[Equation]) -> None:
    """Each operand shows the number that stands where it says it stands."""
    for e in equations:
        shown = [e.result, *e.scale, *(f for t in e.terms[:40] for f in t.factors)]
        for operand in shown:
            found = stored(trace, operand.place) if operand.place is not None else None
            assert found is None or found == operand.value, operand
