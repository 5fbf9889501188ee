"""Keras 3 as its documentation describes it, in NumPy and as far as exported programs use it: a second reading of what is written.

It stands in the place of Keras where that is not installed. Inference alone; arrays are float64 and channels come last.
"""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from scipy.special import erf


class Tensor:
    """A value to come: of which layer, from which others."""

    def __init__(self, layer: Layer | None, sources: list[Tensor], shape: tuple[int | None, ...]) -> None:
        self.layer, self.sources, self.shape = layer, sources, shape


class Layer:
    """Base of layers: ``build`` makes ``weights``, ``call`` computes."""

    count = 0

    def __init__(self, name: str = "", trainable: bool = True) -> None:
        Layer.count += 1
        self.name = name or f"{type(self).__name__.lower()}_unnamed_{Layer.count}"
        self.weights: list[np.ndarray] = []
        self.trainable, self._built = trainable, False

    def build(self, shape: tuple[int, ...]) -> None: ...

    def call(self, x: Any) -> Any:
        raise NotImplementedError

    def __call__(self, x: Any) -> Tensor:
        sources = x if isinstance(x, list) else [x]
        shapes = [source.shape[1:] for source in sources]
        if not self._built:
            self.build((None, *shapes[0]))
            self._built = True
        tried = [np.zeros((2, *shape)) for shape in shapes]
        result = self.call(tried if isinstance(x, list) else tried[0])
        self.output = Tensor(self, sources, (None, *result.shape[1:]))
        return self.output

    def set_weights(self, arrays: list[np.ndarray]) -> None:
        assert len(arrays) == len(self.weights), (self.name, len(arrays), len(self.weights))
        for own, given in zip(self.weights, arrays, strict=True):
            assert own.shape == given.shape, (self.name, own.shape, given.shape)
            own[...] = given


class Model:
    """From inputs to outputs, through all that lies between."""

    def __init__(self, inputs: Any, outputs: Any) -> None:
        self.inputs = inputs if isinstance(inputs, list) else [inputs]
        self.outputs = outputs if isinstance(outputs, list) else [outputs]
        self.layers: list[Layer] = []
        for tensor in self.outputs:
            self._collect(tensor)

    def _collect(self, tensor: Tensor) -> None:
        for source in tensor.sources:
            self._collect(source)
        if tensor.layer is not None and tensor.layer not in self.layers:
            self.layers.append(tensor.layer)

    def get_layer(self, name: str) -> Layer:
        (found,) = [layer for layer in self.layers if layer.name == name]
        return found

    def predict(self, x: np.ndarray, verbose: Any = "auto") -> Any:
        known = {id(self.inputs[0]): np.asarray(x, float)}
        found = [_value(tensor, known) for tensor in self.outputs]
        return found if len(found) > 1 else found[0]

    def summary(self) -> None: ...


def _value(tensor: Tensor, known: dict[int, np.ndarray]) -> np.ndarray:
    if id(tensor) not in known:
        values = [_value(source, known) for source in tensor.sources]
        known[id(tensor)] = tensor.layer.call(values if len(values) > 1 else values[0])
    return known[id(tensor)]


class Sequential(Model):
    def __init__(self, layers: list[Any]) -> None:
        first, *others = layers
        x = first
        for layer in others:
            x = layer(x)
        super().__init__(first, x)


def Input(shape: tuple[int, ...]) -> Tensor:
    return Tensor(None, [], (None, *shape))


class Identity(Layer):
    def call(self, x):
        return x


class Dropout(Identity):
    def __init__(self, rate, **named):
        super().__init__(**named)
        assert 0 <= rate < 1


class SpatialDropout2D(Dropout):
    def build(self, shape):
        assert len(shape) == 4


class GaussianNoise(Identity):
    def __init__(self, stddev, **named):
        super().__init__(**named)


ACTIVATIONS = {
    "tanh": np.tanh, "sigmoid": lambda x: 1 / (1 + np.exp(-x)), "silu": lambda x: x / (1 + np.exp(-x)),
    "gelu": lambda x: x * (1 + erf(x / np.sqrt(2))) / 2, "mish": lambda x: x * np.tanh(np.logaddexp(0, x)),
    "selu": lambda x: 1.05070098735548049342 * np.where(x > 0, x, 1.67326324235437728482 * np.expm1(np.minimum(x, 0))),
    "hard_sigmoid": lambda x: np.clip(x + 3, 0, 6) / 6, "hard_silu": lambda x: x * np.clip(x + 3, 0, 6) / 6,
}  # fmt: skip


class Activation(Layer):
    def __init__(self, activation, **named):
        super().__init__(**named)
        self.call = ACTIVATIONS[activation]


class ReLU(Layer):
    def call(self, x):
        return np.maximum(x, 0)


class LeakyReLU(Layer):
    def __init__(self, negative_slope=0.3, **named):
        super().__init__(**named)
        self.slope = negative_slope

    def call(self, x):
        return np.where(x > 0, x, self.slope * x)


class ELU(Layer):
    def __init__(self, alpha=1.0, **named):
        super().__init__(**named)
        self.alpha = alpha

    def call(self, x):
        return np.where(x > 0, x, self.alpha * np.expm1(np.minimum(x, 0)))


class PReLU(Layer):
    def __init__(self, shared_axes=(), **named):
        super().__init__(**named)
        self.shared = shared_axes

    def build(self, shape):
        self.weights = [np.zeros([1 if i in self.shared else n for i, n in enumerate(shape)][1:])]

    def call(self, x):
        return np.where(x > 0, x, self.weights[0] * x)


class Softmax(Layer):
    def call(self, x):
        e = np.exp(x - x.max(-1, keepdims=True))
        return e / e.sum(-1, keepdims=True)


class Dense(Layer):
    def __init__(self, units, use_bias=True, **named):
        super().__init__(**named)
        self.units, self.use_bias = units, use_bias

    def build(self, shape):
        self.weights = [np.zeros((shape[-1], self.units))] + [np.zeros(self.units)] * self.use_bias

    def call(self, x):
        return x @ self.weights[0] + (self.weights[1] if self.use_bias else 0)


def _two(value):
    return value if isinstance(value, tuple) else (value, value)


class Conv2D(Layer):
    def __init__(
        self,
        filters,
        kernel_size,
        strides=1,
        padding="valid",
        dilation_rate=1,
        groups=1,
        use_bias=True,
        **named,
    ):
        super().__init__(**named)
        self.filters, self.size, self.strides = filters, _two(kernel_size), _two(strides)
        self.padding, self.rate, self.groups, self.use_bias = padding, _two(dilation_rate), groups, use_bias
        assert max(self.strides) == 1 or max(self.rate) == 1, "Keras refuses both"

    def build(self, shape):
        kernel = np.zeros((*self.size, shape[-1] // self.groups, self.filters))
        self.weights = [kernel] + [np.zeros(self.filters)] * self.use_bias

    def call(self, x):
        (kh, kw), (sh, sw), (dh, dw) = self.size, self.strides, self.rate
        if self.padding == "same":
            assert (sh, sw) == (1, 1)
            down, across = dh * (kh - 1), dw * (kw - 1)
            pads = [(0, 0), (down // 2, down - down // 2), (across // 2, across - across // 2), (0, 0)]
            x = np.pad(x, pads)
        ho, wo = (x.shape[1] - dh * (kh - 1) - 1) // sh + 1, (x.shape[2] - dw * (kw - 1) - 1) // sw + 1
        out = np.zeros((len(x), ho, wo, self.filters))
        ins, outs = x.shape[-1] // self.groups, self.filters // self.groups
        for g in range(self.groups):
            part, mine = x[..., g * ins : (g + 1) * ins], slice(g * outs, (g + 1) * outs)
            for i in range(kh):
                for j in range(kw):
                    seen = part[
                        :, i * dh : i * dh + sh * (ho - 1) + 1 : sh, j * dw : j * dw + sw * (wo - 1) + 1 : sw
                    ]
                    out[..., mine] += seen @ self.weights[0][i, j, :, mine]
        return out + (self.weights[1] if self.use_bias else 0)


class Conv2DTranspose(Layer):
    def __init__(self, filters, kernel_size, strides=1, dilation_rate=1, use_bias=True, **named):
        super().__init__(**named)
        self.filters, self.size, self.use_bias = filters, _two(kernel_size), use_bias
        self.strides, self.rate = _two(strides), _two(dilation_rate)
        assert max(self.strides) == 1 or max(self.rate) == 1, "Keras refuses both"

    def build(self, shape):
        kernel = np.zeros((*self.size, self.filters, shape[-1]))
        self.weights = [kernel] + [np.zeros(self.filters)] * self.use_bias

    def call(self, x):
        (kh, kw), (sh, sw), (dh, dw) = self.size, self.strides, self.rate
        _, rows, columns, _ = x.shape
        # "valid": as far as stamps reach, and the stride at least for each value.
        height, width = (
            (rows - 1) * sh + max(dh * (kh - 1) + 1, sh),
            (columns - 1) * sw + max(dw * (kw - 1) + 1, sw),
        )
        out = np.zeros((len(x), height, width, self.filters))
        for i in range(kh):
            for j in range(kw):
                down, right = (
                    slice(i * dh, i * dh + sh * (rows - 1) + 1, sh),
                    slice(j * dw, j * dw + sw * (columns - 1) + 1, sw),
                )
                out[:, down, right] += x @ self.weights[0][i, j].T
        return out + (self.weights[1] if self.use_bias else 0)


class UpSampling2D(Layer):
    def __init__(self, size=2, interpolation="nearest", **named):
        super().__init__(**named)
        self.size, self.interpolation = _two(size), interpolation

    def call(self, x):
        for axis, factor in zip((1, 2), self.size, strict=True):
            count = x.shape[axis]
            places = np.clip((np.arange(count * factor) + 0.5) / factor - 0.5, 0, count - 1)
            low = np.floor(places).astype(int)
            if self.interpolation == "nearest":
                x = np.repeat(x, factor, axis)
                continue
            share = (places - low).reshape(*[1] * axis, -1, *[1] * (3 - axis))
            x = (1 - share) * x.take(low, axis) + share * x.take(np.minimum(low + 1, count - 1), axis)
        return x


class ZeroPadding2D(Layer):
    def __init__(self, padding, **named):
        super().__init__(**named)
        self.padding = padding

    def call(self, x):
        return np.pad(x, [(0, 0), *self.padding, (0, 0)])


class _Pooling(Layer):
    reduce: Any

    def __init__(self, pool_size, strides=None, **named):
        super().__init__(**named)
        self.size = _two(pool_size)
        self.strides = self.size if strides is None else _two(strides)

    def call(self, x):
        windows = np.lib.stride_tricks.sliding_window_view(x, self.size, axis=(1, 2))
        return type(self).reduce(windows[:, :: self.strides[0], :: self.strides[1]], axis=(-2, -1))


class MaxPooling2D(_Pooling):
    reduce = np.max


class AveragePooling2D(_Pooling):
    reduce = np.mean


class GlobalAveragePooling2D(Layer):
    def call(self, x):
        return x.mean((1, 2))


class GlobalMaxPooling2D(Layer):
    def call(self, x):
        return x.max((1, 2))


class BatchNormalization(Layer):
    def __init__(self, momentum=0.99, epsilon=1e-3, center=True, scale=True, **named):
        super().__init__(**named)
        self.epsilon, self.affine = epsilon, (scale, center)

    def build(self, shape):
        n = shape[-1]
        self.weights = (
            [np.ones(n)] * self.affine[0] + [np.zeros(n)] * self.affine[1] + [np.zeros(n), np.ones(n)]
        )

    def call(self, x):
        *affine, mean, variance = self.weights
        y = (x - mean) / np.sqrt(variance + self.epsilon)
        return y * affine[0] + affine[1] if affine else y


class LayerNormalization(Layer):
    def __init__(self, axis=-1, epsilon=1e-3, center=True, scale=True, **named):
        super().__init__(**named)
        self.axis, self.epsilon, self.affine = axis, epsilon, (scale, center)

    def build(self, shape):
        axes = self.axis if isinstance(self.axis, list) else [self.axis]
        sizes = [shape[i] for i in axes]
        self.weights = [np.ones(sizes)] * self.affine[0] + [np.zeros(sizes)] * self.affine[1]

    def call(self, x):
        axes = tuple(self.axis) if isinstance(self.axis, list) else self.axis
        y = (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + self.epsilon)
        return y * self.weights[0] + self.weights[1] if self.weights else y


class Flatten(Layer):
    def call(self, x):
        return x.reshape(len(x), -1)


class Reshape(Layer):
    def __init__(self, target_shape, **named):
        super().__init__(**named)
        self.target = target_shape

    def call(self, x):
        return x.reshape(len(x), *self.target)


class Permute(Layer):
    def __init__(self, dims, **named):
        super().__init__(**named)
        self.dims = dims

    def call(self, x):
        return x.transpose(0, *self.dims)


class Add(Layer):
    def call(self, x):
        return sum(x)


class Concatenate(Layer):
    def call(self, x):
        return np.concatenate(x, -1)


class Ops:
    square, stack, mean, clip, maximum = np.square, np.stack, np.mean, np.clip, np.maximum
    convert_to_tensor = np.asarray

    @staticmethod
    def pad(x, pads, constant_values=0.0):
        return np.pad(x, pads, constant_values=constant_values)

    @staticmethod
    def softplus(x):
        return np.logaddexp(0, x)

    @staticmethod
    def gelu(x, approximate=True):
        assert approximate
        return x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))) / 2


@contextmanager
def reading() -> Iterator[None]:
    """Inside the block, ``import keras`` gives this."""
    own = globals()
    layers = types.ModuleType("keras.layers")
    vars(layers).update(
        {name: thing for name, thing in own.items() if isinstance(thing, type) or name == "Input"}
    )
    keras = types.ModuleType("keras")
    keras.layers, keras.ops, keras.Model, keras.Sequential = layers, Ops, Model, Sequential
    before = {name: sys.modules.get(name) for name in ("keras", "keras.layers")}
    sys.modules.update({"keras": keras, "keras.layers": layers})
    try:
        yield
    finally:
        for name, module in before.items():
            if module is None:
                del sys.modules[name]
            else:
                sys.modules[name] = module
