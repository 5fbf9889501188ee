"""Buttons for the edits that would end a problem, and the sign and colour of its level."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from PySide6.QtWidgets import QPushButton

from playground.document import edits
from playground.ui.kit.text import button_text

if TYPE_CHECKING:
    from engine.problems import Remedy
    from playground.document.document import Document

#: icon and word of each level
SIGNS: dict[str, tuple[str, str]] = {
    "error": ("alert-circle-outline", "Problem"),
    "warning": ("alert-outline", "Warning"),
    "hint": ("lightbulb-outline", "Hint"),
}

#: where it is no matter of what one means
NO_CHOICE = ("diverged",)


class Mendable(Protocol):
    """What has remedies: a problem, or the coach's advice."""

    @property
    def remedies(self) -> tuple[Remedy, ...]: ...
    @property
    def rule(self) -> str: ...


def remedy_buttons(problem: Mendable, document: Document) -> list[QPushButton]:
    """A button per remedy, and where a rule has found it, one more to say that it is meant so; each is an edit that can be undone."""
    made = []
    for number, remedy in enumerate(problem.remedies):
        button = QPushButton(button_text(remedy.text))
        button.setObjectName(f"mend{number or ''}")
        button.setAccessibleName(remedy.text)
        button.setToolTip("An edit of the project; Undo takes it back.")
        button.clicked.connect(lambda _=False, remedy=remedy: document.edit(edits.mend, remedy))
        made.append(button)
    if problem.rule and problem.rule not in NO_CHOICE:
        meant = QPushButton("I meant that")
        meant.setObjectName("meant")
        meant.setToolTip("Say no more of it in this project; Undo takes it back.")
        meant.clicked.connect(lambda: document.do(edits.mean_so, problem.rule))
        made.append(meant)
    return made
