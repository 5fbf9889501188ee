"""What the network answers: the picture that fits the data, and how good it is."""

from __future__ import annotations

import math
from collections.abc import Iterable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QStackedLayout, QVBoxLayout, QWidget

from engine.data import Prepared
from engine.errors import EngineError
from playground.document.project import Project, data_of
from playground.runner.messages import Frame, State, Want
from playground.ui.numbers import fmt
from playground.ui.plots.boundary import Boundary
from playground.ui.plots.curve import CurveFit
from playground.ui.plots.images import Images
from playground.ui.plots.picture import Picture
from playground.ui.plots.table import Classes, Values
from playground.ui.style import MARGIN
from playground.ui.text import Label
from playground.ui.view import RIGHT, Context, View, panel

#: the first that suits the data is shown
PICTURES: tuple[type[Picture], ...] = (Images, Boundary, CurveFit, Classes, Values)


def score(frame: Frame) -> str:
    """The metric in words: "validation accuracy 0.990"; the training part's where there is no other; "" while unknown."""
    for part, value in (("validation", frame.validation_metric), ("train", frame.train_metric)):
        if not math.isnan(value):
            return f"{part} {frame.metric_name} {fmt(value)}"
    return ""


@panel("output", "Output", RIGHT, order=30, share=42)
class OutputView(View):
    """A title, the score, and one picture."""

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self.setObjectName("output_view")
        self.title, self.score = Label(), Label()
        self.title.setObjectName("output_title")
        self.title.setProperty("heading", True)
        self.score.setObjectName("output_score")
        for label in (self.title, self.score):
            label.setMinimumWidth(1)  # a long title may not widen the panel
        self.score.setProperty("muted", True)
        self.score.setToolTip("Over the whole part of the data, after the last finished epoch.")
        self.trouble = Label()
        self.trouble.setObjectName("output_trouble")
        self.trouble.setProperty("muted", True)
        self.trouble.setWordWrap(True)
        self.trouble.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._pictures: dict[type[Picture], Picture] = {}
        self._stack = QStackedLayout()
        self._stack.addWidget(self.trouble)
        head = QHBoxLayout()
        head.addWidget(self.title)
        head.addStretch(1)
        head.addWidget(self.score)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN, 6, MARGIN, 8)
        layout.setSpacing(6)
        layout.addLayout(head)
        layout.addLayout(self._stack, 1)

    @property
    def picture(self) -> Picture | None:
        """The one on screen; ``None`` while the data cannot be made."""
        shown = self._stack.currentWidget()
        return shown if isinstance(shown, Picture) else None

    def wants(self) -> Iterable[Want]:
        return self.picture.wants() if self.picture is not None else ()

    def show_project(self, before: Project | None, after: Project) -> None:
        """Choose the picture for these data."""
        try:
            data = data_of(after)
        except EngineError as error:
            self._say(str(error))
            return
        picture = self._picture_for(after, data)
        if picture is None:
            self._say("There is no picture for such data yet.")
            return
        picture.show_data(after, data)
        self._stack.setCurrentWidget(picture)
        self.title.setText(picture.title)

    def show_frame(self, frame: Frame) -> None:
        if self.picture is None:
            return
        text = "cannot run" if frame.state is State.EMPTY else score(frame)
        if text != self.score.text():
            self.score.setText(text)
        if frame.data is None:
            self.picture.clear()
        elif self.picture.concerns(frame):
            self.picture.show_frame(frame)

    def _say(self, text: str) -> None:
        self.title.setText("Output")
        self.score.setText("")
        self.trouble.setText(text)
        self._stack.setCurrentWidget(self.trouble)

    def _picture_for(self, project: Project, data: Prepared) -> Picture | None:
        """Pictures are made when first needed: most people see one or two."""
        kind = next((kind for kind in PICTURES if kind.suits(data)), None)
        if kind is not None and kind not in self._pictures:
            picture = self._pictures[kind] = kind(self.context, project, data)
            picture.title_changed.connect(lambda title: self._retitle(picture))
            self._stack.addWidget(picture)
        return None if kind is None else self._pictures[kind]

    def _retitle(self, picture: Picture) -> None:
        if picture is self.picture:
            self.title.setText(picture.title)
