"""The network as a figure of a textbook, to be drawn wherever views are."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from engine.textbook import Drawing, figure, formulas
from playground.document.project import Project, data_of
from playground.ui.kit.view import Table
from playground.ui.shell.figures import Sheet

#: what the figure dialog calls it
TITLE = "Network, as in a textbook"


class Textbook(Sheet):
    """Draws the network of ``project``; never shown itself. Raises EngineError where its data cannot be made."""

    def __init__(self, project: Project, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.hide()
        self._project, self._in_shape = project, data_of(project).in_shape
        self.show_detail("maps")

    def show_detail(self, detail: str) -> None:
        """One of ``DETAILS``."""
        self.drawing: Drawing = figure(self._project.network, self._in_shape, detail, self._project.name)
        self.draw(self.drawing.svg())

    def formulas(self) -> bytes:
        """Those of the network, its loss and its optimizer, as LaTeX."""
        return formulas(self._project.network, self._project.fit, self._project.name).encode()

    def as_table(self) -> Table | None:
        """The shape after each layer, and how much it learns."""
        shapes = self._project.network.known_shapes(self._in_shape)
        rows = [("input", "", " × ".join(map(str, self._in_shape)), 0)]
        for node in self._project.network.nodes:
            if node.id in shapes:
                read = [shapes[one] for one in self._project.network.inputs_of(node.id)]
                count = sum(p.size for p in node.layer.parameters(*read).values())
                rows.append((node.id, node.layer.label, " × ".join(map(str, shapes[node.id])), count))
        return Table(("layer", "kind", "shape", "parameters"), tuple(rows))
