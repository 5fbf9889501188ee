"""What every view is and is given. Views draw projects and frames and turn gestures into edits; they never talk to one another."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QWidget

if TYPE_CHECKING:
    from playground.document.document import Document
    from playground.document.project import Project
    from playground.runner.messages import Command, Frame, Want
    from playground.ui.theme import Theme


class Focus(QObject):
    """What the person looks at: shared by all views, not part of the project, never undone.

    Attributes:
        node_id: the selected block ("" for none; "input" and "loss" are blocks too).
        unit: the unit under the mouse as ``(node_id, index)``, or ``None``.
        sample: the chosen sample as ``(part, index)``.
    """

    node_changed = Signal(str)
    unit_changed = Signal(object)
    sample_changed = Signal(object)
    #: somebody wants to change this block's options now (Enter or a double-click on it)
    edit_asked = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.node_id = ""
        self.unit: tuple[str, int] | None = None
        self.sample: tuple[str, int] = ("validation", 0)

    def select(self, node_id: str) -> None:
        if node_id != self.node_id:
            self.node_id = node_id
            self.node_changed.emit(node_id)

    def ask_edit(self, node_id: str) -> None:
        """Select a block, and ask whoever shows its options to take the keyboard."""
        self.select(node_id)
        self.edit_asked.emit(node_id)

    def hover(self, unit: tuple[str, int] | None) -> None:
        if unit != self.unit:
            self.unit = unit
            self.unit_changed.emit(unit)

    def choose_sample(self, part: str, index: int) -> None:
        if (part, index) != self.sample:
            self.sample = (part, index)
            self.sample_changed.emit(self.sample)


@dataclass(frozen=True)
class Context:
    """What a view may use: the document to edit, the runner to command, the shared focus, the theme."""

    document: Document
    focus: Focus
    send: Callable[[Command], None]
    theme: Theme


class View(QWidget):
    """Base of views. A view is one file that opens alone: ``python -m playground.ui.preview NAME``."""

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.context = context
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)  # a plain QWidget would not paint its panel

    def wants(self) -> Iterable[Want]:
        """What it needs in frames while it is visible. Asked before every frame, so keep it cheap."""
        return ()

    def show_project(self, before: Project | None, after: Project) -> None:
        """The document has changed; compare parts with ``is``. ``before`` is None for the first fill."""

    def show_frame(self, frame: Frame) -> None:
        """Draw a moment of training. Called on the GUI thread at most 60 times a second, only while visible."""
