"""Weights alone: to and from files, and as what the run begins with."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QWidget

from engine.errors import EngineError
from engine.io import load_weights
from playground.document import edits
from playground.ui.kit.questions import ask_where, refuse

if TYPE_CHECKING:
    from playground.document.document import Document
    from playground.ui.shell.saving import Saving

SUFFIX = ".safetensors"
FILTER = f"Weights (*{SUFFIX});;All files (*)"


class WeightFiles(QObject):
    """Saves and loads the weights of the document's network. What is loaded or kept is an edit, which undo takes back."""

    def __init__(
        self,
        window: QWidget,
        document: Document,
        saving: Saving,
        name: Callable[[], str],
        say: Callable[[str], object],
    ) -> None:
        """``name``: of the project, for the name of a file. ``say``: tells the user what has been done."""
        super().__init__(window)
        self._window, self._document, self._saving = window, document, saving
        self._name, self._say = name, say

    def save(self) -> None:
        """Ask where to, and write them."""
        path = self._document.path
        folder = path.parent if path is not None else Path.home()

        def save_to(to: Path) -> None:
            def written(refusal: str) -> None:
                if refusal:
                    refuse(self._window, "Not saved", refusal)
                else:
                    self._say(f"The weights are in {to.name}.")

            self._saving.order_weights(self._document.value, to, written)

        proposal = folder / f"{self._name()}{SUFFIX}"
        ask_where(self._window, "Save the weights", proposal, {SUFFIX: "Weights"}, save_to)

    def load(self) -> None:
        """Ask for a file, and begin with what is in it."""
        path = self._document.path
        folder = path.parent if path is not None else Path.home()
        name, _ = QFileDialog.getOpenFileName(self._window, "Load weights", str(folder), FILTER)
        if name:
            self._begin_with(Path(name), f"Weights of {Path(name).name}")

    def keep(self) -> None:
        """Have the run begin with the weights as they are now: Reset returns to them, and the file holds them."""
        folder = tempfile.mkdtemp(prefix="playground-")
        # the window may go before the answer comes
        tidy = weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        path, project = Path(folder) / f"weights{SUFFIX}", self._document.value

        def written(refusal: str) -> None:
            if refusal:
                refuse(self._window, "Not kept", refusal)
            elif self._document.value is not project:
                refuse(self._window, "Not kept", "The project has been changed meanwhile. Try once more.")
            elif self._begin_with(path, "Keep as first weights"):
                self._say(
                    "The run begins with these weights now: Reset returns to them, and the project's file holds them."
                )
            tidy()

        self._saving.order_weights(project, path, written)

    def _begin_with(self, path: Path, text: str) -> bool:
        """Whether that could be done."""
        try:
            state = load_weights(path)
            self._document.edit(edits.give_weights, state, text=text)
        except EngineError as error:
            refuse(self._window, "Not loaded", str(error))
            return False
        return True
