"""Buttons for the edits that would end a problem, and the sign and colour of its level."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QPushButton

from playground.document import edits
from playground.ui.kit.text import button_text

if TYPE_CHECKING:
    from engine.problems import Level, Problem
    from playground.document.document import Document

#: icon and word of each level
SIGNS: dict[Level, tuple[str, str]] = {
    "error": ("alert-circle-outline", "Problem"),
    "warning": ("alert-outline", "Warning"),
}


def remedy_buttons(problem: Problem, document: Document) -> list[QPushButton]:
    """A button per remedy; pressed, each is an edit that can be undone."""
    made = []
    for number, remedy in enumerate(problem.remedies):
        button = QPushButton(button_text(remedy.text))
        button.setObjectName(f"mend{number or ''}")
        button.setAccessibleName(remedy.text)
        button.setToolTip("An edit of the project; Undo takes it back.")
        button.clicked.connect(lambda _=False, remedy=remedy: document.edit(edits.mend, remedy))
        made.append(button)
    return made
