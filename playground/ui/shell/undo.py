"""Undo is keeping the previous project: one kind of command serves every edit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtGui import QUndoCommand, QUndoStack

from playground.document.document import News

if TYPE_CHECKING:
    from playground.document.document import Document
    from playground.document.project import Project


class Edit(QUndoCommand):
    """From one project to another. Neighbours with the same non-empty merge key become one entry."""

    def __init__(
        self, document: Document, before: Project, after: Project, text: str, merge: str = ""
    ) -> None:
        super().__init__(text)
        self._document, self.before, self.after, self.merge = document, before, after, merge
        self._news = News.EDITED

    def id(self) -> int:
        # Qt offers a command to its predecessor only where both have the same id and it is not -1.
        return 1 if self.merge else -1

    def mergeWith(self, other: QUndoCommand) -> bool:
        if not isinstance(other, Edit) or other.merge != self.merge:
            return False
        self.after = other.after
        self.setObsolete(self.after == self.before)  # dragged there and back: nothing to undo
        return True

    def undo(self) -> None:
        self._news = News.RETURNED
        self._document.set(self.before, self._news)

    def redo(self) -> None:
        self._document.set(self.after, self._news)


class History(QUndoStack):
    """The edits of one document, oldest first. It is clean where the document is what its file holds."""

    def __init__(self, document: Document, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document = document
        document.recorder = self._record
        document.edited_from = self._edited_from

    def _record(self, before: Project, after: Project, text: str, merge: str) -> None:
        self.push(Edit(self._document, before, after, text, merge))

    def _edited_from(self) -> Project | None:
        last = self.command(self.index() - 1) if self.index() else None
        return last.before if isinstance(last, Edit) else None

    def start_over(self) -> None:
        """Forget all edits: another project has been opened."""
        self.clear()
        self.setClean()
