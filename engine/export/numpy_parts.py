"""Layers, losses and optimizers as a person would write them in NumPy. Exported programs are given the text of those they use.

They share nothing with the engine that trains, which computes the same in place, batch-last and without allocating: so an exported
program that agrees with it is a second opinion. Nothing here may need more than NumPy and ``math``, nor a name of another module.
"""

import math

import numpy as np


class Layer:
    """forward(x) → y; backward(dy) → dx, leaving the gradients of ``params`` in ``grads``."""

    def __init__(self, **params):
        self.params = {name: value for name, value in params.items() if value is not None}
        self.grads = {name: np.zeros_like(value) for name, value in self.params.items()}


class Sequential(Layer):
    """Layers one after the other; ``values`` keeps what each gave."""

    def __init__(self, *layers):
        super().__init__()
        self.layers = {str(number): layer for number, layer in enumerate(layers)}

    def forward(self, x, training=False):
        self.values = {}
        for name, layer in self.layers.items():
            self.values[name] = x = layer.forward(x, training)
        return x

    def backward(self, dy):
        for layer in reversed(self.layers.values()):
            dy = layer.backward(dy)
        return dy


class Graph(Layer):
    """Layers by name, each with the names it reads from ("input" for the data); ``values`` keeps what each gave."""

    def __init__(self, **nodes):
        super().__init__()
        self.layers = {name: layer for name, (layer, *_) in nodes.items()}
        self.sources = {name: sources for name, (_, *sources) in nodes.items()}

    def forward(self, x, training=False):
        known = {"input": x}
        for name, layer in self.layers.items():
            known[name] = layer.forward(*(known[source] for source in self.sources[name]), training=training)
        self.values = {name: known[name] for name in self.layers}
        return known[name]

    def backward(self, dy):
        arrived = dict.fromkeys(("input", *self.layers))
        arrived[list(self.layers)[-1]] = dy
        for name, layer in reversed(self.layers.items()):
            if arrived[name] is None:
                continue  # a branch that ends nowhere
            sent, sources = layer.backward(arrived[name]), self.sources[name]
            for source, dx in zip(sources, sent if len(sources) > 1 else [sent], strict=True):
                arrived[source] = dx if arrived[source] is None else arrived[source] + dx
        return arrived["input"]


class Linear(Layer):
    """y = x Wᵀ + b, with W (out, in)."""

    def __init__(self, weight, bias=None):
        super().__init__(weight=weight, bias=bias)

    def forward(self, x, training=False):
        self.x = x  # (N, in)
        y = x @ self.params["weight"].T  # (N, out)
        return y + self.params["bias"] if "bias" in self.params else y

    def backward(self, dy):
        self.grads = {"weight": dy.T @ self.x, "bias": dy.sum(axis=0)}
        return dy @ self.params["weight"]


class Conv2d(Layer):
    """Each filter slides over the picture (cross-correlation): every window becomes a column of one matrix product."""

    def __init__(self, weight, bias=None, stride=(1, 1), padding=(0, 0, 0, 0), dilation=(1, 1), groups=1):
        super().__init__(weight=weight, bias=bias)
        self.stride, self.padding, self.dilation, self.groups = stride, padding, dilation, groups

    def forward(self, x, training=False):
        (kh, kw), (sh, sw), (dh, dw) = self.params["weight"].shape[2:], self.stride, self.dilation
        top, bottom, left, right = self.padding
        x = np.pad(x, ((0, 0), (0, 0), (top, bottom), (left, right)))
        reach = (dh * (kh - 1) + 1, dw * (kw - 1) + 1)
        windows = np.lib.stride_tricks.sliding_window_view(x, reach, axis=(2, 3))
        windows = windows[:, :, ::sh, ::sw, ::dh, ::dw]  # (N, C, Ho, Wo, kh, kw)
        n, c, ho, wo = windows.shape[:4]
        self.x_shape, self.windows = x.shape, (n, c, kh, kw, ho, wo)
        self.columns = windows.transpose(0, 1, 4, 5, 2, 3).reshape(n, self.groups, -1, ho * wo)
        y = (self._weight() @ self.columns).reshape(n, -1, ho, wo)  # (N, filters, Ho, Wo)
        return y + self.params["bias"][:, None, None] if "bias" in self.params else y

    def backward(self, dy):
        n, c, kh, kw, ho, wo = self.windows
        (sh, sw), (dh, dw), (top, bottom, left, right) = self.stride, self.dilation, self.padding
        d = dy.reshape(n, self.groups, -1, ho * wo)
        d_weight = (d @ self.columns.swapaxes(2, 3)).sum(axis=0)
        self.grads = {
            "weight": d_weight.reshape(self.params["weight"].shape),
            "bias": dy.sum(axis=(0, 2, 3)),
        }
        columns = (self._weight().swapaxes(1, 2) @ d).reshape(n, c, kh, kw, ho, wo)
        dx = np.zeros(self.x_shape, dy.dtype)
        for u in range(kh):
            for v in range(kw):  # what cell (u, v) of each window saw gets its share back
                seen = np.s_[:, :, u * dh : u * dh + sh * ho : sh, v * dw : v * dw + sw * wo : sw]
                dx[seen] += columns[:, :, u, v]
        height, width = self.x_shape[2:]
        return dx[:, :, top : height - bottom, left : width - right]

    def _weight(self):
        w = self.params["weight"]  # (filters, C / groups, kh, kw)
        return w.reshape(self.groups, len(w) // self.groups, -1)


class ConvTranspose2d(Layer):
    """Every value of the picture stamps the filters, times itself, on the result; stamps that overlap add up."""

    def __init__(
        self,
        weight,
        bias=None,
        stride=(1, 1),
        padding=(0, 0),
        output_padding=(0, 0),
        dilation=(1, 1),
        groups=1,
    ):
        super().__init__(weight=weight, bias=bias)
        self.stride, self.padding, self.output_padding = stride, padding, output_padding
        self.dilation, self.groups = dilation, groups

    def forward(self, x, training=False):
        self.x = x
        n, _, height, width = x.shape
        groups, depth, filters, kh, kw = self._weight().shape
        (sh, sw), (dh, dw), (more_h, more_w) = self.stride, self.dilation, self.output_padding
        stamps = np.einsum("ngchw,gcouv->nuvgohw", x.reshape(n, groups, depth, height, width), self._weight())
        stamps = stamps.reshape(n, kh, kw, groups * filters, height, width)
        size = (height - 1) * sh + dh * (kh - 1) + 1 + more_h, (width - 1) * sw + dw * (kw - 1) + 1 + more_w
        y = np.zeros((n, groups * filters, *size), x.dtype)
        for u, v, seen in self._places(kh, kw, height, width):
            y[seen] += stamps[:, u, v]
        (ph, pw) = self.padding
        y = y[:, :, ph : size[0] - ph, pw : size[1] - pw]  # (N, filters, Ho, Wo)
        return y + self.params["bias"][:, None, None] if "bias" in self.params else y

    def backward(self, dy):
        (ph, pw), (n, _, height, width) = self.padding, self.x.shape
        weight = self._weight()
        groups, depth, filters, kh, kw = weight.shape
        dy_full = np.pad(dy, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
        windows = np.stack([dy_full[seen] for _, _, seen in self._places(kh, kw, height, width)], axis=1)
        windows = windows.reshape(n, kh, kw, groups, filters, height, width)
        x = self.x.reshape(n, groups, depth, height, width)
        d_weight = np.einsum("ngchw,nuvgohw->gcouv", x, windows)
        self.grads = {
            "weight": d_weight.reshape(self.params["weight"].shape),
            "bias": dy.sum(axis=(0, 2, 3)),
        }
        return np.einsum("nuvgohw,gcouv->ngchw", windows, weight).reshape(self.x.shape)

    def _weight(self):
        w = self.params["weight"]  # (C, filters / groups, kh, kw)
        return w.reshape(self.groups, len(w) // self.groups, *w.shape[1:])

    def _places(self, kh, kw, height, width):
        """Where cell (u, v) of every stamp falls."""
        (sh, sw), (dh, dw) = self.stride, self.dilation
        for u in range(kh):
            for v in range(kw):
                rows = slice(u * dh, u * dh + sh * (height - 1) + 1, sh)
                yield u, v, np.s_[:, :, rows, v * dw : v * dw + sw * (width - 1) + 1 : sw]


class Upsample(Layer):
    """Larger by whole factors: along each axis a product with a matrix that says how much each cell counts."""

    def __init__(self, scale_factor, mode="nearest", align_corners=False):
        super().__init__()
        self.scale_factor, self.mode, self.align_corners = scale_factor, mode, align_corners

    def forward(self, x, training=False):
        sizes = zip(x.shape[2:], self.scale_factor, strict=True)
        self.rows, self.columns = (self._shares(size, size * scale).astype(x.dtype) for size, scale in sizes)
        return self.rows @ x @ self.columns.T  # (N, C, h, w)

    def backward(self, dy):
        return self.rows.T @ dy @ self.columns

    def _shares(self, size, count):
        at = np.arange(count)
        if self.mode == "nearest":
            return np.eye(size)[at * size // count]
        places = np.clip((at + 0.5) * size / count - 0.5, 0, size - 1)
        if self.align_corners:
            places = at * (size - 1) / max(count - 1, 1)
        return np.maximum(0, 1 - abs(places[:, None] - np.arange(size)))


class ZeroPad2d(Layer):
    """Zeros round the picture: top, bottom, left, right."""

    def __init__(self, padding):
        super().__init__()
        self.padding = padding

    def forward(self, x, training=False):
        top, bottom, left, right = self.padding
        return np.pad(x, ((0, 0), (0, 0), (top, bottom), (left, right)))

    def backward(self, dy):
        top, bottom, left, right = self.padding
        return dy[:, :, top : dy.shape[2] - bottom, left : dy.shape[3] - right]


class MaxPool2d(Layer):
    """The largest value of each window; only that one, the first of equals, receives gradient."""

    def __init__(self, kernel_size, stride, padding=(0, 0, 0, 0), dilation=(1, 1)):
        super().__init__()
        self.kernel_size, self.stride, self.padding, self.dilation = kernel_size, stride, padding, dilation

    def forward(self, x, training=False):
        (kh, kw), (sh, sw), (dh, dw) = self.kernel_size, self.stride, self.dilation
        (top, bottom, left, right), reach = self.padding, (dh * (kh - 1) + 1, dw * (kw - 1) + 1)
        x = np.pad(x, ((0, 0), (0, 0), (top, bottom), (left, right)), constant_values=-np.inf)
        windows = np.lib.stride_tricks.sliding_window_view(x, reach, axis=(2, 3))
        windows = windows[:, :, ::sh, ::sw, ::dh, ::dw]  # (N, C, Ho, Wo, kh, kw)
        windows = windows.reshape(*windows.shape[:4], kh * kw)
        self.x_shape, self.winner = x.shape, windows.argmax(axis=-1)
        return windows.max(axis=-1)

    def backward(self, dy):
        (kh, kw), (sh, sw), (dh, dw) = self.kernel_size, self.stride, self.dilation
        (top, bottom, left, right), (ho, wo), (height, width) = self.padding, dy.shape[2:], self.x_shape[2:]
        dx = np.zeros(self.x_shape, dy.dtype)
        for u in range(kh):
            for v in range(kw):
                seen = np.s_[:, :, u * dh : u * dh + sh * ho : sh, v * dw : v * dw + sw * wo : sw]
                dx[seen] += dy * (self.winner == u * kw + v)
        return dx[:, :, top : height - bottom, left : width - right]


class AvgPool2d(Layer):
    """The mean of each window. ``beyond``: cells below and to the right of all padding, which never count."""

    def __init__(
        self,
        kernel_size,
        stride,
        padding=(0, 0, 0, 0),
        count_include_pad=True,
        beyond=(0, 0),
        dilation=(1, 1),
    ):
        super().__init__()
        self.kernel_size, self.stride, self.padding, self.dilation = kernel_size, stride, padding, dilation
        self.count_include_pad, self.beyond = count_include_pad, beyond

    def forward(self, x, training=False):
        top, bottom, left, right = self.padding
        border = ((0, 0), (0, 0), (top, bottom), (left, right))
        beyond = ((0, 0), (0, 0), (0, self.beyond[0]), (0, self.beyond[1]))
        counts = np.pad(np.ones_like(x[:1, :1]), border, constant_values=float(self.count_include_pad))
        self.x_shape = x.shape
        self.count = self._windows(np.pad(counts, beyond)).sum(axis=(4, 5))
        return self._windows(np.pad(np.pad(x, border), beyond)).sum(axis=(4, 5)) / self.count

    def backward(self, dy):
        (kh, kw), (sh, sw), (dh, dw) = self.kernel_size, self.stride, self.dilation
        (top, bottom, left, right), (down, along) = self.padding, self.beyond
        n, c, height, width = self.x_shape
        ho, wo = dy.shape[2:]
        dx = np.zeros((n, c, height + top + bottom + down, width + left + right + along), dy.dtype)
        for u in range(kh):
            for v in range(kw):
                seen = np.s_[:, :, u * dh : u * dh + sh * ho : sh, v * dw : v * dw + sw * wo : sw]
                dx[seen] += dy / self.count
        return dx[:, :, top : top + height, left : left + width]

    def _windows(self, x):
        (kh, kw), (sh, sw), (dh, dw) = self.kernel_size, self.stride, self.dilation
        reach = (dh * (kh - 1) + 1, dw * (kw - 1) + 1)
        windows = np.lib.stride_tricks.sliding_window_view(x, reach, axis=(2, 3))
        return windows[:, :, ::sh, ::sw, ::dh, ::dw]  # (N, C, Ho, Wo, kh, kw)


class AdaptiveAvgPool2d(Layer):
    """Averages down to a given size: along each axis a product with a matrix whose rows average one stretch."""

    def __init__(self, output_size):
        super().__init__()
        self.output_size = output_size

    def forward(self, x, training=False):
        self.rows, self.columns = (
            self._averages(*sizes).astype(x.dtype)
            for sizes in zip(x.shape[2:], self.output_size, strict=True)
        )
        return self.rows @ x @ self.columns.T  # (N, C, h, w)

    def backward(self, dy):
        return self.rows.T @ dy @ self.columns

    @staticmethod
    def _averages(size, count):
        matrix = np.zeros((count, size))
        for i in range(count):
            start, stop = i * size // count, -(-(i + 1) * size // count)
            matrix[i, start:stop] = 1.0 / (stop - start)
        return matrix


class GlobalAvgPool2d(Layer):
    """The mean of each channel."""

    def forward(self, x, training=False):
        self.x_shape = x.shape
        return x.mean(axis=(2, 3))  # (N, C)

    def backward(self, dy):
        height, width = self.x_shape[2:]
        return np.broadcast_to(dy[:, :, None, None] / (height * width), self.x_shape)


class GlobalMaxPool2d(Layer):
    """The largest value of each channel; only that one, the first of equals, receives gradient."""

    def forward(self, x, training=False):
        self.x_shape, cells = x.shape, x.reshape(*x.shape[:2], -1)
        self.winner = cells.argmax(axis=2)[:, :, None]
        return cells.max(axis=2)  # (N, C)

    def backward(self, dy):
        dx = np.zeros((*dy.shape, self.x_shape[2] * self.x_shape[3]), dy.dtype)
        np.put_along_axis(dx, self.winner, dy[:, :, None], axis=2)
        return dx.reshape(self.x_shape)


class ReLU(Layer):
    """y = max(0, x)"""

    def forward(self, x, training=False):
        self.x = x
        return np.maximum(x, 0)

    def backward(self, dy):
        return dy * (self.x > 0)


class LeakyReLU(Layer):
    """y = x where positive, a small slope times x elsewhere"""

    def __init__(self, negative_slope):
        super().__init__()
        self.negative_slope = negative_slope

    def forward(self, x, training=False):
        self.slope = np.where(x > 0, 1.0, self.negative_slope).astype(x.dtype)
        return x * self.slope

    def backward(self, dy):
        return dy * self.slope


class PReLU(Layer):
    """A leaky ReLU that learns its slope: one for all, or one per feature or channel."""

    def __init__(self, weight):
        super().__init__(weight=weight)

    def forward(self, x, training=False):
        self.x = x
        return np.maximum(x, 0) + self._slope() * np.minimum(x, 0)

    def backward(self, dy):
        parts = dy * np.minimum(self.x, 0)
        axes = tuple(axis for axis in range(dy.ndim) if axis != 1)
        per_channel = parts.sum(axis=axes)
        self.grads = {
            "weight": per_channel if len(self.params["weight"]) > 1 else per_channel.sum(keepdims=True)
        }
        return dy * np.where(self.x > 0, np.ones_like(self.x), self._slope())

    def _slope(self):
        return self.params["weight"].reshape(-1, *(1,) * (self.x.ndim - 2))


class Tanh(Layer):
    """y = tanh(x)"""

    def forward(self, x, training=False):
        self.y = np.tanh(x)
        return self.y

    def backward(self, dy):
        return dy * (1 - self.y**2)


class Sigmoid(Layer):
    """y = 1 / (1 + e⁻ˣ), written so that nothing can overflow"""

    def forward(self, x, training=False):
        self.y = 0.5 * np.tanh(0.5 * x) + 0.5
        return self.y

    def backward(self, dy):
        return dy * self.y * (1 - self.y)


class Identity(Layer):
    """y = x"""

    def forward(self, x, training=False):
        return x

    def backward(self, dy):
        return dy


class ELU(Layer):
    """y = x where positive, α (eˣ − 1) elsewhere; all times a scale, which is 1 but for SELU"""

    def __init__(self, alpha, scale=1.0):
        super().__init__()
        self.alpha, self.scale = alpha, scale

    def forward(self, x, training=False):
        bent = self.alpha * np.expm1(np.minimum(x, 0))
        self.slope = self.scale * np.where(x > 0, np.ones_like(x), bent + self.alpha)
        return self.scale * (np.maximum(x, 0) + bent)

    def backward(self, dy):
        return dy * self.slope


class GELU(Layer):
    """y = x Φ(x), where Φ is the normal distribution"""

    def forward(self, x, training=False):
        self.x = x
        self.phi = 0.5 * np.vectorize(math.erfc, otypes=[float])(-x / math.sqrt(2)).astype(x.dtype)
        return x * self.phi

    def backward(self, dy):
        density = np.exp(-0.5 * self.x**2) / math.sqrt(2 * math.pi)
        return dy * (self.phi + self.x * density)


class TanhGELU(Layer):
    """y = x g(x), where g(x) = (1 + tanh(√(2/π) (x + 0.044715 x³))) / 2 is near the normal distribution"""

    def forward(self, x, training=False):
        self.x = x
        self.gate = 0.5 * np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)) + 0.5
        return x * self.gate

    def backward(self, dy):
        slope = math.sqrt(8 / math.pi) * self.gate * (1 - self.gate) * (1 + 3 * 0.044715 * self.x**2)
        return dy * (self.gate + self.x * slope)


class Mish(Layer):
    """y = x tanh(log(1 + eˣ))"""

    def forward(self, x, training=False):
        self.x, self.gate = x, np.tanh(np.logaddexp(0, x)).astype(x.dtype)
        return x * self.gate

    def backward(self, dy):
        sigmoid = 0.5 * np.tanh(0.5 * self.x) + 0.5
        return dy * (self.gate + self.x * sigmoid * (1 - self.gate**2))


class Hardswish(Layer):
    """y = x min(max(x + 3, 0), 6) / 6"""

    def forward(self, x, training=False):
        self.x = x
        return x * np.clip(x + 3, 0, 6) / 6

    def backward(self, dy):
        return dy * np.where(np.abs(self.x) < 3, self.x / 3 + 0.5, (self.x > 0).astype(dy.dtype))


class Hardsigmoid(Layer):
    """y = min(max(x / 6 + 1/2, 0), 1)"""

    def forward(self, x, training=False):
        self.inside = np.abs(x) < 3
        return np.clip(x / 6 + 0.5, 0, 1)

    def backward(self, dy):
        return dy * self.inside / 6


class SiLU(Layer):
    """y = x σ(x)"""

    def forward(self, x, training=False):
        self.gate = 0.5 * np.tanh(0.5 * x) + 0.5
        self.y = x * self.gate
        return self.y

    def backward(self, dy):
        return dy * (self.gate + self.y * (1 - self.gate))


class Softplus(Layer):
    """y = log(1 + e^(βx)) / β"""

    def __init__(self, beta):
        super().__init__()
        self.beta = beta

    def forward(self, x, training=False):
        self.slope = 0.5 * np.tanh(0.5 * self.beta * x) + 0.5
        return np.logaddexp(0, self.beta * x).astype(x.dtype) / self.beta

    def backward(self, dy):
        return dy * self.slope


class Hardtanh(Layer):
    """y = x, cut off at two bounds"""

    def __init__(self, min_val, max_val):
        super().__init__()
        self.min_val, self.max_val = min_val, max_val

    def forward(self, x, training=False):
        self.inside = (x > self.min_val) & (x < self.max_val)
        return np.clip(x, self.min_val, self.max_val)

    def backward(self, dy):
        return dy * self.inside


class Softmax(Layer):
    """Probabilities over features, or over channels at each pixel"""

    def forward(self, x, training=False):
        e = np.exp(x - x.max(axis=1, keepdims=True))
        self.y = e / e.sum(axis=1, keepdims=True)
        return self.y

    def backward(self, dy):
        return self.y * (dy - (dy * self.y).sum(axis=1, keepdims=True))


class LogSoftmax(Layer):
    """Logarithms of probabilities over features, or over channels at each pixel"""

    def forward(self, x, training=False):
        shifted = x - x.max(axis=1, keepdims=True)
        self.y = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        return self.y

    def backward(self, dy):
        return dy - np.exp(self.y) * dy.sum(axis=1, keepdims=True)


class Dropout(Layer):
    """In training, each value is 0 with probability p and the rest scaled up. ``masks``: what to keep, drawn before; used first."""

    def __init__(self, p, per_channel=False, seed=0):
        super().__init__()
        self.p, self.per_channel = p, per_channel
        self.rng, self.masks = np.random.default_rng(seed), iter(())

    def forward(self, x, training=False):
        self.factor = np.ones(1, x.dtype)
        if training and self.p:
            shape = (*x.shape[:2], 1, 1) if self.per_channel else x.shape
            keep = next(self.masks, None)
            keep = self.rng.random(shape) >= self.p if keep is None else keep
            self.factor = (keep / (1 - self.p)).astype(x.dtype)
        return x * self.factor

    def backward(self, dy):
        return dy * self.factor


class GaussianNoise(Layer):
    """In training, a little noise is added. ``masks``: noise of deviation 1 drawn before; used first."""

    def __init__(self, std, seed=0):
        super().__init__()
        self.std = std
        self.rng, self.masks = np.random.default_rng(seed), iter(())

    def forward(self, x, training=False):
        if not training or not self.std:
            return x
        noise = next(self.masks, None)
        noise = self.rng.standard_normal(x.shape) if noise is None else noise
        return x + self.std * noise.astype(x.dtype)

    def backward(self, dy):
        return dy


class Flatten(Layer):
    """(N, C, H, W) → (N, C·H·W)"""

    def forward(self, x, training=False):
        self.x_shape = x.shape
        return x.reshape(len(x), -1)

    def backward(self, dy):
        return dy.reshape(self.x_shape)


class Unflatten(Layer):
    """(N, C·H·W) → (N, C, H, W)"""

    def __init__(self, *shape):
        super().__init__()
        self.shape = shape

    def forward(self, x, training=False):
        self.x_shape = x.shape
        return x.reshape(len(x), *self.shape)

    def backward(self, dy):
        return dy.reshape(self.x_shape)


class BatchNorm(Layer):
    """Mean 0 and deviation 1 per feature or channel: of the batch in training, of running averages otherwise."""

    def __init__(self, running_mean, running_var, weight=None, bias=None, eps=1e-5, momentum=0.1):
        super().__init__(weight=weight, bias=bias)
        self.running_mean, self.running_var = running_mean, running_var
        self.eps, self.momentum = eps, momentum

    def forward(self, x, training=False):
        self.axes = (0, *range(2, x.ndim))
        mean, var = self.running_mean, self.running_var
        if training:
            n = x[:, 0].size
            mean, var = x.mean(axis=self.axes), x.var(axis=self.axes)
            self.running_mean += self.momentum * (mean - self.running_mean)
            self.running_var += self.momentum * (var * n / (n - 1) - self.running_var)
        self.training = training
        self.inverse = 1 / np.sqrt(self._column(var) + self.eps)
        self.normal = (x - self._column(mean)) * self.inverse
        if "weight" not in self.params:
            return self.normal
        return self.normal * self._column(self.params["weight"]) + self._column(self.params["bias"])

    def backward(self, dy):
        d = dy
        if "weight" in self.params:
            self.grads = {"weight": (dy * self.normal).sum(axis=self.axes), "bias": dy.sum(axis=self.axes)}
            d = dy * self._column(self.params["weight"])
        if self.training:  # the batch's own statistics pass gradient on, too
            mean, along = (v.mean(axis=self.axes) for v in (d, d * self.normal))
            d = d - self._column(mean) - self.normal * self._column(along)
        return d * self.inverse

    def _column(self, values):
        return values.reshape(-1, *(1,) * (len(self.axes) - 1))


class LayerNorm(Layer):
    """Mean 0 and deviation 1 over all values of a sample, or those of its last dimensions."""

    def __init__(self, weight=None, bias=None, eps=1e-5, normalized_ndim=0):
        super().__init__(weight=weight, bias=bias)
        self.eps, self.normalized_ndim = eps, normalized_ndim

    def forward(self, x, training=False):
        self.axes = tuple(range(x.ndim))[-self.normalized_ndim or 1 :]
        self.inverse = 1 / np.sqrt(x.var(axis=self.axes, keepdims=True) + self.eps)
        self.normal = (x - x.mean(axis=self.axes, keepdims=True)) * self.inverse
        return self.normal * self.params["weight"] + self.params["bias"] if self.params else self.normal

    def backward(self, dy):
        d = dy
        if self.params:
            others = tuple(range(self.axes[0]))
            self.grads = {"weight": (dy * self.normal).sum(axis=others), "bias": dy.sum(axis=others)}
            d = dy * self.params["weight"]
        mean, along = (v.mean(axis=self.axes, keepdims=True) for v in (d, d * self.normal))
        return (d - mean - self.normal * along) * self.inverse


class LocalResponseNorm(Layer):
    """Damps a channel where its neighbours answer strongly at the same place."""

    def __init__(self, size, alpha, beta, k):
        super().__init__()
        self.size, self.alpha, self.beta, self.k = size, alpha, beta, k

    def forward(self, x, training=False):
        self.x = x
        self.damp = self.k + self.alpha / self.size * self._sums(x * x, self.size // 2)
        return x * self.damp**-self.beta

    def backward(self, dy):
        shared = self._sums(dy * self.x * self.damp ** (-self.beta - 1), (self.size - 1) // 2)
        return dy * self.damp**-self.beta - 2 * self.alpha * self.beta / self.size * self.x * shared

    def _sums(self, x, before):
        """Over ``size`` neighbouring channels, ``before`` of which come before."""
        padded = np.pad(x, ((0, 0), (before, self.size - 1 - before), (0, 0), (0, 0)))
        return sum(padded[:, i : i + x.shape[1]] for i in range(self.size))


class Add(Layer):
    """The sum of its inputs."""

    def forward(self, *xs, training=False):
        self.count = len(xs)
        return sum(xs)

    def backward(self, dy):
        return [dy] * self.count


class Concat(Layer):
    """Its inputs side by side: features after features, or channels after channels."""

    def forward(self, *xs, training=False):
        self.cuts = np.cumsum([x.shape[1] for x in xs])[:-1]
        return np.concatenate(xs, axis=1)

    def backward(self, dy):
        return np.split(dy, self.cuts, axis=1)


# --- losses: the loss and its gradient with respect to the outputs z (N, …) --------------------------------------------


def mse_loss(z, t):
    """Mean squared error; t in the shape of z."""
    r = z - t
    return (r * r).mean(), 2 / r.size * r


def l1_loss(z, t):
    """Mean absolute error; t in the shape of z."""
    r = z - t
    return np.abs(r).mean(), np.sign(r) / r.size


def huber_loss(z, t, delta=1.0):
    """Squared for small errors, linear for large ones; t in the shape of z."""
    r = z - t
    c = np.clip(r, -delta, delta)
    return (c * (r - c / 2)).mean(), c / r.size


def bce_with_logits_loss(z, t):
    """Binary cross-entropy of sigmoid(z); t of the same shape, from 0 to 1."""
    surprise = np.logaddexp(-t * z, (1 - t) * z)  # log(1 + eᶻ) − tz, and nothing cancels where t is 0 or 1
    return surprise.astype(z.dtype).mean(), (0.5 * np.tanh(0.5 * z) + 0.5 - t) / z.size


def bce_loss(z, t):
    """Binary cross-entropy of probabilities z; t of the same shape, from 0 to 1. Logarithms stop at -100, as in PyTorch."""
    with np.errstate(divide="ignore"):
        yes, no = np.maximum(np.log(z), -100), np.maximum(np.log(1 - z), -100)
    return -(t * yes + (1 - t) * no).mean(), (z - t) / np.maximum(z * (1 - z), 1e-12) / z.size


def nll_loss(z, y):
    """Minus the log-probability z of the true class; y: labels (N,)."""
    rows = np.arange(len(z))
    dz = np.zeros_like(z)
    dz[rows, y] = -1 / len(z)
    return -z[rows, y].mean(), dz


def cross_entropy_loss(z, y, label_smoothing=0.0, weight=()):
    """Cross-entropy of softmax(z); y: labels (N,). ``weight``: how much each class counts, 1 where nothing is said."""
    k = z.shape[1]
    w = np.ones(k, z.dtype)
    w[: len(weight)] = weight[:k]
    t = ((1 - label_smoothing) * np.eye(k, dtype=z.dtype)[y] + label_smoothing / k) * w
    shifted = z - z.max(axis=1, keepdims=True)  # exp cannot overflow
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return -(t * log_p).sum() / w[y].sum(), (np.exp(log_p) * t.sum(axis=1, keepdims=True) - t) / w[y].sum()


def hinge_loss(z, t):
    """max(0, 1 − tz); t (N, 1) of −1 and +1."""
    slack = np.maximum(0, 1 - t * z)
    return slack.mean(), -t * (slack > 0) / z.size


def multi_margin_loss(z, y, margin=1.0):
    """The true class is to lead every other by a margin; y: labels (N,)."""
    rows = np.arange(len(z))
    slack = np.maximum(0, margin - z[rows, y][:, None] + z)
    slack[rows, y] = 0
    dz = (slack > 0).astype(z.dtype)
    dz[rows, y] = -dz.sum(axis=1)
    return slack.mean(), dz / z.size


# --- optimizers: ``step`` changes parameters in place ------------------------------------------------------------------


class Optimizer:
    """``params`` and ``grads`` are lists of arrays in the same order; whatever is remembered begins at 0."""

    def __init__(self, params, lr, weight_decay=0.0):
        self.params, self.lr, self.weight_decay, self.t = params, lr, weight_decay, 0

    def zeros(self):
        return [np.zeros_like(p) for p in self.params]

    def step(self, grads):
        self.t += 1
        for i, (p, g) in enumerate(zip(self.params, grads, strict=True)):
            self.update(i, p, g + self.weight_decay * p if self.weight_decay else g)


class SGD(Optimizer):
    """Stochastic gradient descent, with momentum and Nesterov's look ahead if wanted."""

    def __init__(self, params, lr, momentum=0.0, dampening=0.0, weight_decay=0.0, nesterov=False):
        super().__init__(params, lr, weight_decay)
        self.momentum, self.dampening, self.nesterov = momentum, dampening, nesterov
        self.velocity = self.zeros()

    def update(self, i, p, g):
        if self.momentum:
            v = self.velocity[i]
            v *= self.momentum
            v += g if self.t == 1 else (1 - self.dampening) * g
            g = g + self.momentum * v if self.nesterov else v
        p -= self.lr * g


class Adagrad(Optimizer):
    """A rate per weight that falls with all the gradient it has seen."""

    def __init__(self, params, lr, eps=1e-10, weight_decay=0.0):
        super().__init__(params, lr, weight_decay)
        self.eps, self.sum = eps, self.zeros()

    def update(self, i, p, g):
        self.sum[i] += g * g
        p -= self.lr * g / (np.sqrt(self.sum[i]) + self.eps)


class RMSprop(Optimizer):
    """Each step is divided by the recent size of that weight's gradients."""

    def __init__(self, params, lr, alpha=0.99, eps=1e-8, weight_decay=0.0, momentum=0.0):
        super().__init__(params, lr, weight_decay)
        self.alpha, self.eps, self.momentum = alpha, eps, momentum
        self.square, self.velocity = self.zeros(), self.zeros()

    def update(self, i, p, g):
        self.square[i] += (1 - self.alpha) * (g * g - self.square[i])
        move = g / (np.sqrt(self.square[i]) + self.eps)
        self.velocity[i] = self.momentum * self.velocity[i] + move
        p -= self.lr * self.velocity[i]


class Adam(Optimizer):
    """Steps of about the same size for every weight; ``decoupled``: weight decay acts on the weights directly (AdamW)."""

    def __init__(self, params, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0, decoupled=False):
        super().__init__(params, lr, 0.0 if decoupled else weight_decay)
        self.betas, self.eps, self.shrink = betas, eps, weight_decay if decoupled else 0.0
        self.m, self.v = self.zeros(), self.zeros()

    def update(self, i, p, g):
        b1, b2 = self.betas
        p *= 1 - self.lr * self.shrink
        self.m[i] += (1 - b1) * (g - self.m[i])
        self.v[i] += (1 - b2) * (g * g - self.v[i])
        root = np.sqrt(self.v[i]) / math.sqrt(1 - b2**self.t) + self.eps
        p -= self.lr / (1 - b1**self.t) * self.m[i] / root


class ReduceLROnPlateau:
    """A factor for the learning rate that falls when the loss has not for ``patience`` epochs."""

    def __init__(self, factor, patience, threshold):
        self.reduction, self.patience, self.threshold = factor, patience, threshold
        self.factor, self.best, self.waited = 1.0, math.inf, 0

    def watch(self, loss):
        if loss < self.best * (1 - self.threshold):
            self.best, self.waited = loss, 0
        elif self.waited + 1 > self.patience:
            self.factor, self.waited = self.factor * self.reduction, 0
        else:
            self.waited += 1


# --- between the gradient and the update -------------------------------------------------------------------------------


def clip_value(grads, limit):
    """Cut off every single gradient beyond a limit."""
    return [np.clip(g, -limit, limit) for g in grads]


def clip_norm(grads, max_norm):
    """Shorten the whole gradient where it is longer than ``max_norm``."""
    norm = math.sqrt(sum(float((g * g).sum()) for g in grads))
    return [g * min(1.0, max_norm / (norm + 1e-6)) for g in grads]


def limit_rows(weights, limit):
    """Shorten each unit's incoming weights to ``limit`` at most ("max-norm")."""
    for w in weights:
        length = np.sqrt((w * w).sum(axis=tuple(range(1, w.ndim)), keepdims=True))
        w *= limit / np.maximum(length, limit)


def one_cycle(part, rise, divisor, last_divisor):
    """A factor from 1/divisor up to 1 and down to 1/(divisor · last_divisor), along cosines; ``part``: how much of the run is over."""
    first, last = 1 / divisor, 1 / (divisor * last_divisor)
    start, end, at = (first, 1.0, part / rise) if part < rise else (1.0, last, (part - rise) / (1 - rise))
    return end + (start - end) / 2 * (1 + math.cos(math.pi * at))


def orthogonal(rng, shape):
    """Rows (or columns, if there are fewer of those) at right angles to one another."""
    rows, columns = shape[0], math.prod(shape[1:])
    q, r = np.linalg.qr(rng.normal(size=(max(rows, columns), min(rows, columns))))
    q = q * np.sign(np.diag(r))
    return (q if rows >= columns else q.T).reshape(shape)
