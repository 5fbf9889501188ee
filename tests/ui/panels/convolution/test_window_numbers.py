"""Level 3 as it is read: every number painted is worked out anew from the engine's tensors, by the definition of the layer."""

from __future__ import annotations

import itertools
import re

import numpy as np
import pytest
from PySide6.QtCore import QPointF
from PySide6.QtGui import QPainter

from engine import losses
from engine.layers import AvgPool2d, Conv2d, GlobalAvgPool2d, GlobalMaxPool2d, MaxPool2d, ReLU, Unflatten
from engine.layers.conv import pair
from engine.layers.pool import LARGEST
from playground.runner.messages import Deltas, Maps, Weights
from playground.ui.kit import motion
from playground.ui.kit.numbers import fmt, parse
from tests.ui.panels.convolution.following import Following, project

pytestmark = pytest.mark.slow

CONVOLUTIONS = [
    Conv2d(out_channels=4, kernel_size=k, stride=s, padding=p, dilation=d, groups=g, bias=b)
    for (k, s, p, d), g, b in itertools.product(
        [
            (3, 1, 0, 1),
            ((2, 3), 2, 1, 1),
            (3, 1, "same", 2),
            (2, 1, "full", 1),
            (1, 3, 0, 1),
            (5, (1, 2), (2, 1), 1),
            (2, 2, 1, (1, 3)),
        ],
        [1, 2, 4],
        [True, False],
    )
]
POOLINGS = [
    MaxPool2d(),
    MaxPool2d(kernel_size=3, stride=2, padding=1),
    MaxPool2d(kernel_size=(2, 3), stride=1),
    MaxPool2d(kernel_size=2, stride=1, dilation=2),
    AvgPool2d(kernel_size=3, stride=2, padding=1),
    AvgPool2d(kernel_size=3, stride=2, padding=1, count_include_pad=False),
    AvgPool2d(kernel_size=(3, 2), stride=(1, 2)),
    MaxPool2d(kernel_size=3, stride=2, padding=(0, 1, 1, 0), ceil_mode=True),
    AvgPool2d(kernel_size=2, stride=1, dilation=2),
    AvgPool2d(kernel_size=3, stride=2, padding="same", count_include_pad=False),
    GlobalAvgPool2d(),
    GlobalMaxPool2d(),
]


@pytest.fixture(autouse=True)
def still(qapp):
    motion.reduce(True)
    yield
    motion.reduce(False)


@pytest.fixture
def painted(monkeypatch):
    """What a level writes while it is drawn: ``[(where, text)]``."""
    drawn = QPainter.drawText

    def of(level) -> list[tuple[QPointF, str]]:
        written = []

        def record(painter, where, *rest):
            written.append((where if isinstance(where, QPointF) else where.center(), rest[-1]))
            return drawn(painter, where, *rest)

        with monkeypatch.context() as patched:
            patched.setattr(QPainter, "drawText", record)
            level.viewport().grab()
        return written

    return of


def window_of(layer, x, i, j):
    """``(values (C, kh, kw), inside (kh, kw))`` of the window at output ``(i, j)``, with the padding really there."""
    if isinstance(layer, GlobalAvgPool2d | GlobalMaxPool2d):
        return x, np.ones(x.shape[1:], bool)
    if isinstance(layer, Conv2d):
        top, bottom, left, right = layer.pads(x.shape)
        (sh, sw), (dh, dw) = pair(layer.stride), pair(layer.dilation)
    else:
        (sh, sw), (dh, dw), (top, bottom, left, right) = (
            layer.steps(),
            pair(layer.dilation),
            layer.border(x.shape),
        )
    kh, kw = pair(layer.kernel_size)
    rows, columns = i * sh + dh * np.arange(kh), j * sw + dw * np.arange(kw)
    padded = np.pad(x, ((0, 0), (top, bottom), (left, right)))
    real = np.pad(np.ones(x.shape[1:], bool), ((top, bottom), (left, right)))
    return padded[:, rows[:, None], columns], real[rows[:, None], columns]


def reads(layer, channels, channel):
    """The input channels that an output channel reads."""
    if not isinstance(layer, Conv2d):
        return slice(channel, channel + 1)
    depth, filters = channels // layer.groups, layer.out_channels // layer.groups
    return slice(channel // filters * depth, channel // filters * depth + depth)


def assert_grid(written, rect, expected, what) -> None:
    """Each cell of the grid in ``rect`` has one number of ``expected (kh, kw)``, as ``fmt`` writes it with one to three digits."""
    height, width = rect.height() / expected.shape[0], rect.width() / expected.shape[1]
    for (u, v), value in np.ndenumerate(expected):
        x, y = rect.x() + v * width, rect.y() + u * height
        found = [t for at, t in written if x <= at.x() < x + width and y <= at.y() < y + height]
        assert found, f"{what}: nothing is written at {u, v}"
        value = float(value)
        known = {fmt(value, digits) for digits in (1, 2, 3)}
        if value.is_integer():
            known = {fmt(int(value))}
        known |= {text.replace("0.", ".", 1) for text in known if abs(value) < 1}
        assert found[0] in known, f"{what} at {u, v}: {found[0]} is written, {value} is so"


def scale(written) -> float:
    """The power of ten that numbers of "sent back" are multiples of, as its label says."""
    (label,) = {text for _, text in written if "sent back" in text}
    found = re.search("· 10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)$", label)
    return 10.0 ** int(found[1].translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789"))) if found else 1.0


def number(written, pattern: str) -> float:
    """The number behind a text that is written once."""
    (found,) = (m for _, text in written if (m := re.fullmatch(pattern, text)))
    return float(parse(found[1]))


def near(value: float):
    """As near as three digits come."""
    return pytest.approx(float(value), rel=6e-3, abs=1e-6)


def opened(qtbot, layer, backward: bool) -> Following:
    layers = (Conv2d(out_channels=4, kernel_size=2), layer)
    whole = isinstance(layer, GlobalAvgPool2d | GlobalMaxPool2d)
    layers = (*layers, Unflatten(channels=4)) if whole else layers
    shown = Following(qtbot, project(*layers))
    shown.show(1900, 1000)
    shown.scope.backward = backward
    return shown


def cells(shown) -> list[tuple[int, int]]:
    _, height, width = shown.scope.stages["b"].map_shape
    return [(0, 0), (height - 1, width - 1), (height // 2, width // 2)]


@pytest.mark.parametrize("layer", [*CONVOLUTIONS, *POOLINGS], ids=str)
def test_what_is_painted_forward_is_what_the_engine_computes(qtbot, painted, layer) -> None:
    shown = opened(qtbot, layer, backward=False)
    sample, channel = shown.scope.sample, 3
    for i, j in cells(shown):
        shown.go("b", channel, (i, j))
        level = shown.page.levels.window_level
        written = painted(level)
        x = shown.frame.answer(Maps("a", *sample))
        result = shown.frame.answer(Maps("b", *sample)).reshape(shown.scope.stages["b"].map_shape)
        values, inside = window_of(layer, x, i, j)
        values = values[reads(layer, len(x), channel)]
        assert len(level._rows) == len(values)
        if isinstance(layer, Conv2d):
            weights = shown.frame.answer(Weights("b"))
            kernel = weights["weight"][channel]
            products = values.astype(np.float64) * kernel
            for k, (_, _, grids) in enumerate(level._rows):
                named = zip(grids, (values[k], kernel[k], products[k]), strict=True)
                for name, (rect, expected) in zip(("window", "kernel", "products"), named, strict=True):
                    assert_grid(written, rect, expected, f"{name} {k}")
                beside = [t for at, t in written if t.startswith("Σ = ") and near_row(at, grids[0])]
                assert [parse(t[4:]) for t in beside] == [near(products[k].sum())]
            assert number(written, r"z = (.*)") == near(result[channel, i, j])
            if len(values) > 1:
                assert addition(written, len(values)) == near_sum(products.sum((1, 2)))
            if layer.bias:
                assert number(written, r"\+ bias (.*)") == near(weights["bias"][channel])
        else:
            ((_, _, grids),) = level._rows
            assert_grid(written, grids[0], values[0], "window")
            assert number(written, r"(?:max|mean) = (.*)") == near(result[channel, i, j])
            if isinstance(layer, LARGEST):
                best = np.where(inside, values[0], -np.inf)
                u, v = np.unravel_index(best.argmax(), best.shape)
                dropped = f"winner ({u + 1}, {v + 1}) · {inside.sum() - 1} of {inside.sum()} dropped"
                assert dropped in [text for _, text in written]


def addition(written, count: int) -> float:
    """What "1.54 − 0.17 + 2.1" or "Σ of 3 = 3.47" says the sub-totals come to."""
    number = r"−?[\d.]+(?:e−?\d+)?"
    many = [m for _, text in written if (m := re.fullmatch(rf"Σ of {count} = ({number})", text))]
    one_by_one = [
        text for _, text in written if re.fullmatch(rf"{number}(?: [+−] {number}){{{count - 1}}}", text)
    ]
    assert len(many) + len(one_by_one) == 1
    if many:
        return float(parse(many[0][1]))
    parts = re.split(r" (?=[+−] )", one_by_one[0])
    return float(parse(parts[0])) + sum(
        float(parse(part[2:])) * (-1.0 if part[0] == "−" else 1.0) for part in parts[1:]
    )


def near_sum(parts):
    """As near as a sum comes whose parts have three digits each."""
    return pytest.approx(float(parts.sum()), abs=6e-3 * float(np.abs(parts).sum()) + 1e-6)


def near_row(at, rect) -> bool:
    return rect.top() <= at.y() <= rect.bottom()


@pytest.mark.parametrize("layer", CONVOLUTIONS, ids=str)
def test_what_is_painted_of_a_convolution_backward_is_what_the_engine_computes(qtbot, painted, layer) -> None:
    shown = opened(qtbot, layer, backward=True)
    sample, channel = shown.scope.sample, 3
    part, index = sample
    data, model = getattr(shown.frame.data, part), shown.session.trainer.model
    one = slice(index, index + 1)
    _, gradients = model.value_and_grad(data.x[one], data.y[one], losses.CrossEntropyLoss())
    for i, j in cells(shown):
        shown.go("b", channel, (i, j))
        level = shown.page.levels.window_level
        written = painted(level)
        x, delta = shown.frame.answer(Maps("a", *sample)), shown.frame.answer(Deltas("b", *sample))
        kernel = shown.frame.answer(Weights("b"))["weight"][channel]
        values, inside = window_of(layer, x, i, j)
        values = values[reads(layer, len(x), channel)]
        sent = np.where(inside, kernel.astype(np.float64) * float(delta[channel, i, j]), 0.0)
        for k, (_, _, grids) in enumerate(level._rows):
            named = zip(grids, (values[k], kernel[k], sent[k] / scale(written)), strict=True)
            for name, (rect, expected) in zip(("window", "kernel", "sent back"), named, strict=True):
                assert_grid(written, rect, expected, f"{name} {k}")
        chosen = gradients["b.weight"][channel][level.weight_cell]
        assert number(written, r"∂L/∂w = (.*)") == pytest.approx(float(chosen), rel=1e-2, abs=1e-6)
        assert listed(written, delta[channel].size) == pytest.approx(
            float(chosen), rel=1e-2, abs=6e-3 * float(np.abs(delta[channel]).sum() * np.abs(x).max())
        )
        assert number(written, r"δ \(.*\) = (.*)") == near(delta[channel, i, j])


def listed(written, places: int) -> float:
    """What the list behind a weight's gradient adds up to: the last running sum, and the places that are not listed."""
    terms = [
        m for _, text in written if (m := re.fullmatch(r".* · .* = (.*)", text)) and "sent back" not in text
    ]
    running = [float(parse(text[2:])) for _, text in written if re.fullmatch(r"Σ −?[\d.]+(e−?\d+)?", text)]
    rest = [m for _, text in written if (m := re.fullmatch(r"… (\d+) more places?: (.*)", text))]
    assert len(terms) + sum(int(m[1]) for m in rest) == places
    assert len(running) == len(terms)
    return running[-1] + sum(float(parse(m[2])) for m in rest)


@pytest.mark.parametrize("layer", POOLINGS, ids=str)
def test_what_is_painted_of_a_pooling_backward_adds_up_to_the_gradient(qtbot, painted, layer) -> None:
    shown = opened(qtbot, layer, backward=True)
    sample, channel = shown.scope.sample, 1
    total = None
    for i, j in np.ndindex(*shown.scope.stages["b"].map_shape[1:]):
        shown.go("b", channel, (i, j))
        level = shown.page.levels.window_level
        x, delta = shown.frame.answer(Maps("a", *sample)), shown.frame.answer(Deltas("b", *sample))
        here = float(delta.reshape(shown.scope.stages["b"].map_shape)[channel, i, j])
        values, inside = window_of(layer, x[channel : channel + 1], i, j)
        (values,) = values
        if isinstance(layer, LARGEST):
            sent = np.zeros(inside.shape)
            best = np.where(inside, values, -np.inf)
            sent[np.unravel_index(best.argmax(), best.shape)] = here
        else:
            whole = getattr(layer, "count_include_pad", True)
            sent = np.where(inside, here / (inside.size if whole else inside.sum()), 0.0)
        total = np.zeros(x.shape[1:]) if total is None else total
        patch = level.cell().patch
        for u, v in zip(*np.nonzero(inside), strict=True):
            total[patch.rows[u], patch.columns[v]] += sent[u, v]
        if (i, j) in cells(shown):
            written = painted(level)
            ((_, _, grids),) = level._rows
            assert_grid(written, grids[0], values, "window")
            assert_grid(written, grids[1], sent / scale(written), "sent back")
    arrived = shown.frame.answer(Deltas("a", *sample))[channel]
    np.testing.assert_allclose(total, arrived, rtol=1e-3, atol=1e-7)


def test_a_sum_above_the_products_is_not_written_over_their_number(qtbot, painted) -> None:
    shown = Following(qtbot, project(Conv2d(2, kernel_size=7, padding=3)))
    shown.show(700, 300)
    shown.go("a", 0, (1, 1))
    level = shown.page.levels.window_level
    products = level._rows[0][2][2]
    above = [text for at, text in painted(level) if at.y() < products.y() and text.startswith(("=", "Σ ="))]
    assert sum(text.startswith("Σ") for text in above) == 1
    assert sum(map(level.scope.ink.title_metrics.horizontalAdvance, above)) < products.width() + 6


def test_backward_begins_where_something_arrives_and_says_where_nothing_does(qtbot):
    shown = Following(qtbot, project(Conv2d(out_channels=3), MaxPool2d(), ReLU()))
    shown.show(1100, 520)
    shown.follow().go("a", 0, (0, 0))
    page = shown.page
    page.bar.backward.setChecked(True)
    shown.follow()
    shown.follow()
    deltas = shown.scope.deltas("a")
    assert (deltas == 0).any(), "a pool sends most cells nothing"
    here = (shown.scope.spot.channel, *shown.scope.spot.cell)
    assert deltas[here] != 0
    assert not page.silent.isVisible()
    dead = tuple(int(i) for i in np.argwhere(deltas == 0)[-1])
    shown.go("a", dead[0], dead[1:])
    assert shown.scope.spot.cell == dead[1:], "whoever chooses a cell sees that cell"
    assert page.silent.text().startswith("Nothing arrives at this cell")
    page.silent.linkActivated.emit("next")
    here = (shown.scope.spot.channel, *shown.scope.spot.cell)
    assert deltas[here] != 0
