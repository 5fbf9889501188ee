"""Keras' layers and the layers that compute the same: the table of the import of ``.keras`` files.

Keras holds pictures as ``(H, W, C)``: filters are turned, and so are the weights that read what a ``Flatten`` has put in a row.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from engine import layers
from engine.core import Array
from engine.errors import clipped, counted, shown
from engine.importing.drafts import Unreadable
from engine.importing.keras_reading import Config, Read, Reading, reads
from engine.layers.base import Layer

#: layers that do nothing in inference, or nothing at all
_NOTHING = ("ActivityRegularization", "GaussianDropout", "AlphaDropout")


def _pair(value: Any) -> tuple[int, int]:
    first, second = (value, value) if isinstance(value, int) else value
    return int(first), int(second)


def _padding(
    config: Config, kernel: tuple[int, int], stride: tuple[int, int], dilation: tuple[int, int]
) -> Any:
    """As layers here take it: Keras puts the odd one at the end."""
    said = config.get("padding", "valid")
    if said == "valid":
        return 0
    if said != "same":
        raise Unreadable(f"it pads by {shown(clipped(str(said), 20))}; expected 'valid' or 'same'")
    if stride != (1, 1):
        return "same"
    (top, left), (bottom, right) = (
        tuple(d * (k - 1) // 2 for k, d in zip(kernel, dilation, strict=True)),
        tuple(d * (k - 1) - d * (k - 1) // 2 for k, d in zip(kernel, dilation, strict=True)),
    )
    return (top, left) if (top, left) == (bottom, right) else (top, bottom, left, right)


def _weights(config: Config, arrays: Sequence[Array], count: int = 2) -> tuple[Array, dict[str, Array]]:
    """The first array, and the bias where it has one."""
    biased = bool(config.get("use_bias", True))
    if len(arrays) != count - (0 if biased else 1):
        raise Unreadable(
            f"the file holds {counted(len(arrays), 'array')} for it; expected {count - (0 if biased else 1)}"
        )
    return arrays[0], ({"bias": arrays[-1]} if biased else {})


@reads("Dense")
def _dense(r: Reading, config: Config, sources: list[str], arrays: Sequence[Array]) -> str:
    kernel, bias = _weights(config, arrays)
    shape = r.shapes.get(sources[0])
    if kernel.ndim != 2 or not kernel.size or (shape is not None and len(shape) != 1):
        raise Unreadable(
            "it reads pictures pixel by pixel, or its weights are no table; expected rows of values"
        )
    weight = r.in_our_order(kernel, sources[0]).T
    return r.put(layers.Linear(int(config["units"]), bias=bool(bias)), sources, weight=weight, **bias)


@reads("Conv2D")
def _conv(r: Reading, config: Config, sources: list[str], arrays: Sequence[Array]) -> str:
    kernel, bias = _weights(config, arrays)
    size, stride, dilation = (_pair(config[name]) for name in ("kernel_size", "strides", "dilation_rate"))
    layer = layers.Conv2d(
        int(config["filters"]),
        size,
        stride,
        _padding(config, size, stride, dilation),
        dilation,
        int(config.get("groups", 1)),
        bool(bias),
    )
    return r.put(layer, sources, weight=kernel.transpose(3, 2, 0, 1), **bias)


@reads("DepthwiseConv2D")
def _depthwise(r: Reading, config: Config, sources: list[str], arrays: Sequence[Array]) -> str:
    kernel, bias = _weights(config, arrays)
    size, stride, dilation = (_pair(config[name]) for name in ("kernel_size", "strides", "dilation_rate"))
    height, width, channels, times = kernel.shape
    layer = layers.Conv2d(
        channels * times,
        size,
        stride,
        _padding(config, size, stride, dilation),
        dilation,
        channels,
        bool(bias),
    )
    weight = kernel.transpose(2, 3, 0, 1).reshape(channels * times, 1, height, width)
    return r.put(layer, sources, weight=weight, **bias)


@reads("Conv2DTranspose")
def _transposed(r: Reading, config: Config, sources: list[str], arrays: Sequence[Array]) -> str:
    kernel, bias = _weights(config, arrays)
    size, stride, dilation = (_pair(config[name]) for name in ("kernel_size", "strides", "dilation_rate"))
    if config.get("output_padding") is not None:
        raise Unreadable("it says itself how much is added to its result (output_padding)")
    cut, besides = [], []
    for k, s, d in zip(size, stride, dilation, strict=True):
        reach = d * (k - 1) + 1
        before = max(reach - s, 0) // 2 if config.get("padding") == "same" else 0
        wanted = s if config.get("padding") == "same" else max(reach, s)
        more = wanted - reach + 2 * before
        if not 0 <= more < max(s, d):
            raise Unreadable("it cuts off more at the end than at the beginning, which no layer here does")
        cut.append(before)
        besides.append(more)
    layer = layers.ConvTranspose2d(
        int(config["filters"]),
        size,
        stride,
        (cut[0], cut[1]),
        (besides[0], besides[1]),
        dilation,
        1,
        bool(bias),
    )
    return r.put(layer, sources, weight=kernel.transpose(3, 2, 0, 1), **bias)


def _windows(config: Config) -> dict[str, Any]:
    size = _pair(config["pool_size"])
    stride = _pair(config.get("strides") or size)
    return {"kernel_size": size, "stride": stride, "padding": _padding(config, size, stride, (1, 1))}


@reads("MaxPooling2D")
def _max_pool(r: Reading, config: Config, sources: list[str], arrays: Sequence[Array]) -> str:
    return r.put(layers.MaxPool2d(**_windows(config)), sources)


@reads("AveragePooling2D")
def _average_pool(r: Reading, config: Config, sources: list[str], arrays: Sequence[Array]) -> str:
    return r.put(layers.AvgPool2d(**_windows(config), count_include_pad=False), sources)


def _global(made: Callable[[], Layer]) -> Read:
    def read(r: Reading, config: Config, sources: list[str], arrays: Sequence[Array]) -> str:
        if config.get("keepdims"):
            raise Unreadable("it keeps pictures of one pixel (keepdims)")
        return r.put(made(), sources)

    return read


reads("GlobalAveragePooling2D")(_global(layers.GlobalAvgPool2d))
reads("GlobalMaxPooling2D")(_global(layers.GlobalMaxPool2d))


@reads("Flatten")
def _flatten(r: Reading, config: Config, sources: list[str], arrays: Sequence[Array]) -> str:
    shape = r.shapes.get(sources[0])
    if shape is None:
        raise Unreadable(
            "the file does not say how large pictures are, and so not where each of their values goes"
        )
    if len(shape) == 1:
        return sources[0]
    node_id = r.put(layers.Flatten(), sources)
    if sources[0] not in r.turned:
        channels, height, width = shape
        theirs = np.arange(channels * height * width).reshape(height, width, channels)
        r.rows[node_id] = theirs.transpose(2, 0, 1).ravel()
    return node_id


@reads("Permute")
def _permute(r: Reading, config: Config, sources: list[str], arrays: Sequence[Array]) -> str:
    """Pixels to channels first, before a Flatten: what is so here anyway."""
    if list(config["dims"]) != [3, 1, 2] or sources[0] in r.turned:
        raise Unreadable(f"it reorders by {config['dims']}; expected (3, 1, 2), before a Flatten")
    node_id = r.put(layers.Identity(), sources)
    r.turned.add(node_id)
    return node_id


@reads("BatchNormalization")
def _batch_norm(r: Reading, config: Config, sources: list[str], arrays: Sequence[Array]) -> str:
    axis, rank = config["axis"], len(r.shapes.get(sources[0], ())) or None
    axis = axis[0] if isinstance(axis, list) and len(axis) == 1 else axis
    scale, center = bool(config.get("scale", True)), bool(config.get("center", True))
    if axis != -1 and axis != rank:
        raise Unreadable(f"it normalizes along the axis {clipped(str(axis), 20)}; expected the channels")
    left = [r.in_our_order(a, sources[0]) for a in arrays]
    if len(left) != 2 + scale + center:
        raise Unreadable(
            f"the file holds {counted(len(left), 'array')} for it; expected {2 + scale + center}"
        )
    mean, variance = left[-2:]
    state = {"running_mean": mean, "running_var": variance}
    if scale or center:
        state["weight"] = left[0] if scale else np.ones_like(mean)
        state["bias"] = left[int(scale)] if center else np.zeros_like(mean)
    layer = layers.BatchNorm(eps=float(config["epsilon"]), momentum=round(1 - float(config["momentum"]), 6))
    return r.put(layer if scale or center else replace(layer, affine=False), sources, **state)


@reads("LayerNormalization")
def _layer_norm(r: Reading, config: Config, sources: list[str], arrays: Sequence[Array]) -> str:
    shape = r.shapes.get(sources[0])
    axes = config["axis"] if isinstance(config["axis"], list) else [config["axis"]]
    if (
        shape is None
        or sorted(a % (len(shape) + 1) for a in axes) != [*range(1, len(shape) + 1)]
        or config.get("rms_scaling")
    ):
        raise Unreadable("it normalizes along some axes alone; expected all of a sample")
    scale, center = bool(config.get("scale", True)), bool(config.get("center", True))
    if scale != center or len(arrays) != scale + center:
        raise Unreadable(
            "it scales and does not shift, or shifts and does not scale; expected both or neither"
        )
    state = {}
    if scale:
        for name, a in zip(("weight", "bias"), arrays, strict=True):
            state[name] = r.in_our_order(a, sources[0]) if a.ndim == 1 else a.transpose(2, 0, 1)
    return r.put(layers.LayerNorm(eps=float(config["epsilon"]), elementwise_affine=scale), sources, **state)


@reads("Activation")
def _activation(r: Reading, config: Config, sources: list[str], arrays: Sequence[Array]) -> str:
    return sources[0]  # what it does is said by its setting


@reads("ReLU")
def _relu(r: Reading, config: Config, sources: list[str], arrays: Sequence[Array]) -> str:
    most, slope = config.get("max_value"), float(config.get("negative_slope") or 0.0)
    if config.get("threshold") or (most is not None and slope):
        raise Unreadable("it begins elsewhere than at 0, or is cut off and leaks")
    if most is not None:
        return r.put(layers.Hardtanh(0.0, float(most)), sources)
    return r.put(layers.LeakyReLU(slope) if slope else layers.ReLU(), sources)


@reads("LeakyReLU")
def _leaky(r: Reading, config: Config, sources: list[str], arrays: Sequence[Array]) -> str:
    return r.put(layers.LeakyReLU(float(config["negative_slope"])), sources)


@reads("ELU")
def _elu(r: Reading, config: Config, sources: list[str], arrays: Sequence[Array]) -> str:
    return r.put(layers.ELU(float(config.get("alpha", 1.0))), sources)


@reads("PReLU")
def _prelu(r: Reading, config: Config, sources: list[str], arrays: Sequence[Array]) -> str:
    (alpha,) = arrays
    slopes = r.in_our_order(alpha, sources[0]) if alpha.ndim == 1 else alpha.reshape(-1)
    if alpha.ndim > 1 and alpha.size != alpha.shape[-1]:
        raise Unreadable(f"it has a slope for each pixel ({alpha.shape}); expected one for each channel")
    return r.put(layers.PReLU(per_channel=slopes.size > 1), sources, weight=slopes)


@reads("Softmax")
def _softmax(r: Reading, config: Config, sources: list[str], arrays: Sequence[Array]) -> str:
    return r.put(layers.Softmax(), sources)


@reads("Dropout")
def _dropout(r: Reading, config: Config, sources: list[str], arrays: Sequence[Array]) -> str:
    if config.get("noise_shape") is not None:
        raise Unreadable("it drops values in groups (noise_shape)")
    return r.put(layers.Dropout(float(config["rate"])), sources)


@reads("SpatialDropout2D")
def _spatial_dropout(r: Reading, config: Config, sources: list[str], arrays: Sequence[Array]) -> str:
    return r.put(layers.Dropout2d(float(config["rate"])), sources)


@reads("GaussianNoise")
def _noise(r: Reading, config: Config, sources: list[str], arrays: Sequence[Array]) -> str:
    return r.put(layers.GaussianNoise(float(config["stddev"])), sources)


@reads("Identity", *_NOTHING)
def _identity(r: Reading, config: Config, sources: list[str], arrays: Sequence[Array]) -> str:
    return sources[0]


@reads("ZeroPadding2D")
def _zero_padding(r: Reading, config: Config, sources: list[str], arrays: Sequence[Array]) -> str:
    (top, bottom), (left, right) = (_pair(side) for side in config["padding"])
    return r.put(layers.ZeroPad2d((top, bottom, left, right)), sources)


@reads("UpSampling2D")
def _upsampling(r: Reading, config: Config, sources: list[str], arrays: Sequence[Array]) -> str:
    mode = config.get("interpolation", "nearest")
    if mode not in ("nearest", "bilinear"):
        raise Unreadable(f"it enlarges by {shown(clipped(str(mode), 20))}; expected nearest or bilinear")
    return r.put(layers.Upsample(_pair(config["size"]), mode), sources)


@reads("Add")
def _add(r: Reading, config: Config, sources: list[str], arrays: Sequence[Array]) -> str:
    return r.put(layers.Add(), sources)


@reads("Concatenate")
def _concatenate(r: Reading, config: Config, sources: list[str], arrays: Sequence[Array]) -> str:
    rank = len(r.shapes.get(sources[0], ()))
    if config.get("axis", -1) not in (-1, rank or None):
        raise Unreadable(f"it joins along the axis {clipped(str(config['axis']), 20)}; expected the channels")
    return r.put(layers.Concat(), sources)
