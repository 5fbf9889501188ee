"""Networks as a good textbook writes them in NumPy: clear, vectorized, batch first, nothing prepared. A yardstick, not a part."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Array = NDArray[Any]


class Dense:
    def __init__(self, n_in: int, n_out: int, rng: np.random.Generator) -> None:
        self.w = (rng.normal(size=(n_in, n_out)) / np.sqrt(n_in)).astype(np.float32)
        self.b = np.zeros(n_out, np.float32)

    def forward(self, x: Array) -> Array:
        self.x = x
        return x @ self.w + self.b

    def backward(self, dy: Array, lr: float) -> Array:
        dx = dy @ self.w.T
        self.w -= lr * (self.x.T @ dy)
        self.b -= lr * dy.sum(axis=0)
        return dx


class Convolution:
    def __init__(self, c_in: int, c_out: int, k: int, pad: int, rng: np.random.Generator) -> None:
        self.w = (rng.normal(size=(c_out, c_in, k, k)) / np.sqrt(c_in * k * k)).astype(np.float32)
        self.b = np.zeros(c_out, np.float32)
        self.k, self.pad = k, pad

    def forward(self, x: Array) -> Array:
        p = self.pad
        self.x = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
        windows = sliding_window_view(self.x, (self.k, self.k), axis=(2, 3))  # N C H W k k
        return (
            np.tensordot(windows, self.w, axes=((1, 4, 5), (1, 2, 3))).transpose(0, 3, 1, 2)
            + self.b[:, None, None]
        )

    def backward(self, dy: Array, lr: float) -> Array:
        k, p = self.k, self.pad
        windows = sliding_window_view(self.x, (k, k), axis=(2, 3))
        dw = np.tensordot(dy, windows, axes=((0, 2, 3), (0, 2, 3)))
        full = np.pad(dy, ((0, 0), (0, 0), (k - 1, k - 1), (k - 1, k - 1)))
        flipped = self.w[:, :, ::-1, ::-1]
        dx = np.tensordot(
            sliding_window_view(full, (k, k), axis=(2, 3)), flipped, axes=((1, 4, 5), (0, 2, 3))
        )
        self.w -= lr * dw
        self.b -= lr * dy.sum(axis=(0, 2, 3))
        dx = dx.transpose(0, 3, 1, 2)
        return dx[:, :, p : dx.shape[2] - p, p : dx.shape[3] - p] if p else dx


class MaxPool:
    """2×2."""

    def forward(self, x: Array) -> Array:
        n, c, h, w = x.shape
        self.blocks = x.reshape(n, c, h // 2, 2, w // 2, 2)
        self.y = self.blocks.max(axis=(3, 5))
        return self.y

    def backward(self, dy: Array, lr: float) -> Array:
        mask = self.blocks == self.y[:, :, :, None, :, None]
        n, c, h, _, w, _ = self.blocks.shape
        return (mask * dy[:, :, :, None, :, None]).reshape(n, c, 2 * h, 2 * w)


class Tanh:
    def forward(self, x: Array) -> Array:
        self.y = np.tanh(x)
        return self.y

    def backward(self, dy: Array, lr: float) -> Array:
        return dy * (1 - self.y**2)


class ReLU:
    def forward(self, x: Array) -> Array:
        self.x = x
        return np.maximum(x, 0)

    def backward(self, dy: Array, lr: float) -> Array:
        return dy * (self.x > 0)


class Flatten:
    def forward(self, x: Array) -> Array:
        self.shape = x.shape
        return x.reshape(len(x), -1)

    def backward(self, dy: Array, lr: float) -> Array:
        return dy.reshape(self.shape)


def step(layers: list[Any], x: Array, y: Array, lr: float = 0.01) -> float:
    """One update by gradient descent. One output: sigmoid and binary cross-entropy; several: softmax and cross-entropy."""
    for layer in layers:
        x = layer.forward(x)
    if x.shape[1] == 1:
        p = 1 / (1 + np.exp(-x))
        t = y[:, None].astype(x.dtype)
        loss = -np.mean(t * np.log(p + 1e-7) + (1 - t) * np.log(1 - p + 1e-7))
        dy = (p - t) / len(x)
    else:
        e = np.exp(x - x.max(axis=1, keepdims=True))
        p = e / e.sum(axis=1, keepdims=True)
        loss = -np.mean(np.log(p[np.arange(len(y)), y]))
        dy = p.copy()
        dy[np.arange(len(y)), y] -= 1
        dy /= len(x)
    for layer in reversed(layers):
        dy = layer.backward(dy, lr)
    return float(loss)
