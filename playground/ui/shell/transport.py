"""The bar above everything: run, step, go back, how fast, and how it goes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QMenu,
    QSizePolicy,
    QSlider,
    QStackedWidget,
    QToolBar,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from playground.runner.messages import Command, SetSpeed
from playground.ui.kit.icons import icon
from playground.ui.kit.scrub import Scrub
from playground.ui.kit.text import Label
from playground.ui.shell.light import LITTLE, WIDTH

if TYPE_CHECKING:
    from engine.network import Problem
    from playground.ui.kit.actions import Actions
    from playground.ui.kit.theme import Theme
    from playground.ui.shell.panel_switches import PanelSwitches
from playground.ui.shell.refusal import Cautions, Refusal

#: steps per second, by the slider's position; None is as fast as it goes
SPEEDS: tuple[int | None, ...] = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, None)

#: the width, in pixels, below which buttons show no words
NARROW = 1080


def speed_in_words(speed: int | None) -> str:
    """``None`` → "max speed", 2000 → "2k steps/s"."""
    if speed is None:
        return "max speed"
    return f"{f'{speed // 1000}k' if speed >= 1000 else speed} step{'s' if speed != 1 else ''}/s"


class Transport(QToolBar):
    """Reset, Play, Step back, Step; ``metrics`` in the middle; speed, examples and theme at the right; below, the run's history.

    ``light`` and ``panels`` stand at the end of that.
    """

    def __init__(
        self,
        actions: Actions,
        metrics: QWidget,
        send: Callable[[Command], None],
        theme: Theme,
        toggle_theme: Callable[[], None],
        refusal: Refusal,
        cautions: Cautions,
        light: QWidget,
        panels: PanelSwitches,
    ) -> None:
        super().__init__("Run")
        self.setObjectName("transport")
        self.setMovable(False)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self.setIconSize(QSize(18, 18))
        self._send = send
        actions["run.batch"].setIconText("Step batch")
        actions["run.epoch"].setIconText("Step epoch")

        self._reset = self._button("transport_reset", "Reset")
        self._reset.setDefaultAction(actions["run.reset"])
        self._play = self._button("transport_play", "Play or pause")
        self._play.setDefaultAction(actions["run.play"])
        self._play.setProperty("primary", True)
        # it changes places with Play
        self._play.setMinimumWidth(self._play.fontMetrics().horizontalAdvance("Pause") + 58)
        self._back = self._step_button(actions, "transport_back", "Step back", ("run.back", "run.epoch_back"))
        self._back.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
        self._step = self._step_button(actions, "transport_step", "Step", ("run.batch", "run.epoch"))
        self.scrub = Scrub(send)
        actions["run.inspect"].setIconText("Step inside")
        self._inspect = self._button("transport_inspect", "Step inside")
        self._inspect.setDefaultAction(actions["run.inspect"])
        self._examples = self._button("transport_examples", "Examples", words=False)
        self._examples.setDefaultAction(actions["file.examples"])
        self._theme, self._toggle = theme, self._button("transport_theme", "Light or dark", words=False)
        self._toggle.setToolTip("Change between light and dark.")
        self._toggle.clicked.connect(toggle_theme)

        self.speed = QSlider(Qt.Orientation.Horizontal)
        self.speed.setObjectName("transport_speed")
        self.speed.setAccessibleName("Speed")
        self.speed.setRange(0, len(SPEEDS) - 1)
        self.speed.setPageStep(2)
        self.speed.setFixedWidth(80)
        self.speed.setValue(self.speed.maximum())
        self._speed_label = Label()
        self._speed_label.setObjectName("transport_speed_value")
        self._speed_label.setMinimumWidth(self.fontMetrics().horizontalAdvance(speed_in_words(500)) + 4)
        self.speed.valueChanged.connect(self._speed_changed)
        self._label_speed()

        # While the project cannot run, the reason stands where its numbers would: nothing else moves.
        self._refusal, self._cautions, self._light, self._panels = refusal, cautions, light, panels
        self._readings = QStackedWidget()
        self._readings.setObjectName("transport_readings")
        self._readings.addWidget(metrics)
        self._readings.addWidget(refusal)
        self._readings.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._lay_out(panels)
        theme.follow(self._restyle)

    def _restyle(self) -> None:
        self._toggle.setIcon(icon("weather-sunny" if self._theme.dark else "weather-night", self._theme))

    def _lay_out(self, panels: QWidget) -> None:
        row = QWidget()
        row.setObjectName("transport_row")
        layout = QHBoxLayout(row)
        layout.setContentsMargins(8, 6, 8, 6)
        layout.setSpacing(8)
        for button in (self._reset, self._play, self._back, self._step, self._inspect):
            layout.addWidget(button)
        layout.addSpacing(8)
        layout.addWidget(self._readings, stretch=1)
        layout.addWidget(self._cautions)
        for widget in (self.speed, self._speed_label, self._examples, self._toggle):
            layout.addWidget(widget)
        both = QWidget()
        both.setObjectName("transport_rows")
        rows = QVBoxLayout(both)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(0)
        rows.addWidget(row)
        below = QHBoxLayout()
        below.setSpacing(0)
        below.addWidget(self.scrub, stretch=1)
        below.addWidget(self._light, alignment=Qt.AlignmentFlag.AlignVCenter)
        below.addWidget(panels)
        rows.addLayout(below)
        self.addWidget(both)

    def _button(self, name: str, accessible: str, words: bool = True) -> QToolButton:
        button = QToolButton()
        button.setObjectName(name)
        button.setAccessibleName(accessible)
        style = (
            Qt.ToolButtonStyle.ToolButtonTextBesideIcon if words else Qt.ToolButtonStyle.ToolButtonIconOnly
        )
        button.setToolButtonStyle(style)
        button.setIconSize(QSize(18, 18))
        # Reached by Tab, but a click leaves the focus where it was, so that Space stays Play.
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return button

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where there is little room, the numbers are worth more than the words on buttons."""
        super().resizeEvent(event)
        style = (
            Qt.ToolButtonStyle.ToolButtonIconOnly
            if self.width() < NARROW
            else Qt.ToolButtonStyle.ToolButtonTextBesideIcon
        )
        for button in (self._reset, self._step, self._inspect):
            if button.toolButtonStyle() != style:
                button.setToolButtonStyle(style)
        self._panels.fit(self.width())
        self._speed_label.setVisible(self.width() >= NARROW)
        self._light.setFixedWidth(WIDTH if self.width() >= NARROW else LITTLE)

    def _step_button(self, actions: Actions, name: str, accessible: str, ids: tuple[str, str]) -> QToolButton:
        """Does what it did last: one batch, or one epoch."""
        button = self._button(name, accessible)
        menu = QMenu(button)
        menu.setObjectName(f"{name}_menu")
        menu.addActions([actions[action_id] for action_id in ids])
        button.setMenu(menu)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.MenuButtonPopup)
        button.setDefaultAction(actions[ids[0]])
        menu.triggered.connect(button.setDefaultAction)
        return button

    def show_problems(self, found: Sequence[Problem]) -> None:
        """Say what keeps the project from running, or show its numbers again, and how many warnings there are."""
        errors = [problem for problem in found if problem.level == "error"]
        if errors or self._readings.currentWidget() is self._refusal:
            self._refusal.show_problems(errors)
        self._readings.setCurrentIndex(1 if errors else 0)
        self._cautions.show_problems([] if errors else found)

    def change_speed(self, by: int) -> None:
        """So many notches faster."""
        self.speed.setValue(self.speed.value() + by)

    def _speed_changed(self) -> None:
        self._label_speed()
        self._send(SetSpeed(SPEEDS[self.speed.value()]))

    def _label_speed(self) -> None:
        words = speed_in_words(SPEEDS[self.speed.value()])
        self._speed_label.setText(words)
        self.speed.setToolTip(
            f"How many updates a second: {words}. Slow down to watch single steps. ( [ and ] )"
        )
