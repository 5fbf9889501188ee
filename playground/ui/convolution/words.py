"""The convolution view in words: what is seen, how the sizes come about, what does not fit. No Qt."""

from __future__ import annotations

from typing import Any

from engine.layers import Layer, MaxPool2d, Shape
from engine.layers.conv import pair
from engine.windows import Axis, axes, cost, windows
from playground.ui.convolution.structure import Stage
from playground.ui.numbers import count


def times(height: int, width: int) -> str:
    return f"{height}×{width}"


def size_formula(axis: Axis) -> str:
    """⌊(n + 2p − d(k − 1) − 1)/s⌋ + 1 with the learner's numbers."""
    pads = f"2·{axis.before}" if axis.before == axis.after else f"{axis.before} + {axis.after}"
    reach = f"{axis.kernel}" if axis.dilation == 1 else f"{axis.dilation}·({axis.kernel} − 1) − 1"
    return f"⌊({axis.size} + {pads} − {reach})/{axis.stride}⌋ + 1 = {axis.count}"


def arithmetic(stage: Stage) -> str:
    """How the size, the parameters and the work of a stage come about."""
    layer: Any = stage.layer
    found = axes(layer, stage.in_shape)
    spent = cost(layer, stage.in_shape)
    if found is None:
        h, w = pair(layer.output_size)
        return f"Each of the {h}·{w} windows is as large as it must be to cover the picture {times(*stage.in_shape[1:])}."
    down, across = found
    if down == across:
        said = f"Output size {size_formula(down)}"
    else:
        said = f"Output height {size_formula(down)}, width {size_formula(across)}"
    if not stage.is_convolution:
        return f"{said} · {spent.products} values in each window · nothing to learn"
    said += "".join(f" · {text}" for text in _unusual(layer))
    depth = stage.in_shape[0] // layer.groups
    kh, kw = pair(layer.kernel_size)
    weights = f"{layer.out_channels}·{depth}·{kh}·{kw}"
    bias = f" + {layer.out_channels}" if layer.bias else ""
    return (
        f"{said} · {weights}{bias} = {count(spent.parameters)} parameters · "
        f"{count(spent.multiplications)} multiplications"
    )


def _unusual(layer: Any) -> list[str]:
    """Stride, dilation and groups where they are not 1."""
    found = []
    for name in ("stride", "dilation"):
        down, across = pair(getattr(layer, name))
        if (down, across) != (1, 1):
            found.append(f"{name} {down if down == across else times(down, across)}")
    return [*found, f"{layer.groups} groups"] if layer.groups > 1 else found


def misfit(layer: Layer, in_shape: Shape) -> str:
    """What of the picture no window sees, and what would fit; "" where all is seen."""
    found = axes(layer, in_shape)
    if found is None:
        return ""
    said = []
    for axis, what in zip(found, ("row", "column"), strict=True):
        if axis.dropped:
            cells = (
                f"{what} {axis.size}"
                if axis.dropped == 1
                else f"{what}s {axis.size - axis.dropped + 1}–{axis.size}"
            )
            fits = [f"padding {p}" for p in axis.paddings_that_fit()[:1]]
            fits += [f"stride {s}" for s in axis.strides_that_fit()[:1]]
            verb = "is" if axis.dropped == 1 else "are"
            said.append(f"The last {cells} {verb} in no window; {' or '.join(fits)} would fit.")
        elif axis.stride > axis.reach and axis.unseen:
            said.append(
                f"{len(axis.unseen)} {what}s are stepped over, as the stride {axis.stride} is larger than the window."
            )
    return " ".join(dict.fromkeys(said))


def spread_caption(stage: Stage, channel: int) -> str:
    """One channel in words."""
    layer: Any = stage.layer
    if not stage.is_convolution:
        what = "the largest value" if isinstance(layer, MaxPool2d) else "the mean"
        return f"Channel {channel + 1} keeps {what} of each window of the same channel before it."
    reads = stage.in_shape[0] // layer.groups
    group = f" Its group has {reads} of the {stage.in_shape[0]} channels." if layer.groups > 1 else ""
    bias = ", plus a bias" if layer.bias else ""
    maps = "the input channel" if reads == 1 else f"each of the {reads} input channels"
    return f"Filter {channel + 1} has a slice for {maps}. It slides over it and gives a map; their sum{bias} is this channel.{group}"


def window_caption(stage: Stage) -> str:
    """One window in words."""
    layer: Any = stage.layer
    spent = cost(layer, stage.in_shape)
    if stage.is_convolution:
        depth = stage.in_shape[0] // layer.groups
        kh, kw = pair(layer.kernel_size)
        each = f"{depth}·{kh * kw} = {spent.products}" if depth > 1 else f"{spent.products}"
        return f"This number is {each} products{' plus a bias' if layer.bias else ''}."
    if isinstance(layer, MaxPool2d):
        return (
            f"The largest of {spent.products} values is kept; {spent.products - 1} of {spent.products} are dropped. "
            "Of equal values the first in reading order wins."
        )
    return f"The mean of {spent.products} values: each counts 1/{spent.products}."


def back_caption(stage: Stage, level: int) -> str:
    """The way back in words."""
    if not stage.is_convolution:
        if isinstance(stage.layer, MaxPool2d):
            return "All of δ goes to the value that won; the others are sent nothing. Where windows overlap, what they send adds up."
        return "Each value of a window is sent an equal share of its δ; where windows overlap, the shares add up."
    if level == 2:
        return (
            "δ of this channel, convolved with the flipped kernel, is what each input channel is sent. "
            "Each weight's gradient is x·δ, added up over all places."
        )
    return (
        "This output sends δ·w back to each value it saw. Click a weight to list all places that blame it: "
        "their sum is its gradient for this sample."
    )


def overlap(layer: Layer, in_shape: Shape) -> str:
    """Whether windows of a pooling share cells."""
    seen = windows(layer, in_shape)
    shared = len(seen.rows) > 1 and seen.rows[0][-1] >= seen.rows[1][0]
    shared = shared or (len(seen.columns) > 1 and seen.columns[0][-1] >= seen.columns[1][0])
    return "Windows overlap: a value may win several times." if shared else ""


def field_in_words(height: int, width: int) -> str:
    return f"receptive field {times(height, width)}"


def cell_in_words(cell: tuple[int, int]) -> str:
    """Counted from 1, as rows and columns are."""
    return f"({cell[0] + 1}, {cell[1] + 1})"
