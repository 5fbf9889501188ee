"""The card beside the mouse: what is under it, in words and live numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, QRect, QRectF, Qt
from PySide6.QtWidgets import QWidget

from engine.network import INPUT, shape_in_words
from playground.runner.messages import Frame, Gradients
from playground.runner.rows import Rows
from playground.ui.kit.numbers import MINUS, exact, fmt
from playground.ui.kit.text import RichLabel, escaped
from playground.ui.kit.theme import Theme
from playground.ui.panels.canvas.inside.marks import subscript
from playground.ui.panels.canvas.layout import shown_units
from playground.ui.panels.canvas.plan import LOSS, Block, Mode, Plan
from playground.ui.panels.canvas.scene import NetworkScene
from playground.ui.panels.canvas.targets import Bundle, Card, Cell, More, Port, Sample, Skip, Target, Unit

Array = NDArray[Any]

TERMS = 4  #: of a sum are written out; the rest is counted
GAP = 14

_BELOW = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def full(value: float) -> str:
    """Every digit that a float32 holds."""
    return exact(float(str(np.float32(value))))


def signed(value: float) -> str:
    """A term of a sum: "+ 0.87", "− 0.41"."""
    return f"{MINUS} {fmt(-value)}" if value < 0 else f"+ {fmt(value)}"


def name_of(plan: Plan, block_id: str, unit: int) -> str:
    """A unit in a formula: "x₁" or its name for a feature, "a₁" for a unit of a layer."""
    block = plan[block_id]
    if block_id == INPUT:
        return (
            subscript(block.names[unit]) if unit < len(block.names) else f"x{str(unit + 1).translate(_BELOW)}"
        )
    return f"a{str(unit + 1).translate(_BELOW)}"


def source_of(plan: Plan, block_id: str) -> str:
    """The block whose column a block's wires come from."""
    return next((link.source for link in plan.links if link.target == block_id), INPUT)


def sum_in_words(plan: Plan, block: Block, weights: Mapping[str, Array | Rows], unit: int) -> str:
    """What a unit of a Linear computes: "z = −2.13·x₁ + 0.87·x₂ − 0.41"; of many inputs the TERMS with the largest weights."""
    row = weights["weight"][unit]
    source = source_of(plan, block.id)
    flattened = bool(block.filter)
    largest = np.sort(np.argsort(-np.abs(row), kind="stable")[:TERMS])
    terms = [
        f"{signed(float(row[i]))}·{f'x{i + 1}'.translate(_BELOW) if flattened else name_of(plan, source, int(i))}"
        for i in largest
    ]
    if len(row) > TERMS:
        left = len(row) - TERMS
        terms.append(f"+ ({left} more term{'s' if left != 1 else ''})")
    if "bias" in weights:
        terms.append(signed(float(weights["bias"][unit])))
    text = " ".join(terms)
    return "z = " + (
        text[2:] if text.startswith("+") else MINUS + text[2:] if text.startswith(MINUS) else text
    )


class Words:
    """Says what a target is, as rich text for the card."""

    def __init__(self, scene: NetworkScene, frame: Frame | None) -> None:
        self._scene, self._frame = scene, frame
        self._plan: Plan = scene.plan
        self._theme: Theme = scene.stage.look.theme

    def of(self, target: Target) -> str:
        """Empty where there is nothing to say."""
        if target.block_id not in self._plan:
            return ""
        block = self._plan[target.block_id]
        match target:
            case Unit(unit=unit):
                return self._unit(block, unit)
            case Cell():
                return self._cell(block, target)
            case More():
                return self._more(block)
            case Sample(step=step):
                return f"{'Next' if step > 0 else 'Previous'} sample"
            case Bundle(source=source):
                return self._bundle(block, source)
            case Card():
                return self._problem(block)
            case Skip(source=source):
                return (
                    f"<b>{escaped(source)} → {escaped(block.id)}</b> goes round the blocks between"
                    "<br><i>click to choose it, Del to take it away</i>"
                )
            case Port():
                return f"the output of {escaped(block.id)} · <i>pull a wire from here to the card that is to read it</i>"
        return ""

    @staticmethod
    def _problem(block: Block) -> str:
        """What is wrong at a block; of a warning that it is one, and where its remedies are."""
        if block.problem is None:
            return ""
        words = escaped(block.problem.message)
        return words if block.problem.level == "error" else f"<b>Warning</b> · {words}"

    # --- kinds --------------------------------------------------------------------------------------------------------

    def _unit(self, block: Block, unit: int) -> str:
        if block.id == INPUT:
            name = subscript(block.names[unit]) if unit < len(block.names) else f"channel {unit + 1}"
            return f"<b>{escaped(name)}</b>{self._value(block, unit)}"
        weights = self._weights(block)
        rows = weights.get("weight")
        if isinstance(rows, Rows) and unit not in rows:
            weights = {}
        head = f"<b>{self._unit_name(block, unit)}</b>"
        if weights and block.is_sum:
            head += f" · {escaped(sum_in_words(self._plan, block, weights, unit))}"
        lines = [head + self._value(block, unit)]
        if weights and block.has_biases:
            bias = Cell(block.id, "bias", (unit,))
            lines.append(f"bias {fmt(float(weights['bias'][unit]))}{self._gradient(bias)}{self._invite()}")
        elif weights:
            lines.append(self._invite().removeprefix(" · "))
        return "<br>".join(lines)

    def _cell(self, block: Block, cell: Cell) -> str:
        value = self._scene.number(block.id, cell.name, cell.index)
        if value is None:
            return f"{cell.name} of {escaped(block.id)}: shown once the network can run"
        what = f"<b>{cell.name}</b> {escaped(self.place(block, cell))}"
        return f"{what}<br><b>{full(value)}</b>{self._gradient(cell)}{self._invite()}"

    def place(self, block: Block, cell: Cell) -> str:
        """Which number of a layer it is: "from x₁ to unit 3 of linear1"."""
        whose = self._unit_name(block, cell.unit)
        if cell.name == "weight" and block.filter:
            return f"from {self._spot(block, cell)} to {whose}"
        if cell.name != "weight" or not block.is_sum:
            where = " · ".join(
                f"{way} {n + 1}" for way, n in zip(("row", "column"), cell.index[1:], strict=False)
            )
            return f"of {whose}: {where}" if where else f"of {whose}"
        return f"from {name_of(self._plan, source_of(self._plan, block.id), cell.index[-1])} to {whose}"

    @staticmethod
    def _spot(block: Block, cell: Cell) -> str:
        """Which value of a picture a weight belongs to: "channel 2, row 3, column 5"; one channel is not numbered."""
        c, i, j = cell.index[1:] if len(cell.index) == 4 else np.unravel_index(cell.index[1], block.filter)
        channel = f"channel {c + 1}, " if block.filter[0] > 1 else ""
        return f"{channel}row {i + 1}, column {j + 1}"

    def _more(self, block: Block) -> str:
        shown = shown_units(block.units, self._scene.first.get(block.id, 0))
        noun = "channels" if len(block.shape) == 3 else "units"
        return (
            f"{noun} {shown[0] + 1} to {shown[-1] + 1} of {block.units} are shown · click for the next ones"
        )

    def _bundle(self, block: Block, source: str) -> str:
        if block.id == LOSS:
            return f"{escaped(block.title)}: {escaped(block.summary)}"
        weight = block.parameters.get("weight")
        if weight is None:
            return f"{escaped(block.id)} reads {shape_in_words(block.in_shape)}"
        each = "filter" if len(weight) == 4 else "unit"
        numbers = "·".join(map(str, weight))
        return f"every {each} of {escaped(block.id)} reads all of {shape_in_words(block.in_shape)}: {numbers} weights"

    # --- parts --------------------------------------------------------------------------------------------------------

    def _unit_name(self, block: Block, unit: int) -> str:
        noun = "channel" if block.shape and len(block.shape) == 3 else "unit"
        named = f" “{escaped(block.names[unit])}”" if unit < len(block.names) and block.id != INPUT else ""
        return f"{noun} {unit + 1}{named} of {escaped(block.id)}"

    def _value(self, block: Block, unit: int) -> str:
        """What its tile shows: the value for the chosen sample, or the range of its colours."""
        tiles = self._scene.blocks[block.id].tiles
        limit = tiles.limit(unit) if tiles is not None else None
        if tiles is None or limit is None:
            return ""
        value = tiles.value(unit)
        through = "" if block.shown == block.id else f" after {escaped(self._plan[block.shown].title)}"
        if value is not None:
            return f"<br>value{through} for this sample {fmt(value)}"
        noun = "map" if self._plan.mode is Mode.SAMPLE else "tile"
        if unit in tiles.zeros:
            return f"<br>{noun}{through}: 0 everywhere"
        return f"<br>{noun}{through}: {fmt(-limit)} … {fmt(limit)}"

    def _weights(self, block: Block) -> Mapping[str, Array | Rows]:
        tiles = self._scene.blocks[block.id].tiles
        return tiles.weights if tiles is not None else {}

    def short(self, block: Block, cell: Cell) -> str:
        """A number in a list: "bias", "weight from x₁"."""
        if block.filter and cell.name == "weight":
            return f"{cell.name} of {self._spot(block, cell)}"
        words = self.place(block, cell)
        if words.startswith("of "):
            return " ".join((cell.name, *words.split(": ")[1:]))
        return f"{cell.name} {words.split(' to ')[0]}"

    def gradient(self, cell: Cell) -> float | None:
        """A number's gradient at the last step, if it is known."""
        want = Gradients(cell.block_id, self._scene.rows_of(cell.block_id))
        gradients = self._frame.answer(want) if self._frame is not None else None
        array = gradients.get(cell.name) if gradients is not None else None
        if (
            array is None
            or len(cell.index) != array.ndim
            or any(i >= n for i, n in zip(cell.index, array.shape, strict=True))
            or (isinstance(array, Rows) and cell.index[0] not in array)
        ):
            return None
        return float(array[cell.index])

    def _gradient(self, cell: Cell) -> str:
        gradient = self.gradient(cell)
        return "" if gradient is None else f" · gradient {fmt(gradient)}"

    def _invite(self) -> str:
        return " · <i>click to edit</i>"


#: pixels beyond which a sentence is wrapped
WIDEST = 420


class HoverCard(RichLabel):
    """A dark card beside the mouse; the mouse passes through it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent=parent)
        self._room = parent
        self.setObjectName("hover_card")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def say(self, text: str) -> None:
        """Other words at the same place; none hide it."""
        if text != self.text():
            self.setWordWrap(False)
            self.setText(text)
            widest = min(WIDEST, self._room.width() - 8)
            self.setWordWrap(self.sizeHint().width() > widest)
            if self.wordWrap():
                self.resize(widest, self.heightForWidth(widest))
            else:
                self.adjustSize()
        self.setVisible(bool(text))

    def stand_beside(self, at: QPoint, avoid: QRectF | None = None) -> None:
        """Right below the mouse, or wherever there is room without hiding what it speaks of."""
        room, box = self._room.rect(), QRect(QPoint(0, 0), self.size())
        shun = (avoid.toAlignedRect() if avoid is not None else QRect(at, at)).adjusted(-4, -4, 4, 4)
        below, above = max(at.y() + GAP, shun.bottom() + 4), min(at.y() - GAP, shun.top() - 4) - box.height()
        x = min(max(at.x() + GAP, 0), max(room.width() - box.width() - 4, 0))
        y = below if below + box.height() <= room.height() - 4 or above < 0 else above
        self.move(max(x, 4), max(min(y, room.height() - box.height() - 4), 4))
        self.raise_()
