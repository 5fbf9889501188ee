"""The same numbers as PyTorch, whatever the settings, the shapes and the graph: hypothesis draws them.

The drawings come from the declarations, so a newly registered layer, loss or optimizer is compared by existing.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from engine.compiled import compile_calls
from engine.layers import BatchNorm, Conv2d, Layer, LayerNorm, Shape
from engine.layers import registry as layers
from engine.losses import Loss, losses
from engine.model import Model
from engine.network import Network
from engine.program import Program
from tests.engine.catalogue import in_domain
from tests.engine.drawing import graphs, layers_with_shapes, specs
from tests.engine.parity import TorchNetwork, assert_close, torch, torch_layer, torch_loss

pytestmark = pytest.mark.slow

#: layers that cannot be compared number by number, and why
RANDOM = (
    "its random numbers come from another generator; test_layers checks gradients, test_noise the statistics"
)
JOINS = "PyTorch has no module for it; test_random_graphs compares it with + and torch.cat"
NOT_ALONE = {"Dropout": RANDOM, "Dropout2d": RANDOM, "GaussianNoise": RANDOM, "Add": JOINS, "Concat": JOINS}
ALONE = [cls for cls in layers if cls.key not in NOT_ALONE]
#: layers with many settings are drawn more often
EXAMPLES = {"Conv2d": 150, "MaxPool2d": 100, "AvgPool2d": 60, "BatchNorm": 50}
DTYPES = ("float32", "float64")

often = settings(
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
    phases=[
        Phase.explicit,
        Phase.generate,
        Phase.shrink,
    ],  # to explain a failure would run it a hundred times more
)
seeds = st.integers(0, 2**16)


def inputs(rng: np.random.Generator, shape: Shape, whole: bool) -> np.ndarray:
    """Whole numbers make ties, which max-pooling must break as PyTorch does, and meet the kinks of activations."""
    return rng.integers(-2, 3, shape).astype(float) if whole else rng.normal(size=shape)


def magnification(layer: Layer, x: np.ndarray) -> float:
    """What a normalization multiplies numbers by that have cancelled to nearly nothing; 1 for other layers."""
    if not isinstance(layer, BatchNorm | LayerNorm):
        return 1.0
    over = (0, *range(2, x.ndim))
    axes = over if isinstance(layer, BatchNorm) else tuple(range(x.ndim))[-layer.normalized_ndim or 1 :]
    return max(1.0, 1.0 / np.sqrt(x.var(axes).min() + layer.eps))


def test_every_layer_is_compared_or_says_why_not() -> None:
    assert {cls.key for cls in layers} == {cls.key for cls in ALONE} | set(NOT_ALONE)


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")  # PyTorch's own cost, not a fault
@pytest.mark.parametrize("cls", ALONE, ids=lambda cls: cls.key)
def test_layer(cls: type[Layer]) -> None:
    @settings(often, max_examples=EXAMPLES.get(cls.key, 30))
    @given(layers_with_shapes(cls), st.integers(1, 4), st.booleans(), seeds)
    def compare(drawn: tuple[Layer, Shape], batch: int, whole: bool, seed: int) -> None:
        layer, shape = drawn
        # PyTorch refuses the statistics of a single value, as we do.
        assume(not (isinstance(layer, BatchNorm) and batch * int(np.prod(shape[1:])) == 1))
        for dtype in DTYPES:
            compare_layer(layer, shape, batch, whole, dtype, np.random.default_rng(seed))

    compare()


@pytest.mark.parametrize("sides", [(0, 1, 0, 1), (2, 0, 1, 3)])
@pytest.mark.parametrize(("stride", "groups", "batch"), [(2, 1, 3), (1, 2, 1), (1, 1, 40)])
def test_a_convolution_whose_sides_are_padded_one_by_one(
    sides: tuple[int, int, int, int], stride: int, groups: int, batch: int
) -> None:
    """As PyTorch's ``F.pad`` and a convolution without padding; 40 pictures go the way of whole rows."""
    layer = Conv2d(4, 3, stride=stride, padding=sides, groups=groups)
    for dtype in DTYPES:
        compare_layer(layer, (2, 12, 11), batch, False, dtype, np.random.default_rng(0))


def compare_layer(
    layer: Layer, shape: Shape, batch: int, whole: bool, dtype: str, rng: np.random.Generator
) -> None:
    """Value and all gradients over three batches, what is kept between them, and inference afterwards."""
    model = Model(Network.chain(layer), shape, seed=1, dtype=dtype)
    model.store.values[:] = rng.normal(0, 0.5, model.store.values.shape)
    module = torch_layer(layer, shape).to(getattr(torch, dtype))
    module.load_state_dict({k.partition(".")[2]: torch.tensor(v) for k, v in model.state_dict().items()})
    program = Program(model.network, shape, batch, model.store, input_gradient=True)
    for _ in range(3):
        x = inputs(rng, (batch, *shape), whole).astype(dtype)
        program.x[...] = np.moveaxis(x, 0, -1)
        program.forward()
        given_x = torch.tensor(x, requires_grad=True)
        out = module(given_x)
        size = max(float(np.abs(x).max()), 1.0) * magnification(layer, x)
        assert_close(np.moveaxis(program.output, -1, 0), out, dtype, size, "value")
        upstream = rng.normal(size=out.shape).astype(dtype)
        program.d_output[...] = np.moveaxis(upstream, 0, -1)
        program.backward()
        out.backward(torch.tensor(upstream))
        assert_close(
            np.moveaxis(program.gradient("input"), -1, 0), given_x.grad, dtype, size, "input gradient"
        )
        for name, theirs in module.named_parameters():
            assert_close(model.gradients["0"][name], theirs.grad, dtype, size, f"gradient of {name}")
            theirs.grad = None
    for name, array in model.store.state.get("0", {}).items():
        assert_close(array, module.state_dict()[name], dtype, what=name)
    module.eval()
    kept = model.store.state.get("0", {}).get("running_var")
    if kept is not None:
        size *= max(1.0, float(1.0 / np.sqrt(kept.min() + layer.eps)))
    assert_close(model.predict(x), module(torch.tensor(x)), dtype, size, "inference")


# --- graphs -----------------------------------------------------------------------------------------------------------


@settings(often, max_examples=100)
@given(graphs(), st.integers(2, 5), seeds)
def test_random_graphs(drawn: tuple[Network, Shape], batch: int, seed: int) -> None:
    """Every node's value, the input's gradient and every parameter's, through skips, joins and views."""
    network, in_shape = drawn
    for dtype in DTYPES:
        rng = np.random.default_rng(seed)
        model = Model(network, in_shape, dtype=dtype)
        model.store.values[:] = rng.normal(0, 0.5, model.store.values.shape)
        module = TorchNetwork(network, in_shape).to(getattr(torch, dtype))
        theirs = module.state_dict()
        module.load_state_dict({k: torch.tensor(v) for k, v in model.state_dict().items()}, strict=False)
        assert {k for k in theirs if "num_batches" not in k} == set(model.state_dict())
        program = Program(network, in_shape, batch, model.store, input_gradient=True)
        x = rng.normal(size=(batch, *in_shape)).astype(dtype)
        program.x[...] = np.moveaxis(x, 0, -1)
        program.forward()
        given_x = torch.tensor(x, requires_grad=True)
        out = module(given_x)
        for node in network.nodes:
            ours = np.moveaxis(program.value(node.id), -1, 0)
            assert_close(ours, module.values[node.id], dtype, 1.0, node.id)
        upstream = rng.normal(size=out.shape).astype(dtype)
        program.d_output[...] = np.moveaxis(upstream, 0, -1)
        program.backward()
        out.backward(torch.tensor(upstream))
        # A gradient near the data is made of those behind it, whose rounding comes along: the largest of them is the scale.
        grads = {name: p.grad for name, p in module.named_parameters() if p.grad is not None}
        scale = max([1.0, *(float(grad.abs().max()) for grad in grads.values())])
        if given_x.grad is not None:
            assert_close(np.moveaxis(program.gradient("input"), -1, 0), given_x.grad, dtype, scale, "input")
        for name, grad in grads.items():  # a branch that ends nowhere has none
            node_id, _, kind = name.partition(".")
            assert_close(model.gradients[node_id][kind], grad, dtype, scale, name)


# --- losses -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cls", list(losses), ids=lambda cls: cls.key)
def test_loss(cls: type[Loss]) -> None:
    @settings(often, max_examples=60)
    @given(
        specs(cls),
        st.integers(1, 7),
        st.integers(2, 6),
        st.booleans(),
        st.sampled_from([0.3, 1.0, 30.0]),
        seeds,
    )
    def compare(loss: Loss, batch: int, outputs: int, whole: bool, spread: float, seed: int) -> None:
        for dtype in DTYPES:
            rng = np.random.default_rng(seed)
            labels = loss.tasks[0] != "regression" or whole
            columns = outputs if "multiclass" in loss.tasks else 1 if labels else outputs
            y = rng.integers(0, max(columns, 2), batch) if labels else inputs(rng, (batch, columns), whole)
            z = in_domain(loss, inputs(rng, (batch, columns), whole) * spread).astype(dtype)
            compare_loss(loss, z, y, dtype)

    compare()


def compare_loss(loss: Loss, z: np.ndarray, y: np.ndarray, dtype: str) -> None:
    """Value and gradient for outputs ``z (N, outputs)``."""
    ours_z = np.ascontiguousarray(z.T)
    target = np.ascontiguousarray(loss.targets(y, z.shape[1]).T, dtype)
    value, dz = np.zeros((), dtype), np.zeros_like(ours_z)
    steps = loss.bind(ours_z, target, dz, value)
    compile_calls([*steps.forward, *steps.backward])()
    given_z = torch.tensor(z, requires_grad=True)
    result = torch_loss(loss, given_z, y, np.ascontiguousarray(target.T))
    result.backward()
    # Surprise is a difference of logits, each rounded; TOLERANCE is relative to those.
    assert_close(np.asarray(value), result, dtype, max(float(np.abs(z).max()), 1e-3), "value")
    # So are probabilities: where all outputs are sure, gradients are what is left of p − t.
    assert_close(dz.T, given_z.grad, dtype, *((0.02,) if loss.logits else ()), what="gradient")
