"""The convolution view in words: what is seen, how the sizes come about, what does not fit. No Qt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from engine.errors import EngineError
from engine.layers import Layer, Shape
from engine.layers.conv import pair
from engine.layers.pool import LARGEST
from engine.windows import Axis, axes, cost, windows
from playground.ui.kit.numbers import count
from playground.ui.panels.convolution.structure import Stage


def times(height: int, width: int) -> str:
    return f"{height}×{width}"


def size_formula(axis: Axis) -> str:
    """⌊(n + 2p − d(k − 1) − 1)/s⌋ + 1 with the learner's numbers."""
    pads = f"2·{axis.before}" if axis.before == axis.after else f"{axis.before} + {axis.after}"
    reach = f"{axis.kernel}" if axis.dilation == 1 else f"{axis.dilation}·({axis.kernel} − 1) − 1"
    open_, close = "⌈⌉" if axis.ceil and not axis.left else "⌊⌋"
    return f"{open_}({axis.size} + {pads} − {reach})/{axis.stride}{close} + 1 = {axis.count}"


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
            fits = _first_possible(layer, in_shape, "padding", axis.paddings_that_fit())
            fits += _first_possible(layer, in_shape, "stride", axis.strides_that_fit())
            verb = "is" if axis.dropped == 1 else "are"
            advice = f"; {' or '.join(fits)} would fit" if fits else ""
            said.append(f"The last {cells} {verb} in no window{advice}.")
        elif axis.unseen:
            cells = f"1 {what} is" if len(axis.unseen) == 1 else f"{len(axis.unseen)} {what}s are"
            said.append(f"{cells} stepped over: with the stride {axis.stride} no window sees them.")
    return " ".join(dict.fromkeys(said))


def _first_possible(layer: Layer, in_shape: Shape, name: str, values: Iterable[int]) -> list[str]:
    """The first of ``values`` that the layer's parameter can take, with its name."""
    for value in values:
        try:
            layer.replace(**{name: value}).out_shape(in_shape)
        except EngineError:
            continue
        return [f"{name} {value}"]
    return []


def spread_caption(stage: Stage, channel: int) -> str:
    """One channel in words."""
    layer: Any = stage.layer
    if not stage.is_convolution:
        what = "the largest value" if isinstance(layer, LARGEST) else "the mean"
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
    least, most = _values_in_windows(layer, stage.in_shape)
    ties = "Of equal values the first in reading order wins."
    if isinstance(layer, LARGEST):
        if least < most:
            return f"The largest of the window's {least} to {most} values is kept, the others are dropped; padding is no value. {ties}"
        return f"The largest of {most} values is kept; {most - 1} of {most} are dropped. {ties}"
    if least < most and not getattr(layer, "count_include_pad", False):
        return f"The mean of the window's {least} to {most} values: each counts the same."
    return f"The mean of {spent.products} values: each counts 1/{spent.products}."


def _values_in_windows(layer: Layer, in_shape: Shape) -> tuple[int, int]:
    """How many values of the picture a window has, at least and at most."""
    seen, (_, height, width) = windows(layer, in_shape), in_shape
    rows = [sum(0 <= k < height for k in row) for row in seen.rows]
    columns = [sum(0 <= k < width for k in column) for column in seen.columns]
    return min(rows) * min(columns), max(rows) * max(columns)


def back_caption(stage: Stage, level: int) -> str:
    """The way back in words."""
    if not stage.is_convolution:
        if isinstance(stage.layer, LARGEST):
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
    if not any(
        max(Counter(k for cells in one for k in cells).values()) > 1 for one in (seen.rows, seen.columns)
    ):
        return ""
    often = "win several times" if isinstance(layer, LARGEST) else "count in several means"
    return f"Windows overlap: a value may {often}."


def field_in_words(height: int, width: int) -> str:
    return f"receptive field {times(height, width)}"


def cell_in_words(cell: tuple[int, int]) -> str:
    """Counted from 1, as rows and columns are."""
    return f"({cell[0] + 1}, {cell[1] + 1})"
