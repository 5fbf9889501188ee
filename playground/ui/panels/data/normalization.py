"""What normalizing does to one input: how its numbers are spread before and after, what was measured, and whether it helps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from engine.data.prepare import add_features
from engine.errors import clipped
from engine.probe import histogram
from playground.ui.kit.fonts import small
from playground.ui.kit.numbers import fmt
from playground.ui.kit.text import Label
from playground.ui.kit.widgets import ComboBox, filled

if TYPE_CHECKING:
    from engine.core import Array
    from engine.data import Prepared
    from playground.ui.kit.theme import Theme

BINS = 24
#: samples and numbers that are looked at, and inputs that can be chosen, at most
MOST_ROWS, MOST, MOST_INPUTS = 20_000, 200_000, 200
_CHANNELS = {1: ("grey",), 3: ("red", "green", "blue")}


def inputs_of(data: Prepared) -> tuple[str, ...]:
    """What the inputs that are rescaled are called: columns, extra ones included, or the channels of pictures."""
    if not data.raw.is_image:
        return data.features
    count = data.raw.in_shape[0]
    return _CHANNELS.get(count, tuple(f"channel {i + 1}" for i in range(count)))


def before_and_after(data: Prepared, index: int) -> tuple[Array, Array]:
    """Numbers of input ``index`` in the training part as they are, and as the network reads them (noise aside)."""
    raw, transform = data.raw, data.transform
    per_row = int(np.prod(raw.in_shape[1:], initial=1))
    # What is repeated to balance classes was measured once. Of a million rows the first tell enough: a window does not wait.
    rows = np.unique(data.index.train[: max(1, min(MOST_ROWS, MOST // per_row))])
    x = add_features(raw.x[rows], transform.extra_features)
    return x[:, index].ravel(), transform.inputs(x)[:, index].ravel()


class BeforeAfter(QWidget):
    """Two histograms side by side, with mean, deviation and range below each."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("before_after")
        self.setAccessibleName("One input before and after it is normalized")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFont(small(self.font()))
        self._theme = theme
        self._sides: list[tuple[str, str, Array]] = []

    def show_numbers(self, before: Array, after: Array, normalized: bool) -> None:
        """The numbers of an input, and what became of them."""
        self._sides = []
        for title, values in (
            ("as it is", before),
            ("normalized" if normalized else "not normalized", after),
        ):
            counts, _ = histogram(values, BINS)
            mean, deviation = (float(f(dtype=np.float64)) for f in (values.mean, values.std))
            mean = 0.0 if abs(mean) < 1e-5 * deviation else mean  # what rounding leaves of 0
            says = (
                f"μ {fmt(mean)}, σ {fmt(deviation)}  {fmt(float(values.min()))} … {fmt(float(values.max()))}"
            )
            self._sides.append((title, says, counts))
        words = "; ".join(f"{title}: {says}" for title, says, _ in self._sides)
        self.setAccessibleDescription(words)
        self.setToolTip(f"Of {len(before):,} numbers of the training part. {words.replace('  ', ', ')}.")
        self.update()

    @property
    def words(self) -> list[str]:
        """What stands below each histogram."""
        return [says for _, says, _ in self._sides]

    def sizeHint(self) -> QSize:
        return QSize(200, 46 + 3 * self.fontMetrics().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, theme, metrics = QPainter(self), self._theme, self.fontMetrics()
        line, gap = metrics.height(), 10
        width = (self.width() - gap) / 2
        colours = (theme.muted, theme.accent)
        for side, ((title, says, counts), colour) in enumerate(zip(self._sides, colours, strict=True)):
            left = side * (width + gap)
            painter.setPen(QColor(theme.muted))
            title = metrics.elidedText(title, Qt.TextElideMode.ElideRight, int(width))
            painter.drawText(QRectF(left, 0, width, line), Qt.AlignmentFlag.AlignLeft, title)
            place = QRectF(left, line + 2, width, 40)
            painter.fillRect(place, QColor(theme.sunken))
            step, top = width / len(counts), max(int(counts.max()), 1)
            for i, count in enumerate(counts.tolist()):
                height = count / top * (place.height() - 2)
                bar = QRectF(left + i * step, place.bottom() - height, max(step - 1, 1.0), height)
                painter.fillRect(bar, QColor(colour))
            painter.setPen(QColor(theme.muted))
            first, _, second = (
                metrics.elidedText(t, Qt.TextElideMode.ElideRight, int(width)) for t in says.partition("  ")
            )
            painter.drawText(QRectF(left, place.bottom() + 2, width, line), Qt.AlignmentFlag.AlignLeft, first)
            painter.drawText(
                QRectF(left, place.bottom() + 2 + line, width, line), Qt.AlignmentFlag.AlignLeft, second
            )


class Normalization(QWidget):
    """An input to choose, its two histograms, and a click that trains with and without, beside each other."""

    beside_asked = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("normalization")
        self.title = Label("Normalization")
        self.title.setProperty("muted", True)
        self.choice = ComboBox()
        self.choice.setObjectName("normalized_input")
        self.choice.setAccessibleName("Input whose numbers are shown")
        self.choice.setToolTip("The input whose numbers are shown, before and after it is normalized.")
        self.choice.setFont(small(self.choice.font()))
        self.choice.setMinimumContentsLength(6)
        self.choice.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.picture = BeforeAfter(theme)
        self.button = QPushButton()
        self.button.setObjectName("normalize_beside")
        self.button.clicked.connect(self.beside_asked)
        self._data: Prepared | None = None
        head = filled(QHBoxLayout(), self.title, None, gap=8)
        head.addWidget(self.choice, 2)
        filled(QVBoxLayout(self), head, self.picture, self.button, gap=6)
        self.choice.currentIndexChanged.connect(lambda _: self._show())
        self.hide()

    def show_data(self, data: Prepared | None, way: str) -> None:
        """Show what ``way``, a value of Preparation's ``normalize``, does to these data; nothing where there are none."""
        self._data = data
        self.setVisible(data is not None)
        if data is None:
            return
        names = [clipped(name, 40) for name in inputs_of(data)[:MOST_INPUTS]]
        if names != [self.choice.itemText(i) for i in range(self.choice.count())]:
            self.choice.blockSignals(True)
            self.choice.clear()
            self.choice.addItems(names)
            self.choice.blockSignals(False)
        self.choice.setVisible(len(names) > 1)
        self.button.setText(
            "Train as it is and standardized" if way == "none" else "Train with and without it"
        )
        self.button.setToolTip(
            f"Train the project as it is and {'standardized' if way == 'none' else 'without normalization'}, beside each other, from "
            "the same seed and batches (panel Runs)."
        )
        self._show()

    def look_at(self, index: int) -> None:
        """Show input ``index``."""
        if 0 <= index < self.choice.count():
            self.choice.setCurrentIndex(index)

    def _show(self) -> None:
        data, index = self._data, max(self.choice.currentIndex(), 0)
        if data is not None:
            self.picture.show_numbers(*before_and_after(data, index), data.transform.inputs.kind != "none")
