"""The Backprop dock: a walk through the run's next update, step by step."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QSplitter,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from engine.network import AXES, batch_in_words
from engine.trace import Card, Moment, NotKept, Trace, card
from playground.ui.kit.numbers import count, fmt
from playground.ui.kit.style import GAP, MARGIN
from playground.ui.kit.view import View
from playground.ui.kit.widgets import filled, label, named, scroller
from playground.ui.panels.backprop.bar import StepBar
from playground.ui.panels.backprop.card import StepCard
from playground.ui.panels.backprop.empty import EmptyState
from playground.ui.panels.backprop.export import ExportButton
from playground.ui.panels.backprop.layer_pictures import picture
from playground.ui.panels.backprop.pictures import Scene
from playground.ui.panels.backprop.samples import SamplePicker
from playground.ui.panels.backprop.tools import Tools

if TYPE_CHECKING:
    from playground.document.project import Project
    from playground.runner.messages import Frame, Want
    from playground.ui.kit.view import Context

#: from this width on, in pixels, the picture stands beside the other cards
WIDE = 1180
_KEYS = (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Space, Qt.Key.Key_Home, Qt.Key.Key_End)


def passing(trace: Trace, moment: Moment) -> str:
    """The shapes of what a layer gets and gives for the whole batch: "32×1×28×28 → 32×6×28×28 (N×C×H×W)"; "" for all else."""
    if moment.part or moment.phase == "update" or moment.node_id not in trace.network:
        return ""
    gets = ", ".join(batch_in_words(trace.size, shape) for shape in trace.in_shapes(moment.node_id))
    out = trace.shapes[moment.node_id]
    gives = batch_in_words(trace.size, out)
    sides = (gives, gets) if moment.phase == "backward" else (gets, gives)
    axes = AXES.get(1 + len(out), "")
    return f"{' → '.join(sides)}{f' ({axes})' if axes else ''}"


class BackpropView(View):
    """Shows the walk: bar, step card, pictures, and the cards beside them. Raises ValueError where the context has no stepper."""

    starter_chosen = Signal(str)  #: key of an example to open and to step through

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self.setObjectName("backprop_view")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        focus, theme = context.focus, context.theme
        if context.stepper is None:
            raise ValueError(
                "This context has no stepper; expected the one of the window, which owns the walk that is shown. "
                "Give Context a Stepper of the same focus."
            )
        self.stepper = context.stepper
        self.empty = EmptyState(theme)
        self.samples = SamplePicker(self.stepper, theme)
        self.bar = StepBar(self.stepper, self.samples, ExportButton(context), theme)
        self.card = StepCard(focus, theme)
        self.tools = Tools(context)
        self.picture = self.tools.picture
        self._found: Card | None = None  # the card on show
        self.notice = label("backprop_notice", muted=True)
        self._pages = QStackedLayout(self)
        self._pages.addWidget(self._padded(self.empty))
        self._pages.addWidget(self._walking_page())
        self.empty.begin.connect(self.begin)
        self.empty.starter_chosen.connect(self.starter_chosen)
        self.stepper.moved.connect(self._moved)
        self.stepper.refused.connect(self.empty.refuse)
        self.tools.sample_chosen.connect(self.stepper.choose_sample)
        focus.veil_changed.connect(lambda _: self._show_card())
        focus.digits_changed.connect(lambda _: self._show_card())
        focus.symbols_changed.connect(lambda _: self._show_card())
        focus.chosen_changed.connect(lambda _: self._show_picture())
        for button in self.findChildren(QAbstractButton):
            button.installEventFilter(self)

    def _padded(self, part: QWidget) -> QWidget:
        holder = QWidget()
        filled(QVBoxLayout(holder), part, margins=(MARGIN, MARGIN // 2, MARGIN, MARGIN // 2))
        return holder

    def _walking_page(self) -> QWidget:
        page = QWidget()
        margins = (MARGIN, MARGIN // 2, MARGIN, MARGIN // 2)
        column = filled(QVBoxLayout(page), self.bar, self.notice, gap=GAP, margins=margins)
        self._scroll = scroller("backprop_card_scroll", self.card)
        self.splitter = named(QSplitter(Qt.Orientation.Horizontal), "backprop_splitter")
        self.splitter.setChildrenCollapsible(False)
        self._middle = QWidget()  # holds the picture where there is room beside the tabs
        self._beside = filled(QVBoxLayout(self._middle), margins=(GAP, 0, 0, 0))
        self._middle.hide()
        for i, (part, share) in enumerate(((self._scroll, 6), (self._middle, 5), (self.tools, 4))):
            self.splitter.addWidget(part)
            self.splitter.setStretchFactor(i, share)
        column.addWidget(self.splitter, 1)
        return page

    def begin(self) -> None:
        """Ask for the next update, unless somebody walks through it already, and take the keyboard."""
        self.setFocus(Qt.FocusReason.OtherFocusReason)
        if self.stepper.walk is None:
            self.stepper.begin_here()

    # --- news ---------------------------------------------------------------------------------------------------------

    def show_project(self, before: Project | None, after: Project) -> None:
        self.empty.show_project(after)

    def wants(self) -> Iterable[Want]:
        return self.tools.wants()

    def show_frame(self, frame: Frame) -> None:
        self.tools.show_frame(frame)

    def _moved(self) -> None:
        walk = self.stepper.walk
        self._pages.setCurrentIndex(0 if walk is None else 1)
        if walk is not None:
            self.notice.setText(" ".join(walk.trace.left_out))
            self.notice.setVisible(bool(walk.trace.left_out))
            self.tools.follow(walk.moment.phase)
            self._show_card()

    def _show_card(self) -> None:
        walk = self.stepper.walk
        if walk is None:
            return
        moment = walk.moment
        try:
            found = card(walk.trace.written(self.context.focus.symbols), moment, walk.sample, self._written)
        except NotKept as lack:
            found = Card(moment, "not recorded", str(lack))
        where = f"Step {count(walk.at + 1)} of {count(walk.last + 1)}"
        self.card.show_card(found, where, self.context.focus.veiled, passing(walk.trace, moment))
        self._scroll.verticalScrollBar().setValue(0)
        self._found = found
        self._show_picture()

    def _written(self, value: float) -> str:
        return fmt(value, self.context.focus.digits)

    def _show_picture(self) -> None:
        """The step as grids; a click on a number may ask for another view of it."""
        walk, focus = self.stepper.walk, self.context.focus
        if walk is None or self._found is None:
            return
        trace = walk.trace.written(focus.symbols)
        scene = Scene(trace, walk.moment, self._found, walk.sample, focus.veiled, focus.chosen_place)
        self.picture.set_picture(picture(scene))

    # --- keys ---------------------------------------------------------------------------------------------------------

    def event(self, event: QEvent) -> bool:
        # While the dock has the focus these keys are its own, not the window's shortcuts.
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and self._takes(event)
        ):
            event.accept()
            return True
        return super().event(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Arrow keys step from every button of the dock, where Qt would go to its neighbour."""
        if not isinstance(event, QKeyEvent) or event.type() != QEvent.Type.KeyPress:
            return False
        if self._takes(event) and event.key() != Qt.Key.Key_Space:
            self.keyPressEvent(event)
            return True
        return False

    def _takes(self, event: QKeyEvent) -> bool:
        plain = not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        return plain and self.stepper.walk is not None and event.key() in _KEYS

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self._takes(event):
            super().keyPressEvent(event)
            return
        stepper, walk = self.stepper, self.stepper.walk
        match event.key():
            case Qt.Key.Key_Left:
                stepper.step(-1)
            case Qt.Key.Key_Right:
                stepper.step(+1)
            case Qt.Key.Key_Home:
                stepper.go(0)
            case Qt.Key.Key_End if walk is not None:
                stepper.go(walk.last)
            case Qt.Key.Key_Space if not event.isAutoRepeat():
                stepper.play(not stepper.playing)

    # --- look ---------------------------------------------------------------------------------------------------------

    def sizeHint(self) -> QSize:
        return QSize(900, 320)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        wide = self.width() >= WIDE
        if wide == self._middle.isHidden():
            if wide:
                self._beside.addWidget(self.tools.take_picture())
                self.picture.show()
            else:
                self.tools.put_picture_back()
            self._middle.setVisible(wide)
