"""The sliders of the lab."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from engine.propagation import DEPTHS, WIDTHS
from playground.ui.kit.fonts import small
from playground.ui.kit.numbers import count, exact, fmt
from playground.ui.kit.widgets import ComboBox, filled, label, named
from playground.ui.panels.initialization.model import (
    CHOICES,
    DRAWN,
    GAINS,
    MODES,
    ORTHOGONAL,
    SHAPES,
    Chosen,
    snapped,
)

#: steps of a gain and of a bias that a slider has in 1
FINE = 100
#: the largest gain and bias of a slider
MOST_GAIN, MOST_BIAS = 5.0, 1.0


class Controls(QWidget):
    """A column of rows: name, slider or list, value. ``changed`` when something was moved."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._grid, self._rows = QGridLayout(), 0
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(3)
        self._grid.setColumnStretch(1, 1)
        self._quiet = False

    def _add(self, name: str, words: str, tip: str, widget: QWidget, value: QLabel | None) -> None:
        caption = label(f"{name}_caption", words, wraps=False, little=True, muted=True)
        caption.setMinimumWidth(caption.sizeHint().width())
        caption.setToolTip(tip)
        named(widget, name, words, tip)
        widget.setFont(small(widget.font()))
        self._grid.addWidget(caption, self._rows, 0)
        self._grid.addWidget(widget, self._rows, 1, 1, 1 if value is not None else 2)
        if value is not None:
            value.setFixedWidth(value.fontMetrics().horizontalAdvance("−0.50 = 100 units"))
            self._grid.addWidget(value, self._rows, 2)
        self._rows += 1

    def slider(
        self, name: str, words: str, tip: str, low: int, high: int, start: int, write: Callable[[int], str]
    ) -> QSlider:
        """A slider over whole numbers, and how its value is written."""
        made, value = QSlider(Qt.Orientation.Horizontal), label(f"{name}_value", wraps=False, little=True)
        made.setRange(low, high)
        made.setMinimumWidth(70)
        made.setPageStep(max(1, (high - low) // 20))

        def moved(at: int) -> None:
            value.setText(write(at))
            self._tell()

        made.valueChanged.connect(moved)
        self._add(name, words, tip, made, value)
        made.setValue(start)
        value.setText(write(start))
        return made

    def choice(self, name: str, words: str, tip: str, items: Sequence[str]) -> QComboBox:
        """A list to choose from."""
        made = ComboBox()
        made.addItems(list(items))
        made.setMinimumContentsLength(8)
        made.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        made.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._add(name, words, tip, made, None)
        made.currentIndexChanged.connect(lambda at: self._tell())
        return made

    def _tell(self) -> None:
        if not self._quiet:
            self.changed.emit()


class StackControls(Controls):
    """What the stack is, and how it begins. ``again`` is laid out by whoever has it made."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("stack_controls")
        self._chosen = Chosen()
        self.gain = self.slider(
            "gain", "Gain", "How much wider than 1/√n weights are drawn, to make up for the activation: 1 for none, √2 for ReLU, 5/3 for tanh, ¾ for SELU.",
            1, round(MOST_GAIN * FINE), FINE, _gain_words,
        )  # fmt: skip
        self.mode = self.choice(
            "mode",
            "n is",
            "What the spread of the weights is measured by. It matters where layers differ in width.",
            list(MODES),
        )
        self.drawn = self.choice(
            "drawn",
            "Drawn from",
            "What the weights are drawn from. Of the first two, only the shape differs.",
            DRAWN,
        )
        self.activation = self.choice("activation", "Activation", "After each layer.", list(CHOICES))
        self.bias = self.slider(
            "bias", "Bias", "What every bias begins at.", round(-MOST_BIAS * FINE), round(MOST_BIAS * FINE), 0,
            lambda at: fmt(at / FINE, 2),
        )  # fmt: skip
        self.depth_slider = self.slider(
            "depth", "Depth", "How many layers.", *DEPTHS, 20, lambda at: f"{count(at)} layers"
        )
        self.width_slider = self.slider(
            "width", "Width", "Units of the first layer.", *WIDTHS, 64, lambda at: f"{count(at)} units"
        )
        self.shape = self.choice(
            "shape", "Shape", "Whether the layers become narrower or wider towards the end.", list(SHAPES)
        )
        self.use = named(
            QPushButton("Use for the project"),
            "use_start",
            "",
            "Begin all layers of the project so. Biases stay at 0; undo takes it back.",
            primary=True,
        )
        self.own = named(
            QPushButton("As the project"),
            "take_start",
            "",
            "Set the sliders to what the project begins with.",
        )
        self.again = named(
            QPushButton("Draw others"), "draw_others", "", "The same setting with other random numbers."
        )
        self.again.clicked.connect(self._again)
        for button in (self.use, self.own, self.again):
            button.setFont(small(button.font()))
            button.setAccessibleName(button.text())
        buttons = filled(QHBoxLayout(), self.use, self.own, gap=6)
        filled(QVBoxLayout(self), self._grid, 6, buttons, None, gap=0)

    @property
    def chosen(self) -> Chosen:
        """What they say."""
        return replace(
            self._chosen, gain=snapped(self.gain.value() / FINE) if not self._exact else self._chosen.gain,
            mode=MODES[self.mode.currentText()], drawn=self.drawn.currentText(), bias=self.bias.value() / FINE,
            depth=self.depth_slider.value(), width=self.width_slider.value(), shape=self.shape.currentText(),
            activation=CHOICES.get(self.activation.currentText(), self._chosen.activation),
        )  # fmt: skip

    @property
    def _exact(self) -> bool:
        """Whether a gain was set that the slider stands for only roughly."""
        return (
            round(self._chosen.gain * FINE) == self.gain.value()
            or self._chosen.gain > MOST_GAIN == self.gain.value() / FINE
        )

    def show_chosen(self, chosen: Chosen) -> None:
        """Set them; ``changed`` comes once."""
        self._quiet, self._chosen = True, chosen
        self.gain.setValue(round(chosen.gain * FINE))
        self.mode.setCurrentText(next(words for words, mode in MODES.items() if mode == chosen.mode))
        self.drawn.setCurrentText(chosen.drawn)
        label_ = chosen.activation.label
        if label_ in CHOICES:
            self.activation.setCurrentText(label_)
        self.bias.setValue(round(chosen.bias * FINE))
        self.depth_slider.setValue(chosen.depth)
        self.width_slider.setValue(chosen.width)
        self.shape.setCurrentText(chosen.shape)
        self._quiet = False
        self._tell()

    def _again(self) -> None:
        self._chosen = replace(self.chosen, seed=self._chosen.seed + 1)
        self._tell()

    def _tell(self) -> None:
        if hasattr(self, "shape"):
            self.mode.setEnabled(self.drawn.currentText() != ORTHOGONAL)
        super()._tell()


class UnitControls(Controls):
    """How equal the units begin, and how long they learn."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("unit_controls")
        self.noise = self.slider(
            "noise", "Noise", "How far from equal the weights begin: the standard deviation of what is added to each.", 0, 50, 0,
            lambda at: "none" if at == 0 else fmt(at / FINE, 2),
        )  # fmt: skip
        self.start = self.slider(
            "start",
            "Weights",
            "What all weights begin at, before the noise.",
            -100,
            100,
            50,
            lambda at: fmt(at / FINE, 2),
        )
        self.units = self.slider("unit_count", "Units", "Of the hidden layer.", 1, 10, 8, count)
        self.activation = self.choice("unit_activation", "Activation", "Of the hidden layer.", list(CHOICES))
        self.moment = self.slider("moment", "Moment", "Drag to see them learn.", 0, 60, 60, lambda at: "")
        filled(QVBoxLayout(self), self._grid, None)


def _gain_words(at: int) -> str:
    gain = snapped(at / FINE)
    name = GAINS.get(gain, "")
    return f"{fmt(gain)} = {name}" if name and name != "1" else exact(round(gain, 2))
