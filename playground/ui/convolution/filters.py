"""The filter bench: a kernel to edit, a picture to try it on, and what comes out, computed by the engine's convolution."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLineEdit, QScrollArea, QVBoxLayout, QWidget

from engine.kernels import PRESETS, SIZES, in_words, kernel
from engine.network import INPUT
from engine.windows import flipped
from playground.runner.messages import Maps, Want, Weights
from playground.ui.convolution.bench import PHOTOS, Photos, caption, choice, correlated
from playground.ui.convolution.paint import draw, fitted, input_image, map_image, write
from playground.ui.convolution.row import RowLesson
from playground.ui.convolution.scope import Scope, largest
from playground.ui.numbers import exact, parse
from playground.ui.plots.plot import small
from playground.ui.plots.switches import FlowLayout, switch

Array = NDArray[Any]

SAMPLE, LEARNED = "the chosen sample", "learned"
SLICES = ("all slices", "red", "green", "blue")
PADDINGS = ("same", "valid", "full")


class KernelEditor(QWidget):
    """A field for each weight of one slice."""

    def __init__(self, changed) -> None:
        super().__init__()
        self.setObjectName("kernel_editor")
        self._changed = changed
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(2)
        self.fields: list[QLineEdit] = []

    def show_kernel(self, values: Array) -> None:
        """Show one slice ``(k, k)``."""
        size = len(values)
        if len(self.fields) != values.size:
            for field in self.fields:
                self._grid.removeWidget(field)
                field.deleteLater()
            self.fields = [self._field(n, size) for n in range(values.size)]
        for field, value in zip(self.fields, values.ravel(), strict=True):
            text = exact(float(f"{float(value):.3g}"))
            if field.text() != text and not (field.hasFocus() and field.isModified()):
                field.setText(text)

    def _field(self, n: int, size: int) -> QLineEdit:
        field = QLineEdit()
        row, column = divmod(n, size)
        field.setObjectName(f"kernel_{row}_{column}")
        field.setToolTip("A weight of the filter: type another.")
        field.setAccessibleName(f"Weight in row {row + 1}, column {column + 1}")
        field.setFixedSize(60 if size < 7 else 52, 26)
        field.setAlignment(Qt.AlignmentFlag.AlignCenter)
        field.setFont(small(field.font()))
        field.editingFinished.connect(lambda: self._typed(n, size, field))
        self._grid.addWidget(field, row, column)
        return field

    def _typed(self, n: int, size: int, field: QLineEdit) -> None:
        value = parse(field.text())
        field.setModified(False)
        self._changed(divmod(n, size), value)


class Pictures(QWidget):
    """Picture, cross-correlation and true convolution side by side."""

    def __init__(self, scope: Scope) -> None:
        super().__init__()
        self._scope = scope
        self.setObjectName("filter_pictures")
        self.setAccessibleName("The picture, and what the filter makes of it")
        self.setMinimumHeight(150)
        self.picture: Array | None = None
        self.results: tuple[tuple[str, Array], ...] = ()
        self._images: list[tuple[str, Any]] = []

    def sizeHint(self) -> QSize:
        return QSize(600, 220)

    def show_results(self, picture: Array | None, results: tuple[tuple[str, Array], ...]) -> None:
        self.picture, self.results = picture, results
        self._images.clear()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, ink = QPainter(self), self._scope.ink
        painter.fillRect(event.rect(), ink.panel)
        if self.picture is None:
            write(
                painter,
                QRectF(self.rect()),
                "There is no picture yet.",
                ink.muted,
                ink.small,
                Qt.AlignmentFlag.AlignCenter,
            )
            painter.end()
            return
        if not self._images:
            limit = max((largest(v) for _, v in self.results), default=0.0)
            self._images = [("picture", input_image(self.picture))]
            self._images += [(said, map_image(v, limit, ink.values)) for said, v in self.results]
        width = self.width() / len(self._images)
        for k, (said, image) in enumerate(self._images):
            room = QRectF(k * width, 20, width - 14, self.height() - 22)
            write(painter, QRectF(room.x(), 0, room.width(), 18), said, ink.text, ink.small)
            draw(painter, image, fitted(room, image.height(), image.width()), ink.border)
        painter.end()


class FilterBench(QWidget):
    """Controls, kernel, pictures, and the lesson on one row of numbers."""

    def __init__(self, scope: Scope) -> None:
        super().__init__()
        self.scope = scope
        self.setObjectName("filter_bench")
        self._photos = Photos(self)
        self._photos.loaded.connect(self._loaded)
        self._photo: dict[str, Array] = {}
        self.kernel = kernel("Sobel x")[None]  # (slices, k, k)
        self._picture: Array | None = None
        self._weights: Array | None = None
        flow = FlowLayout(gap=8)
        self.source = choice(
            "bench_picture", "Picture", "What the filter slides over.", (SAMPLE, *PHOTOS), self._sourced
        )
        self.preset = choice(
            "bench_filter",
            "Filter",
            "A filter to begin with.",
            (*PRESETS, LEARNED),
            self._preset,
            PRESETS.index("Sobel x"),
        )
        sizes = [f"{n}×{n}" for n in SIZES]
        self.size_box = choice(
            "bench_size",
            "Size",
            "How many weights it has.",
            sizes,
            lambda _: self._preset(self.preset.currentText()),
        )
        self.padding = choice(
            "bench_padding", "Padding", "Zeros round the picture.", PADDINGS, lambda _: self.refresh()
        )
        self.slice = choice(
            "bench_slice",
            "Slice",
            "Colours have a slice of the filter each.",
            SLICES,
            lambda _: self._show_kernel(),
        )
        self.grey = switch(
            "bench_grey", "in grey", "Make the picture grey first.", True, lambda _: self._sourced()
        )
        for part in (self.source, self.grey, self.preset, self.size_box, self.slice, self.padding):
            flow.addWidget(part)
        self._lay_out(flow)
        self._show_kernel()
        scope.restyled.connect(self._restyled)

    def _lay_out(self, flow: FlowLayout) -> None:
        """Fields above; below, what scrolls: kernel and pictures, then the row of numbers."""
        scope = self.scope
        self.editor, self.pictures = KernelEditor(self._edited), Pictures(scope)
        self.said = caption("bench_said", in_words("Sobel x"))
        self.row = RowLesson(scope.ink)
        left = QVBoxLayout()
        left.addWidget(self.editor)
        left.addWidget(self.said)
        left.addStretch(1)
        self.said.setFixedWidth(190)
        top = QHBoxLayout()
        top.setSpacing(16)
        top.addLayout(left)
        top.addWidget(self.pictures, 1)
        inside = QWidget()
        inside.setObjectName("contents")
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 8, 0)
        column.addLayout(top)
        column.addSpacing(8)
        column.addWidget(self.row)
        self.row_said = caption("row_said", self.row.in_words())
        column.addWidget(self.row_said)
        column.addStretch(1)
        area = QScrollArea()
        area.setObjectName("filter_bench_scroll")
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidgetResizable(True)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(inside)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(flow)
        layout.addWidget(area, 1)

    # --- what it is given ---

    def wants(self) -> list[Want]:
        found: list[Want] = [Maps(INPUT, *self.scope.sample)] if self.source.currentText() == SAMPLE else []
        node_id = self._first_convolution()
        return [*found, Weights(node_id)] if node_id and self.preset.currentText() == LEARNED else found

    def show_frame(self) -> None:
        """A frame has come: the sample, or the learned filter, may be another."""
        if self.source.currentText() == SAMPLE:
            picture = self.scope.maps(INPUT)
            if picture is not None and (self._picture is None or not np.array_equal(picture, self._picture)):
                self._picture = picture
                self._fit_slices()
                self.refresh()
        if self.preset.currentText() == LEARNED:
            self._take_learned()

    def _first_convolution(self) -> str:
        """The stage whose filters read the picture itself."""
        return next(
            (s.node_id for s in self.scope.stages.values() if s.is_convolution and s.source == INPUT), ""
        )

    def _take_learned(self) -> None:
        node_id = self._first_convolution()
        weight = self.scope.weights(node_id).get("weight") if node_id else None
        if weight is None:
            self.said.setText(
                "No convolution of this network reads the picture itself. Add a Conv2d in front."
            )
            return
        channel = min(self.scope.spot.channel, len(weight) - 1) if self.scope.spot.node_id == node_id else 0
        if not np.array_equal(weight[channel], self.kernel):
            self.kernel = weight[channel].astype(np.float64)
            self.said.setText(f"Filter {channel + 1} of {node_id}, as it is now.")
            self._fit_slices()
            self._show_kernel()
            self.refresh()

    # --- gestures ---

    def _preset(self, name: str) -> None:
        if name == LEARNED:
            self._take_learned()
            return
        self.kernel = kernel(name, SIZES[self.size_box.currentIndex()])[None]
        self.said.setText(in_words(name))
        self._fit_slices()
        self.refresh()

    def _edited(self, at: tuple[int, int], value: float | None) -> None:
        """A weight was typed; what is no number is put back."""
        if value is not None:
            slices = self._slices()
            old = self.kernel[slices.start][at]
            if f"{old:.3g}" != f"{value:.3g}":
                self.kernel = self.kernel.copy()
                self.kernel[slices, at[0], at[1]] = value
                self.said.setText("A filter of your own.")
                self.refresh()
        self._show_kernel()

    def _slices(self) -> slice:
        index = self.slice.currentIndex()
        return slice(0, len(self.kernel)) if index <= 0 or len(self.kernel) < 3 else slice(index - 1, index)

    def _sourced(self, _: object = None) -> None:
        name = self.source.currentText()
        if name == SAMPLE:
            self._picture = self.scope.maps(INPUT)
        elif name in self._photo:
            full = self._photo[name]
            self._picture = full.mean(0, keepdims=True) if self.grey.isChecked() else full
        else:
            self._photos.load(name)
            return
        self._fit_slices()
        self.refresh()

    def _loaded(self, name: str, found: Array | str) -> None:
        if isinstance(found, str):
            self.said.setText(found)
            return
        self._photo[name] = found
        if self.source.currentText() == name:
            self._sourced()

    # --- results ---

    def _fit_slices(self) -> None:
        """As many slices as the picture has channels: those of a filter with one are repeated, each at its share."""
        channels = 1 if self._picture is None else len(self._picture)
        if len(self.kernel) != channels:
            first = self.kernel.sum(0) if len(self.kernel) > 1 else self.kernel[0]
            self.kernel = np.repeat(first[None] / channels, channels, axis=0)
        self.slice.setEnabled(channels == 3)
        self._show_kernel()

    def _show_kernel(self) -> None:
        self.editor.show_kernel(self.kernel[self._slices().start])

    def results(self) -> tuple[Array, Array] | None:
        """``(cross-correlation, true convolution)`` of picture and kernel."""
        if self._picture is None:
            return None
        reach = self.kernel.shape[-1]
        padding = self.padding.currentText()
        if padding == "valid" and min(self._picture.shape[1:]) < reach:
            padding = "same"
        return (
            correlated(self.kernel, self._picture, padding),
            correlated(flipped(self.kernel), self._picture, padding),
        )

    def refresh(self) -> None:
        """Compute and show."""
        found = self.results()
        if found is None:
            self.pictures.show_results(None, ())
            return
        size = "×".join(map(str, found[0].shape))
        names = (f"cross-correlation, as in networks · {size}", "true convolution (kernel flipped)")
        self.pictures.show_results(self._picture, tuple(zip(names, found, strict=True)))

    def _restyled(self) -> None:
        self.row.ink = self.scope.ink
        self.row.update()
        self._sourced()
