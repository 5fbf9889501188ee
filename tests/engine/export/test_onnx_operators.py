"""The cases by which ONNX itself defines each operator that our exports write: a layer of ours in these settings gives the same numbers.

A case that no layer of ours computes says why (:class:`NotOurs`); what is left must be compared, and at least one for each operator.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from engine import Fit, Model, Network, layers
from engine.core import Array
from engine.data import Dataset
from engine.export import Subject
from engine.export.onnx_target import model_of
from engine.layers import Layer, Shape
from engine.network import Node
from tests.engine.catalogue import layer_cases

onnx = pytest.importorskip("onnx", reason="onnx is not installed: its operators are not compared")
pytestmark = pytest.mark.slow

#: operators of which several together make one layer, and what they make
PARTS = {
    "Mul": "SiLU, Softplus", "Div": "Softplus", "Pow": "LocalResponseNorm", "MatMul": "AdaptiveAvgPool2d",
}  # fmt: skip


class NotOurs(Exception):
    """Why a case is nothing that a layer of ours computes."""


class Given:
    """A case as its node says it.

    Args:
        op_type: of the operator.
        attributes: with ONNX's names.
        inputs: as arrays; ``x`` is the first, the rest are weights.
    """

    def __init__(self, node: Any, inputs: list[Array]) -> None:
        self.op_type = node.op_type
        self.attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
        there = iter(inputs)
        self.inputs = [
            next(there) if name else np.zeros(0) for name in node.input
        ]  # one that is left out has no numbers
        self.x = self.inputs[0]
        self.outputs = len(node.output)

    def get(self, name: str, usual: Any) -> Any:
        found = self.attributes.get(name, usual)
        return found.decode() if isinstance(found, bytes) else found

    def picture(self) -> tuple[int, int]:
        """Height and width of what it reads. Raises NotOurs for lines and volumes."""
        if self.x.ndim != 4:
            raise NotOurs("a line or a volume")
        if self.x.dtype.kind != "f":
            raise NotOurs("whole numbers")
        return self.x.shape[2], self.x.shape[3]

    def windows(self, kernel: Shape) -> dict[str, Any]:
        """Stride, dilation and padding of windows over pictures."""
        sizes = self.picture()
        stride, dilation = self.get("strides", [1, 1]), self.get("dilations", [1, 1])
        pads, auto = self.get("pads", [0, 0, 0, 0]), self.get("auto_pad", "NOTSET")
        top, left, bottom, right = pads
        padding: Any = (top, bottom, left, right)
        if auto == "SAME_UPPER":
            padding = "same"
        elif auto == "SAME_LOWER":
            padding = ()
            for n, k, s, d in zip(sizes, kernel, stride, dilation, strict=True):
                total = max((-(-n // s) - 1) * s + d * (k - 1) + 1 - n, 0)
                padding += (total - total // 2, total // 2)
        return {
            "kernel_size": tuple(kernel),
            "stride": tuple(stride),
            "dilation": tuple(dilation),
            "padding": padding,
        }


Ours = tuple[Layer, list[Array], dict[str, Array]]
READERS: dict[str, Callable[[Given], Ours]] = {}


def reads(*ops: str) -> Callable[[Callable[[Given], Ours]], Callable[[Given], Ours]]:
    def decorate(reader: Callable[[Given], Ours]) -> Callable[[Given], Ours]:
        READERS.update(dict.fromkeys(ops, reader))
        return reader

    return decorate


def curve(key: str, **names: tuple[str, float]) -> None:
    """An activation: ours, and its settings by ONNX's names and defaults."""
    op, _, own = key.partition(":")

    @reads(op)
    def reader(given: Given) -> Ours:
        values = {ours: given.get(*theirs) for ours, theirs in names.items()}
        return layers.registry.get(own or op)(**values), [given.x], {}


for plain in ("Relu:ReLU", "Tanh", "Sigmoid", "Mish", "HardSwish:Hardswish", "Softplus"):
    curve(plain)
curve("Gelu:GELU", approximate=("approximate", "none"))
curve("LeakyRelu:LeakyReLU", negative_slope=("alpha", 0.01))
curve("Elu:ELU", alpha=("alpha", 1.0))
curve("Selu:SELU", alpha=("alpha", 1.67326319217681884765625), scale=("gamma", 1.05070102214813232421875))


@reads("Identity")
def identity(given: Given) -> Ours:
    if not isinstance(given.x, np.ndarray) or given.x.dtype.kind != "f":
        raise NotOurs("no numbers with a point")
    return layers.Identity(), [given.x], {}


@reads("HardSigmoid")
def hard_sigmoid(given: Given) -> Ours:
    # ONNX's has any line between 0 and 1, PyTorch's the one of slope 1/6 through 1/2: what comes in is moved from one to the other.
    line = given.get("alpha", 0.2) * given.x.astype(float) + given.get("beta", 0.5)
    return layers.Hardsigmoid(), [6.0 * (line - 0.5)], {}


@reads("PRelu")
def prelu(given: Given) -> Ours:
    slope = np.broadcast_to(
        given.inputs[1], given.x.shape
    )  # one for each value: a row with a slope for each feature
    return layers.PReLU(per_channel=True), [given.x.reshape(1, -1)], {"weight": slope.reshape(-1)}


@reads("Clip")
def clip(given: Given) -> Ours:
    if given.x.dtype.kind != "f":
        raise NotOurs("whole numbers")
    if len(given.inputs) < 3 or given.inputs[1].size == 0 or not given.inputs[1] < given.inputs[2]:
        raise NotOurs("an end that is left open, or ends in the wrong order")
    return layers.Hardtanh(float(given.inputs[1]), float(given.inputs[2])), [given.x], {}


@reads("Softmax", "LogSoftmax")
def softmax(given: Given) -> Ours:
    axis, ndim = given.get("axis", -1), given.x.ndim
    if axis % ndim != 1:
        raise NotOurs("shares along another axis than features or channels")
    layer = layers.Softmax() if given.op_type == "Softmax" else layers.LogSoftmax()
    return layer, [given.x], {}


@reads("Gemm")
def gemm(given: Given) -> Ours:
    a, b, *c = given.inputs
    if given.get("transA", 0):
        a = a.T
    if given.get("transB", 0):
        b = b.T
    weight = given.get("alpha", 1.0) * b.T
    if not c:
        return layers.Linear(len(weight), bias=False), [a], {"weight": weight}
    bias = given.get("beta", 1.0) * c[0]
    if bias.ndim == 2 and len(bias) > 1:
        raise NotOurs("a bias for each sample")
    return (
        layers.Linear(len(weight)),
        [a],
        {"weight": weight, "bias": np.broadcast_to(bias, (1, len(weight)))[0]},
    )


@reads("Conv")
def conv(given: Given) -> Ours:
    weight, *bias = given.inputs[1:]
    settings = given.windows(weight.shape[2:])
    layer = layers.Conv2d(len(weight), groups=given.get("group", 1), bias=bool(bias), **settings)
    return layer, [given.x], {"weight": weight, **({"bias": bias[0]} if bias else {})}


@reads("ConvTranspose")
def conv_transpose(given: Given) -> Ours:
    sizes, weight, bias = given.picture(), given.inputs[1], given.inputs[2:]
    stride, dilation = given.get("strides", [1, 1]), given.get("dilations", [1, 1])
    pads, more = list(given.get("pads", [0, 0, 0, 0])), list(given.get("output_padding", [0, 0]))
    wanted = given.get("output_shape", None)
    if given.get("auto_pad", "NOTSET").startswith("SAME"):
        wanted = [n * s for n, s in zip(sizes, stride, strict=True)]
    if wanted is not None:
        for i, (n, k, s, d) in enumerate(zip(sizes, weight.shape[2:], stride, dilation, strict=True)):
            total = (n - 1) * s + more[i] + (k - 1) * d + 1 - wanted[i]
            pads[i], pads[i + 2] = total // 2, total - total // 2
    for i in range(2):  # cut off less at the end, or have some more there
        more[i] += pads[i] - pads[i + 2]
        if more[i] < 0 or pads[i] < 0 or more[i] >= max(stride[i], dilation[i]):
            raise NotOurs("more cut off at one end than PyTorch's output_padding makes up for")
    layer = layers.ConvTranspose2d(
        weight.shape[1] * given.get("group", 1), tuple(weight.shape[2:]), tuple(stride), (pads[0], pads[1]), tuple(more),
        tuple(dilation), given.get("group", 1), bool(bias),
    )  # fmt: skip
    return layer, [given.x], {"weight": weight, **({"bias": bias[0]} if bias else {})}


@reads("Resize")
def resize(given: Given) -> Ours:
    given.picture()
    x = given.x
    mode, how = given.get("mode", "nearest"), given.get("coordinate_transformation_mode", "half_pixel")
    scales, wanted = (given.inputs[i] if len(given.inputs) > i else np.zeros(0) for i in (2, 3))
    if (
        "axes" in given.attributes
        or given.get("antialias", 0)
        or "keep_aspect_ratio_policy" in given.attributes
    ):
        raise NotOurs("only some axes, with antialiasing, or keeping the aspect")
    factors = list(wanted / x.shape if wanted.size else scales)
    if any(f < 1 or f != int(f) for f in factors) or factors[:2] != [1, 1]:
        raise NotOurs("no whole factors, or smaller")
    if mode == "linear" and how in ("half_pixel", "align_corners"):
        kind = {"mode": "bilinear", "align_corners": how == "align_corners"}
    elif (
        mode == "nearest"
        and how == "half_pixel"
        and given.get("nearest_mode", "round_prefer_floor") == "round_prefer_floor"
    ):
        kind = {}  # the middle of each new pixel lies in the old one that it came from: the same, for whole factors
    else:
        raise NotOurs("another rule for where pixels lie")
    return layers.Upsample((int(factors[2]), int(factors[3])), **kind), [x], {}


@reads("Pad")
def pad(given: Given) -> Ours:
    if given.get("mode", "constant") != "constant" or len(given.inputs) > 3:
        raise NotOurs("no constant, or only some axes")
    value = float(given.inputs[2]) if len(given.inputs) > 2 else 0.0
    ends = given.inputs[1]
    if given.x.ndim != 4 or ends[:2].any() or ends[4:6].any() or (ends < 0).any():
        raise NotOurs("samples or channels that are added, or rows taken away")
    top, left, bottom, right = map(int, (ends[2], ends[3], ends[6], ends[7]))
    # Zeros are put round it; another value is taken off everywhere before, and added again behind.
    return layers.ZeroPad2d((top, bottom, left, right)), [given.x - value], {"added": np.array(value)}


@reads("MaxPool")
def max_pool(given: Given) -> Ours:
    given.picture()
    if given.outputs > 1:
        raise NotOurs("where the largest stood, too")
    settings = given.windows(given.get("kernel_shape", []))
    return layers.MaxPool2d(ceil_mode=bool(given.get("ceil_mode", 0)), **settings), [given.x], {}


@reads("AveragePool")
def average_pool(given: Given) -> Ours:
    given.picture()
    settings = given.windows(given.get("kernel_shape", []))
    ceil, padding = bool(given.get("ceil_mode", 0)), bool(given.get("count_include_pad", 0))
    return layers.AvgPool2d(ceil_mode=ceil, count_include_pad=padding, **settings), [given.x], {}


@reads("GlobalAveragePool")
def global_average(given: Given) -> Ours:
    return layers.GlobalAvgPool2d(), [given.x], {}


@reads("GlobalMaxPool")
def global_max(given: Given) -> Ours:
    return layers.GlobalMaxPool2d(), [given.x], {}


@reads("Flatten")
def flatten(given: Given) -> Ours:
    if given.get("axis", 1) % given.x.ndim != 1:
        raise NotOurs("samples that are joined or cut up")
    return layers.Flatten(), [given.x], {}


@reads("Reshape")
def reshape(given: Given) -> Ours:
    shape = given.inputs[1]
    if len(shape) != 4 or shape[0] != len(given.x) or (shape < 1).any():
        raise NotOurs("no samples that become pictures")
    return layers.Unflatten(*shape[1:]), [given.x.reshape(len(given.x), -1)], {}


@reads("BatchNormalization")
def batch_norm(given: Given) -> Ours:
    if given.get("training_mode", 0):
        raise NotOurs("training")
    names = ("weight", "bias", "running_mean", "running_var")
    return (
        layers.BatchNorm(eps=given.get("epsilon", 1e-5)),
        [given.x],
        dict(zip(names, given.inputs[1:], strict=True)),
    )


@reads("LayerNormalization")
def layer_norm(given: Given) -> Ours:
    axis, ndim = given.get("axis", -1), given.x.ndim
    if given.outputs > 1 and axis % ndim == 0:
        raise NotOurs("samples that are normalized together")
    layer = layers.LayerNorm(ndim - axis % ndim, eps=given.get("epsilon", 1e-5))
    return layer, [given.x], dict(zip(("weight", "bias"), given.inputs[1:], strict=True))


@reads("LRN")
def lrn(given: Given) -> Ours:
    names = {"size": ("size", 1), "alpha": ("alpha", 1e-4), "beta": ("beta", 0.75), "k": ("bias", 1.0)}
    return (
        layers.LocalResponseNorm(**{ours: given.get(*theirs) for ours, theirs in names.items()}),
        [given.x],
        {},
    )


@reads("Sum", "Add")
def add(given: Given) -> Ours:
    if any(x.shape != given.x.shape or x.dtype.kind != "f" for x in given.inputs) or len(given.inputs) < 2:
        raise NotOurs("one input, inputs of several shapes, or whole numbers")
    return layers.Add(), given.inputs, {}


@reads("Concat")
def concat(given: Given) -> Ours:
    if given.x.ndim < 2 or given.get("axis", 0) % given.x.ndim != 1:
        raise NotOurs("another axis than features or channels")
    return layers.Concat(), given.inputs, {}


# --- the cases ---------------------------------------------------------------------------------------------------------


def cases() -> list[Any]:
    """ONNX's own, of one operator each."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # some overflow on purpose
        from onnx.backend.test.case.node import collect_testcases

        return [case for case in collect_testcases(None) if len(case.model.graph.node) == 1]


def written() -> set[str]:
    """Every operator in a model that we write for any layer in any setting."""
    found: set[str] = set()
    for layer, shape in layer_cases():
        if layer.arity is None:
            network = Network((Node("side", layers.Tanh()), Node("join", layer, ("input", "side"))))
        else:
            network = Network.chain(layer)
        one = Subject("One", Model(network, shape), Fit(), Dataset(np.zeros((2, *shape)), np.arange(2)))
        found |= {node.op_type for node in model_of(one).graph.node}
    return found


def given_by(ours: Ours) -> Array:
    """What our layer gives in inference, in float64."""
    layer, xs, arrays = ours
    added = arrays.pop("added", 0.0)
    if len(xs) > 1:
        names = [f"part{i}" for i in range(len(xs))]
        sizes = [int(np.prod(x.shape[1:])) for x in xs]
        # A network reads one input: the parts lie in it one after the other, and each is cut out by a matrix of 0 and 1.
        flat = np.concatenate([x.reshape(len(x), -1) for x in xs], axis=1)
        picture = xs[0].ndim > 2
        nodes: list[Node] = []
        for i, (name, x) in enumerate(zip(names, xs, strict=True)):
            nodes.append(Node(name, layers.Linear(sizes[i], bias=False), ("input",)))
            if picture:
                c, h, *w = x.shape[1:]
                nodes.append(Node(f"{name}p", layers.Unflatten(c, h, w[0] if w else 1), (name,)))
        network = Network((*nodes, Node("0", layer, tuple(f"{n}p" if picture else n for n in names))))
        model = Model(network, flat.shape[1:], dtype="float64")
        for i, name in enumerate(names):
            model.parameters[name]["weight"][...] = np.eye(flat.shape[1])[sum(sizes[:i]) :][: sizes[i]]
        return model.predict(flat)
    model = Model(Network.chain(layer), xs[0].shape[1:], dtype="float64")
    known = {**model.parameters.get("0", {}), **model.store.state.get("0", {})}
    assert set(arrays) <= set(known)
    for name, array in arrays.items():
        known[name][...] = array
    return model.predict(xs[0]) + added


def test_every_operator_that_is_written_gives_onnxs_own_numbers() -> None:
    ops, compared, left = written(), dict[str, int](), list[str]()
    assert ops <= READERS.keys() | PARTS.keys()
    for case in cases():
        op = case.model.graph.node[0].op_type
        if op not in READERS:
            continue
        for inputs, (expected, *_) in case.data_sets:
            try:
                ours = READERS[op](Given(case.model.graph.node[0], list(inputs)))
            except NotOurs as reason:
                left.append(f"{case.name}: {reason}")
                continue
            found = given_by(ours)
            assert found.size == expected.size, case.name
            np.testing.assert_allclose(
                found.reshape(expected.shape), expected, rtol=case.rtol, atol=case.atol, err_msg=case.name
            )
            compared[op] = compared.get(op, 0) + 1
    missing = ops & READERS.keys() - compared.keys()
    assert not missing, left
