"""Hypothesis strategies made from the declarations alone: any registered thing in settings nobody thought of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import assume
from hypothesis import strategies as st

from engine.errors import ShapeError, SpecError
from engine.layers import AvgPool2d, BatchNorm, Concat, Conv2d, Layer, LayerNorm, MaxPool2d, Shape
from engine.layers import registry as layers
from engine.layers.conv import pair
from engine.network import INPUT, Network, Node
from engine.spec import Bool, Choice, Flags, Float, FloatList, Int, Kind, Nested, NestedList, Pair, Spec

Draw = Callable[[st.SearchStrategy[Any]], Any]


def values(kind: Kind, default: Any) -> st.SearchStrategy[Any]:
    """Legal values of ``kind``, small enough for small pictures; numbers fall on kinks (whole and half ones) often."""
    match kind:
        case Bool():
            return st.booleans()
        case Choice(options=options):
            return st.sampled_from(options)
        case FloatList():
            return st.lists(st.integers(1, 24).map(lambda n: n / 8), max_size=4).map(tuple)
        case Flags(options=options):
            return st.lists(st.sampled_from(options), unique=True)
        case Pair(min=low, max=high, words=words, sides=sides):
            one = st.integers(low, min(high, 3))
            pairs = st.one_of(one, st.tuples(one, one))
            pairs = st.one_of(pairs, st.tuples(one, one, one, one)) if sides else pairs
            return st.one_of(pairs, pairs, st.sampled_from(words)) if words else pairs
        case Int(min=low, max=high):
            return st.integers(low or 0, min(high or 6, 6))
        case Float(min=low, open_min=open_min, log=True):
            powers = st.integers(-5, -1).map(lambda e: 10.0**e)
            return powers if open_min or low is None else st.one_of(powers, st.just(low))
        case Float(min=low, max=high, open_min=open_min):
            first = round(8 * (-2.0 if low is None else low)) + open_min
            last = int(8 * (3.0 if high is None else min(high, 3.0)))
            return st.one_of(st.just(default), st.integers(first, last).map(lambda n: n / 8))
        case Nested() | NestedList():
            return st.just(default)
    raise AssertionError(f"values() does not know {kind}")


def fitted(key: str, chosen: dict[str, Any]) -> None:
    """Bring settings that only make sense together in line, so that few drawings are thrown away."""
    if key == "ConvTranspose2d":
        most = zip(
            pair(chosen["stride"]), pair(chosen["dilation"]), pair(chosen["output_padding"]), strict=True
        )
        chosen["output_padding"] = tuple(min(more, max(s, d) - 1) for s, d, more in most)
    if key in ("Conv2d", "ConvTranspose2d"):
        chosen["groups"] = min(chosen["groups"], 3)
        chosen["out_channels"] = chosen["groups"] * min(chosen["out_channels"], 3)
    if key == "LocalResponseNorm":
        chosen["k"] += 0.5  # with 0, a picture of zeros is divided by zero, in PyTorch too
    if key == "SGD" and chosen["nesterov"]:
        chosen["momentum"], chosen["dampening"] = chosen["momentum"] or 0.9, 0.0


def spec(draw: Draw, cls: type[Spec]) -> Any:
    """A spec of class ``cls`` in some settings. What does not enter the maths stays as it is."""
    chosen = {
        p.name: draw(values(p.kind, p.default))
        for p in cls.params()
        if p.name not in ("frozen", "frozen_bias")
    }
    fitted(cls.key, chosen)
    try:
        return cls(**chosen)
    except SpecError:
        return assume(False)


@st.composite
def specs(draw: Draw, cls: type[Spec]) -> Any:
    """See ``spec``."""
    return spec(draw, cls)


@st.composite
def layers_with_shapes(draw: Draw, cls: type[Layer]) -> tuple[Layer, Shape]:
    """A layer in some settings, and the shape of a sample that it takes: a row, or a picture of odd proportions."""
    layer = spec(draw, cls)
    channels = draw(st.integers(1, 3)) * getattr(layer, "groups", draw(st.integers(1, 3)))
    shapes = [(draw(st.integers(1, 9)),), (channels, draw(st.integers(1, 9)), draw(st.integers(1, 9)))]
    if cls.key == "Unflatten":
        shapes = [(layer.channels * layer.height * layer.width,)]
    elif draw(st.booleans()):
        shapes.reverse()
    for shape in shapes:
        try:
            layer.check_inputs(shape)
        except ShapeError:
            continue
        return layer, shape
    return assume(False)


#: what graphs are made of: smooth, since a sum that cancels to ±1e-17 lands on either side of a kink
PARTS: dict[str, tuple[Layer, ...]] = {
    "picture": (
        Conv2d(3, 3, padding="same"),
        Conv2d(4, 2, padding=1, stride=2),
        Conv2d(2, 3, padding="full", bias=False),
        MaxPool2d(3, stride=1, padding=1),
        layers.get("ConvTranspose2d")(2, 3, stride=2, padding=1, output_padding=1),
        layers.get("Upsample")(),
        layers.get("ZeroPad2d")((0, 1, 2, 0)),
        MaxPool2d(2, padding=1),
        MaxPool2d(3, stride=2, ceil_mode=True),
        AvgPool2d(2, padding=1, count_include_pad=False),
        AvgPool2d(2, padding=(0, 1, 1, 0), ceil_mode=True),
        AvgPool2d(2, stride=1, dilation=2),
        Conv2d(3, 3, padding="same", stride=2),
        layers.get("GlobalMaxPool2d")(),
        layers.get("LocalResponseNorm")(size=3, alpha=0.5),
        layers.get("Dropout2d")(p=0.0),
        layers.get("GlobalAvgPool2d")(),
        layers.get("Flatten")(),
    ),
    "row": (layers.get("Linear")(6), layers.get("Linear")(3, bias=False), layers.get("Softmax")()),
    "any": (
        layers.get("Tanh")(),
        layers.get("SiLU")(),
        BatchNorm(eps=0.1),
        LayerNorm(eps=0.1),
        layers.get("PReLU")(),
        layers.get("Add")(),
        Concat(),
    ),
}


@st.composite
def graphs(draw: Any) -> tuple[Network, Shape]:
    """Any directed acyclic graph of up to nine nodes in which all shapes fit; branches may end nowhere."""
    in_shape = draw(st.sampled_from([(5,), (2, 6, 5), (1, 7, 7)]))
    nodes: list[Node] = []
    for number in range(draw(st.integers(2, 9))):
        shapes = Network(tuple(nodes)).shapes(in_shape)
        first = draw(st.sampled_from(sorted(shapes)))
        if draw(st.booleans()):
            first = nodes[-1].id if nodes else INPUT
        shape = shapes[first]
        layer = draw(st.sampled_from(PARTS["picture" if len(shape) == 3 else "row"] + PARTS["any"]))
        sources: tuple[str, ...] = (first,)
        try:
            layer.check_inputs(*(shape,) * (layer.arity or 2))
        except ShapeError:  # a window larger than what poolings have left of the picture
            layer = layers.get("Tanh")()
        if layer.arity is None:
            depth = slice(None) if layer.key == "Add" else slice(1, None)
            fitting = [i for i in shapes if len(shapes[i]) == len(shape) and shapes[i][depth] == shape[depth]]
            sources += (draw(st.sampled_from(fitting)), *draw(st.lists(st.sampled_from(fitting), max_size=1)))
        nodes.append(Node(f"n{number}", layer, sources))
    return Network(tuple(nodes)), in_shape
