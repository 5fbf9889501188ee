"""Choosing one number of the network: a parameter, and where in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QWidget

from engine.core import Shape
from playground.ui.kit.widgets import ComboBox, named

if TYPE_CHECKING:
    from engine.landscape import Cell

#: of the field for an index, in pixels: four places of two digits
WIDTH = 86


class CellPicker(QWidget):
    """A list of parameters, and a field for the index.

    Args:
        name: object name.
        which: "First", "Second".
    """

    changed = Signal()

    def __init__(self, name: str, which: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self._which = which
        self._shapes: dict[tuple[str, str], Shape] = {}
        self._index: tuple[int, ...] = ()
        self.parameter = named(ComboBox(), f"{name}_parameter", f"{which} number: of which parameter")
        self.parameter.setToolTip(f"{which} axis: the parameter that the number is of.")
        self.parameter.setMinimumContentsLength(9)
        self.parameter.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.parameter.activated.connect(self._chosen)
        self.index = named(QLineEdit(), f"{name}_index", f"{which} number: its index")
        self.index.setFixedWidth(WIDTH)
        self.index.textChanged.connect(lambda _: self._typed())
        self.index.editingFinished.connect(self._write)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(self.parameter, 1)
        row.addWidget(self.index)

    def show_shapes(self, shapes: dict[tuple[str, str], Shape], start: int) -> None:
        """The parameters that there are: ``(node id, name) → shape``. Where the chosen one has gone, the ``start``-th number of the first."""
        if shapes == self._shapes:
            return
        chosen = self._key
        self._shapes = shapes
        self.parameter.clear()
        self.parameter.addItems([f"{node}.{name}" for node, name in shapes])
        keys = list(shapes)
        self.parameter.setCurrentIndex(keys.index(chosen) if chosen in shapes else 0 if keys else -1)
        if chosen not in shapes and keys:
            left, index = start, []
            for n in shapes[keys[0]]:  # the first axis first: other units, not other inputs of one
                index.append(left % n)
                left //= n
            self._index = tuple(index)
        self._fit()

    @property
    def _key(self) -> tuple[str, str] | None:
        at = self.parameter.currentIndex()
        return list(self._shapes)[at] if 0 <= at < len(self._shapes) else None

    @property
    def cell(self) -> Cell | None:
        """The number that is chosen; ``None`` where there are none."""
        from engine.landscape import Cell

        return None if self._key is None else Cell(*self._key, self._index)

    def _chosen(self) -> None:
        self._fit()

    def _fit(self) -> None:
        """An index that the parameter has, as near as can be to the last one."""
        shape = self._shapes.get(self._key, ()) if self._key is not None else ()
        padded = (*self._index, *(0 for _ in shape))
        self._index = tuple(min(i, n - 1) for i, n in zip(padded, shape, strict=False))
        ends = ", ".join(f"0 to {n - 1:,}" for n in shape)
        self.index.setToolTip(f"{self._which} axis: where in the parameter, {ends}.")
        self.index.setEnabled(bool(shape))
        self._write()
        self.changed.emit()

    def _write(self) -> None:
        self.index.setText(", ".join(map(str, self._index)))
        self._mark(False)

    def _typed(self) -> None:
        """Take what is typed as soon as it is an index that there is."""
        shape = self._shapes.get(self._key, ()) if self._key is not None else ()
        parts = [part.strip() for part in self.index.text().split(",")]
        fits = len(parts) == len(shape) and all(
            part.isascii() and part.isdigit() and len(part) < 9 and int(part) < n
            for part, n in zip(parts, shape, strict=True)
        )
        self._mark(not fits)
        if fits and (index := tuple(map(int, parts))) != self._index:
            self._index = index
            self.changed.emit()

    def _mark(self, wrong: bool) -> None:
        if self.index.property("wrong") != wrong:
            self.index.setProperty("wrong", wrong)
            self.index.style().polish(self.index)
