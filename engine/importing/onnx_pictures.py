"""ONNX's operators of pictures and the layers that compute them: convolution, borders, pooling, enlarging."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine import layers
from engine.core import Array
from engine.errors import clipped
from engine.importing.drafts import Unreadable, Value, source_of
from engine.importing.onnx_file import Attributes, Reading, constant, number, reads, row, weights

#: how places and pixels are reckoned where each pixel is repeated, as ``Upsample`` does by whole factors
NEAREST = {
    ("asymmetric", "floor"),
    ("tf_half_pixel_for_nn", "floor"),
    *(
        (where, how)
        for where in ("half_pixel", "pytorch_half_pixel")
        for how in ("round_prefer_floor", "round_prefer_ceil")
    ),
}
#: the same between pixels: whether the corners stay
CORNERS = {"half_pixel": False, "pytorch_half_pixel": False, "align_corners": True}


@reads("Conv")
def _conv(r: Reading, node: Any, values: list[Value], a: Attributes) -> Value:
    w = weights(values, 1, "weights")
    if w.ndim != 4 or not w.size:
        raise Unreadable(f"its weights have the shape {w.shape}; only pictures are convolved here")
    dilation, stride = _pair(a, "dilations", (1, 1)), _pair(a, "strides", (1, 1))
    kernel = (w.shape[2], w.shape[3])
    pads = _pads(a, kernel, stride, dilation)
    source = source_of(values[0])
    if not isinstance(pads, str):
        source, before = r.border_of(node.input[0], values[0])
        top, bottom, left, right = (n + m for n, m in zip(pads, before, strict=True))
        pads = (top, bottom, left, right)
    state = _with_its_bias(w, node, values, len(w))
    layer = layers.Conv2d(
        len(w), kernel, stride, _in_short(pads), dilation, int(a.get("group", 1)), "bias" in state
    )
    if source != values[0]:
        r.take_in(source_of(values[0]))
    return r.layer(layer, source, **state)


def _with_its_bias(w: Array, node: Any, values: list[Value], size: int) -> dict[str, Array]:
    if len(values) > 2 and node.input[2]:
        return {"weight": w, "bias": row(weights(values, 2, "bias"), size)}
    return {"weight": w}


@reads("ConvTranspose")
def _conv_transpose(r: Reading, node: Any, values: list[Value], a: Attributes) -> Value:
    w = weights(values, 1, "weights")
    if w.ndim != 4 or not w.size:
        raise Unreadable(f"its weights have the shape {w.shape}; only pictures are convolved here")
    if a.get("output_shape") or (a.get("auto_pad") or "NOTSET") not in ("NOTSET", "VALID"):
        raise Unreadable("its padding follows from the size of the result; expected pads as numbers")
    kernel, stride, dilation = (
        (w.shape[2], w.shape[3]),
        _pair(a, "strides", (1, 1)),
        _pair(a, "dilations", (1, 1)),
    )
    pads = _pads(a, kernel, stride, dilation)
    top, bottom, left, right = (0, 0, 0, 0) if isinstance(pads, str) else pads
    more = _pair(a, "output_padding", (0, 0))
    # What is cut off less at the end is what the result has besides.
    besides = (more[0] + top - bottom, more[1] + left - right)
    if not all(0 <= n < max(s, d) for n, s, d in zip(besides, stride, dilation, strict=True)):
        raise Unreadable(
            f"it cuts off {(top, bottom, left, right)} and adds {more}; expected as much at the end as at the beginning, or a little less"
        )
    groups = int(a.get("group", 1))
    state = _with_its_bias(w, node, values, w.shape[1] * groups)
    layer = layers.ConvTranspose2d(
        w.shape[1] * groups, kernel, stride, (top, left), besides, dilation, groups, "bias" in state
    )
    return r.layer(layer, values[0], **state)


def _in_short(pads: tuple[int, int, int, int] | str) -> tuple[int, int] | tuple[int, int, int, int] | str:
    """As layers take it: two numbers where both sides are alike."""
    if isinstance(pads, str):
        return pads
    top, bottom, left, right = pads
    return (top, left) if (top, left) == (bottom, right) else pads


def _pair(a: Attributes, name: str, usual: tuple[int, int]) -> tuple[int, int]:
    found = a.get(name) or usual
    if len(found) != 2:
        raise Unreadable(f"its {name} are {len(found)} numbers; only pictures have a place here")
    return int(found[0]), int(found[1])


def _pads(
    a: Attributes, kernel: tuple[int, int], stride: tuple[int, int], dilation: tuple[int, int]
) -> tuple[int, int, int, int] | str:
    """Top, bottom, left, right; "same" where that depends on the size of the picture."""
    auto = a.get("auto_pad", "NOTSET") or "NOTSET"
    if auto == "NOTSET":
        found = a.get("pads") or [0, 0, 0, 0]
        if len(found) != 4 or min(found) < 0:
            raise Unreadable(f"its pads are {found[:6]}; expected four numbers, none below 0")
        return found[0], found[2], found[1], found[3]
    if auto == "VALID":
        return 0, 0, 0, 0
    if stride != (1, 1) and auto == "SAME_UPPER":
        return "same"
    if stride != (1, 1):
        raise Unreadable(
            f"it pads by {auto} with a stride, more at the beginning; expected SAME_UPPER, or pads as numbers"
        )
    reach = [d * (k - 1) for k, d in zip(kernel, dilation, strict=True)]
    less = [n // 2 for n in reach]
    more = [n - m for n, m in zip(reach, less, strict=True)]
    before, after = (less, more) if auto == "SAME_UPPER" else (more, less)
    return before[0], after[0], before[1], after[1]


@reads("Pad")
def _pad(r: Reading, node: Any, values: list[Value], a: Attributes) -> Value:
    pads = (
        [int(v) for v in a["pads"]]
        if "pads" in a
        else [int(v) for v in constant(values[1], "pads").reshape(-1)]
    )
    value = number(values[2], "value") if len(values) > 2 and node.input[2] else a.get("value", 0.0)
    if (
        a.get("mode", "constant") not in ("constant", "")
        or value != 0.0
        or (len(values) > 3 and node.input[3])
    ):
        raise Unreadable("it pads with other numbers than 0, or along chosen axes")
    if len(pads) != 8 or any(pads[i] for i in (0, 1, 4, 5)) or min(pads) < 0:
        raise Unreadable(f"its pads are {pads[:8]}; expected zeros round a picture")
    return r.layer(layers.ZeroPad2d((pads[2], pads[6], pads[3], pads[7])), values[0])


# --- pooling ----------------------------------------------------------------------------------------------------------


def _pooling(a: Attributes) -> dict[str, Any]:
    kernel, stride, dilation = (_pair(a, name, (1, 1)) for name in ("kernel_shape", "strides", "dilations"))
    pads = _pads(a, kernel, stride, dilation)
    return {
        "kernel_size": kernel,
        "stride": stride,
        "padding": _in_short(pads),
        "dilation": dilation,
        "ceil_mode": bool(a.get("ceil_mode", 0)),
    }


@reads("MaxPool")
def _max_pool(r: Reading, node: Any, values: list[Value], a: Attributes) -> Value:
    if len([name for name in node.output if name]) > 1:
        raise Unreadable("it also gives where its maxima are, which nothing here reads")
    return r.layer(layers.MaxPool2d(**_pooling(a)), values[0])


@reads("AveragePool")
def _average_pool(r: Reading, node: Any, values: list[Value], a: Attributes) -> Value:
    counts = bool(a.get("count_include_pad", 0))
    return r.layer(layers.AvgPool2d(**_pooling(a), count_include_pad=counts), values[0])


@reads("GlobalAveragePool", "GlobalMaxPool")
def _global(r: Reading, node: Any, values: list[Value], a: Attributes) -> Value:
    if node.op_type == "GlobalMaxPool":
        return r.layer(layers.GlobalMaxPool2d(), values[0])
    return r.layer(layers.GlobalAvgPool2d(), values[0])


@reads("Resize", "Upsample")
def _resize(r: Reading, node: Any, values: list[Value], a: Attributes) -> Value:
    old = len(values) < 3  # as up to version 10, where places are reckoned in one way alone
    if (len(values) > 3 and node.input[3]) or (node.op_type == "Upsample" and len(values) < 2):
        raise Unreadable("its result has a size in pixels; expected how many times as large it is")
    if len(values) < 2:
        raise Unreadable("it does not say how many times as large its result is")
    scales = constant(values[-1 if old else 2], "scales").reshape(-1)
    if list(a.get("axes", [])) in ([2, 3], [-2, -1]):
        scales = np.concatenate(([1, 1], scales))
    elif "axes" in a:
        raise Unreadable(f"it goes along the axes {a['axes'][:6]}; expected height and width")
    if len(scales) != 4 or (scales[:2] != 1).any() or (scales != np.round(scales)).any() or scales.min() < 1:
        raise Unreadable(f"it enlarges by {scales[:6].tolist()}; expected whole factors of height and width")
    mode = a.get("mode", "nearest") or "nearest"
    where = "asymmetric" if old else a.get("coordinate_transformation_mode", "half_pixel")
    rounded = "floor" if old else a.get("nearest_mode", "round_prefer_floor")
    if a.get("antialias", 0) or a.get("exclude_outside", 0):
        raise Unreadable("it weighs pixels otherwise than is done here (antialias, exclude_outside)")
    factors = (int(scales[2]), int(scales[3]))
    if mode == "nearest" and (where, rounded) in NEAREST:
        return r.layer(layers.Upsample(factors), values[0])
    if mode == "linear" and where in CORNERS:
        return r.layer(layers.Upsample(factors, "bilinear", CORNERS[where]), values[0])
    raise Unreadable(
        f"it is {clipped(str(mode), 20)} with {clipped(str(where), 30)}, {clipped(str(rounded), 30)}, which no layer here computes"
    )
