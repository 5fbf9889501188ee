"""Which data, how they are drawn, and what is done to them before training."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QFrame, QLabel, QSizePolicy, QWidget

from engine.errors import EngineError
from playground.document import edits
from playground.document.project import data_of
from playground.ui.forms import SpecForm
from playground.ui.inspector.subject import samples_in_words
from playground.ui.source_picker import SourcePicker
from playground.ui.style import scrolled
from playground.ui.view import View

if TYPE_CHECKING:
    from engine.data import Preparation, Prepared, Source
    from playground.document.project import Project
    from playground.ui.theme import Theme
    from playground.ui.view import Context


class SplitBar(QWidget):
    """How the samples are dealt out to the parts, as a bar."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("split_bar")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._theme = theme
        self.counts: tuple[int, int, int] = (0, 0, 0)

    def show_counts(self, counts: tuple[int, int, int]) -> None:
        """Samples to train, validate and test with."""
        self.counts = counts
        self.update()

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(80, 8)

    def paintEvent(self, event: QPaintEvent) -> None:
        total = sum(self.counts)
        if not total:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        outline = QPainterPath()
        outline.addRoundedRect(QRectF(self.rect()), 4, 4)
        painter.setClipPath(outline)
        x = 0.0
        theme = self._theme
        for count, colour in zip(self.counts, (theme.train, theme.validation, theme.muted), strict=True):
            width = self.width() * count / total
            painter.fillRect(QRectF(x, 0, max(0.0, width - 1), self.height()), QColor(colour))
            x += width


class DataView(View):
    """The data set, its settings, and its preparation."""

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self.setObjectName("data_view")
        theme = context.theme
        self.picker = SourcePicker(theme)
        self.picker.chosen.connect(self._source_chosen)
        self.help = _label("source_help")
        self.source_form, self.preparation_form = SpecForm(theme), SpecForm(theme)
        self.source_form.setObjectName("source_form")
        self.preparation_form.setObjectName("preparation_form")
        self.source_form.edited.connect(self._source_edited)
        self.preparation_form.edited.connect(self._preparation_edited)
        self.bar = SplitBar(theme)
        self.counts = _label("counts", "muted")
        self.problem = _label("problem", "problem")
        rule = QFrame()
        rule.setProperty("rule", True)
        parts = (
            self.picker,
            self.help,
            self.source_form,
            self.problem,
            rule,
            self.bar,
            self.counts,
            self.preparation_form,
        )
        scrolled(self, *parts)

    def show_project(self, before: Project | None, after: Project) -> None:
        if before is not None and before.source is after.source and before.preparation is after.preparation:
            return
        source = after.source
        self.picker.mark(type(source))
        self.help.setText(f"<b>{source.label}</b>: {source.help()}")
        self.source_form.set_spec(source, type(source))
        self.source_form.setVisible(bool(source.params()))
        self.preparation_form.set_spec(after.preparation)
        try:
            data = data_of(after)
        except EngineError as error:
            self.problem.setText(str(error))
        else:
            self.problem.clear()
            self._show_data(data)
        self.problem.setVisible(bool(self.problem.text()))

    def _show_data(self, data: Prepared) -> None:
        hidden = set()
        if data.raw.in_shape != (2,):
            hidden.add("extra_features")
        if data.raw.classes:
            hidden.add("target")
        self.preparation_form.set_hidden(hidden)
        train, validation, test = (
            len(part) if part is not None else 0 for part in (data.train, data.validation, data.test)
        )
        self.bar.show_counts((train, validation, test))
        self.counts.setText(samples_in_words(data))
        self.bar.setToolTip(samples_in_words(data))

    def set_theme(self, theme: Theme) -> None:
        self.context = dataclasses.replace(self.context, theme=theme)
        for part in (self.picker, self.source_form, self.preparation_form, self.bar):
            part.set_theme(theme)

    # --- edits --------------------------------------------------------------------------------------------------------

    def _source_chosen(self, cls: type[Source]) -> None:
        document = self.context.document
        if type(document.value.source) is not cls:
            document.apply(edits.set_source(document.value, cls()), f"Choose {cls.label}")

    def _source_edited(self, source: Source, merge: str) -> None:
        document = self.context.document
        document.apply(
            edits.set_source(document.value, source), f"Change {source.label}", merge and f"source.{merge}"
        )

    def _preparation_edited(self, preparation: Preparation, merge: str) -> None:
        document = self.context.document
        after = edits.set_preparation(document.value, preparation)
        document.apply(after, "Change Preparation", merge and f"preparation.{merge}")


def _label(name: str, look: str = "") -> QLabel:
    label = QLabel()
    label.setObjectName(name)
    label.setWordWrap(True)
    if look:
        label.setProperty(look, True)
    return label
