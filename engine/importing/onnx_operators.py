"""ONNX's operators and the layers that compute them: the table of the import."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine import layers
from engine.core import Array
from engine.importing.drafts import Pending, Unreadable, Value, source_of
from engine.importing.onnx_file import Attributes, Reading, constant, number, reads, row, weights

# --- products --------------------------------------------------------------------------------------------------------


@reads("Gemm")
def _gemm(r: Reading, node: Any, values: list[Value], a: Attributes) -> Value:
    if a.get("alpha", 1.0) != 1.0 or a.get("beta", 1.0) != 1.0 or a.get("transA", 0):
        raise Unreadable("it scales or turns its input, which a Linear does not")
    w = weights(values, 1, "weights")
    w = w if a.get("transB", 0) else w.T
    return _linear(r, values[0], w, weights(values, 2, "bias") if len(values) > 2 and node.input[2] else None)


def _linear(r: Reading, x: Value, w: Array, bias: Array | None) -> str:
    if w.ndim != 2 or not w.size:
        raise Unreadable(f"its weights have the shape {w.shape}; expected outputs × inputs")
    state = {"weight": np.ascontiguousarray(w)}
    if bias is not None:
        state["bias"] = row(bias, len(w))
    return r.layer(layers.Linear(len(w), bias=bias is not None), x, **state)


@reads("MatMul")
def _matmul(r: Reading, node: Any, values: list[Value], a: Attributes) -> Value:
    one, other = values
    if isinstance(one, np.ndarray) and isinstance(other, Pending) and other.what == "columns":
        return _adaptive(r, one, other)
    w = weights(values, 1, "weights")
    if not r.is_row(one) and w.ndim == 2:
        return Pending("columns", source_of(one), w)
    return _linear(r, one, w.T, None)


def _adaptive(r: Reading, rows: Array, columns: Pending) -> str:
    """Means of stretches along both axes, as two products with fixed numbers."""
    from engine.layers.pool import averages

    across = columns.by.T
    same = all(
        m.ndim == 2
        and m.shape[0] <= 64
        and np.allclose(m, averages(m.shape[1], m.shape[0]), rtol=0, atol=1e-6)
        for m in (rows, across)
    )
    if not same:
        raise Unreadable("no layer here computes it together with what stands before it")
    return r.layer(layers.AdaptiveAvgPool2d((len(rows), len(across))), columns.source)


@reads("Add", "Sum")
def _add(r: Reading, node: Any, values: list[Value], a: Attributes) -> Value:
    fixed = [i for i, value in enumerate(values) if isinstance(value, np.ndarray)]
    if not fixed:
        if len(values) == 1:
            return values[0]
        return r.layer(layers.Add(), *values)
    if len(values) == 2 and len(fixed) == 1:
        other = 1 - fixed[0]
        draft = r.drafts.get(source_of(values[other]))
        if draft is not None and r.alone(node.input[other]):
            return _with_bias(draft, np.asarray(values[fixed[0]], np.float32))
    raise Unreadable("it adds fixed numbers, which only a bias behind a Linear or a convolution can be")


def _with_bias(draft: Any, bias: Array) -> str:
    """Give a layer that has none this bias."""
    layer = draft.layer
    if not isinstance(layer, layers.Linear | layers.Conv2d) or layer.bias:
        raise Unreadable("it adds fixed numbers, which only a bias behind a Linear or a convolution can be")
    size = len(draft.state["weight"])
    shaped = bias.reshape(bias.shape[-3:] if bias.ndim > 3 else bias.shape)
    along = (
        list(shaped.shape) == [size, 1, 1] or bias.size == 1
        if isinstance(layer, layers.Conv2d)
        else shaped.shape[-1:] in ((size,), (1,), ())
    )
    if not along:
        raise Unreadable(f"it adds numbers of shape {bias.shape}; a bias has one for each of {size} units")
    draft.layer, draft.state["bias"] = layer.replace(bias=True), row(bias, size)
    return str(draft.id)


# --- norms ------------------------------------------------------------------------------------------------------------


@reads("BatchNormalization")
def _batch_norm(r: Reading, node: Any, values: list[Value], a: Attributes) -> Value:
    if a.get("training_mode", 0):
        raise Unreadable("it is written as in training; expected inference")
    names = ("weight", "bias", "running_mean", "running_var")
    state = {name: weights(values, i + 1, name).reshape(-1) for i, name in enumerate(names)}
    share = round(1 - float(a.get("momentum", 0.9)), 6)
    return r.layer(
        layers.BatchNorm(eps=float(np.float32(a.get("epsilon", 1e-5))), momentum=share), values[0], **state
    )


@reads("LayerNormalization")
def _layer_norm(r: Reading, node: Any, values: list[Value], a: Attributes) -> Value:
    scale, rank = weights(values, 1, "scale"), 1 if r.is_row(values[0]) else 3
    axis = int(a.get("axis", -1))
    if (axis - rank - 1 if axis > 0 else axis) != -scale.ndim or not 1 <= scale.ndim <= rank:
        raise Unreadable(
            f"it goes over the axes from {axis} on, with a scale of shape {scale.shape}; expected one number for each value of these axes"
        )
    bias = weights(values, 2, "bias") if len(values) > 2 and node.input[2] else np.zeros_like(scale)
    layer = layers.LayerNorm(scale.ndim % rank, float(a.get("epsilon", 1e-5)))
    return r.layer(layer, values[0], weight=scale, bias=bias)


@reads("LRN")
def _lrn(r: Reading, node: Any, values: list[Value], a: Attributes) -> Value:
    size = int(a.get("size", 1))
    if size % 2 == 0:
        raise Unreadable("its window is even, which ONNX centres otherwise than is done here")
    layer = layers.LocalResponseNorm(
        size, float(a.get("alpha", 1e-4)), float(a.get("beta", 0.75)), float(a.get("bias", 1.0))
    )
    return r.layer(layer, values[0])


# --- activations ------------------------------------------------------------------------------------------------------

PLAIN = {"Relu": "ReLU", "Tanh": "Tanh", "Sigmoid": "Sigmoid", "Mish": "Mish", "HardSwish": "Hardswish"}


@reads(*PLAIN)
def _plain(r: Reading, node: Any, values: list[Value], a: Attributes) -> Value:
    return r.layer(layers.registry.get(PLAIN[node.op_type])(), values[0])


@reads("HardSigmoid")
def _hard_sigmoid(r: Reading, node: Any, values: list[Value], a: Attributes) -> Value:
    if abs(a.get("alpha", 0.2) - 1 / 6) > 1e-6 or abs(a.get("beta", 0.5) - 0.5) > 1e-6:
        raise Unreadable("its slope is another than 1/6, which is the only one here")
    return r.layer(layers.Hardsigmoid(), values[0])


@reads("Gelu")
def _gelu(r: Reading, node: Any, values: list[Value], a: Attributes) -> Value:
    return r.layer(layers.GELU(a.get("approximate", "none") or "none"), values[0])


@reads("LeakyRelu")
def _leaky(r: Reading, node: Any, values: list[Value], a: Attributes) -> Value:
    return r.layer(layers.LeakyReLU(a.get("alpha", 0.01)), values[0])


@reads("Elu")
def _elu(r: Reading, node: Any, values: list[Value], a: Attributes) -> Value:
    return r.layer(layers.ELU(a.get("alpha", 1.0)), values[0])


@reads("Selu")
def _selu(r: Reading, node: Any, values: list[Value], a: Attributes) -> Value:
    usual = layers.SELU()
    alpha, scale = a.get("alpha", usual.alpha), a.get("gamma", usual.scale)
    if abs(alpha - usual.alpha) < 1e-6 and abs(scale - usual.scale) < 1e-6:  # they are float32 there
        return r.layer(usual, values[0])
    return r.layer(layers.SELU(alpha, scale), values[0])


@reads("PRelu")
def _prelu(r: Reading, node: Any, values: list[Value], a: Attributes) -> Value:
    slope = weights(values, 1, "slopes")
    along = slope.shape[-1:] if r.is_row(values[0]) else slope.shape[-3:-2]
    if slope.size > 1 and along != (slope.size,):
        raise Unreadable(f"its slopes have the shape {slope.shape}; expected one for each channel, or one")
    return r.layer(layers.PReLU(per_channel=slope.size > 1), values[0], weight=slope.reshape(-1))


@reads("Clip")
def _clip(r: Reading, node: Any, values: list[Value], a: Attributes) -> Value:
    ends = []
    for i, name in ((1, "min"), (2, "max")):
        if len(values) > i and node.input[i]:
            ends.append(number(values[i], name))
        elif name in a:
            ends.append(float(a[name]))
        else:
            raise Unreadable("it has one end alone; expected two")
    return r.layer(layers.Hardtanh(*ends), values[0])


@reads("Softmax", "LogSoftmax")
def _softmax(r: Reading, node: Any, values: list[Value], a: Attributes) -> Value:
    axis = a.get("axis", -1)
    if axis != 1 and not (axis == -1 and r.is_row(values[0])):
        raise Unreadable(f"it goes along axis {axis}; expected the channels")
    return r.layer(layers.Softmax() if node.op_type == "Softmax" else layers.LogSoftmax(), values[0])


@reads("Softplus")
def _softplus(r: Reading, node: Any, values: list[Value], a: Attributes) -> Value:
    scaled = values[0]
    if isinstance(scaled, Pending) and scaled.what == "scaled":
        beta = float(scaled.by)
        return Pending("bent", r.layer(layers.Softplus(beta=beta), scaled.source), scaled.by)
    return r.layer(layers.Softplus(), scaled)


@reads("Mul")
def _mul(r: Reading, node: Any, values: list[Value], a: Attributes) -> Value:
    """x · sigmoid(x), and what a Softplus with a beta begins with."""
    one, other = values
    for x, gate, name in ((one, other, node.input[1]), (other, one, node.input[0])):
        draft = r.drafts.get(gate) if isinstance(gate, str) else None
        if (
            draft is not None
            and isinstance(draft.layer, layers.Sigmoid)
            and draft.sources == [x]
            and r.alone(name)
        ):
            del r.drafts[draft.id]
            return r.layer(layers.SiLU(), x)
    if isinstance(one, str) and isinstance(other, np.ndarray) and other.size == 1:
        return Pending("scaled", one, other.reshape(()))
    raise Unreadable("no layer here computes it")


@reads("Div")
def _div(r: Reading, node: Any, values: list[Value], a: Attributes) -> Value:
    """What a Softplus with a beta ends with."""
    one, other = values
    if isinstance(one, Pending) and one.what == "bent" and number(other, "divisor") == float(one.by):
        return one.source
    raise Unreadable("no layer here computes it")


# --- shapes -----------------------------------------------------------------------------------------------------------


@reads("Flatten")
def _flatten(r: Reading, node: Any, values: list[Value], a: Attributes) -> Value:
    if a.get("axis", 1) != 1:
        raise Unreadable(f"it begins at axis {a['axis']}; expected all of a sample")
    return values[0] if _is_flat(r, values[0]) else r.layer(layers.Flatten(), values[0])


def _is_flat(r: Reading, value: Value) -> bool:
    """Whether each sample of it is a row already, by what stands before."""
    return source_of(value) in r.drafts and r.is_row(value)


@reads("Reshape")
def _reshape(r: Reading, node: Any, values: list[Value], a: Attributes) -> Value:
    shape = [int(v) for v in constant(values[1], "shape").reshape(-1)]
    if len(shape) == 2:
        return values[0] if _is_flat(r, values[0]) else r.layer(layers.Flatten(), values[0])
    if len(shape) == 4 and shape[0] in (0, -1, 1) and min(shape[1:]) > 0:
        return r.layer(layers.Unflatten(*shape[1:]), values[0])
    raise Unreadable(f"it makes the shape {shape[:6]}; expected a row for each sample, or a picture")


@reads("ReduceMean")
def _reduce_mean(r: Reading, node: Any, values: list[Value], a: Attributes) -> Value:
    axes = (
        a["axes"]
        if "axes" in a
        else [int(v) for v in constant(values[1], "axes").reshape(-1)]
        if len(values) > 1
        else []
    )
    if sorted(axis % 4 for axis in axes) != [2, 3]:
        raise Unreadable(f"it goes over the axes {axes[:6]}; expected height and width")
    return r.layer(layers.GlobalAvgPool2d(), values[0])


@reads("Concat")
def _concat(r: Reading, node: Any, values: list[Value], a: Attributes) -> Value:
    if a.get("axis", 1) != 1 and not (a.get("axis") == -1 and r.is_row(values[0])):
        raise Unreadable(f"it goes along axis {a.get('axis')}; expected the channels")
    return r.layer(layers.Concat(), *values)


@reads("Dropout", "Identity")
def _skipped(r: Reading, node: Any, values: list[Value], a: Attributes) -> Value:
    if len([name for name in node.output if name]) > 1:
        raise Unreadable("it also gives its mask, which nothing here reads")
    return values[0]


@reads("Constant")
def _constant(r: Reading, node: Any, values: list[Value], a: Attributes) -> Value:
    for name in ("value", "value_float", "value_int", "value_floats", "value_ints"):
        if name in a:
            return np.asarray(a[name])
    raise Unreadable("its value is of a kind that is not known")
