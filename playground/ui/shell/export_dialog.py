"""Export Program…: what for, where to, and the proof that it gives the same numbers, layer by layer."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from engine.errors import EngineError, counted
from engine.export import TARGETS, Outline, Row
from playground.document.project import data_of
from playground.ui.kit.style import refresh
from playground.ui.kit.text import Label
from playground.ui.kit.widgets import ComboBox
from playground.ui.shell.export_job import ExportJob
from playground.ui.shell.job_dialog import JobDialog
from playground.ui.shell.proof_table import ProofTable, share_in_words

if TYPE_CHECKING:
    from playground.document.project import Project
    from playground.ui.kit.theme import Theme
    from playground.ui.shell.saving import Saving

#: how a person installs what a package is in
INSTALLED = {
    "onnx": "pip install 'chainrule-playground[export]'", "torch": "pip install torch safetensors", "keras": "pip install keras torch",
}  # fmt: skip
#: of the progress bar, so much is for what is trained here; the rest for the proof
TRAINED = 0.4


class ExportDialog(JobDialog):
    """Exports ``project`` with the weights of its run; the window goes on behind it."""

    def __init__(self, project: Project, saving: Saving, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__("export_dialog", "Export Program", parent)
        self.resize(720, 600)
        self._project, self._saving = project, saving
        self._rows: list[Row] = []
        self._proving = False
        self._touched = False  # the folder was chosen by hand
        self._expected = 1
        self._written = False

        self.target = ComboBox()
        self.target.setObjectName("export_target")
        self.target.setAccessibleName("Written for")
        for key, target in TARGETS.items():
            self.target.addItem(target.label, key)
        self.sentence, self.missing = _words("sentence", "muted"), _words("missing", "warning")
        self.missing.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.verdict, self.said = _words("verdict", "strong"), _words("said", "muted")
        self.table = ProofTable(theme, self._titles())
        self.bar = QProgressBar()
        self.bar.setObjectName("export_progress")
        self.bar.setRange(0, 1000)
        self.bar.setTextVisible(False)
        self.exports = _button("write", "Export", "Write the program and what it reads into the folder.")
        tip = "Write it, and run it in a process of its own: how far are its numbers from ours?"
        self.proves = _button("prove", "Export and prove", tip)
        self.proves.setProperty("primary", True)
        self.proves.setDefault(True)
        self.cancels = _button("cancel", "Cancel", "End it; what is written already stays.")
        self.closes = _button("close", "Close", "Close this; what is written stays.")
        self._lay_out(self._form())
        self._connect()
        self._retarget()
        self._show_state()

    def _form(self) -> QFormLayout:
        """What is asked."""
        tip = "The folder that the program is written into."
        self.folder, folder_row = _path_row("export_folder", "Folder", tip, self._ask_folder)
        tip = "The Python that runs the program to prove it, such as that of an environment with PyTorch."
        self.python, python_row = _path_row("export_python", "Interpreter", tip, self._ask_python)
        self.python.setPlaceholderText("the playground's own Python")
        form = QFormLayout()
        form.setHorizontalSpacing(14)
        form.setVerticalSpacing(8)
        for words, field in (
            ("Written for", self.target), ("", self.sentence), ("Folder", folder_row), ("Proved by", python_row)
        ):  # fmt: skip
            label = Label(words)
            label.setFixedHeight(field.sizeHint().height())  # in the middle of its row, not at its top
            form.addRow(label, field)
        return form

    def _lay_out(self, form: QFormLayout) -> None:
        title = Label("Take the network away as a program")
        title.setProperty("title", True)
        buttons = QHBoxLayout()
        buttons.addWidget(self.bar, 1)
        buttons.addStretch(0)
        for button in (self.cancels, self.closes, self.exports, self.proves):
            buttons.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 18)
        column.setSpacing(12)
        column.addWidget(title)
        column.addLayout(form)
        column.addWidget(self.missing)
        column.addWidget(self.verdict)
        column.addWidget(self.said)
        column.addWidget(self.table, 1)
        self._space = QWidget()
        column.addWidget(self._space, 1)
        column.addLayout(buttons)

    def _connect(self) -> None:
        self.target.currentIndexChanged.connect(self._retarget)
        self.folder.textEdited.connect(self._folder_typed)
        self.python.textChanged.connect(self._look_for_packages)
        self.exports.clicked.connect(lambda: self.start(prove=False))
        self.proves.clicked.connect(lambda: self.start(prove=True))
        self.cancels.clicked.connect(self.cancel)
        self.closes.clicked.connect(self.reject)

    # --- what is asked ------------------------------------------------------------------------------------------------

    @property
    def key(self) -> str:
        return str(self.target.currentData())

    def _titles(self) -> dict[str, str]:
        """The program's names of the layers, each with what people call it."""
        try:
            outline = Outline(
                self._project.name, self._project.network, data_of(self._project).in_shape, self._project.fit
            )
            return {p.name: f"{p.layer.label}, block {p.number + 1}" for p in outline.places()}
        except EngineError:
            return {}

    def _retarget(self) -> None:
        self.sentence.setText(TARGETS[self.key].sentence)
        if not self._touched:
            path = self._saving_folder()
            name = re.sub(r"[^\w-]+", "-", self._project.name).strip("-")[:40] or "network"
            self.folder.setText(str(path / f"{name}-{self.key}".lower()))
        self._written = False
        self._look_for_packages()

    def _saving_folder(self) -> Path:
        return Path.home()

    def _folder_typed(self) -> None:
        self._touched = True

    def _look_for_packages(self) -> None:
        """Say what is not there, where that can be known without running anything."""
        target, own = TARGETS[self.key], not self.python.text().strip()
        missing = [name for name in target.needs if (own or name == "onnx") and find_spec(name) is None]
        words = ""
        if missing:
            how = next(
                (INSTALLED[name] for name in missing if name in INSTALLED), f"pip install {' '.join(missing)}"
            )
            other = (
                ""
                if "onnx" in missing
                else " It can be written all the same; to prove it, install that or name an interpreter that has it."
            )
            words = (
                f"{target.label} needs {' and '.join(missing)}, which is not installed here: {how}.{other}"
            )
        self.missing.setText(words)
        self.missing.setVisible(bool(words))

    def _ask_folder(self) -> None:
        found = QFileDialog.getExistingDirectory(
            self, "Folder for the program", str(Path(self.folder.text()).parent)
        )
        if found:
            self._touched = True
            self.folder.setText(found)

    def _ask_python(self) -> None:
        found, _ = QFileDialog.getOpenFileName(self, "A Python interpreter", str(Path(sys.executable).parent))
        if found:
            self.python.setText(found)

    # --- the export ---------------------------------------------------------------------------------------------------

    def start(self, *, prove: bool) -> None:
        """Write the program, and prove it."""
        if self._job is not None or not self.folder.text().strip():
            return
        self._rows, self._proving, self._written = [], prove, False
        types = 2 if TARGETS[self.key].trains else 1
        self._expected = types * (len(self._project.network) + 1)
        self.table.clear()
        self._tell(
            "",
            "Training the first updates once more, to compare with …"
            if TARGETS[self.key].trains
            else "Writing …",
        )
        self.bar.setValue(0)
        job = self._job = ExportJob(self._project, self._saving, self)
        job.went_on.connect(
            lambda share: self.bar.setValue(round(1000 * share * (TRAINED if prove else 1.0)))
        )
        job.written.connect(self._has_written)
        job.compared.connect(self._compared)
        job.ended.connect(self._ended)
        self._show_state()
        folder = Path(self.folder.text().strip()).expanduser()
        job.start(self.key, folder, prove=prove, python=self.python.text().strip())

    def _say_cancelled(self) -> None:
        kept = f" The program is in {self.folder.text()}, not proved." if self._written else ""
        self._tell("", f"Cancelled.{kept}")

    def _has_written(self, notes: list[str]) -> None:
        self._written = True
        words = " ".join(notes)
        self._tell("", f"The program runs, in a process of its own … {words}" if self._proving else words)

    def _compared(self, row: Row) -> None:
        self._rows.append(row)
        self.table.add(row)
        self.table.setVisible(True)
        self._space.setVisible(False)
        share = min(1.0, len(self._rows) / self._expected)
        self.bar.setValue(round(1000 * (TRAINED + (1 - TRAINED) * share)))

    def _ended(self, why: str) -> None:
        self._job = None
        self.table.scrollToTop()
        if self._rows and all(row.agrees for row in self._rows) and not why:
            worst = share_in_words(max(self._rows, key=lambda row: row.share))
            self._tell(
                "The same function",
                f"It ran by itself and was compared in {counted(len(self._rows), 'place')}: nothing differs by more than {worst} of "
                f"what rounding explains. It is in {self.folder.text()}.",
                "good",
            )
        elif any(not row.agrees for row in self._rows):
            off = max(self._rows, key=lambda row: (not row.agrees, row.share))
            self._tell(
                "Other numbers",
                f"{self.table.title_of(off)} in {off.dtype} differs by {off.difference:.3g}, where rounding explains {off.bound:.3g}. "
                "Report it with the folder of the program.",
                "problem",
            )
        elif why:
            self._tell("Written, but not proved" if self._written else "Not exported", why, "problem")
        else:
            self._tell(
                "Written", f"The program is in {self.folder.text()}; python check.py there proves it.", "good"
            )
        self._show_state()

    # --- what is shown ------------------------------------------------------------------------------------------------

    def _tell(self, verdict: str, words: str, kind: str = "") -> None:
        self.verdict.setText(verdict)
        self.said.setText(words)
        for name in ("good", "problem"):
            self.verdict.setProperty(name, name == kind)
        refresh(self.verdict)
        self.verdict.setVisible(bool(verdict))
        self.said.setVisible(bool(words))

    def _show_state(self) -> None:
        busy = self._job is not None
        for widget in (self.exports, self.proves, self.closes):
            widget.setVisible(not busy)
        for field in (self.target, self.folder, self.python):
            field.setEnabled(not busy)
        self.cancels.setVisible(busy)
        self.bar.setVisible(busy)
        self.table.setVisible(bool(self._rows))
        self._space.setVisible(not self._rows)
        self.verdict.setVisible(bool(self.verdict.text()))
        self.said.setVisible(bool(self.said.text()))


def _words(name: str, look: str) -> Label:
    """A place for words."""
    label = Label()
    label.setObjectName(f"export_{name}")
    label.setProperty(look, True)
    label.setWordWrap(True)
    return label


def _button(name: str, text: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    button.setObjectName(f"export_{name}")
    button.setToolTip(tip)
    return button


def _path_row(name: str, what: str, tip: str, ask: Callable[[], object]) -> tuple[QLineEdit, QWidget]:
    """A line for a path, and a row with a button beside it."""
    line = QLineEdit()
    line.setObjectName(name)
    line.setAccessibleName(what)
    line.setToolTip(tip)
    button = QPushButton("Browse…")
    button.setObjectName(f"{name}_browse")
    button.setAccessibleName(f"{what}: browse")
    button.setAutoDefault(False)
    button.clicked.connect(ask)
    row = QWidget()
    layout = QHBoxLayout(row)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.addWidget(line, 1)
    layout.addWidget(button)
    return line, row
