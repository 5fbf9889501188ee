"""PyTorch's counterpart of everything of ours, and what counts as the same number. Where torch is missing, importing this skips."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest

from engine.core import Array
from engine.layers import Conv2d, ConvTranspose2d, Layer, Shape
from engine.layers.conv import pair
from engine.layers.pool import Pooling
from engine.losses import HingeLoss, Loss
from engine.network import INPUT, Network
from engine.optimizers import Optimizer
from engine.spec import Spec

torch = pytest.importorskip("torch", reason="torch is not installed: parity with PyTorch is not checked")

#: largest difference, relative to the largest number of the tensor
TOLERANCE = {"float32": 1e-5, "float64": 1e-10}


def assert_close(ours: Array, theirs: Any, dtype: str, scale: float = 1e-3, what: str = "") -> None:
    """``scale``: size of the numbers that were added up, where their sum may cancel to nearly nothing."""
    theirs = theirs.detach().numpy()
    scale = max(float(np.abs(theirs).max()), scale)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=TOLERANCE[dtype] * scale, err_msg=what)


def accepted(spec: Spec, kind: Any) -> dict[str, Any]:
    """The settings of ``spec`` that ``kind`` takes under the same name."""
    names = inspect.signature(kind).parameters
    return {p.name: v for p, v in spec.values() if p.name in names}


class PaddedConv2d(torch.nn.Conv2d):
    """A convolution whose sides are padded one by one, as PyTorch does it: by a call before."""

    def __init__(self, sides: tuple[int, int, int, int], **values: Any) -> None:
        super().__init__(**values)
        self.sides = sides

    def forward(self, x: Any) -> Any:
        top, bottom, left, right = self.sides
        return super().forward(torch.nn.functional.pad(x, (left, right, top, bottom)))


def same_sides(sizes: tuple[int, ...], kernel: Any, stride: Any, dilation: Any) -> tuple[int, int, int, int]:
    """Padding "same" as TensorFlow says it, for any stride: ⌈n/s⌉ places, the odd cell at the end; top, bottom, left, right."""
    found: list[int] = []
    for n, k, s, d in zip(sizes, pair(kernel), pair(stride), pair(dilation), strict=True):
        reach = (k - 1) * d + 1
        total = max(reach - (n % s or s), 0)
        found += [total // 2, total - total // 2]
    return found[0], found[1], found[2], found[3]


class WindowPool(torch.nn.Module):
    """The poolings that PyTorch lacks (a border of its own at each side, means of cells apart), window by window, by its own rules."""

    def __init__(self, layer: Any, sides: tuple[int, ...]) -> None:
        super().__init__()
        self.layer, self.sides = layer, sides

    def places(self, size: int, axis: int) -> list[list[int]]:
        """The cells of each window along an axis, counted from the picture's first."""
        layer, (before, after) = self.layer, self.sides[2 * axis : 2 * axis + 2]
        k, s, d = pair(layer.kernel_size)[axis], layer.steps()[axis], pair(layer.dilation)[axis]
        count = (size + before + after - d * (k - 1) - 1 + layer.ceil_mode * (s - 1)) // s + 1
        if layer.ceil_mode and (count - 1) * s >= size + before:
            count -= 1
        return [[i * s - before + u * d for u in range(k)] for i in range(count)]

    def forward(self, x: Any) -> Any:
        height, width = x.shape[2:]
        _, bottom, _, right = self.sides
        rows, columns = self.places(height, 0), self.places(width, 1)
        found = []
        for r, c in ((r, c) for r in rows for c in columns):
            cells = [(h, w) for h in r for w in c]
            seen = [(h, w) for h, w in cells if 0 <= h < height and 0 <= w < width]
            values = torch.stack([x[:, :, h, w] for h, w in seen], dim=-1)
            if not hasattr(self.layer, "count_include_pad"):
                found.append(values.max(dim=-1).values)
                continue
            if self.layer.count_include_pad:
                seen = [(h, w) for h, w in cells if h < height + bottom and w < width + right]
            found.append(values.sum(dim=-1) / len(seen))
        return torch.stack(found, dim=-1).reshape(*x.shape[:2], len(rows), len(columns))


class Hardsigmoid(torch.nn.Hardsigmoid):
    """Where PyTorch's own takes 1/6 in single precision on the way back, whatever the type: its definition, differentiated."""

    def forward(self, x: Any) -> Any:
        return torch.nn.functional.relu6(x + 3.0) / 6.0 if x.requires_grad else super().forward(x)


class ScaledELU(torch.nn.Module):
    """PyTorch's own kernel of SELU, whose constants its module does not offer."""

    def __init__(self, alpha: float, scale: float) -> None:
        super().__init__()
        self.constants = alpha, scale

    def forward(self, x: Any) -> Any:
        return torch.ops.aten.elu(x, *self.constants)


def torch_layer(layer: Layer, shape: Shape) -> Any:
    """PyTorch's module for a layer of ours that reads samples of ``shape``."""
    nn = torch.nn
    match layer.key:
        case "BatchNorm":
            cls = nn.BatchNorm1d if len(shape) == 1 else nn.BatchNorm2d
            return cls(shape[0], eps=layer.eps, momentum=layer.momentum, affine=layer.affine)
        case "LayerNorm":
            return nn.LayerNorm(
                shape[-layer.normalized_ndim :], eps=layer.eps, elementwise_affine=layer.elementwise_affine
            )
        case "GlobalAvgPool2d":
            return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
        case "GlobalMaxPool2d":
            return nn.Sequential(nn.AdaptiveMaxPool2d(1), nn.Flatten())
        case "Unflatten":
            return nn.Unflatten(1, (layer.channels, layer.height, layer.width))
        case "PReLU":
            return nn.PReLU(shape[0] if layer.per_channel else 1)
        case "Softmax":
            return nn.Softmax(dim=1)
        case "LogSoftmax":
            return nn.LogSoftmax(dim=1)
        case "Upsample":
            corners = layer.align_corners if layer.mode == "bilinear" else None
            return nn.Upsample(scale_factor=layer.scale_factor, mode=layer.mode, align_corners=corners)
        case "ZeroPad2d":
            top, bottom, left, right = layer.pads()
            return nn.ZeroPad2d((left, right, top, bottom))
        case "Hardsigmoid":
            return Hardsigmoid()
        case "SELU":
            return ScaledELU(layer.alpha, layer.scale)
    cls = getattr(nn, layer.key)
    values = accepted(layer, cls)
    if layer.key == "Linear":
        values["in_features"] = shape[0]
    if isinstance(layer, ConvTranspose2d):
        values["in_channels"] = shape[0]
    if isinstance(layer, Conv2d):
        values["in_channels"] = shape[0]
        if layer.padding == "full":
            values["padding"] = tuple(
                d * (k - 1) for k, d in zip(pair(layer.kernel_size), pair(layer.dilation), strict=True)
            )
        sides = layer.padding if isinstance(layer.padding, tuple) and len(layer.padding) == 4 else None
        if layer.padding == "same" and pair(layer.stride) != (1, 1):
            sides = same_sides(shape[1:], layer.kernel_size, layer.stride, layer.dilation)
        if sides is not None:
            values["padding"] = 0
            return PaddedConv2d(sides, **values)
    if isinstance(layer, Pooling):
        sides = layer.padding if isinstance(layer.padding, tuple) and len(layer.padding) == 4 else None
        if layer.padding == "same":
            sides = same_sides(shape[1:], layer.kernel_size, layer.steps(), layer.dilation)
        apart = layer.key == "AvgPool2d" and pair(layer.dilation) != (1, 1)
        if sides is None:
            (h, w), kernel = pair(layer.padding), pair(layer.kernel_size)
            far = any(2 * p > k for p, k in zip((h, w), kernel, strict=True))  # PyTorch refuses that
            sides = (h, h, w, w) if apart or far else None
        if sides is not None:
            return WindowPool(layer, sides)
        values["stride"] = layer.steps()
    return cls(**values)


class TorchNetwork(torch.nn.Module):
    """The same graph of PyTorch's modules, with parameters of the same names; ``values`` keeps every node's last output."""

    def __init__(self, network: Network, in_shape: Shape) -> None:
        super().__init__()
        self.network, self.values = network, {}
        shapes = network.shapes(in_shape)
        for node in network.nodes:
            if node.layer.arity == 1:
                self.add_module(node.id, torch_layer(node.layer, shapes[network.inputs_of(node.id)[0]]))

    def forward(self, x: Any) -> Any:
        self.values = {INPUT: x}
        for node in self.network.nodes:
            inputs = [self.values[i] for i in self.network.inputs_of(node.id)]
            match node.layer.key:
                case "Add":
                    value = sum(inputs[1:], inputs[0])
                case "Concat":
                    value = torch.cat(inputs, dim=1)
                case _:
                    value = self.get_submodule(node.id)(*inputs)
            self.values[node.id] = value
        return self.values[self.network.output_id]


def torch_loss(loss: Loss, z: Any, y: Array, target: Array) -> Any:
    """PyTorch's loss of outputs ``z (N, outputs)``; ``y`` are labels or numbers, ``target (N, outputs)`` what ours reads."""
    if isinstance(
        loss, HingeLoss
    ):  # PyTorch has none; this is its definition, and autograd differentiates it
        return torch.relu(1.0 - torch.tensor(target) * z).mean()
    kind = getattr(torch.nn, loss.key)
    wanted = torch.tensor(y if "multiclass" in loss.tasks else target)
    values = accepted(loss, kind)
    if "weight" in values:  # PyTorch asks for one for each class
        given = values["weight"][: z.shape[1]]
        values["weight"] = torch.tensor(
            [*given, *(1.0 for _ in range(z.shape[1] - len(given)))], dtype=z.dtype
        )
    return kind(**values)(z, wanted)


def torch_optimizer(optimizer: Optimizer, parameters: list[Any]) -> Any:
    """PyTorch's optimizer of the same settings."""
    cls = getattr(torch.optim, optimizer.key)
    values = accepted(optimizer, cls)
    if hasattr(optimizer, "beta1"):
        values["betas"] = (optimizer.beta1, optimizer.beta2)
    return cls(parameters, **values)
