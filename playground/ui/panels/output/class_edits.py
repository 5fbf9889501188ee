"""The classes of painted points: one more, one less, another name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from engine.data.numbers import free_name
from engine.data.points import MOST_CLASSES
from engine.errors import SpecError
from playground.document import edits

if TYPE_CHECKING:
    from engine.data import Painted
    from playground.ui.kit.view import Context
    from playground.ui.panels.output.paint_bar import PaintBar
    from playground.ui.panels.output.painter import Painter


class ClassEdits:
    """Does what the paint bar asks for, and says there what else it has changed."""

    def __init__(self, context: Context, bar: PaintBar, painter: Painter) -> None:
        self._context, self._bar, self._painter = context, bar, painter
        bar.class_added.connect(self.add)
        bar.class_removed.connect(self.remove)
        bar.class_renamed.connect(self.rename)

    def add(self) -> None:
        """One class more, without points."""
        source = self._painter.source
        if source is not None and len(source.classes) < MOST_CLASSES:
            name = free_name(source.classes, str(len(source.classes)))
            self._set(source.replace(classes=(*source.classes, name)), f"Add class {name}")

    def remove(self, label: int) -> None:
        """One class less, with its points; two stay."""
        source = self._painter.source
        if source is not None and len(source.classes) > 2:
            self._painter.select(np.zeros(0, np.intp))
            self._set(source.without_class(label), f"Remove class {source.classes[label]}")

    def rename(self, label: int, name: str) -> None:
        """Another name, unless another class has it."""
        source = self._painter.source
        if source is None:
            return
        try:
            self._set(source.renamed(label, name), "Rename a class")
        except SpecError as error:
            taken = f"Another class is called {name} already; expected a name of its own. Choose another."
            self._bar.say(taken if name in source.classes else str(error))

    def _set(self, source: Painted, text: str) -> None:
        self._bar.say("")
        before = self._context.document.value
        self._painter.apply(edits.set_classes, source, text)
        said = edits.differences(before, self._context.document.value)
        if said:
            self._bar.say(" ".join(said))
