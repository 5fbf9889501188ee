"""The filter bench: a kernel to edit, a picture to try it on, and what comes out, computed by the engine's convolution."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QTimer
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QHBoxLayout,
    QVBoxLayout,
    QWidget,
)

from engine.kernels import PRESETS, SIZES, in_words, kernel
from engine.network import INPUT
from engine.windows import flipped
from playground.runner.messages import Maps, Want, Weights
from playground.ui.kit.icons import icon
from playground.ui.kit.own_pictures import Found, chosen, opaque, pasted
from playground.ui.kit.pad import PACE, Pad
from playground.ui.kit.switches import FlowLayout, switch
from playground.ui.kit.widgets import filled, label, named, tool
from playground.ui.panels.convolution import bench
from playground.ui.panels.convolution.bench import PHOTOS, Photos, choice, number
from playground.ui.panels.convolution.filter_grid import FilterGrid
from playground.ui.panels.convolution.gabor import GaborFields
from playground.ui.panels.convolution.kernel_editor import COLOURS, KernelEditor
from playground.ui.panels.convolution.pictures import Pictures, Result, own_picture
from playground.ui.panels.convolution.row_bench import RowBench
from playground.ui.panels.convolution.scope import Scope

Array = NDArray[Any]

SAMPLE, DRAWING, OWN_PICTURE, LEARNED = "the chosen sample", "a drawing", "your picture", "learned"
LOWEST, HIGHEST = 150, 240  #: pixels for the pictures
SLICES = ("all slices", *COLOURS)
PADDINGS = ("same", "valid", "full")


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
        self._taken: Array | None = None  # the learned filter that is shown
        self._make_picture_fields()
        self._make_filter_fields()
        self._make_parts()
        self._lay_out()
        self._show_controls()
        self._show_kernel()
        scope.restyled.connect(self._restyled)

    def _make_picture_fields(self) -> None:
        sources = (SAMPLE, *PHOTOS, DRAWING)
        self.source = choice(
            "bench_picture", "Picture", "What the filter slides over.", sources, self._sourced
        )
        self.grey = switch(
            "bench_grey", "in grey", "Make the picture grey first.", True, lambda _: self._sourced()
        )
        # What to do with a picture is said by signs: there is little room in the row.
        sign = lambda name: icon(name, self.scope.context.theme)
        tip, picture = "Slide over a picture from a file.", sign("folder-open-outline")
        self.open = tool("bench_open", "Open…", tip, self._open, picture, bare=True)
        tip = "Slide over the picture on the clipboard (Ctrl+V). Pictures can be dropped on the bench, too."
        self.paste = tool("bench_paste", "Paste", tip, self._paste, sign("content-paste"), bare=True)
        tip = "Begin with an empty pad."
        self.clear = tool("bench_clear", "Clear", tip, self._clear, sign("eraser"), bare=True)
        for part in (self.grey, self.open, self.paste, self.clear):
            part.setFixedHeight(self.source.sizeHint().height())

    def _make_filter_fields(self) -> None:
        names = (*PRESETS, LEARNED)
        self.preset = choice(
            "bench_filter",
            "Filter",
            "A filter to begin with.",
            names,
            self._preset,
            PRESETS.index("Sobel x"),
        )
        self.which = number(
            "bench_learned",
            "Which learned filter",
            "Which filter of the layer that reads the picture.",
            (1, 1, 1, 1),
            self._take_learned,
            "filter ",
        )
        sizes = [f"{n}×{n}" for n in SIZES]
        self.size_box = choice(
            "bench_size", "Size", "How many weights it has.", sizes, lambda _: self._resized()
        )
        self.gabor = GaborFields()
        self.gabor.changed.connect(lambda: self._take(self.gabor.kernel(self._size()), in_words("Gabor")))
        self.slice = choice(
            "bench_slice",
            "Slice",
            "Colours have a slice of the filter each.",
            SLICES,
            lambda _: self._show_kernel(),
        )
        self.padding = choice(
            "bench_padding", "Padding", "Zeros round the picture.", PADDINGS, lambda _: self.refresh()
        )

    def _make_parts(self) -> None:
        scope = self.scope
        self.editor = KernelEditor(scope, self._edited, lambda k: self.slice.setCurrentIndex(k + 1))
        self.pictures, self.pad = Pictures(scope), Pad(scope.context.theme)
        self.pictures.dropped.connect(self.show_own)
        self.pad.dropped.connect(self.show_own)
        self._later = QTimer(self, singleShot=True, interval=PACE)
        self._later.timeout.connect(self._sourced)
        self.pad.drawn.connect(self._drawn)
        self.said = label("bench_said", in_words("Sobel x"), little=True, muted=True)
        self.said.setFixedWidth(220)
        self.trouble = label("bench_trouble", little=True, problem=True)
        self.grid = FilterGrid(scope)
        self.grid.chosen.connect(lambda i: self.which.setValue(i + 1))
        self.rows = RowBench(scope.ink)
        self.row = self.rows.lesson

    def _lay_out(self) -> None:
        """Fields above; below, what scrolls: kernel and pictures, then the row of numbers."""
        flow = FlowLayout(gap=8)
        tip = "The same on one row of numbers, typed by hand: what padding does to the length, and what the flip is for."
        self.as_row = switch("bench_row", "one row", tip, False, self._show_row)
        self.as_row.setFixedHeight(self.source.sizeHint().height())
        for part in (
            self.as_row,
            *(self.source, self.open, self.paste, self.clear, self.grey),
            *(self.preset, self.which, self.size_box, self.gabor),
            *(self.slice, self.padding),
        ):
            flow.addWidget(part)
        left = filled(QVBoxLayout(), self.editor, self.said, None, gap=0)
        beside = [filled(QVBoxLayout(), part, None) for part in (self.grid, self.pad)]
        top = filled(QHBoxLayout(), left, *beside, gap=16)
        top.addWidget(self.pictures, 1)
        inside = named(QWidget(), "contents")
        self._upper = QWidget()
        self._upper.setLayout(top)
        filled(QVBoxLayout(inside), self._upper, 8, self.rows, margins=(0, 0, 8, 0)).setStretch(0, 1)
        area = bench.Desk("filter_bench_scroll", inside)
        area.setWidgetResizable(True)
        area.roomy.connect(
            lambda room: self.pictures.setFixedHeight(min(max(room.height(), LOWEST), HIGHEST))
        )
        filled(QVBoxLayout(self), flow, self.trouble, area).setStretch(2, 1)

    def _show_row(self, on: bool) -> None:
        """The row of numbers at the top, and no pictures; or pictures, and the row below."""
        self._upper.setVisible(not on)
        self._show_controls()

    def _show_controls(self) -> None:
        """Only fields that mean something for this filter and this picture."""
        pictures = not self.as_row.isChecked()
        for field in (self.source, self.preset, self.padding, self.open, self.paste):
            field.setVisible(pictures)
        name, source = self.preset.currentText(), self.source.currentText()
        for part, wanted in (
            (self.gabor, name == "Gabor"),
            (self.which, name == LEARNED),
            (self.size_box, name != LEARNED),
            (self.grid, name == LEARNED and self.grid.count > 1),
            (self.grey, source not in (SAMPLE, DRAWING)),
            (self.slice, len(self.kernel) == len(COLOURS)),
            (self.pad, source == DRAWING),
            (self.clear, source == DRAWING),
            (self.trouble, bool(self.trouble.text())),
        ):
            part.setVisible(wanted and pictures)
        self.pictures.with_picture = source != DRAWING

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

    def _take_learned(self, _: object = None) -> None:
        node_id = self._first_convolution()
        weight = self.scope.weights(node_id).get("weight") if node_id else None
        if weight is None:
            if not node_id:
                self.said.setText(
                    "No convolution of this network reads the picture itself. Add a Conv2d in front."
                )
            return
        if self.which.maximum() != len(weight):
            self.which.setMaximum(len(weight))
            if self.scope.spot.node_id == node_id:
                self.which.setValue(self.scope.spot.channel + 1)
        self.grid.show_filters(weight, int(self.which.value()) - 1)
        own = weight[int(self.which.value()) - 1]
        if self._taken is None or not np.array_equal(own, self._taken):
            self._taken, self.kernel = own, own.astype(np.float64)
            self.said.setText(f"Filter {int(self.which.value())} of {node_id}, as it is now.")
            self._fit_slices()
            self.refresh()

    # --- gestures ---

    def _preset(self, name: str) -> None:
        self._taken = None
        if name == LEARNED:
            self._take_learned()
        elif name == "Gabor":
            self._resized()
            return
        else:
            self._take(kernel(name, self._size()), in_words(name))
        self._show_controls()

    def _size(self) -> int:
        return SIZES[self.size_box.currentIndex()]

    def _resized(self) -> None:
        """Another size; a Gabor's stripes and bell grow with it."""
        if self.preset.currentText() == "Gabor":
            self._take(self.gabor.fitted(self._size()), in_words("Gabor"))
        else:
            self._preset(self.preset.currentText())

    def _take(self, values: Array, said: str) -> None:
        """Another filter ``(k, k)``, the same for all channels."""
        self.kernel = values[None]
        self.said.setText(said)
        self._fit_slices()
        self.refresh()

    def _edited(self, at: tuple[int, int], value: float) -> None:
        """A weight was typed."""
        self.kernel = self.kernel.copy()
        self.kernel[self._slices(), at[0], at[1]] = value
        self.said.setText("A filter of your own.")
        self._show_kernel()
        self.refresh()

    def _slices(self) -> slice:
        index = self.slice.currentIndex()
        every = index <= 0 or len(self.kernel) != len(COLOURS)
        return slice(0, len(self.kernel)) if every else slice(index - 1, index)

    def _sourced(self, _: object = None) -> None:
        name = self.source.currentText()
        self._say("")
        if name == SAMPLE:
            self._picture = self.scope.maps(INPUT)
        elif name == DRAWING:
            self._picture = self.pad.drawing()[None].astype(np.float32)
        elif name in self._photo:
            full = self._photo[name]
            self._picture = full.mean(0, keepdims=True) if self.grey.isChecked() else full
        else:
            self._photos.load(name)
            self._show_controls()
            return
        self._fit_slices()
        self.refresh()

    def _loaded(self, name: str, found: Array | str) -> None:
        if isinstance(found, str):
            self._say(found)
            return
        self._photo[name] = found
        if self.source.currentText() == name:
            self._sourced()

    def _say(self, problem: str) -> None:
        self.trouble.setText(problem)
        self.trouble.setVisible(bool(problem))

    # --- pictures of one's own ---

    def show_own(self, found: Found) -> None:
        """Slide over any picture; says so where it is none."""
        image = found if isinstance(found, str) else opaque(found)
        if isinstance(image, str):
            self._say(image)
            return
        self._photo[OWN_PICTURE] = own_picture(image)
        if self.source.findText(OWN_PICTURE) < 0:
            self.source.addItem(OWN_PICTURE)
        if self.source.currentText() == OWN_PICTURE:
            self._sourced()
        else:
            self.source.setCurrentText(OWN_PICTURE)

    def _open(self) -> None:
        found = chosen(self)
        if found is not None:
            self.show_own(found)

    def _paste(self) -> None:
        self.show_own(pasted())

    def _drawn(self) -> None:
        if not self._later.isActive():
            self._later.start()

    def _clear(self) -> None:
        self.pad.clear()
        self._sourced()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Paste):
            self._paste()
        else:
            super().keyPressEvent(event)

    # --- results ---

    def _fit_slices(self) -> None:
        """As many slices as the picture has channels: those of a filter with one are repeated, each at its share."""
        channels = 1 if self._picture is None else len(self._picture)
        if len(self.kernel) != channels:
            first = self.kernel.sum(0) if len(self.kernel) > 1 else self.kernel[0]
            self.kernel = np.repeat(first[None] / channels, channels, axis=0)
        alike = bool((self.kernel == self.kernel[:1]).all())
        if self.slice.currentIndex() == 0 and not alike:
            self.slice.setCurrentIndex(1)
        self._show_kernel()
        self._show_controls()

    def _show_kernel(self) -> None:
        chosen = self.slice.currentIndex() - 1 if len(self.kernel) == len(COLOURS) else 0
        self.editor.show_kernel(self.kernel, chosen)

    def results(self) -> tuple[Array, Array] | None:
        """``(cross-correlation, true convolution)`` of picture and kernel."""
        if self._picture is None:
            return None
        return bench.both_ways(self.kernel, self._picture, self.padding.currentText())

    def refresh(self) -> None:
        """Compute and show."""
        found = self.results()
        if found is None or self._picture is None:
            self.pictures.show_results(None, ())
            return
        size = "×".join(map(str, found[0].shape))
        shown = (
            Result("cross-correlation", f"as in networks · {size}", self.kernel, found[0]),
            Result("true convolution", f"kernel flipped · {size}", flipped(self.kernel), found[1]),
        )
        self.pictures.show_results(self._picture, shown, self.source.currentText())

    def _restyled(self) -> None:
        self.grid.restyle()
        self.row.ink = self.scope.ink
        self.row.update()
        self.editor.update()
        self._sourced()
