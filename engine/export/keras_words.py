"""How each layer is written in Keras 3: one or several of its own, channels last, and helpers for what it lacks.

A writer gives the calls that make them, in order, without the name of the last; ``keras_weights`` gives what that one learns and keeps, in
the order and the shapes of its ``set_weights``.
"""

from __future__ import annotations

import numpy as np

from engine import layers
from engine.core import Array
from engine.export.base import ExportError, Place, Writers, arguments
from engine.layers.conv import pair

keras_writers = Writers("Keras")
writes = keras_writers.writes


def channels_last(shape: tuple[int, ...]) -> tuple[int, ...]:
    """``(C, H, W)`` → ``(H, W, C)``; a row of values as it is."""
    return (*shape[1:], shape[0])


def _refused(layer: layers.Layer, what: str) -> ExportError:
    return ExportError(
        f"{layer.label} cannot be written in Keras with {what}: Keras has none. Set it otherwise, or take another target."
    )


def _call(name: str, *values: object, **named: object) -> str:
    return f"layers.{name}({arguments(*values, **named)})"


def _one(value: tuple[int, int]) -> int | tuple[int, int]:
    return value[0] if value[0] == value[1] else value


@writes(layers.Identity)
def _identity(layer: layers.Layer, at: Place) -> list[str]:
    return ["layers.Identity()"]


@writes(layers.ReLU)
def _relu(layer: layers.Layer, at: Place) -> list[str]:
    return ["layers.ReLU()"]


@writes(layers.Tanh, layers.Sigmoid, layers.SiLU, "Mish", "Hardswish", "Hardsigmoid")
def _activation(layer: layers.Layer, at: Place) -> list[str]:
    names = {"Hardswish": "hard_silu", "Hardsigmoid": "hard_sigmoid"}
    return [_call("Activation", names.get(layer.key, layer.key.lower()))]


@writes(layers.GELU)
def _gelu(layer: layers.GELU, at: Place) -> list[str]:
    tanh = getattr(layer, "approximate", "none") == "tanh"
    return ["TanhGelu()"] if tanh else [_call("Activation", "gelu")]


@writes(layers.SELU)
def _selu(layer: layers.SELU, at: Place) -> list[str]:
    if any(value != p.default for p, value in layer.values() if p.name in ("alpha", "scale")):
        raise _refused(layer, "other constants than its own")
    return [_call("Activation", "selu")]


@writes(layers.LeakyReLU)
def _leaky(layer: layers.LeakyReLU, at: Place) -> list[str]:
    return [_call("LeakyReLU", negative_slope=layer.negative_slope)]


@writes(layers.ELU)
def _elu(layer: layers.ELU, at: Place) -> list[str]:
    return [_call("ELU", alpha=layer.alpha)]


@writes(layers.PReLU)
def _prelu(layer: layers.PReLU, at: Place) -> list[str]:
    rank = len(at.out)
    shared = [*range(1, rank)] if at.shapes["weight"][0] > 1 else [*range(1, rank + 1)]
    return [_call("PReLU", shared_axes=shared) if shared else "layers.PReLU()"]


@writes(layers.Softplus)
def _softplus(layer: layers.Softplus, at: Place) -> list[str]:
    return [f"Softplus({layer.beta!r})"]


@writes(layers.Hardtanh)
def _hardtanh(layer: layers.Hardtanh, at: Place) -> list[str]:
    return [f"Clip({layer.min_val!r}, {layer.max_val!r})"]


@writes(layers.Softmax)
def _softmax(layer: layers.Softmax, at: Place) -> list[str]:
    return ["layers.Softmax()"]


@writes(layers.LogSoftmax)
def _log_softmax(layer: layers.LogSoftmax, at: Place) -> list[str]:
    return ['layers.Activation("log_softmax")']


@writes(layers.Linear)
def _linear(layer: layers.Linear, at: Place) -> list[str]:
    return [_call("Dense", layer.out_features, **({} if layer.bias else {"use_bias": False}))]


@writes(layers.Conv2d)
def _conv(layer: layers.Conv2d, at: Place) -> list[str]:
    (sh, sw), (dh, dw) = pair(layer.stride), pair(layer.dilation)
    if max(sh, sw) > 1 and max(dh, dw) > 1:
        raise _refused(layer, "both a stride and a dilation")
    if sh != sw:
        raise _refused(layer, "two strides")
    pads = layer.pads(*at.ins)
    same = layer.padding == "same" and (sh, sw) == (1, 1)
    more: dict[str, object] = {}
    if sh > 1:
        more["strides"] = sh
    if same and any(pads):
        more["padding"] = "same"
    if max(dh, dw) > 1:
        more["dilation_rate"] = _one((dh, dw))
    if layer.groups > 1:
        more["groups"] = layer.groups
    if not layer.bias:
        more["use_bias"] = False
    conv = _call("Conv2D", layer.out_channels, _one(pair(layer.kernel_size)), **more)
    return [conv] if same or not any(pads) else [_padding(pads), conv]


def _padding(pads: tuple[int, int, int, int]) -> str:
    top, bottom, left, right = pads
    return f"layers.ZeroPadding2D((({top}, {bottom}), ({left}, {right})))"


def _pooling(name: str, layer: layers.MaxPool2d | layers.AvgPool2d) -> list[str]:
    size, stride = pair(layer.kernel_size), layer.steps()
    return [_call(name, _one(size), **({} if stride == size else {"strides": _one(stride)}))]


def _windows(layer: layers.MaxPool2d | layers.AvgPool2d, at: Place) -> str:
    return f"{pair(layer.kernel_size)}, {layer.steps()}, {layer.border(*at.ins)}, {pair(layer.dilation)}"


@writes(layers.MaxPool2d)
def _max_pool(layer: layers.MaxPool2d, at: Place) -> list[str]:
    if pair(layer.dilation) == (1, 1) and not any(layer.border(*at.ins)):
        return _pooling("MaxPooling2D", layer)
    return [f"WindowMax({_windows(layer, at)})"]


@writes(layers.AvgPool2d)
def _avg_pool(layer: layers.AvgPool2d, at: Place) -> list[str]:
    pads = layer.pads(*at.ins)
    if (
        pair(layer.dilation) == (1, 1)
        and layer.border(*at.ins) == pads
        and (layer.count_include_pad or not any(pads))
    ):
        pool = _pooling("AveragePooling2D", layer)
        return [_padding(pads), *pool] if any(pads) else pool
    counting = pads if layer.count_include_pad else (0, 0, 0, 0)
    return [f"WindowMean({_windows(layer, at)}, {counting})"]


@writes(layers.ConvTranspose2d)
def _conv_transpose(layer: layers.ConvTranspose2d, at: Place) -> list[str]:
    kernel, stride, dilation = pair(layer.kernel_size), pair(layer.stride), pair(layer.dilation)
    if layer.groups > 1:
        raise _refused(layer, "groups")
    if max(stride) > 1 and max(dilation) > 1:
        raise _refused(layer, "both a stride and a dilation")
    cut = []
    for n, out, k, s, p, d in zip(
        at.ins[0][1:], at.out[1:], kernel, stride, pair(layer.padding), dilation, strict=True
    ):
        made = (n - 1) * s + max(d * (k - 1) + 1, s)  # at least the stride for each value
        cut.append((p, made - p - out))
    if min(map(min, cut)) < 0:
        raise _refused(layer, "more at the end than stamps reach (output padding)")
    more: dict[str, object] = {}
    if stride != (1, 1):
        more["strides"] = _one(stride)
    if dilation != (1, 1):
        more["dilation_rate"] = _one(dilation)
    if not layer.bias:
        more["use_bias"] = False
    cropping = (*cut[0], *cut[1])
    if not any(cropping):
        return [_call("Conv2DTranspose", layer.out_channels, _one(kernel), **more)]
    return [
        f"CroppedConv2DTranspose({arguments(layer.out_channels, _one(kernel), **more, cropping=cropping)})"
    ]


@writes(layers.Upsample)
def _upsample(layer: layers.Upsample, at: Place) -> list[str]:
    if layer.mode == "bilinear" and layer.align_corners:
        raise _refused(layer, "corners that stay (align_corners)")
    more = {"interpolation": "bilinear"} if layer.mode == "bilinear" else {}
    return [_call("UpSampling2D", _one(pair(layer.scale_factor)), **more)]


@writes(layers.ZeroPad2d)
def _zero_pad(layer: layers.ZeroPad2d, at: Place) -> list[str]:
    return [_padding(layer.pads())]


@writes(layers.AdaptiveAvgPool2d)
def _adaptive(layer: layers.AdaptiveAvgPool2d, at: Place) -> list[str]:
    h, w = pair(layer.output_size)
    return [f"AdaptiveAveragePooling({h}, {w})"]


@writes(layers.GlobalAvgPool2d)
def _global(layer: layers.GlobalAvgPool2d, at: Place) -> list[str]:
    return ["layers.GlobalAveragePooling2D()"]


@writes("GlobalMaxPool2d")
def _global_max(layer: layers.Layer, at: Place) -> list[str]:
    return ["layers.GlobalMaxPooling2D()"]


@writes(layers.BatchNorm)
def _batch_norm(layer: layers.BatchNorm, at: Place) -> list[str]:
    # Keras counts the share that is kept, and takes the biased variance.
    more = {} if layer.affine else {"center": False, "scale": False}
    return [_call("BatchNormalization", momentum=round(1 - layer.momentum, 12), epsilon=layer.eps, **more)]


@writes(layers.LayerNorm)
def _layer_norm(layer: layers.LayerNorm, at: Place) -> list[str]:
    if getattr(layer, "normalized_ndim", 0) not in (0, len(at.out)):
        raise _refused(layer, "only the last dimensions")
    axes = -1 if len(at.out) == 1 else [*range(1, len(at.out) + 1)]
    more = {} if layer.elementwise_affine else {"center": False, "scale": False}
    return [_call("LayerNormalization", axis=axes, epsilon=layer.eps, **more)]


@writes(layers.LocalResponseNorm)
def _local_response(layer: layers.LocalResponseNorm, at: Place) -> list[str]:
    return [f"LocalResponseNorm({arguments(layer.size, layer.alpha, layer.beta, layer.k)})"]


@writes(layers.Dropout)
def _dropout(layer: layers.Dropout, at: Place) -> list[str]:
    return [_call("Dropout", layer.p)]


@writes(layers.Dropout2d)
def _dropout2d(layer: layers.Dropout2d, at: Place) -> list[str]:
    return [_call("SpatialDropout2D" if len(at.out) == 3 else "Dropout", layer.p)]


@writes(layers.GaussianNoise)
def _noise(layer: layers.GaussianNoise, at: Place) -> list[str]:
    return [_call("GaussianNoise", layer.std)]


@writes(layers.Flatten)
def _flatten(layer: layers.Flatten, at: Place) -> list[str]:
    """In the order of channels, rows, columns, so that the weights after it stay as they are."""
    before = ["layers.Permute((3, 1, 2))"] if len(at.ins[0]) == 3 else []
    return [*before, "layers.Flatten()"]


@writes(layers.Unflatten)
def _unflatten(layer: layers.Unflatten, at: Place) -> list[str]:
    return [f"layers.Reshape({at.out})", "layers.Permute((2, 3, 1))"]


@writes(layers.Add)
def _add(layer: layers.Add, at: Place) -> list[str]:
    return ["layers.Add()"]


@writes(layers.Concat)
def _concat(layer: layers.Concat, at: Place) -> list[str]:
    return ["layers.Concatenate()"]


def keras_weights(place: Place, state: dict[str, Array]) -> list[Array]:
    """What the place's last layer takes by ``set_weights``."""
    own = {name: state[f"{place.name}.{name}"] for name in place.shapes}
    order = [name for name in ("weight", "bias", "running_mean", "running_var") if name in own]
    return [_turned(place, own[name]) for name in order]


def _turned(place: Place, a: Array) -> Array:
    """A parameter in Keras' shape."""
    if isinstance(place.layer, layers.PReLU):
        rank = len(place.out)
        return a if rank == 1 else a.reshape(*(1 for _ in range(rank - 1)), -1)
    if a.ndim == 2:
        return a.T
    if a.ndim == 4:
        return a.transpose(2, 3, 1, 0)
    return a.transpose(1, 2, 0) if a.ndim == 3 else a


def weights_npz(named: list[tuple[str, list[Array]]]) -> dict[str, Array]:
    """Arrays by "layer.number", as ``load`` of the program reads them."""
    return {f"{name}.{i}": np.ascontiguousarray(a) for name, arrays in named for i, a in enumerate(arrays)}
