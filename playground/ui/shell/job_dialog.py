"""What dialogs have in common that have something made in a process of its own, see ``CommandJob``."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QDialog, QHBoxLayout, QProgressBar, QPushButton, QWidget

from playground.ui.kit.text import Label
from playground.ui.shell.command_job import CommandJob

if TYPE_CHECKING:
    from playground.document.project import Project
    from playground.ui.shell.saving import Saving


class JobDialog(QDialog):
    """Ends its job when it is closed, and with the window (``end``)."""

    def __init__(self, name: str, title: str, parent: QWidget | None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._job: CommandJob | None = None

    @property
    def busy(self) -> bool:
        """Whether something is being made."""
        return self._job is not None

    @abstractmethod
    def _show_state(self) -> None:
        """Show the buttons for what can be done now."""

    @abstractmethod
    def _say_cancelled(self) -> None:
        """Say what came of a job that was cancelled."""

    def cancel(self) -> None:
        """End what goes on."""
        if self._job is not None:
            self._job.cancel()
            self._job = None
            self._say_cancelled()
            self._show_state()

    def end(self) -> None:
        """The window has closed: what it has started ends before it does."""
        if self._job is not None:
            self._job.end()

    def done(self, result: int) -> None:
        self.cancel()
        super().done(result)

    def closeEvent(self, event: QCloseEvent) -> None:
        self.cancel()
        super().closeEvent(event)


class MakingDialog(JobDialog):
    """Has one file made by a command: it says how that goes, and its buttons are those for what can be done now.

    Args:
        project: whose run it is about.
        what: what is made, in a word; the names of its parts begin with it.
        steps: of the progress; 0 where how far it is cannot be told.
    """

    def __init__(
        self, project: Project, saving: Saving, what: str, title: str, steps: int, parent: QWidget | None
    ) -> None:
        super().__init__(f"{what}_dialog", title, parent)
        self._project, self._saving, self._made = project, saving, Path()
        self.said = Label()
        self.said.setObjectName(f"{what}_said")
        self.said.setProperty("muted", True)
        self.said.setWordWrap(True)
        self.bar = QProgressBar()
        self.bar.setObjectName(f"{what}_progress")
        self.bar.setRange(0, steps)
        self.bar.setTextVisible(False)
        self.cancels, self.closes, self.saves = (
            QPushButton("Cancel"),
            QPushButton("Close"),
            QPushButton("Save…"),
        )
        self.saves.setProperty("primary", True)
        self.saves.setDefault(True)
        self.cancels.clicked.connect(self.cancel)
        self.closes.clicked.connect(self.reject)
        self.saves.clicked.connect(self._ask)
        self.foot = QHBoxLayout()
        self.foot.addWidget(self.bar, 1)
        self.foot.addStretch(0)
        for name, button in (("cancel", self.cancels), ("close", self.closes), ("save", self.saves)):
            button.setObjectName(f"{what}_{name}")
            self.foot.addWidget(button)

    @abstractmethod
    def _ask(self) -> None:
        """Ask where the file goes, and have it made."""

    @abstractmethod
    def _asked(self) -> tuple[QWidget, ...]:
        """The fields, which rest while it is made."""

    @abstractmethod
    def _hear(self, said: dict[str, Any]) -> None:
        """Show what the command says."""

    def _make(self, path: Path, doing: str, command: str, words: Sequence[str]) -> None:
        """Have it made in ``path``; ``doing``: what is said meanwhile."""
        self._made = path
        self.said.setText(doing)
        job = self._job = CommandJob(self._project, self._saving, self)
        job.said.connect(self._hear)
        job.ended.connect(self._ended)
        self._show_state()
        job.run(command, [*words])

    def _ended(self, why: str) -> None:
        self._job = None
        if why:
            self.said.setText(f"Not saved. {why}")
        self._show_state()

    def _say_cancelled(self) -> None:
        self.said.setText("Cancelled: nothing was saved.")

    def _show_state(self) -> None:
        for widget in (self.saves, self.closes):
            widget.setVisible(not self.busy)
        for field in self._asked():
            field.setEnabled(not self.busy)
        self.cancels.setVisible(self.busy)
        self.bar.setVisible(self.busy)
