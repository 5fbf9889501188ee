"""The network as a figure of a textbook: what stands in it, where, and that drawings and LaTeX say the same."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from engine import Fit, Network, layers
from engine.network import Node
from engine.textbook import DETAILS, figure, formulas
from engine.textbook.drawing import Circle, Line, Rectangle, Words, in_latex
from engine.textbook.figure import SHEETS, UNITS, blocks
from playground.document.examples import examples
from playground.document.project import data_of

LENET = Network.chain(
    layers.Conv2d(6, 5, padding="same"), layers.ReLU(), layers.MaxPool2d(2), layers.Flatten(), layers.Linear(120), layers.ReLU(), layers.Linear(10)
)  # fmt: skip
SHAPE = (1, 28, 28)


def texts(drawing) -> list[str]:
    return [shape.text for shape in drawing.shapes if isinstance(shape, Words)]


def test_what_acts_on_each_value_stands_with_the_layer_before() -> None:
    assert [(b.id, b.shape, b.above) for b in blocks(LENET, SHAPE, "maps")] == [
        ("input", SHAPE, ("Input",)), ("0", (6, 28, 28), ("Conv2d", "5×5", "ReLU")), ("2", (6, 14, 14), ("MaxPool2d", "2×2")),
        ("4", (120,), ("Linear", "ReLU")), ("6", (10,), ("Linear",)),
    ]  # fmt: skip
    assert len(blocks(LENET, SHAPE, "all")) == len(LENET) + 1


def test_sheets_and_units_are_as_many_as_there_are_or_a_few() -> None:
    drawing = figure(LENET, SHAPE)
    sheets = [shape for shape in drawing.shapes if isinstance(shape, Rectangle)]
    assert len(sheets) == 1 + 6 + 6
    units = [shape for shape in drawing.shapes if isinstance(shape, Circle) and shape.radius > 1]
    assert len(units) == 2 * UNITS
    mesh = [shape for shape in drawing.shapes if isinstance(shape, Line) and not shape.arrow]
    assert len(mesh) == UNITS * UNITS
    assert {"1 @ 28 × 28", "6 @ 14 × 14", "120", "10"} <= set(texts(drawing))
    assert (
        len(
            [s for s in figure(Network.chain(layers.Conv2d(64, 3)), SHAPE).shapes if isinstance(s, Rectangle)]
        )
        == 1 + SHEETS
    )


def test_a_square_picture_is_a_square() -> None:
    for shape in figure(LENET, SHAPE).shapes:
        if isinstance(shape, Rectangle):
            assert shape.width == shape.height


def test_a_skip_connection_goes_over_the_blocks_between() -> None:
    network = Network((
        Node("a", layers.Conv2d(4, 3, padding="same")), Node("b", layers.Conv2d(4, 3, padding="same")), Node("c", layers.Add(), ("b", "a")),
    ))  # fmt: skip
    drawing = figure(network, SHAPE)
    (skip,) = [shape for shape in drawing.shapes if isinstance(shape, Line) and shape.dashed]
    assert (
        min(y for _, y in skip.points)
        < min(shape.y for shape in drawing.shapes if isinstance(shape, Words)) - 1
    )


@pytest.mark.parametrize("detail", DETAILS)
@pytest.mark.parametrize("key", [e.key for e in examples()])
def test_every_example_lies_on_its_sheet_and_no_words_on_others(key: str, detail: str) -> None:
    project = next(e.project for e in examples() if e.key == key)
    drawing = figure(project.network, data_of(project, wait=True).in_shape, detail, project.name)
    root = ElementTree.fromstring(drawing.svg())
    assert [e.text for e in root.iter("{http://www.w3.org/2000/svg}text")] == texts(drawing)
    boxes = []
    for shape in drawing.shapes:
        match shape:
            case Rectangle():
                assert shape.x >= 0
                assert shape.x + shape.width <= drawing.width
                assert shape.y >= 0
                assert shape.y + shape.height <= drawing.height
            case Circle():
                assert shape.radius <= shape.x <= drawing.width - shape.radius
            case Line():
                assert all(0 <= x <= drawing.width and 0 <= y <= drawing.height for x, y in shape.points)
            case Words():
                wide = len(shape.text) * shape.size * 0.3528 * 0.5
                boxes.append((shape.x - wide / 2, shape.x + wide / 2, shape.y - 2, shape.y))
    for i, (left, right, top, bottom) in enumerate(boxes):
        for other in boxes[i + 1 :]:
            assert right <= other[0] or other[1] <= left or bottom <= other[2] or other[3] <= top


def test_the_width_that_is_asked_for() -> None:
    drawing = figure(LENET, SHAPE)
    assert 'width="85.00mm"' in drawing.svg(85)
    assert f"scale={85 / drawing.width:.4f}" in drawing.tikz(85)


def test_tikz_says_the_same_and_every_colour_is_defined() -> None:
    drawing = figure(LENET, SHAPE, title="50 % of {it}")
    tikz = drawing.tikz()
    defined = set(re.findall(r"\\definecolor\{(\w+)\}", tikz))
    used = set(re.findall(r"(?:fill|draw|text)=(\w+)", tikz))
    assert used == defined
    assert tikz.count("\\node") == len(texts(drawing))
    assert tikz.count("circle [radius=") == sum(isinstance(s, Circle) for s in drawing.shapes)
    assert all(line.count("{") == line.count("}") for line in tikz.splitlines()[1:] if "Latex" not in line)


@pytest.mark.parametrize(
    ("text", "latex"), [("a_b & 5 %", r"a\_b \& 5 \%"), ("3×3", r"3$\times$3"), ("\\x", r"\textbackslash{}x")]
)
def test_words_are_no_commands(text: str, latex: str) -> None:
    assert in_latex(text) == latex


def test_formulas_of_each_kind_once() -> None:
    text = formulas(LENET, Fit(), "It_1")
    assert text.count(r"\subsection*{ReLU (1, 5)}") == 1
    assert layers.ReLU().formula in text
    assert r"\section*{It\_1}" in text
    assert r", \quad " not in text  # each equation on a line of its own
