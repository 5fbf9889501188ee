"""What the symbols of each layer's formula stand for in a recorded update, so that the formula can be worked out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from engine import layers
from engine.core import Array
from engine.layers import Layer, Shape
from engine.layers.conv import pair
from engine.losses import Loss
from engine.optimizers import Optimizer
from engine.spec import Spec
from engine.trace import Trace
from tests.engine.latex import Scope

#: settings that no formula speaks of: it is one for where they are at their default
SILENT: dict[type[Layer], set[str]] = {
    layers.Conv2d: {"groups"},  # each group is such a layer
    layers.ConvTranspose2d: {"groups"},
    layers.Upsample: {"align_corners"},  # then the places are others
    layers.AvgPool2d: {"count_include_pad", "ceil_mode"},  # windows at the border may have a k of their own
}
#: settings that say how a layer begins and learns, not what it computes
BESIDE = {"initializer", "regularizer", "frozen", "frozen_bias", "init", "momentum"}

#: the letters of settings of penalties, limits, schedules and initializers, by field
WEIGHTS: dict[str, str] = {
    "strength": r"\lambda", "l1": r"\lambda_1", "l2": r"\lambda_2", "limit": "c", "max_norm": "c",
    "gain": "g", "value": "c", "mean": r"\mu", "std": r"\sigma", "bound": "a", "gamma": r"\gamma", "step_size": "s",
    "length": "T", "start": "s", "reduction": "f", "patience": "p",
}  # fmt: skip
#: whose classes say their letters
ITS_OWN = (Layer, Loss, Optimizer)


def letters_of(spec: Spec) -> dict[str, Any]:
    """The numbers among the settings, by letter."""
    numbers = (
        (p.name, v) for p, v in spec.values() if isinstance(v, int | float) and not isinstance(v, bool)
    )
    return {
        spec.letter(name) if isinstance(spec, ITS_OWN) else WEIGHTS.get(name, name): v for name, v in numbers
    }


class Case:
    """A layer in a recorded update: its arrays, the sample first as in public shapes."""

    def __init__(self, trace: Trace, shape: Shape) -> None:
        self.trace, self.shape, self.layer = trace, shape, trace.network["tested"].layer
        self.sources = trace.network.inputs_of("tested")
        self.xs = [trace.values[i] for i in self.sources]
        self.dxs = [trace.share("tested", k) for k in range(len(self.sources))]
        self.x, self.dx = self.xs[0], self.dxs[0]
        self.y, self.dy = trace.values["tested"], trace.gradients["tested"]

    def parameter(self, name: str) -> Array | None:
        """A parameter, where the layer has it."""
        return self.trace.parameter("tested", name) if name in self.names else None

    def slope(self, name: str) -> Array:
        return self.trace.parameter("tested", name, "gradient")

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.layer.parameters(*(s[1:] for s in map(np.shape, self.xs))))


def scope_of(case: Case, sample: int, *, backward: bool) -> Scope:
    """The scope of the layer's formula, forward or backward, for one sample."""
    kind = next((k for k in type(case.layer).__mro__ if k in MEANINGS), None)
    scope = MEANINGS[kind](case, sample, backward) if kind is not None else elementwise(case)
    return scope.with_(**letters_of(case.layer))


# --- value by value ---------------------------------------------------------------------------------------------------


def elementwise(case: Case, **names: Any) -> Scope:
    """Whole arrays: what a formula without indices says of every value."""
    return Scope({"x": case.x, "y": case.y, r"\delta": case.dy, "∂x": case.dx, **names})


def prelu(case: Case, sample: int, backward: bool) -> Scope:
    a = case.trace.parameter("tested", "weight")
    over = tuple(i for i in range(case.x.ndim) if i != 1 or len(a) == 1)
    column = [1 if i in over else len(a) for i in range(case.x.ndim)]
    scope = elementwise(case, a=a.reshape(column), **{"∂a": case.slope("weight").reshape(column)})
    return Scope(scope.names, axes=over)


def dropout(case: Case, sample: int, backward: bool) -> Scope:
    return elementwise(case, m=(case.y != 0).astype(float))


def dropout2d(case: Case, sample: int, backward: bool) -> Scope:
    arrays = {"x": case.x, "y": case.y, r"\delta": case.dy, "∂x": case.dx}
    names = {symbol: parts(*a[sample]) for symbol, a in arrays.items()}
    names["m"] = (case.y[sample] != 0).any(axis=tuple(range(1, case.y.ndim - 1))).astype(float)
    return Scope(names, {"c": range(len(case.y[sample]))})


def noise(case: Case, sample: int, backward: bool) -> Scope:
    return elementwise(case, **{r"\epsilon": case.trace.extras["tested"]["noise"]})


def normalized(case: Case, axes: tuple[int, ...], below: str) -> Scope:
    mean, variance = case.x.mean(axes, keepdims=True), case.x.var(axes, keepdims=True)
    normal = (case.x - mean) / np.sqrt(variance + case.layer.eps)
    weight, bias = case.parameter("weight"), case.parameter("bias")
    names: dict[str, Any] = {rf"\mu{below}": mean, rf"\sigma{below}": np.sqrt(variance), r"\hat{x}": normal}
    if weight is None:
        names |= {r"\gamma": 1.0, r"\beta": 0.0, r"∂\gamma": (case.dy * normal).sum(axes, keepdims=True)}
        names |= {r"∂\beta": case.dy.sum(axes, keepdims=True)}
    else:
        column = (1, -1, *(1 for _ in case.x.shape[2:])) if below else weight.shape
        names |= {r"\gamma": weight.reshape(column), r"\beta": bias.reshape(column)}
        names |= {
            r"∂\gamma": case.slope("weight").reshape(column),
            r"∂\beta": case.slope("bias").reshape(column),
        }
    return Scope(elementwise(case, **names).names, axes=axes)


def batch_norm(case: Case, sample: int, backward: bool) -> Scope:
    return normalized(case, (0, *range(2, case.x.ndim)), "_B")


def layer_norm(case: Case, sample: int, backward: bool) -> Scope:
    return normalized(case, tuple(range(case.x.ndim))[-case.layer.normalized_ndim or 1 :], "")


# --- cell by cell -----------------------------------------------------------------------------------------------------


def parts(*arrays: Array) -> Array:
    """Arrays to be picked by one index."""
    found = np.empty(len(arrays), object)
    found[:] = list(arrays)
    return found


def linear(case: Case, sample: int, backward: bool) -> Scope:
    weight, bias = case.parameter("weight"), case.parameter("bias")
    names = {
        "x": (case.x[sample], case.x), "y": case.y[sample], r"\delta": (case.dy[sample], case.dy), "∂x": case.dx[sample],
        "w": weight, "∂w": case.slope("weight"),
        "b": np.zeros(len(weight)) if bias is None else bias,
        "∂b": case.dy.sum(0) if bias is None else case.slope("bias"),
    }  # fmt: skip
    return Scope(names, {"i": range(weight.shape[1]), "j": range(len(weight)), "n": range(len(case.x))})


def picture(case: Case, sample: int, **letters: Any) -> Scope:
    """Cells of pictures: c, h, w of the input and c, i, j of the output."""
    (channels, height, width), out = case.x.shape[1:], case.y.shape[1:]
    names = {
        "x": (case.x[sample], case.x), "y": case.y[sample], r"\delta": (case.dy[sample], case.dy), "∂x": case.dx[sample],
        "C": channels, "H": height, "W": width, **letters,
    }  # fmt: skip
    ranges = {"c": range(channels), "h": range(height), "w": range(width), "n": range(len(case.x))}
    if len(out) == 3:
        ranges |= {"i": range(out[1]), "j": range(out[2])}
    return Scope(names, ranges)


def steps(layer: Any, shape: Shape) -> dict[str, int]:
    """Stride, dilation and padding, the same in both directions. Raises ValueError where they are not."""
    top, _, left, _ = layer.layout(shape).pad
    if isinstance(layer, layers.ConvTranspose2d):
        top, left = pair(layer.padding)
    stride = layer.steps() if hasattr(layer, "steps") else pair(layer.stride)
    pairs = {"s": stride, "d": pair(getattr(layer, "dilation", 1)), "p": (top, left)}
    if any(a != b for a, b in pairs.values()):
        raise ValueError("the formula has one letter for both directions")
    return {letter: both[0] for letter, both in pairs.items()}


def conv(case: Case, sample: int, backward: bool) -> Scope:
    weight, bias = case.parameter("weight"), case.parameter("bias")
    scope = picture(case, sample, **steps(case.layer, case.shape))
    ranges = {"o": range(len(weight)), "u": range(weight.shape[2]), "v": range(weight.shape[3])}
    ranges |= {"a": scope.ranges["h"], "b": scope.ranges["w"]}
    names = {
        "w": weight, "∂w": case.slope("weight"),
        "b": np.zeros(len(weight)) if bias is None else bias,
        "∂b": case.dy.sum((0, 2, 3)) if bias is None else case.slope("bias"),
    }  # fmt: skip
    return Scope({**scope.names, **names}, {**scope.ranges, **ranges}, outside={"x": 0.0})


def pool(case: Case, sample: int, backward: bool) -> Scope:
    layer, (kh, kw) = case.layer, pair(case.layer.kernel_size)
    letters = steps(layer, case.shape)
    highest = isinstance(layer, layers.MaxPool2d)
    scope = picture(case, sample, **letters, k_h=kh, k_w=kw)
    s, d, p, x = letters["s"], letters["d"], letters["p"], case.x[sample]

    def cells(at: Scope) -> list[tuple[int, int]]:
        """The cells of window (i, j), in reading order."""
        top, left = s * at.names["i"] - p, s * at.names["j"] - p
        found = [(top + d * u, left + d * v) for u in range(kh) for v in range(kw)]
        return [(h, w) for h, w in found if 0 <= h < x.shape[1] and 0 <= w < x.shape[2]]

    def saw(at: Scope) -> bool:
        return (at.names["h"], at.names["w"]) in cells(at)

    def won(at: Scope) -> bool:
        winner = max(cells(at), key=lambda cell: x[at.names["c"], *cell])
        return (at.names["h"], at.names["w"]) == winner

    return Scope(
        scope.names, {**scope.ranges, "u": range(kh), "v": range(kw)},
        outside={"x": -np.inf if highest else 0.0}, texts={"that saw it": saw, "won window": won},
    )  # fmt: skip


def transposed(case: Case, sample: int, backward: bool) -> Scope:
    layer = case.layer
    pairs = {"s": pair(layer.stride), "d": pair(layer.dilation), "p": pair(layer.padding)}
    weight, bias = case.parameter("weight"), case.parameter("bias")
    scope = picture(case, sample, **{letter: both[0] for letter, both in pairs.items()})
    names = {
        "w": weight, "∂w": case.slope("weight"),
        "b": np.zeros(weight.shape[1]) if bias is None else bias,
        "∂b": case.dy.sum((0, 2, 3)) if bias is None else case.slope("bias"),
    }  # fmt: skip
    ranges = {"o": range(weight.shape[1]), "u": range(weight.shape[2]), "v": range(weight.shape[3])}
    ranges |= {"k": scope.ranges["h"], "l": scope.ranges["w"]}
    return Scope({**scope.names, **names}, {**scope.ranges, **ranges}, outside={r"\delta": 0.0})


def enlarged(case: Case, sample: int, backward: bool) -> Scope:
    (height, width), (rows, columns) = case.x.shape[2:], case.y.shape[2:]
    sh, sw = rows // height, columns // width
    scope = picture(case, sample, s_h=sh, s_w=sw)
    places = {"p": (height, rows, sh), "q": (width, columns, sw)}
    where = {
        letter: np.clip((np.arange(count) + 0.5) / s - 0.5, 0, size - 1)
        for letter, (size, count, s) in places.items()
    }
    return Scope({**scope.names, **where}, {**scope.ranges, "u": range(sh), "v": range(sw)})


def bordered(case: Case, sample: int, backward: bool) -> Scope:
    top, _, left, _ = case.layer.pads()
    scope = picture(case, sample, p_t=top, p_l=left)
    return replace(scope, outside={"x": 0.0})


def largest(case: Case, sample: int, backward: bool) -> Scope:
    def won(at: Scope) -> bool:
        channel = case.x[sample][at.names["c"]]
        return (at.names["h"], at.names["w"]) == np.unravel_index(channel.argmax(), channel.shape)

    return replace(picture(case, sample), texts={"is the largest": won})


def adaptive(case: Case, sample: int, backward: bool) -> Scope:
    scope = picture(case, sample)
    (rows, columns), (height, width) = case.y.shape[2:], case.x.shape[2:]

    def stretch(i: int, size: int, count: int) -> range:
        return range(i * size // count, -(-(i + 1) * size // count))

    def saw(at: Scope) -> bool:
        h, w, i, j = (at.names[k] for k in "hwij")
        return h in stretch(i, height, rows) and w in stretch(j, width, columns)

    sizes = [
        [len(stretch(i, height, rows)) * len(stretch(j, width, columns)) for j in range(columns)]
        for i in range(rows)
    ]
    return Scope({**scope.names, "n": np.array(sizes)}, scope.ranges, texts={"that saw it": saw})


def unflatten(case: Case, sample: int, backward: bool) -> Scope:
    _, height, width = case.y.shape[1:]
    scope = flat(case, sample, case.y.shape[1:])
    return scope.with_(H=height, W=width)


def flatten(case: Case, sample: int, backward: bool) -> Scope:
    return flat(case, sample, case.x.shape[1:])


def flat(case: Case, sample: int, shape: Shape) -> Scope:
    names = {"x": case.x[sample], "y": case.y[sample], r"\delta": case.dy[sample], "∂x": case.dx[sample]}
    return Scope({**names, "H": shape[1], "W": shape[2]}, dict(zip("cij", map(range, shape), strict=True)))


def softmax(case: Case, sample: int, backward: bool) -> Scope:
    names = {"x": case.x[sample], "y": case.y[sample], r"\delta": case.dy[sample], "∂x": case.dx[sample]}
    count = range(case.x.shape[1])
    return Scope({s: a.reshape(len(a), -1)[:, 0] for s, a in names.items()}, {"k": count, "j": count})


def response(case: Case, sample: int, backward: bool) -> Scope:
    arrays = {"x": case.x, "y": case.y, r"\delta": case.dy, "∂x": case.dx}
    names = {symbol: a[sample][:, 0, 1] for symbol, a in arrays.items()}
    layer, count = case.layer, range(case.x.shape[1])

    def window(c: int) -> range:
        """Whom channel c looks at: an even window reaches one further back (PyTorch)."""
        return range(c - layer.size // 2, c + (layer.size - 1) // 2 + 1)

    def near(at: Scope) -> bool:
        c, other = at.names["c"], at.names["c'"]
        return c in window(other) if backward else other in window(c)

    squares = [sum(names["x"][k] ** 2 for k in count if k in window(c)) for c in count]
    names["d"] = layer.k + layer.alpha / layer.size * np.array(squares)
    return Scope(names, {"c": count, "c'": count}, texts={"near": near})


def added(case: Case, sample: int, backward: bool) -> Scope:
    names = {"x": parts(*case.xs), "y": case.y, r"\delta": case.dy, "∂x": parts(*case.dxs)}
    return Scope(names, {"k": range(len(case.xs))})


#: what a layer's symbols are; of one that is not listed (nor one it inherits from), those of a curve that takes value by value
MEANINGS: dict[type[Layer], Callable[[Case, int, bool], Scope]] = {
    layers.PReLU: prelu, layers.Dropout: dropout, layers.Dropout2d: dropout2d, layers.GaussianNoise: noise,
    layers.BatchNorm: batch_norm, layers.LayerNorm: layer_norm, layers.LocalResponseNorm: response, layers.Softmax: softmax,
    layers.LogSoftmax: softmax,
    layers.Linear: linear, layers.Conv2d: conv, layers.MaxPool2d: pool, layers.AvgPool2d: pool,
    layers.AdaptiveAvgPool2d: adaptive, layers.GlobalAvgPool2d: lambda case, sample, backward: picture(case, sample),
    layers.GlobalMaxPool2d: largest, layers.ConvTranspose2d: transposed, layers.Upsample: enlarged, layers.ZeroPad2d: bordered,
    layers.Flatten: flatten, layers.Unflatten: unflatten, layers.Add: added,
}  # fmt: skip
