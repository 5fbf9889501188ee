"""The Convolution panel: the network's filters and maps in three levels, and benches to try filters, pooling and drawings on."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from time import perf_counter

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QHBoxLayout,
    QStackedLayout,
    QTabBar,
    QVBoxLayout,
    QWidget,
)

from engine.network import INPUT
from engine.receptive import receptive_field
from playground.document.project import Project
from playground.runner.messages import Frame, State, Want
from playground.ui.kit.scale_bar import ScaleBar
from playground.ui.kit.style import MARGIN
from playground.ui.kit.view import Context, View
from playground.ui.kit.widgets import filled, label, named
from playground.ui.panels.convolution.bar import Bar
from playground.ui.panels.convolution.filters import FilterBench
from playground.ui.panels.convolution.levels import KEYS, Levels
from playground.ui.panels.convolution.pad import DrawPanel
from playground.ui.panels.convolution.pooling import PoolingBench
from playground.ui.panels.convolution.replay import Replay
from playground.ui.panels.convolution.samples import Compare
from playground.ui.panels.convolution.scope import Scope
from playground.ui.panels.convolution.structure import Spot
from playground.ui.panels.convolution.words import (
    arithmetic,
    back_caption,
    field_in_words,
    misfit,
    overlap,
    spread_caption,
    window_caption,
)

NO_PICTURES = (
    "This network reads no pictures, so there is nothing to slide a window over. "
    "Choose image data such as Digits in the Data panel, and put a Conv2d behind it."
)
PAGES = (
    ("Network", "Your network's filters and maps, in three levels."),
    ("Filter bench", "Try filters on pictures: known ones, your own, and the ones your network has learned."),
    ("Pooling bench", "Maximum and mean over the same window, side by side."),
)
SALIENCY = "Saliency: brightening a violet pixel raises it, a teal one lowers it; pixels without colour do not count."
#: what the colours mean
KEY = (
    "Orange is below 0, blue above, and the stronger the further from 0; backward, gradients are teal below 0, violet above. "
    "The ends are the largest magnitude of the map, of its layer, or of the whole net: as chosen under Colour scale. "
    "Rest the mouse on a cell to read its number."
)
#: where the panel is lower, the film over training time is left out at levels 2 and 3, where numbers need the height
LOW = 360
#: seconds between two drawings of each level while the run goes on: nobody reads a hundred numbers faster
PAUSES = (0.0, 0.05, 0.1)
STEPPED = "Numbers are those of the update that is stepped through, as far as its steps have come."
OVERVIEW = "Every map is what one filter answers to this sample, live while training. Click one to see how it comes about."
BACKWARD = "Every map is δ: how much this sample's loss would rise with each value of it. Filters are as they are, in the colours of values."


class NetworkPage(QWidget):
    """The three levels with their bar and captions."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.scope = Scope(context, self)
        self._shown_at = -math.inf
        self.bar, self.levels = Bar(self.scope), Levels(self.scope)
        self.caption = label("convolution_caption", little=True)
        self.sizes = label("convolution_sizes", little=True, muted=True)
        self.trouble = label("convolution_misfit", little=True, problem=True)
        self.silent = label("convolution_silent", little=True, rich=True)
        self.silent.linkActivated.connect(lambda _: self.go_where_something_arrives())
        self._seeking = False  # backward has just been chosen: it begins where there is something to see
        self.bar.backward.toggled.connect(self._seek)
        for words in (self.caption, self.sizes, self.trouble):
            words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.compare, self.draw = Compare(self.scope), DrawPanel(self.scope)
        self.replay = Replay(context.send, context.theme)
        context.focus.moment_asked.connect(self.replay.hear)
        middle = filled(QHBoxLayout(), self.levels, self.compare, self.draw, gap=12)
        middle.setStretch(0, 1)
        for part, button in ((self.compare, self.bar.compare), (self.draw, self.bar.draw)):
            part.hide()
            button.toggled.connect(part.setVisible)
        self.bar.draw.toggled.connect(lambda on: self._say())
        self.draw.said.connect(self._say)
        self._top = filled(QBoxLayout(QBoxLayout.Direction.LeftToRight), self.bar, self.replay, gap=4)
        self._top.setStretch(1, 1)
        below = (self.silent, self.caption, self.draw.how, self.sizes, self.trouble)
        filled(QVBoxLayout(self), self._top, middle, *below, gap=4).setStretch(1, 1)
        self.bar.picker.pinned.connect(self._pin)
        for news in (context.focus.sample_changed, context.focus.step_changed, context.focus.veil_changed):
            news.connect(self._look_anew)
        self.scope.moved.connect(lambda before: self._say())
        self.scope.moved.connect(lambda before: self._say_silent())
        self.scope.restyled.connect(self._say)
        self._say()

    def wants(self) -> Iterable[Want]:
        yield from self.scope.wants()
        yield from self.levels.wants()
        if self.compare.isVisible():
            yield from self.compare.wants()
        yield from self.draw.wants()

    def show_project(self, project: Project) -> None:
        self.scope.show_project(project)
        self.draw.show_project(project)

    def show_frame(self, frame: Frame) -> None:
        self.replay.see(frame)
        now = perf_counter()
        if frame.state is State.RUNNING and now - self._shown_at < PAUSES[self.scope.spot.level - 1]:
            return
        self._shown_at = now
        self.scope.frame = frame
        if self._seeking:
            self._seek(True)
        self.levels.level.show_numbers()
        self._say_silent()
        if self.compare.isVisible():
            self.compare.show_frame()
        self.draw.show_frame()

    def _arriving(self) -> NDArray[np.floating] | None:
        """δ at every output of the layer whose window is looked into, backward ``(channels, rows, columns)``; ``None`` else, or unknown."""
        scope = self.scope
        if not scope.backward or scope.spot.level != 3 or scope.cell is None:
            return None
        found = scope.deltas(scope.spot.node_id)
        return None if found is None or np.isnan(found[self._here()]) else np.nan_to_num(found)

    def _here(self) -> tuple[int, int, int]:
        return (self.scope.spot.channel, *(self.scope.cell or (0, 0)))

    def _seek(self, on: bool) -> None:
        """Backward has been chosen: once δ is known, be where something arrives."""
        found = self._arriving() if on else None
        self._seeking = on and self.scope.spot.level == 3 and found is None
        if found is not None and found[self._here()] == 0:
            self.go_where_something_arrives()
        self._say_silent()

    def go_where_something_arrives(self) -> None:
        """On to the next output at which the gradient is not 0, in reading order, of this channel first."""
        found = self._arriving()
        if found is None or not found.any():
            return
        flat, here = np.flatnonzero(found), int(np.ravel_multi_index(self._here(), found.shape))
        at = int(flat[np.searchsorted(flat, here + 1) % len(flat)])
        channel, row, column = (int(i) for i in np.unravel_index(at, found.shape))
        self.scope.go(replace(self.scope.spot, channel=channel, cell=(row, column)))

    def _say_silent(self) -> None:
        """Where nothing arrives at the cell that is looked into, where something does."""
        found = self._arriving()
        words = ""
        if found is not None and found[self._here()] == 0:
            words = (
                "Nothing arrives at this cell: δ = 0. <a href='next'>Go to the next that has something</a>."
                if found.any()
                else "Nothing arrives at any cell of this layer: its gradient was stopped further on, or the loss is 0."
            )
        if self.silent.text() != words:
            self.silent.setText(words)
        self.silent.setVisible(bool(words))

    def _look_anew(self, _: object = None) -> None:
        """Another sample, or other numbers of it."""
        if self.isVisible():
            self.scope.restyled.emit()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.scope.restyled.emit()

    def _pin(self) -> None:
        self.compare.pin()
        self.bar.compare.setChecked(True)

    def _say(self) -> None:
        """The captions of this level."""
        scope, stage = self.scope, self.scope.stage
        caption, sizes, trouble = BACKWARD if scope.backward else OVERVIEW, "", ""
        if stage is not None and scope.project is not None:
            level3 = scope.spot.level == 3
            caption = window_caption(stage) if level3 else spread_caption(stage, scope.spot.channel)
            if scope.backward:
                caption = back_caption(stage, scope.spot.level)
            elif level3 and scope.saliency:
                caption = f"{caption} {SALIENCY}"
            elif not stage.is_convolution:
                caption = f"{caption} {overlap(stage.layer, stage.in_shape)}".strip()
            # Units at the edge see less of the picture.
            middle = (stage.map_shape[1] // 2, stage.map_shape[2] // 2)
            field = receptive_field(scope.project.network, scope.shapes, stage.node_id, middle)[INPUT]
            sizes = f"{arithmetic(stage)} · {field_in_words(field.height, field.width)}"
            trouble = misfit(stage.layer, stage.in_shape)
        if scope.progress is not None:
            caption = f"{STEPPED} {caption if stage is not None else ''}".strip()
        how = self.draw.how
        how.setVisible(self.bar.draw.isChecked() and bool(how.text()))
        if how.isVisibleTo(self):
            caption = ""
        self._arrange()
        for part, text in ((self.caption, caption), (self.sizes, sizes), (self.trouble, trouble)):
            if part.text() != text:
                part.setText(text)
            part.setVisible(bool(text))

    def _arrange(self) -> None:
        """The film stands beside the bar where there is room, else below it, or nowhere: the History at the top goes through time, too."""
        beside = self.width() >= self.bar.sizeHint().width() + self.replay.least
        way = QBoxLayout.Direction.LeftToRight if beside else QBoxLayout.Direction.TopToBottom
        if way != self._top.direction():
            self._top.setDirection(way)
        high = self.scope.spot.level == 1 or self.height() >= LOW
        self.replay.setVisible(beside or high or self.replay.play.isChecked())

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:  # the bar needs more or less room, perhaps
            self._arrange()
        return super().event(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        self.levels.finish()
        scope, key = self.scope, event.key()
        if key == Qt.Key.Key_Escape and scope.spot.level > 1:
            scope.go(scope.spot.up())
        elif key == Qt.Key.Key_Space and scope.spot.level > 1:
            self.bar.slide.play.toggle()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and scope.spot.level < 3:
            self._deeper()
        elif key in KEYS and scope.spot.level == 3:
            self.bar.slide.stop()
            scope.step(*KEYS[Qt.Key(key)])
        elif key in KEYS and scope.spot.level == 2:
            rows, columns = KEYS[Qt.Key(key)]
            channel = max(0, scope.spot.channel + rows + columns)
            scope.go(replace(scope.spot, channel=channel))
        elif key in KEYS:
            rows, columns = KEYS[Qt.Key(key)]
            self.levels.overview.move_choice(rows + columns)
        else:
            super().keyPressEvent(event)

    def _deeper(self) -> None:
        scope, stage = self.scope, self.scope.stage
        if stage is None:
            self.levels.overview.open_choice()
            return
        _, height, width = stage.map_shape
        scope.go(replace(scope.spot, cell=(height // 2, width // 2)))


class ConvolutionView(View):
    """Pages: the network, and the benches. Benches are made when they are first opened."""

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self.setObjectName("convolution_view")
        self.setMinimumHeight(250)
        self.network = NetworkPage(context)
        self.trouble = label("convolution_trouble", NO_PICTURES, muted=True)
        self.trouble.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.filters: FilterBench | None = None
        self.pooling: PoolingBench | None = None
        self._pictures = False
        self.tabs = named(QTabBar(), "convolution_tabs", "Pages of the convolution panel")
        self.tabs.setDrawBase(False)
        self.tabs.setExpanding(False)
        for name, tip in PAGES:
            self.tabs.setTabToolTip(self.tabs.addTab(name), tip)
        self.tabs.currentChanged.connect(self._turn)
        self._stack = QStackedLayout()
        self._stack.addWidget(self.trouble)
        self._stack.addWidget(self.network)
        self.key = ScaleBar(context.theme, "convolution_key", KEY)
        head = filled(QHBoxLayout(), self.tabs, None, self.key, None, self.network.bar.which)
        margins = (MARGIN, 2, MARGIN, 8)
        filled(QVBoxLayout(self), head, self._stack, gap=4, margins=margins).setStretch(1, 1)
        self.network.scope.restyled.connect(self._key)

    def _key(self) -> None:
        """What the colours mean on this page."""
        page = self._stack.currentWidget()
        self.key.show_limit(None, page is self.network and self.network.scope.backward)
        self.key.setVisible(page is not self.trouble)

    def watch(self, node_id: str) -> None:
        """Spread out the first channel of a layer."""
        self.tabs.setCurrentIndex(0)
        self.network.scope.go(Spot(node_id, 0))

    def _turn(self, index: int) -> None:
        """Show a page."""
        scope = self.network.scope
        if index == 1 and self.filters is None:
            self.filters = FilterBench(scope)
            self._stack.addWidget(self.filters)
        elif index == 2 and self.pooling is None:
            self.pooling = PoolingBench(scope)
            self._stack.addWidget(self.pooling)
        network = self.network if self._pictures else self.trouble
        page = (network, self.filters, self.pooling)[index]
        if page is not None:
            self._stack.setCurrentWidget(page)
        self.network.bar.which.setVisible(page is self.network)
        self.network.bar.slide.stop()
        self._key()

    def wants(self) -> Iterable[Want]:
        page = self._stack.currentWidget()
        if page is self.network:
            return self.network.wants()
        return self.filters.wants() if self.filters is not None and page is self.filters else ()

    def show_project(self, before: Project | None, after: Project) -> None:
        self.network.show_project(after)
        self._pictures = len(self.network.scope.shapes.get(INPUT, ())) == 3
        if self.tabs.currentIndex() == 0:
            self._turn(0)

    def show_frame(self, frame: Frame) -> None:
        page = self._stack.currentWidget()
        if page is self.network:
            self.network.show_frame(frame)
        elif self.filters is not None and page is self.filters:
            self.network.scope.frame = frame
            self.filters.show_frame()
