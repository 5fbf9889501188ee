"""What the convolution view says is so for edges, strides and dilations too."""

from __future__ import annotations

import pytest

from engine.layers import AdaptiveAvgPool2d, AvgPool2d, Conv2d, MaxPool2d
from engine.network import Network
from engine.receptive import Box, receptive_field
from engine.windows import axes
from playground.ui.panels.convolution.structure import Stage
from playground.ui.panels.convolution.words import misfit, overlap, size_formula, window_caption

SHAPE = (1, 7, 7)


def caption(layer) -> str:
    return window_caption(Stage("a", layer, "input", SHAPE, layer.out_shape(SHAPE), (), ""))


def test_each_end_of_a_side_has_its_own_padding() -> None:
    one_sided = Conv2d(out_channels=1, kernel_size=3, stride=2, padding=(0, 1, 0, 1))
    assert [size_formula(axis) for axis in axes(one_sided, (1, 8, 8))] == ["⌊(8 + 0 + 1 − 3)/2⌋ + 1 = 4"] * 2
    assert misfit(one_sided, (1, 8, 8)) == ""
    assert receptive_field(Network.chain(one_sided), {"input": (1, 8, 8), "0": (1, 4, 4)}, "0", (3, 3))[
        "input"
    ] == Box(6, 8, 6, 8)


def test_advice_is_only_what_the_layer_can_take() -> None:
    said = misfit(MaxPool2d(kernel_size=2, stride=5), (1, 8, 8))
    assert "padding" not in said  # more than half the window
    assert "stride" in said


def test_cells_between_dilated_windows_are_named() -> None:
    said = misfit(Conv2d(out_channels=1, kernel_size=2, dilation=2, stride=2), SHAPE)
    assert "3 rows are stepped over" in said
    assert "1 row is stepped over" in misfit(Conv2d(out_channels=1, kernel_size=1, stride=2), (1, 3, 3))
    assert misfit(Conv2d(out_channels=1, kernel_size=3), SHAPE) == ""


def test_a_window_at_the_edge_has_fewer_values() -> None:
    assert "3 to 9" not in caption(MaxPool2d(kernel_size=3, stride=2))
    assert "largest of 9 values" in caption(MaxPool2d(kernel_size=3, stride=2))
    assert "4 to 9 values" in caption(MaxPool2d(kernel_size=3, stride=2, padding=1))
    assert "1/9" in caption(AvgPool2d(kernel_size=3, stride=2, padding=1))
    assert "4 to 9 values" in caption(AvgPool2d(kernel_size=3, stride=2, padding=1, count_include_pad=False))
    assert "4 to 9 values" in caption(AdaptiveAvgPool2d(output_size=4))


@pytest.mark.parametrize(
    ("layer", "words"),
    [
        (MaxPool2d(kernel_size=3, stride=2), "win several times"),
        (AvgPool2d(kernel_size=3, stride=2), "count in several means"),
        (MaxPool2d(kernel_size=2, stride=2), ""),
        (MaxPool2d(kernel_size=2, stride=1, dilation=2), "win several times"),
        (MaxPool2d(kernel_size=2, stride=3, dilation=4), ""),  # they interleave, and share nothing
    ],
    ids=str,
)
def test_windows_overlap_where_they_share_a_cell(layer, words) -> None:
    said = overlap(layer, (1, 11, 11))
    assert said.endswith(f"{words}.") if words else said == ""
