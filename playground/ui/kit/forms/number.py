"""Boxes for one number and for a height with a width."""

from __future__ import annotations

import math
import re
from typing import Any

from PySide6.QtWidgets import QWidget

from engine.spec import Float, Int, Pair
from playground.ui.kit.forms.field import StepField
from playground.ui.kit.numbers import exact, parse
from playground.ui.kit.theme import Theme

#: below this a quantity chosen by order of magnitude steps down to 0
TINY = 1e-9


class NumberField(StepField):
    """A number of a kind ``Int`` or ``Float``; ``1e-3`` and ``0,01`` may be typed.

    ``around`` is a usual value: it sets the size of a step where the range does not.
    """

    kind: Int | Float

    def __init__(
        self, kind: Int | Float, unit: str, theme: Theme, parent: QWidget | None = None, around: float = 0.0
    ) -> None:
        super().__init__(kind, unit, theme, parent)
        self._around = around

    def write(self, value: Any) -> str:
        return "" if value is None else exact(value)

    def read(self, text: str) -> Any:
        if isinstance(self.kind, Int) and re.fullmatch(r"[+−-]?\d{1,3}(,\d{3})+", text):
            text = text.replace(",", "")  # a whole number has no decimal comma; these part thousands
        number = parse(text)
        return text if number is None else number

    def stepped(self, value: Any, steps: int) -> Any:
        if value is None:
            return None
        if isinstance(self.kind, Float) and self.kind.log:
            return self._clamp(_log_step(value, steps, self.kind.min))
        size = self._step_size(value)
        # From one multiple of the step to the next, so that 0.123 goes to 0.13 and not to 0.133.
        at = value / size
        number = (math.floor(at + 1e-9) if steps > 0 else math.ceil(at - 1e-9)) + steps
        return self._clamp(number * size if isinstance(self.kind, Int) else float(f"{number * size:.12g}"))

    def share(self) -> float | None:
        low, high = self.kind.min, self.kind.max
        if (
            not isinstance(self.kind, Float)
            or self.kind.log
            or low is None
            or high is None
            or self._value is None
        ):
            return None
        return (self._value - low) / (high - low)

    def _step_size(self, value: float) -> float:
        low, high = self.kind.min, self.kind.max
        if isinstance(self.kind, Int):
            return 10 ** max(0, len(str(abs(int(value)))) - 2)  # 7 → 1, 64 → 1, 500 → 10, 1200 → 100
        if low is not None and high is not None:
            return _decade((high - low) / 20)
        return _decade(max(abs(value), abs(self._around)) / 5 or 0.1)

    def _clamp(self, value: float) -> float:
        low, high = self.kind.min, self.kind.max
        if low is not None and value <= low:
            # An open range has no lowest number; the value stays where it is.
            return self._value if isinstance(self.kind, Float) and self.kind.open_min else low
        return high if high is not None and value > high else value


class PairField(StepField):
    """One whole number for both axes, ``3×5`` for height and width, ``0+1×0+1`` for four sides, or one of the kind's words."""

    kind: Pair

    def show_value(self, value: Any) -> None:
        super().show_value(value)
        self.show_unit(not isinstance(value, str) and not (self.kind.zero and value == 0))

    def write(self, value: Any) -> str:
        return "" if value is None else self.kind.written(value)

    def read(self, text: str) -> Any:
        if text.lower() in self.kind.words:
            return text.lower()
        if self.kind.zero:
            text = text.lower().replace(self.kind.zero, "0").removeprefix("=")
        parts = [parse(part) for part in re.split(r"[×xX*,;/+ ]+", text.strip("()[] "))]
        if None in parts or len(parts) not in (1, 2, 4) or (len(parts) == 4 and not self.kind.sides):
            return text
        return parts[0] if len(parts) == 1 else tuple(parts)

    def stepped(self, value: Any, steps: int) -> Any:
        if value is None or isinstance(value, str):
            return value
        low, high = self.kind.min, self.kind.max
        moved = [n + steps for n in (value if isinstance(value, tuple) else (value,))]
        moved = [max(n, low) if low is not None else n for n in moved]
        moved = [min(n, high) if high is not None else n for n in moved]
        return moved[0] if len(moved) == 1 else tuple(moved)


def _decade(rough: float) -> float:
    """The power of ten at or below ``rough``."""
    return 10.0 ** math.floor(math.log10(rough) + 1e-9)


def _log_step(value: float, steps: int, low: float | None) -> float:
    """Along 1, 2, 5, 10, 20 … so many steps on from ``value``; through 0 only where the range begins there."""
    for _ in range(abs(steps)):
        value = _next_up(value) if steps > 0 else _next_down(value, low)
    return value


def _next_up(value: float) -> float:
    if value < TINY:
        return TINY
    power = _decade(value)
    return next(float(f"{m * power:.3g}") for m in (1, 2, 5, 10) if m * power > value * (1 + 1e-9))


def _next_down(value: float, low: float | None) -> float:
    if value <= TINY * (1 + 1e-9):
        return 0.0 if low == 0 else value
    power = _decade(value)
    return next(float(f"{m * power:.3g}") for m in (5, 2, 1, 0.5) if m * power < value * (1 - 1e-9))
