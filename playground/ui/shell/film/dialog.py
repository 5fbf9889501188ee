"""Save Film…: a view or the whole window through the epochs of the run, as WebP, GIF or MP4."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QByteArray, QSize, Qt
from PySide6.QtGui import QMovie, QPixmap
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QHBoxLayout,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from playground.ui.kit.questions import ask_where
from playground.ui.kit.text import Label
from playground.ui.kit.widgets import ComboBox
from playground.ui.shell import figures
from playground.ui.shell.film.encoding import KINDS, missing
from playground.ui.shell.job_dialog import MakingDialog

if TYPE_CHECKING:
    from playground.document.project import Project
    from playground.ui.kit.theme import LiveTheme
    from playground.ui.shell.saving import Saving

#: pixels of the picture in the dialog
ROOM = QSize(380, 320)
#: widths in pixels that are asked for
WIDTHS = {"message, 480 px": 480, "page, 640 px": 640, "slide, 1280 px": 1280}
#: pictures of a film at first, and milliseconds of each
PICTURES, MILLISECONDS = 60, 100
#: of the window the person has seen on a large screen, so wide a picture is enough
WIDEST = 1600


@dataclass(frozen=True)
class Subject:
    """What can be filmed.

    Args:
        key: "window", "network" or that of a panel.
        title: what people call it.
        widget: as it is seen now.
    """

    key: str
    title: str
    widget: QWidget


@dataclass(frozen=True)
class Looked:
    """How far the run has come, and what is looked at.

    Args:
        epoch: the last one.
        earliest: the first one that its History reaches.
        node: the selected block.
        part, sample: the chosen sample.
        layout: how the panels of the window stand.
    """

    epoch: float
    earliest: float = 0.0
    node: str = ""
    part: str = "validation"
    sample: int = 0
    layout: bytes = b""


class FilmDialog(MakingDialog):
    """Films the run of ``project``; the window goes on behind it."""

    def __init__(
        self,
        subjects: Sequence[Subject],
        looked: Looked,
        project: Project,
        saving: Saving,
        theme: LiveTheme,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(project, saving, "film", "Save Film", 1000, parent)
        self._subjects, self._looked, self._theme = subjects, looked, theme
        self.picture = Label()
        self.picture.setObjectName("film_picture")
        self.picture.setAccessibleName("The film")
        self.picture.setFixedSize(ROOM + QSize(2, 2))
        self.picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._fields()
        self.said.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._lay_out()
        for choice in (self.what, self.kind):
            choice.currentIndexChanged.connect(self._refresh)
        self.first.valueChanged.connect(self._refresh)
        self.last.valueChanged.connect(self._refresh)
        self.limited.toggled.connect(self.limit.setEnabled)
        self.resize(820, 460)
        self._refresh()

    def _fields(self) -> None:
        """What is asked."""
        self.what = _choice("what", "What", [one.title for one in self._subjects])
        self.kind = _choice("kind", "Format", list(KINDS.values()))
        self.width_ = _choice("width", "Width", list(WIDTHS))
        last, earliest = max(1.0, self._looked.epoch), self._looked.earliest
        self.first, self.last = (
            _epoch("first", "First epoch", 0.0, last),
            _epoch("last", "Last epoch", last, last),
        )
        self.first.setMinimum(earliest)
        if earliest:
            self.first.setToolTip(
                "What was before a setting was changed has no way back, and cannot be filmed."
            )
        self.pictures = QSpinBox()
        self.pictures.setObjectName("film_pictures")
        self.pictures.setAccessibleName("Pictures")
        self.pictures.setRange(2, 600)
        self.pictures.setValue(PICTURES)
        self.pictures.setToolTip("How many, evenly over the epochs; between two epochs too.")
        self.speed = QSpinBox()
        self.speed.setObjectName("film_milliseconds")
        self.speed.setAccessibleName("Milliseconds each")
        self.speed.setRange(20, 10_000)
        self.speed.setSingleStep(20)
        self.speed.setValue(MILLISECONDS)
        self.speed.setSuffix(" ms each")
        self.speed.setToolTip("How long a picture is seen; the first and the last are seen longer.")
        self.captions = QCheckBox("epoch and scores below")
        self.captions.setObjectName("film_captions")
        self.captions.setChecked(True)
        self.limited = QCheckBox("fits into")
        self.limited.setObjectName("film_limited")
        self.limited.setToolTip("Quality goes first, then width, then every other picture.")
        self.limit = QDoubleSpinBox()
        self.limit.setObjectName("film_limit")
        self.limit.setAccessibleName("Megabytes at most")
        self.limit.setRange(0.1, 1000)
        self.limit.setDecimals(1)
        self.limit.setValue(5)
        self.limit.setSuffix(" MB")
        self.limit.setEnabled(False)

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setVerticalSpacing(8)
        form.setHorizontalSpacing(14)
        for words, field in (
            ("What", self.what), ("Format", self.kind), ("Width", self.width_),
            ("Epochs", _row(self.first, Label("to"), self.last)), ("Pictures", _row(self.pictures, self.speed)),
            ("Caption", self.captions), ("Size", _row(self.limited, self.limit)),
        ):  # fmt: skip
            form.addRow(words, field)
        side = QVBoxLayout()
        side.addLayout(form)
        side.addWidget(self.said)
        side.addStretch(1)
        row = QHBoxLayout()
        row.setSpacing(18)
        row.addWidget(self.picture)
        row.addLayout(side, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 18)
        column.setSpacing(14)
        column.addLayout(row)
        column.addLayout(self.foot)

    # --- what is asked ------------------------------------------------------------------------------------------------

    @property
    def subject(self) -> Subject:
        return self._subjects[self.what.currentIndex()]

    @property
    def ending(self) -> str:
        return list(KINDS)[self.kind.currentIndex()]

    def _refresh(self) -> None:
        """What it will be like, and whether it can be made."""
        self.picture.setMovie(None)  # type: ignore[arg-type]
        found = figures.preview(self.subject.widget, ROOM, self._theme, light=False)
        self.picture.setPixmap(QPixmap.fromImage(found))
        why = missing(self.ending)
        if self._looked.epoch <= 0:
            why = "There is nothing to film yet: the run has not finished an epoch. Press Play first."
        elif self.last.value() <= self.first.value():
            why = "The last epoch comes before the first. Choose a later one."
        self.said.setText(why or "It is painted beside the window, which goes on meanwhile.")
        self.said.setProperty("warning", bool(why))
        self._possible = not why
        self._show_state()

    def _asked(self) -> tuple[QWidget, ...]:
        return (
            self.what, self.kind, self.width_, self.first, self.last, self.pictures, self.speed, self.captions, self.limited,
        )  # fmt: skip

    def _show_state(self) -> None:
        super()._show_state()
        self.saves.setEnabled(self._possible)
        self.limit.setEnabled(not self.busy and self.limited.isChecked())

    # --- the film -----------------------------------------------------------------------------------------------------

    def _ask(self) -> None:
        stem = re.sub(r"[^\w .()-]+", " ", self._project.name).strip()[:60] or "film"
        ending = f".{self.ending}"
        ask_where(
            self, "Save the film", Path.home() / f"{stem}{ending}", {ending: KINDS[self.ending]}, self.start
        )

    def start(self, path: Path) -> None:
        """Film, and write it there."""
        if self.busy:
            return
        self.bar.setValue(0)
        self._make(path, "Filming …", "film", self._words(path))

    def _words(self, path: Path) -> list[str]:
        """What the command line is told."""
        subject, looked = self.subject, self._looked
        seen = subject.widget.size()
        size = (
            seen.scaled(WIDEST, WIDEST, Qt.AspectRatioMode.KeepAspectRatio) if seen.width() > WIDEST else seen
        )
        words = [
            "--out", str(path), "--view", subject.key, "--size", f"{size.width()}x{size.height()}",
            "--width", str(list(WIDTHS.values())[self.width_.currentIndex()]), "--first", f"{self.first.value():g}",
            "--last", f"{self.last.value():g}", "--pictures", str(self.pictures.value()),
            "--milliseconds", str(self.speed.value()), "--captions" if self.captions.isChecked() else "--no-captions",
            "--theme", "dark" if self._theme.dark else "light", "--sample", f"{looked.part}:{looked.sample}",
            "--json", "--allow-outside", "--allow-memory",
        ]  # fmt: skip
        words += ["--node", looked.node] if looked.node else []
        words += (
            ["--layout", base64.b64encode(looked.layout).decode()]
            if subject.key == "window" and looked.layout
            else []
        )
        return words + (["--limit", f"{self.limit.value():g}"] if self.limited.isChecked() else [])

    def _hear(self, said: dict[str, Any]) -> None:
        if "share" in said:
            self.bar.setValue(round(1000 * said["share"]))
        elif "written" in said:
            self.said.setText(f"Saved as {self._made.name}: {said['words']} {said['note']}".rstrip())
            self._play()

    def _play(self) -> None:
        """Show the film itself, where Qt can."""
        movie = QMovie(str(self._made), QByteArray(), self)
        if not movie.isValid():
            return
        movie.jumpToFrame(0)
        movie.setScaledSize(movie.frameRect().size().scaled(ROOM, Qt.AspectRatioMode.KeepAspectRatio))
        self.picture.setMovie(movie)
        movie.start()


def _choice(name: str, what: str, words: Sequence[str]) -> QComboBox:
    box = ComboBox()
    box.setObjectName(f"film_{name}")
    box.setAccessibleName(what)
    box.addItems(list(words))
    return box


def _epoch(name: str, what: str, value: float, most: float) -> QDoubleSpinBox:
    box = QDoubleSpinBox()
    box.setObjectName(f"film_{name}")
    box.setAccessibleName(what)
    box.setDecimals(0 if most >= 10 else 1)
    box.setRange(0, most)
    box.setValue(value)
    return box


def _row(*widgets: QWidget) -> QWidget:
    holder = QWidget()
    row = QHBoxLayout(holder)
    row.setContentsMargins(0, 0, 0, 0)
    for widget in widgets:
        row.addWidget(widget, 0 if isinstance(widget, Label) else 1)
    return holder
