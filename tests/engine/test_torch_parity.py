"""The same numbers as PyTorch: values, gradients, and 20 steps of every optimizer."""

import inspect
from typing import Any

import numpy as np
import pytest

from engine import losses as losses_module
from engine.errors import ShapeError
from engine.layers import Conv2d, Layer, Shape
from engine.layers import registry as layers
from engine.layers.conv import pair
from engine.layers.pool import Pooling
from engine.model import Model
from engine.network import Network
from engine.optimizers import SGD, Optimizer, RMSprop, optimizers
from engine.program import Program, compile_calls
from tests.engine.catalogue import case_id, layer_cases, variants

torch = pytest.importorskip("torch", reason="torch is not installed: parity with PyTorch is not checked")

#: largest difference, relative to the largest number of the tensor
TOLERANCE = {"float32": 1e-5, "float64": 1e-10}
#: settings that only make sense together, which changing one at a time does not reach
TOGETHER = [
    SGD(momentum=0.9, nesterov=True),
    SGD(momentum=0.9, dampening=0.5),
    SGD(momentum=0.9, nesterov=True, weight_decay=0.1),
    RMSprop(momentum=0.9, weight_decay=0.1),
]


def torch_layer(layer: Layer, shape: Shape) -> Any:
    """PyTorch's module for a layer of ours."""
    nn = torch.nn
    match layer.key:
        case "BatchNorm":
            cls = nn.BatchNorm1d if len(shape) == 1 else nn.BatchNorm2d
            return cls(shape[0], eps=layer.eps, momentum=layer.momentum, affine=layer.affine)
        case "LayerNorm":
            return nn.LayerNorm(shape, eps=layer.eps, elementwise_affine=layer.elementwise_affine)
        case "GlobalAvgPool2d":
            return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
        case "Unflatten":
            return nn.Unflatten(1, (layer.channels, layer.height, layer.width))
        case "PReLU":
            return nn.PReLU(shape[0] if layer.per_channel else 1)
        case "Softmax":
            return nn.Softmax(dim=1)
    cls = getattr(nn, layer.key)
    accepted = inspect.signature(cls).parameters
    values = {p.name: v for p, v in layer.values() if p.name in accepted}
    if layer.key == "Linear":
        values["in_features"] = shape[0]
    if isinstance(layer, Conv2d):
        values["in_channels"] = shape[0]
        if layer.padding == "full":
            values["padding"] = tuple(
                d * (k - 1) for k, d in zip(pair(layer.kernel_size), pair(layer.dilation), strict=True)
            )
    if isinstance(layer, Pooling):
        values["stride"] = layer.steps()
    return cls(**values)


def assert_close(ours: np.ndarray, theirs: Any, dtype: str, scale: float = 1e-3) -> None:
    """``scale``: size of the numbers that were added up, where their sum may cancel to nearly nothing."""
    theirs = theirs.detach().numpy()
    scale = max(float(np.abs(theirs).max()), scale)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=TOLERANCE[dtype] * scale)


#: layers that cannot be compared number by number, and why
RANDOM = (
    "its random numbers come from another generator; test_layers checks gradients, test_noise the statistics"
)
NOT_COMPARED = {
    "Dropout": RANDOM,
    "Dropout2d": RANDOM,
    "GaussianNoise": RANDOM,
    "Add": "PyTorch has no module for it; test_layers checks its gradients, and its value is +",
    "Concat": "PyTorch has no module for it; test_layers checks its gradients, test_merge its value",
}
CASES = [(layer, shape) for layer, shape in layer_cases() if layer.key not in NOT_COMPARED]


def test_every_layer_is_compared_or_says_why_not() -> None:
    assert {cls.key for cls in layers} == {layer.key for layer, _ in CASES} | set(NOT_COMPARED)


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")  # PyTorch's own cost, not a fault
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("layer", "shape"), CASES, ids=case_id)
def test_layer(layer: Layer, shape: Shape, dtype: str) -> None:
    rng = np.random.default_rng(0)
    model = Model(Network.chain(layer), shape, seed=1, dtype=dtype)
    for arrays in model.parameters.values():
        for array in arrays.values():
            array[...] = rng.normal(0, 0.5, array.shape)
    module = torch_layer(layer, shape).to(getattr(torch, dtype))
    module.load_state_dict({k.partition(".")[2]: torch.tensor(v) for k, v in model.state_dict().items()})
    # Whole numbers among the inputs make ties, which max-pooling must break as PyTorch does.
    for x in (rng.normal(size=(3, *shape)), rng.integers(-2, 3, (3, *shape)) + 0.25):
        x = x.astype(dtype)
        program = Program(model.network, shape, 3, model.store, input_gradient=True)
        program.x[...] = np.moveaxis(x, 0, -1)
        program.forward()
        given = torch.tensor(x, requires_grad=True)
        out = module(given)
        size = float(np.abs(x).max())
        assert_close(np.moveaxis(program.output, -1, 0), out, dtype, size)
        upstream = rng.normal(size=out.shape).astype(dtype)
        program.d_output[...] = np.moveaxis(upstream, 0, -1)
        program.backward()
        out.backward(torch.tensor(upstream))
        assert_close(np.moveaxis(program.gradient("input"), -1, 0), given.grad, dtype, size)
        for name, theirs in module.named_parameters():
            assert_close(model.gradients["0"][name], theirs.grad, dtype, size)
            theirs.grad = None
    for name, array in model.store.state.get("0", {}).items():
        assert_close(array, module.state_dict()[name], dtype)
    module.eval()
    assert_close(model.predict(x), module(torch.tensor(x)), dtype, size)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "loss", [v for cls in losses_module.losses for v in variants(cls) if cls.key != "HingeLoss"], ids=case_id
)
def test_loss(loss: losses_module.Loss, dtype: str) -> None:
    rng = np.random.default_rng(0)
    outputs = 1 if loss.tasks == ("binary",) else 4
    y = rng.normal(size=(5, outputs)) if "regression" in loss.tasks else rng.integers(0, max(outputs, 2), 5)
    z = (rng.normal(size=(5, outputs)) * 4).astype(dtype)
    ours_z = np.ascontiguousarray(z.T)
    target = np.ascontiguousarray(loss.targets(y, outputs).T, dtype)
    value, dz = np.zeros((), dtype), np.zeros_like(ours_z)
    steps = loss.bind(ours_z, target, dz, value)
    compile_calls([*steps.forward, *steps.backward])()
    given = torch.tensor(z, requires_grad=True)
    kind = getattr(torch.nn, loss.key)
    accepted = inspect.signature(kind).parameters
    theirs = kind(**{p.name: v for p, v in loss.values() if p.name in accepted})
    wanted = torch.tensor(y) if "multiclass" in loss.tasks else torch.tensor(np.ascontiguousarray(target.T))
    result = theirs(given, wanted)
    result.backward()
    assert_close(np.asarray(value), result, dtype)
    assert_close(dz.T, given.grad, dtype)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "optimizer", [v for cls in optimizers for v in variants(cls)] + TOGETHER, ids=case_id
)
def test_optimizer_for_20_steps(optimizer: Optimizer, dtype: str) -> None:
    rng = np.random.default_rng(0)
    p = rng.normal(size=30).astype(dtype)
    g, lr, step = np.zeros_like(p), np.array(optimizer.lr, dtype), np.zeros((), np.int64)
    update = compile_calls(optimizer.bind(p, g, lr, step, *(np.zeros_like(p) for _ in optimizer.slots)))
    theirs = torch.nn.Parameter(torch.tensor(p))
    cls = getattr(torch.optim, optimizer.key)
    accepted = inspect.signature(cls).parameters
    values = {q.name: v for q, v in optimizer.values() if q.name in accepted}
    if hasattr(optimizer, "beta1"):
        values["betas"] = (optimizer.beta1, optimizer.beta2)
    reference = cls([theirs], **values)
    for _ in range(20):
        g[...] = rng.normal(size=30)
        step += 1
        theirs.grad = torch.tensor(g)
        update()
        reference.step()
        assert_close(p, theirs, dtype)


def test_a_network_without_a_loss_of_its_own_shape_is_refused() -> None:
    with pytest.raises(ShapeError, match="Put a Flatten before it"):
        Model(Network.chain(layers.get("Linear")()), (1, 4, 4))
