"""Save Report…: what was asked and found, and where the page or paper goes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import (
    QCheckBox,
    QFormLayout,
    QLineEdit,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from engine.errors import counted, in_bytes
from playground.ui.kit.questions import ask_where
from playground.ui.kit.text import Label
from playground.ui.kit.widgets import ComboBox
from playground.ui.shell.job_dialog import MakingDialog

if TYPE_CHECKING:
    from playground.document.project import Project
    from playground.ui.shell.saving import Saving

#: kinds of reports by their ending
KINDS = {"html": "Page (HTML)", "pdf": "Paper (PDF)"}
#: what is in it
ABOUT = (
    "Data, network, settings, curves, answers, the samples with the largest loss, seed and version. The project is inside: whoever opens the "
    "report in this program can run it again."
)


class ReportDialog(MakingDialog):
    """Reports on the run of ``project``; the window goes on behind it.

    Args:
        runs: where the runs lie that it can be compared with, and how many there are.
    """

    def __init__(
        self, project: Project, saving: Saving, runs: tuple[Path, int], parent: QWidget | None = None
    ) -> None:
        super().__init__(project, saving, "report", "Save Report", 0, parent)
        self._runs = runs
        title = Label("Hand in what you have found")
        title.setProperty("title", True)
        about = Label(ABOUT)
        about.setProperty("muted", True)
        about.setWordWrap(True)
        self.author = QLineEdit()
        self.author.setObjectName("report_author")
        self.author.setPlaceholderText("your name")
        self.question = _field("question", "What did you want to know?")
        self.answer = _field("answer", "What did you find?")
        self.kind = ComboBox()
        self.kind.setObjectName("report_kind")
        self.kind.setAccessibleName("Format")
        self.kind.addItems(list(KINDS.values()))
        self.compares = QCheckBox(f"{counted(runs[1], 'run')} of the Runs panel")
        self.compares.setObjectName("report_runs")
        self.compares.setEnabled(runs[1] > 0)
        self.compares.setChecked(runs[1] > 0)
        self.compares.setToolTip(
            "What differs, and how good each was."
            if runs[1]
            else "There is none yet: Run ▸ Run Beside the Old One makes some."
        )
        form = QFormLayout()
        form.setVerticalSpacing(8)
        form.setHorizontalSpacing(14)
        for words, field in (
            ("By", self.author), ("Question", self.question), ("Answer", self.answer), ("Compared", self.compares), ("Format", self.kind),
        ):  # fmt: skip
            form.addRow(words, field)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 18)
        column.setSpacing(12)
        for item in (title, about):
            column.addWidget(item)
        column.addLayout(form)
        column.addWidget(self.said)
        column.addStretch(1)
        column.addLayout(self.foot)
        self.resize(620, 460)
        self._show_state()

    def _ask(self) -> None:
        stem = re.sub(r"[^\w .()-]+", " ", self._project.name).strip()[:60] or "report"
        ending = list(KINDS)[self.kind.currentIndex()]
        ask_where(
            self,
            "Save the report",
            Path.home() / f"{stem}.{ending}",
            {f".{ending}": KINDS[ending]},
            self.start,
        )

    def start(self, path: Path) -> None:
        """Write the report there."""
        if self.busy:
            return
        words = ["--out", str(path), "--json", "--allow-outside", "--allow-memory"]
        # With =, as what a person writes may begin with a dash.
        words += [
            f"--author={self.author.text()}", f"--question={self.question.toPlainText()}", f"--answer={self.answer.toPlainText()}",
        ]  # fmt: skip
        words += ["--runs", str(self._runs[0])] if self.compares.isChecked() else []
        self._make(path, "Writing …", "report", words)

    def _hear(self, said: dict[str, Any]) -> None:
        self.said.setText(f"Saved as {self._made.name}, {in_bytes(said['bytes'])}.")

    def _asked(self) -> tuple[QWidget, ...]:
        return (self.author, self.question, self.answer, self.kind)


def _field(name: str, words: str) -> QPlainTextEdit:
    field = QPlainTextEdit()
    field.setObjectName(f"report_{name}")
    field.setPlaceholderText(words)
    field.setAccessibleName(words)
    field.setTabChangesFocus(True)
    field.setFixedHeight(64)
    return field
