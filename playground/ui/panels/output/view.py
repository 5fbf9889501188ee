"""What the network answers: the picture that fits the data, and how good it is."""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import partial

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QHBoxLayout,
    QMenu,
    QStackedLayout,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from engine.data import Painted, Prepared, paintable
from engine.errors import EngineError, counted
from playground.document.project import Project, data_of
from playground.runner.messages import Frame, PartScore, State, Want
from playground.ui.kit.fonts import small
from playground.ui.kit.icons import icon
from playground.ui.kit.numbers import fmt
from playground.ui.kit.style import MARGIN
from playground.ui.kit.text import Label
from playground.ui.kit.view import Context, Table, View
from playground.ui.panels.output.boundary import Boundary
from playground.ui.panels.output.code_plane import CodePlane
from playground.ui.panels.output.confusion import ConfusionMatrix
from playground.ui.panels.output.curve import CurveFit
from playground.ui.panels.output.images import Images
from playground.ui.panels.output.learned import LearnedPicture
from playground.ui.panels.output.paint_bar import PaintBar
from playground.ui.panels.output.painter import Painter
from playground.ui.panels.output.parts import CurveParts
from playground.ui.panels.output.picture import Picture, PlotPicture
from playground.ui.panels.output.reconstruction import Reconstruction
from playground.ui.panels.output.rows import Rows
from playground.ui.panels.output.slice import Slice
from playground.ui.panels.output.table import Classes, Residuals, Values

#: what is asked for only once the user wants to see it
TEST = PartScore("test")

#: the first that suits the data is shown, unless somebody chooses another
PICTURES: tuple[type[Picture], ...] = (
    Reconstruction, CodePlane, LearnedPicture, Images, Boundary, CurveFit, CurveParts, Classes, Values, Residuals, Slice,
    Rows,
)  # fmt: skip
#: pixels from which the tools to paint with stand beside the picture
WIDE = 420


def score(frame: Frame, of: str = "") -> str:
    """The metric of a part in words: "validation accuracy 0.990"; "" while it is unknown.

    ``of``: "train" or "validation"; where it is left open, the training part's only where there is no other.
    """
    for part, value in (("validation", frame.validation_metric), ("train", frame.train_metric)):
        if of in ("", part) and not math.isnan(value):
            return f"{part} {frame.metric_name} {fmt(value)}"
    return ""


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
        self.look = QToolButton()
        self.look.setObjectName("look_at_test")
        self.look.setText("Show the test score")
        self.look.setFont(small(self.look.font()))
        self.look.setToolTip(
            "The test part is kept for the very end: whoever chooses a network by it has nothing left that it was not chosen by. "
            "It is counted how often its score is looked at."
        )
        self.look.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.look.clicked.connect(self._look)
        self.look.hide()
        self.paint = QToolButton()
        self.paint.setObjectName("paint")
        self.paint.setText("Paint")
        self.paint.setIcon(icon("brush", context.theme))
        self.paint.setCheckable(True)
        self.paint.setAccessibleName("Paint")
        self.paint.setFont(small(self.paint.font()))
        self.paint.setToolTip(
            "Paint samples of your own onto the picture, beginning with those that are there. The network goes on learning while "
            "you paint."
        )
        self.paint.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.paint.toggled.connect(self._paint_switched)
        self.bar = PaintBar(context.theme)
        self.bar.hide()
        self.painter = Painter(context, self.bar, self)
        self._looks, self._looking = 0, False
        self._frame: Frame | None = None
        self.trouble = Label()
        self.trouble.setObjectName("output_trouble")
        self.trouble.setProperty("muted", True)
        self.trouble.setWordWrap(True)
        self.trouble.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.choice = QToolButton()
        self.choice.setObjectName("output_choice")
        self.choice.setProperty("flat", True)
        self.choice.setArrowType(Qt.ArrowType.DownArrow)
        self.choice.setIconSize(QSize(10, 10))
        self.choice.setToolTip(
            "Choose what is shown: another picture of the answers, or the samples themselves."
        )
        self.choice.setAccessibleName("What is shown")
        self.choice.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.choice.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.choice.setMenu(QMenu(self.choice))
        self._chosen: type[Picture] | None = None  # by somebody
        self._pictures: dict[type[Picture], Picture] = {}
        self._stack = QStackedLayout()
        self._stack.addWidget(self.trouble)
        head = QHBoxLayout()
        head.setSpacing(4)
        head.addWidget(self.title)
        head.addWidget(self.choice)
        head.addStretch(1)
        head.addWidget(self.score)
        head.addWidget(self.look)
        head.addWidget(self.paint)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN, 6, MARGIN, 8)
        layout.setSpacing(6)
        layout.addLayout(head)
        self._body = QBoxLayout(QBoxLayout.Direction.TopToBottom)
        self._body.setSpacing(8)
        self._body.addWidget(self.bar)
        self._body.addLayout(self._stack, 1)
        layout.addLayout(self._body, 1)
        layout.addWidget(self.bar.said)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        # Where there is width, the tools stand beside the picture, which is a square.
        wide = self.width() >= WIDE
        ways, styles = QBoxLayout.Direction, Qt.ToolButtonStyle
        self._body.setDirection(ways.LeftToRight if wide else ways.TopToBottom)
        self.bar.stand_beside(wide)
        self.paint.setToolButtonStyle(styles.ToolButtonTextBesideIcon if wide else styles.ToolButtonIconOnly)
        self.paint.setAutoRaise(not wide)
        self.paint.setMaximumWidth(120 if wide else 26)  # title and score need the rest
        if self.score.text():
            self._show_score()

    @property
    def picture(self) -> Picture | None:
        """The one on screen; ``None`` while the data cannot be made."""
        shown = self._stack.currentWidget()
        return shown if isinstance(shown, Picture) else None

    def as_table(self) -> Table | None:
        """Where classes are shown against one another: how many of each row's class were taken for each column's. Of a curve: its parts."""
        if isinstance(self.picture, CurveParts):
            return self.picture.as_table()
        found = self.picture.findChildren(ConfusionMatrix) if self.picture is not None else []
        shown = next((matrix for matrix in found if matrix.isVisible() and matrix.counts.size), None)
        if shown is None:
            return None
        rows = ((name, *counts) for name, counts in zip(shown.classes, shown.counts.tolist(), strict=True))
        return Table(("true class", *shown.classes), tuple(rows))

    def wants(self) -> Iterable[Want]:
        wants = self.picture.wants() if self.picture is not None else ()
        return (*wants, TEST) if self._looking else wants

    def show_project(self, before: Project | None, after: Project) -> None:
        """Choose the picture for these data."""
        try:
            data = data_of(after)
        except EngineError as error:
            if not self._still_painted(after, str(error)):
                self._say(str(error))
            return
        picture = self._picture_for(after, data)
        if picture is None:
            self._say("There is no picture for such data yet.")
            return
        picture.show_data(after, data)
        self._offer_painting(picture, data)
        self._stack.setCurrentWidget(picture)
        self.title.setText(picture.title)
        if before is not None and (before.source, before.preparation) != (after.source, after.preparation):
            self._looks = 0
        self._part_changed()

    def show_frame(self, frame: Frame) -> None:
        if self.picture is None:
            return
        self._frame = frame
        if self.context.calm.due(frame):
            self._show_score()
        if frame.data is None:
            self.picture.clear()
        elif self.picture.concerns(frame):
            self.picture.show_frame(frame)

    def _show_score(self) -> None:
        """In the top bar's short words where there is little room."""
        text = self._score(self._frame) if self._frame is not None else ""
        if self.width() < WIDE:
            text = text.replace("validation ", "val. ", 1)
        if text != self.score.text():
            self.score.setText(text)

    def _score(self, frame: Frame) -> str:
        """Of the part that the picture shows."""
        if frame.state is State.EMPTY:
            return "cannot run"
        part = self.picture.part if self.picture is not None else ""
        if part != "test":
            return score(frame, part)
        found = frame.answer(TEST) if self._looking else None
        if found is None:
            return ""
        times = f"looked at {counted(self._looks, 'time')}"
        return f"test {frame.metric_name} {fmt(found.metric)} · loss {fmt(found.loss)} · {times}"

    def _part_changed(self) -> None:
        """The score is that of the part on screen; of the test part only once it is asked for."""
        test = self.picture is not None and self.picture.part == "test"
        self._looking = self._looking and test
        self.look.setVisible(test and not self._looking)
        self._show_score()

    def _look(self) -> None:
        self._looks, self._looking = self._looks + 1, True
        self.look.hide()

    # ---- painting ------------------------------------------------------------------------------------------------------

    def _offer_painting(self, picture: Picture, data: Prepared) -> None:
        can = isinstance(picture, PlotPicture) and picture.paintable and paintable(data.raw)
        self.paint.setVisible(can)
        if not can:
            self.paint.setChecked(False)
        elif self.paint.isChecked() and isinstance(picture, PlotPicture):
            self.painter.begin(picture)

    def _paint_switched(self, on: bool) -> None:
        self.bar.setVisible(on)
        self.bar.say("")
        picture = self.picture
        if on and isinstance(picture, PlotPicture):
            self.painter.begin(picture)
            self.context.focus.room_asked.emit("output", True)
        else:
            self.painter.end()
            self.context.focus.room_asked.emit("output", False)

    def _add_point(self, at: tuple[float, float], value: float) -> None:
        self.painter.add_point(at, value, "Add a point where it errs")

    def _still_painted(self, project: Project, why: str) -> bool:
        """Whether the picture stays although there are too few points to learn from: there is where they are painted."""
        picture = self.painter.picture
        if picture is None or not isinstance(project.source, Painted):
            return False
        picture.show_few(project, why)
        self.score.setText("")
        self.painter.follow()
        return True

    def _say(self, text: str) -> None:
        self.choice.hide()
        self.look.hide()
        self.paint.setChecked(False)
        self.paint.hide()
        self.title.setText("Output")
        self.score.setText("")
        self.trouble.setText(text)
        self._stack.setCurrentWidget(self.trouble)

    def _picture_for(self, project: Project, data: Prepared) -> Picture | None:
        """Pictures are made when first needed: most people see one or two."""
        able = [kind for kind in PICTURES if kind.suits(data) and kind.has(project, data)]
        first = next((kind for kind in able if kind.asked_for(project)), able[0] if able else None)
        kind = self._chosen if self._chosen in able else first
        self._offer(able, kind)
        if kind is not None and kind not in self._pictures:
            picture = self._pictures[kind] = kind(self.context, project, data)
            picture.title_changed.connect(lambda title: self._retitle(picture))
            picture.part_changed.connect(self._part_changed)
            picture.point_asked.connect(self._add_point)
            self._stack.addWidget(picture)
        return None if kind is None else self._pictures[kind]

    def _offer(self, able: list[type[Picture]], now: type[Picture] | None) -> None:
        """Offer the pictures that suit the data."""
        menu = self.choice.menu()
        menu.clear()
        for kind in able:
            action = menu.addAction(kind.name)
            action.setObjectName(f"show_{kind.__name__}")
            action.setCheckable(True)
            action.setChecked(kind is now)
            action.triggered.connect(partial(self._show, kind))
        self.choice.setVisible(len(able) > 1)

    def _show(self, kind: type[Picture], _: bool = True) -> None:
        self._chosen = kind
        project = self.context.document.value
        self.show_project(project, project)
        if self._frame is not None:
            self.show_frame(self._frame)

    def _retitle(self, picture: Picture) -> None:
        if picture is self.picture:
            self.title.setText(picture.title)
