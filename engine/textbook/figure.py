"""How a network is laid out as a figure of a textbook: feature maps as sheets one behind another, dense layers as columns of units.

Sizes are not to scale, as in most books: a picture's side grows with the logarithm of its pixels.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from engine.layers.base import Layer
from engine.network import INPUT, Network
from engine.spec import sides_in_words
from engine.textbook.drawing import Circle, Drawing, Line, Rectangle, Shape, Words, breadth

#: how much is told, each with what it is called
DETAILS = {"maps": "feature maps and units", "all": "every layer", "boxes": "names and shapes alone"}

INK, MUTED, WIRE = "#1b2027", "#5b6672", "#9aa4af"
#: fill and edge of what a group of layers gives
FILLS = {
    "Dense": ("#dbe7f7", "#1865bd"), "Convolution": ("#e6dcf5", "#6f42b5"), "Pooling": ("#e6dcf5", "#6f42b5"),
    "Activation": ("#fdeccb", "#c87a10"), "Normalization": ("#d8efe9", "#1b7f6b"),
}  # fmt: skip
PLAIN = ("#eef1f4", "#5b6672")
#: sheets and units that are drawn at most; more are told by a number and a gap
SHEETS, UNITS = 6, 8
#: millimetres: sheets behind one another, between blocks, of a unit, the highest that a block gets, margins, a line of words
SHIFT, GAP, UNIT, HIGHEST, MARGIN, LINE = 1.1, 9.0, 2.6, 34.0, 3.0, 3.2
#: points of the words
SIZE = 6.5


@dataclass(frozen=True)
class Block:
    """What stands in a place of the figure.

    Args:
        id: of the last layer in it.
        shape: of what it gives.
        above: what makes it, in lines.
        group: of layers, for its colour.
        reads: ids of the blocks it reads from.
    """

    id: str
    shape: tuple[int, ...]
    above: tuple[str, ...]
    group: str
    reads: tuple[str, ...]


def figure(network: Network, in_shape: Sequence[int], detail: str = "maps", title: str = "") -> Drawing:
    """The drawing of ``network`` for samples of ``in_shape``; what cannot be computed is left out.

    Args:
        detail: one of ``DETAILS``: "maps" puts what acts on each value alone with the layer before it, "all" gives it a place of its own.
    """
    found = blocks(network, in_shape, detail)
    drawn: list[Shape] = []
    centre = MARGIN + 2 * LINE + HIGHEST / 2 + 5
    left, ends, widest = MARGIN, {}, 0.0
    lowest = centre
    for block in found:
        parts, width, height = _body(block, detail)
        room = max(width, _breadth(block))
        x = left + (room - width) / 2
        drawn += [_moved(part, x, centre - height / 2) for part in parts]
        middle = left + room / 2
        top, bottom = centre - height / 2, centre + height / 2
        if detail != "boxes":
            for i, line in enumerate(reversed(block.above)):
                bold = i == len(block.above) - 1
                drawn.append(Words(middle, top - 1.6 - LINE * i, line, SIZE, INK if bold else MUTED, bold))
            drawn.append(Words(middle, bottom + LINE, _shape(block.shape), SIZE, MUTED))
        over = top if detail == "boxes" else top - 1.6 - LINE * len(block.above)
        ends[block.id] = (x, x + width, over)
        lowest = max(lowest, bottom + LINE)
        left += room + GAP
        widest = left - GAP
    drawn = [*_wires(found, ends, centre, detail), *drawn]
    highest = min((_top(shape) for shape in drawn), default=0.0)
    moved = tuple(_moved(shape, 0.0, MARGIN - highest) for shape in drawn)
    return Drawing(widest + MARGIN, lowest - highest + 2 * MARGIN, moved, title)


def blocks(network: Network, in_shape: Sequence[int], detail: str) -> list[Block]:
    """What stands in the figure, in order."""
    shapes = network.known_shapes(in_shape)
    found = [Block(INPUT, tuple(in_shape), ("Input",), "", ())]
    stands = {INPUT: INPUT}  # which block a layer's output belongs to
    for node in network.nodes:
        if node.id not in shapes:
            break
        reads = tuple(stands[one] for one in network.inputs_of(node.id))
        last = found[-1]
        alone = len(reads) == 1 and reads[0] == last.id and last.id != INPUT
        if detail == "maps" and alone and shapes[node.id] == last.shape and node.layer.category != last.group:
            found[-1] = Block(last.id, last.shape, (*last.above, node.layer.label), last.group, last.reads)
            stands[node.id] = last.id
            continue
        if (
            detail == "maps"
            and alone
            and node.layer.is_view
            and math.prod(last.shape) == math.prod(shapes[node.id])
        ):
            stands[node.id] = last.id  # the same numbers in a row: the next block says how many it reads
            continue
        found.append(Block(node.id, tuple(shapes[node.id]), _named(node.layer), node.layer.category, reads))
        stands[node.id] = node.id
    return found


def _named(layer: Layer) -> tuple[str, ...]:
    """What a layer is called, and the size of its window where it has one."""
    size = getattr(layer, "kernel_size", None)
    stride = getattr(layer, "stride", None)
    if size is None:
        return (layer.label,)
    words = sides_in_words(size)
    words = words if "×" in words else f"{words}×{words}" if isinstance(size, int) else words
    more = f", stride {sides_in_words(stride)}" if stride not in (None, 0, 1, (1, 1), size) else ""
    return (layer.label, f"{words}{more}")


def _breadth(block: Block) -> float:
    """Of the words of a block."""
    lines = (*block.above, _shape(block.shape))
    return max(breadth(line, SIZE, bold=i == 0) for i, line in enumerate(lines))


def _shape(shape: Sequence[int]) -> str:
    if len(shape) == 3:
        return f"{shape[0]} @ {shape[1]} × {shape[2]}"
    return " × ".join(f"{n:,}" for n in shape) or "1"


def _body(block: Block, detail: str) -> tuple[list[Shape], float, float]:
    """The shapes of a block from 0, 0, its width and height."""
    fill, edge = FILLS.get(block.group, PLAIN)
    if detail == "boxes":
        lines = [*block.above, _shape(block.shape)]
        width = _breadth(block) + 4
        height = LINE * len(lines) + 2.4
        words: list[Shape] = [
            Words(width / 2, LINE * (i + 1) + 0.4, line, SIZE, INK if i == 0 else MUTED, i == 0)
            for i, line in enumerate(lines)
        ]
        return [Rectangle(0, 0, width, height, fill, edge, 1.0), *words], width, height
    if len(block.shape) == 1:
        return _column(block.shape[0], fill, edge)
    sheets, height, width = block.shape if len(block.shape) == 3 else (1, *block.shape[-2:])
    return _sheets(sheets, height, width, fill, edge)


def _column(units: int, fill: str, edge: str) -> tuple[list[Shape], float, float]:
    places = _places(units)
    made: list[Shape] = [Circle(UNIT / 2, y, UNIT / 2, fill, edge) for y in places]
    if units > UNITS:
        middle = (places[len(places) // 2 - 1] + places[len(places) // 2]) / 2
        made += [Circle(UNIT / 2, middle + d, 0.22, edge, edge) for d in (-0.8, 0.0, 0.8)]
    return made, UNIT, places[-1] + UNIT / 2


def _places(units: int) -> list[float]:
    """How far below the top of a column the units stand that are drawn: as many above the gap as below it."""
    shown = max(1, min(units, UNITS))
    gap = UNIT * 1.35 if units > UNITS else 0.0
    return [i * UNIT * 1.35 + UNIT / 2 + (gap if i >= shown // 2 else 0.0) for i in range(shown)]


def _sheets(sheets: int, height: int, width: int, fill: str, edge: str) -> tuple[list[Shape], float, float]:
    shown = min(sheets, SHEETS)
    high, wide = _side(height), _side(width)
    behind = SHIFT * (shown - 1)
    made: list[Shape] = [
        Rectangle(SHIFT * i, behind - SHIFT * i, wide, high, fill, edge) for i in reversed(range(shown))
    ]
    return made, wide + behind, high + behind


def _side(pixels: int) -> float:
    """Of a sheet, in millimetres."""
    return min(HIGHEST - SHIFT * SHEETS, 2.0 + 4.2 * math.log2(1 + max(1, pixels)) - 3.0)


def _flat(block: Block) -> bool:
    return len(block.shape) == 1


def _meshed(source: Block, block: Block, x0: float, x1: float, centre: float) -> list[Shape]:
    """A thin line from each unit that is drawn to each of the next column."""
    (before, top), (after, own) = (
        (_places(b.shape[0]), centre - (_places(b.shape[0])[-1] + UNIT / 2) / 2) for b in (source, block)
    )
    return [Line(((x0, top + a), (x1, own + b)), WIRE, width=0.12) for a in before for b in after]


def _wires(
    found: Sequence[Block], ends: dict[str, tuple[float, float, float]], centre: float, detail: str
) -> list[Shape]:
    """An arrow from block to block, and over the blocks between where one reads from further back."""
    made: list[Shape] = []
    lanes = 0
    for number, block in enumerate(found):
        for source in block.reads:
            _, right, _ = ends[source]
            left, _, _ = ends[block.id]
            if (
                number
                and source == found[number - 1].id
                and detail != "boxes"
                and block.group == "Dense"
                and _flat(found[number - 1])
            ):
                made += _meshed(found[number - 1], block, right - UNIT / 2, left + UNIT / 2, centre)
            elif number and source == found[number - 1].id:
                made.append(Line(((right + 0.8, centre), (left - 0.8, centre)), WIRE, arrow=True, width=0.3))
            else:
                lanes += 1
                high = min(y for _, _, y in ends.values()) - 1.5 - 2.2 * lanes
                start = right + 1.6
                made.append(
                    Line(((right, centre), (start, centre), (start, high), (left - 2.4, high), (left - 2.4, centre), (left - 0.8, centre)), WIRE,
                         arrow=True, width=0.3, dashed=True)
                )  # fmt: skip
    return made


def _top(shape: Shape) -> float:
    match shape:
        case Rectangle():
            return shape.y
        case Circle():
            return shape.y - shape.radius
        case Line():
            return min(y for _, y in shape.points)
        case Words():
            return shape.y - LINE


def _moved(shape: Shape, dx: float, dy: float) -> Shape:
    match shape:
        case Rectangle(x, y):
            return Rectangle(
                x + dx, y + dy, shape.width, shape.height, shape.fill, shape.stroke, shape.radius
            )
        case Circle(x, y):
            return Circle(x + dx, y + dy, shape.radius, shape.fill, shape.stroke)
        case Line(points):
            return Line(
                tuple((x + dx, y + dy) for x, y in points),
                shape.colour,
                shape.arrow,
                shape.width,
                shape.dashed,
            )
        case Words(x, y):
            return Words(x + dx, y + dy, shape.text, shape.size, shape.colour, shape.bold, shape.anchor)
