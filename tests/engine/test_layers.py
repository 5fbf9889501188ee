"""Every registered layer: shapes, gradients, inference, and what it says about itself."""

import numpy as np
import pytest

from engine.errors import ShapeError
from engine.layers import Layer, Shape
from engine.layers import registry as layers
from engine.model import Model
from engine.network import Network, Node
from tests.engine.catalogue import SHAPES, case_id, layer_cases
from tests.engine.numeric import gradient_errors, program_for

CASES = list(layer_cases())


def network_of(layer: Layer) -> Network:
    """The layer alone; one that joins inputs gets the data and a second branch."""
    if layer.arity == 1:
        return Network.chain(layer)
    return Network((Node("side", layers.get("Tanh")()), Node("join", layer, ("input", "side"))))


def test_every_layer_takes_some_of_the_sample_shapes() -> None:
    assert {type(layer) for layer, _ in CASES} == set(layers)


@pytest.mark.parametrize(("layer", "shape"), CASES, ids=case_id)
@pytest.mark.parametrize("batch", [1, 3])
def test_shape_and_gradients(layer: Layer, shape: Shape, batch: int) -> None:
    network = network_of(layer)
    if batch < network.least_batch(shape):
        with pytest.raises(ShapeError):
            program_for(network, shape, batch)
        return
    program = program_for(network, shape, batch)
    program.forward()
    assert program.output.shape == (*network.shapes(shape)[network.output_id], batch)
    errors = gradient_errors(program)
    assert max(errors.values()) < 1e-6, errors


@pytest.mark.parametrize(("layer", "shape"), CASES, ids=case_id)
def test_a_sample_is_predicted_the_same_alone_and_in_a_batch(layer: Layer, shape: Shape) -> None:
    model = Model(network_of(layer), shape, dtype="float64")
    x = np.random.default_rng(0).normal(size=(4, *shape))
    together = model.predict(x)
    for i in range(4):
        np.testing.assert_allclose(model.predict(x[i : i + 1])[0], together[i], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(("layer", "shape"), CASES, ids=case_id)
def test_running_again_gives_the_same(layer: Layer, shape: Shape) -> None:
    """Nothing may be left behind in a buffer: forward and backward twice are forward and backward once."""
    program = program_for(network_of(layer), shape, 3)
    states = {i: g.bit_generator.state for i, g in program._rngs.items()}
    program.d_output[...] = 1.0
    results = []
    for _ in range(2):
        for i, state in states.items():
            program._rngs[i].bit_generator.state = state
        program.forward()
        program.d_output[...] = 1.0
        program.backward()
        results.append(
            (program.output.copy(), program.gradient("input").copy(), program.parameters.gradients.copy())
        )
    for first, second in zip(*results, strict=True):
        np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("cls", list(layers), ids=lambda c: c.key)
def test_says_what_it_is(cls: type[Layer]) -> None:
    assert cls.help().endswith((".", ")")), "the first docstring line is a sentence for learners"
    assert cls.formula
    assert cls.gradient_formula
    assert cls.category
    for p in cls.params():
        assert p.help, f"{p.name} has no help"


@pytest.mark.parametrize("cls", list(layers), ids=lambda c: c.key)
def test_refusals_say_what_to_do(cls: type[Layer]) -> None:
    layer = cls()
    texts = []
    for shape in SHAPES:
        try:
            layer.check_inputs(*(shape,) * (layer.arity or 2))
        except ShapeError as error:
            texts.append(str(error))
    for text in texts:
        assert len(text.split(". ")) >= 2, f"no advice in: {text}"
