"""Every registered layer, in every setting: each number of its explanation is the engine's."""

from dataclasses import dataclass

import numpy as np
import pytest

from engine.layers import Activation, Bind, Layer, Parameter, Shape, Steps, call
from engine.layers import registry as layers
from engine.trace.base import At, explainer_of
from tests.engine.catalogue import SHAPES, case_id, layer_cases
from tests.engine.trace.tracing import check, check_painted, check_places, network_with, some, trainer_for

pytestmark = pytest.mark.slow

CASES = list(layer_cases())


def check_layer(layer: Layer, shape: Shape, dtype: str) -> None:
    """Forward, backward and parameters of every kind of cell, for one sample and for the batch."""
    trace = trainer_for(network_with(layer, shape), shape, dtype).trace()
    explainer, rng = explainer_of(layer), np.random.default_rng(0)
    for sample in (0, 2):
        at = At(trace, trace.network["tested"], sample)
        for cell in some(at.out_shape, rng):
            equations = explainer.forward(at, cell)
            check(equations, dtype)
            check_painted(equations, dtype)
            check_places(trace, equations)
            assert equations[-1].result == at.y(cell)
        for position, in_shape in enumerate(at.in_shapes):
            for cell in some(in_shape, rng):
                equations = explainer.share(at, position, cell)
                check(equations, dtype)
                check_painted(equations, dtype)
                check_places(trace, equations)
                assert equations[-1].result == at.dx(cell, position)
    batch = At(trace, trace.network["tested"], None)
    for name, spec in layer.parameters(*batch.in_shapes).items():
        for cell in some(spec.shape, rng):
            whole = explainer.parameter(batch, name, cell)
            check(whole, dtype)
            check_painted(whole, dtype)
            check_places(trace, whole)
            parts = [
                explainer.parameter(At(trace, batch.node, n), name, cell)[-1].result.value for n in range(3)
            ]
            assert sum(parts) == pytest.approx(whole[-1].evaluate(), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize(("layer", "shape"), CASES, ids=case_id)
def test_equations_give_the_engines_numbers(layer: Layer, shape: Shape) -> None:
    check_layer(layer, shape, "float64")


@pytest.mark.parametrize(("layer", "shape"), [c for c in CASES if c[0] == type(c[0])()], ids=case_id)
def test_in_single_precision_too(layer: Layer, shape: Shape) -> None:
    check_layer(layer, shape, "float32")


@pytest.mark.parametrize(("layer", "shape"), CASES, ids=case_id)
def test_terms_are_counted_rightly(layer: Layer, shape: Shape) -> None:
    trace = trainer_for(network_with(layer, shape), shape).trace()
    explainer, at = explainer_of(layer), At(trace, trace.network["tested"], 1)
    rng = np.random.default_rng(1)
    counts = np.broadcast_to(explainer.forward_counts(at), at.out_shape)
    for cell in some(at.out_shape, rng):
        assert counts[cell] == len(explainer.forward(at, cell)[-1].terms)
    for position, in_shape in enumerate(at.in_shapes):
        counts = np.broadcast_to(explainer.share_counts(at, position), in_shape)
        for cell in some(in_shape, rng):
            assert counts[cell] == len(explainer.share(at, position, cell)[-1].terms)


def test_a_layer_that_nobody_explained_is_explained() -> None:
    @layers.register("Mixed", category="Dense")
    @dataclass(frozen=True)
    class Mixed(Layer):
        """Every value times a learned scale, minus the square of the one before it."""

        def parameters(self, *in_shapes: Shape) -> dict[str, Parameter]:
            return {"scale": Parameter(in_shapes[0])}

        def bind(self, b: Bind) -> Steps:
            scale, d_scale = b.params["scale"][..., None], b.grads["scale"]

            def forward() -> None:
                b.y[...] = b.x * scale - np.roll(b.x, 1, 0) ** 2

            def backward() -> None:
                d_scale[...] = (b.dy * b.x).sum(-1)
                if b.dx is not None:
                    b.dx[...] = b.dy * scale - np.roll(b.dy, -1, 0) * 2 * b.x

            return Steps([call(forward)], [call(backward)])

    @layers.register("Wave", category="Activation")
    @dataclass(frozen=True)
    class Wave(Activation):
        """A sine."""

        def bind(self, b: Bind) -> Steps:
            slope = b.empty(b.x.shape)
            backward = [call(np.cos, b.x, slope), call(np.multiply, b.dy, slope, b.dx)]
            return Steps([call(np.sin, b.x, b.y)], backward)

    try:
        for layer in (Mixed(), Wave()):
            for shape in SHAPES:
                check_layer(layer, shape, "float64")
    finally:
        layers.unregister("Mixed")
        layers.unregister("Wave")
