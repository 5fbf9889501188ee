"""The bar of the dock: back, step, play, how fine the steps are, where one is, whose numbers, apply or discard."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QMenu,
    QSlider,
    QToolButton,
    QWidget,
    QWidgetAction,
)

from engine.trace import GRAINS
from playground.ui.kit.icons import icon
from playground.ui.kit.stepper import DELAY, FASTEST, SLOWEST, Stepper
from playground.ui.kit.text import Label
from playground.ui.kit.theme import Theme
from playground.ui.kit.walk import GRAIN_WORDS
from playground.ui.kit.widgets import ComboBox, filled, named, tool
from playground.ui.panels.backprop.samples import guest_in_words
from playground.ui.panels.backprop.scrubber import Scrubber

NARROW, TIGHT = 1000, 850  #: pixels
APPLY = "Make this update the run's next step, exactly as Play would have done."
GUEST = (
    "Not possible: in this batch {} stands in the place of the first sample, and the run's next step is another one. "
    "Choose “the batch as it comes” beside it."
)
GRAIN_HELP = (
    "How much one step does: a whole pass, a layer, a unit (or output cell), or a single term. "
    "Units and terms of the selected block only, if one is selected."
)


class StepBar(QWidget):
    """The controls of a walk; ``samples`` stands in the middle of it."""

    def __init__(self, stepper: Stepper, samples: QWidget, extra: QWidget | None, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("backprop_bar")
        self._stepper, self._theme = stepper, theme
        back, on = icon("step-backward", theme), icon("step-forward", theme, "accent_text")
        self.back = tool("backprop_back", "Back", "One step back. (←)", lambda: stepper.step(-1), back)
        self.back.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
        self.forward = tool("backprop_step", "Step", "One step on. (→)", lambda: stepper.step(+1), on)
        self.forward.setProperty("primary", True)
        self.play = self._play_button()
        self.grain = self._grain_selector()
        self.scrubber = Scrubber(theme)
        self.apply = tool("backprop_apply", "Apply", APPLY, stepper.apply, icon("check", theme, "good"))
        tip = "Stop stepping and leave everything as it was."
        self.discard = tool("backprop_discard", "Discard", tip, stepper.discard, icon("close", theme))
        after = (samples, *((extra,) if extra is not None else ()), self.apply, self.discard)
        parts = (self.back, self.forward, self.play, self.grain, self.scrubber, *after)
        filled(QHBoxLayout(self), *parts, gap=6).setStretchFactor(self.scrubber, 1)
        self.play.clicked.connect(lambda: stepper.play(not stepper.playing))
        self.grain.activated.connect(lambda i: stepper.set_grain(GRAINS[i]))
        self.scrubber.chosen.connect(stepper.go)
        stepper.moved.connect(self._refresh)
        stepper.playing_changed.connect(self._show_playing)
        self._show_playing(stepper.playing)

    def _play_button(self) -> QToolButton:
        tip = "Go on by itself, or stay. (Space) The arrow sets the pace."
        button = tool("backprop_play", "Play", tip)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
        button.setIconSize(QSize(16, 16))
        tip = "How long each step stays, from 0.25 to 1.8 seconds."
        self.delay = named(QSlider(Qt.Orientation.Horizontal), "backprop_delay", "Delay", tip)
        self.delay.setRange(FASTEST, SLOWEST)
        self.delay.setSingleStep(50)
        self.delay.setPageStep(150)
        self.delay.setValue(DELAY)
        self.delay.setFixedWidth(140)
        self._delay_words = Label()
        self._delay_words.setMinimumWidth(60)
        holder = QWidget()
        filled(QHBoxLayout(holder), self.delay, self._delay_words, margins=(10, 6, 10, 6))
        self.delay.valueChanged.connect(self._delay_changed)
        self._delay_changed(DELAY)
        menu = named(QMenu(button), "backprop_delay_menu")
        action = QWidgetAction(menu)
        action.setDefaultWidget(holder)
        menu.addAction(action)
        button.setMenu(menu)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.MenuButtonPopup)
        return button

    def _grain_selector(self) -> QComboBox:
        box = named(ComboBox(), "backprop_grain", "Grain", GRAIN_HELP)
        box.addItems([GRAIN_WORDS[grain] for grain in GRAINS])
        box.setCurrentIndex(GRAINS.index("layer"))
        box.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return box

    def _delay_changed(self, delay: int) -> None:
        self._stepper.set_delay(delay)
        self._delay_words.setText(f"{delay / 1000:.2f} s a step")

    def _refresh(self) -> None:
        walk = self._stepper.walk
        if walk is None:
            return
        self.grain.setCurrentIndex(GRAINS.index(walk.grain))
        self.back.setEnabled(walk.at > 0)
        self.forward.setEnabled(walk.at < walk.last)
        self.scrubber.show_walk(walk.moments.marks(), walk.at)
        guest = walk.trace.guest
        self.apply.setEnabled(guest is None)
        self.apply.setToolTip(APPLY if guest is None else GUEST.format(guest_in_words(guest)))

    def _show_playing(self, on: bool) -> None:
        self.play.setAccessibleName("Pause" if on else "Play")
        self.play.setIcon(icon("pause" if on else "play", self._theme))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where it is narrow, a cross says enough: the scrubber needs the room."""
        super().resizeEvent(event)
        style = Qt.ToolButtonStyle
        narrow = self.width() < NARROW
        tight = self.width() < TIGHT
        self.apply.setToolButtonStyle(style.ToolButtonIconOnly if tight else style.ToolButtonTextBesideIcon)
        self.discard.setToolButtonStyle(
            style.ToolButtonIconOnly if narrow else style.ToolButtonTextBesideIcon
        )
