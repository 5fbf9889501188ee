"""Pictures drawn by hand, a class at a time: a pad, and for each class a button that takes what is drawn."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLineEdit, QSizePolicy, QVBoxLayout, QWidget

from engine.data import PictureSet
from engine.data.framing import Framing, fitted
from engine.data.numbers import MOST_LETTERS, free_name
from engine.data.picture_set import MOST_CLASSES
from engine.errors import EngineError, counted
from playground.runner.messages import ShowPicture
from playground.ui.kit.colours import sample_image
from playground.ui.kit.icons import icon
from playground.ui.kit.own_pictures import Found, chosen, pasted, pixels_of, small_enough
from playground.ui.kit.pad import PACE, Pad
from playground.ui.kit.sentence import Sentence
from playground.ui.kit.widgets import ComboBox, filled, label, named, tool
from playground.ui.panels.data.narrow import NarrowButton

if TYPE_CHECKING:
    from engine.core import Array
    from playground.ui.kit.theme import Theme
    from playground.ui.kit.view import Context

#: the pad's side: the classes have room beside it
SIDE = 128
#: sides that a picture may have
SIZES = (8, 12, 16, 28, 32, 64)
#: of a picture's side, how long the longer side of what is drawn becomes
LENGTH = 0.75
#: numbers of pictures that are shown to the network: others begin at 1
_FIRST_NUMBER = 1_000_000
#: digits that take a drawing for a class
_KEYS = {getattr(Qt.Key, f"Key_{k + 1}"): k for k in range(MOST_CLASSES)}


def placed(drawing: Array, shape: tuple[int, int, int]) -> Array:
    """A drawing, 0 paper to 1 ink, as a picture ``shape``: its longer side three quarters of the picture's, its middle in the middle."""
    side = shape[1]
    return Framing(shape, LENGTH * side, (side / 2, side / 2), 0.0, 1.0).place(drawing)


class Strip(QWidget):
    """The newest pictures of a class; a click takes one away."""

    taken = Signal(int)  #: number of the picture in the set

    SIDE, GAP = 26, 3

    def __init__(self, theme: Theme, name: str) -> None:
        super().__init__()
        named(self, name, "Pictures of the class", "A click takes a picture away; it can be undone.")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._theme = theme
        self.numbers: list[int] = []
        self._images: dict[bytes, QImage] = {}
        self._shown: list[QImage] = []

    def show_pictures(self, numbers: list[int], pixels: Array) -> None:
        """``pixels (n, C, H, W)`` of 0 to 255 of the pictures with these numbers, newest first as far as there is room."""
        self.numbers = numbers[::-1]
        kept: dict[bytes, QImage] = {}
        self._shown = []
        for row in range(len(numbers) - 1, max(-1, len(numbers) - 40), -1):
            key = pixels[row].tobytes()
            image = self._images.get(key)
            if image is None:
                image = sample_image(pixels[row].astype(np.float32), 0.0, 255.0)
            kept[key] = image
            self._shown.append(image)
        self._images = kept
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(120, self.SIDE)

    def _place(self, at: int) -> QRectF:
        return QRectF(at * (self.SIDE + self.GAP), 0, self.SIDE, self.SIDE)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        for at, image in enumerate(self._shown):
            place = self._place(at)
            if place.right() > self.width():
                break
            painter.drawImage(place, image)
        if not self._shown:
            painter.setPen(QColor(self._theme.muted))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignVCenter, "none yet")
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        for at in range(len(self._shown)):
            place = self._place(at)
            if place.contains(event.position()) and place.right() <= self.width():
                self.taken.emit(self.numbers[at])
                return


class ClassRow(QWidget):
    """A class: its name, how many pictures it has, and the newest of them.

    Attributes:
        take: the button that takes what is drawn; it stands beside the pad.
    """

    def __init__(self, bench: DrawingBench, label_: int, theme: Theme) -> None:
        super().__init__()
        self.take = named(
            NarrowButton(""), f"take_{label_}", "", f"Take what is drawn for this class (key {label_ + 1})."
        )
        self.take.clicked.connect(lambda: bench.take(label_))
        self.name = named(
            QLineEdit(), f"class_name_{label_}", f"Name of class {label_ + 1}", "What the class is called."
        )
        self.name.setMaxLength(MOST_LETTERS)
        self.name.setMinimumWidth(40)
        self.name.editingFinished.connect(lambda: bench.rename(label_, self.name.text()))
        self.count = label(f"class_count_{label_}", wraps=False, muted=True)
        self.gone = tool(
            f"remove_class_{label_}",
            "Remove the class",
            "Remove this class with its pictures; it can be undone.",
            partial(bench.remove_class, label_),
            icon("close", theme),
            bare=True,
        )
        self.strip = Strip(theme, f"strip_{label_}")
        self.strip.taken.connect(bench.take_away)
        head = QHBoxLayout()
        head.setSpacing(6)
        head.addWidget(self.name, 1)
        head.addWidget(self.count)
        head.addWidget(self.gone)
        filled(QVBoxLayout(self), head, self.strip, gap=3)


class DrawingBench(QWidget):
    """Draw, and press the class that it belongs to. While somebody draws, the network says what it sees in the drawing."""

    asked = Signal(object, str)  #: another PictureSet, and what undo calls it

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.setObjectName("drawing_bench")
        self._context, self._theme = context, context.theme
        self.source: PictureSet | None = None
        self.pad = Pad(context.theme)
        self.words = label(
            "bench_words",
            "Draw with the mouse (the right button rubs out), then press the class. Drawings are brought to the middle, all alike in size.",
            little=True,
            muted=True,
        )
        self.said = Sentence("bench_said", "problem")
        sign = lambda name: icon(name, context.theme)
        buttons = filled(
            QHBoxLayout(),
            tool("bench_clear", "Clear", "Clear the pad.", self.clear, sign("eraser"), bare=True, side=18),
            tool(
                "bench_open",
                "Open…",
                "Use a picture from a file; it is cut to its middle.",
                self._open,
                sign("folder-open-outline"),
                bare=True,
                side=18,
            ),
            tool(
                "bench_paste",
                "Paste",
                "Use the picture on the clipboard (Ctrl+V on the pad). Pictures can be dropped on the pad, too.",
                lambda: self.show_photo(pasted()),
                sign("content-paste"),
                bare=True,
                side=18,
            ),
            None,
            gap=2,
        )
        self.pad.setFixedSize(SIDE, SIDE)
        self._takes = QVBoxLayout()
        self._takes.setSpacing(4)
        right = filled(QVBoxLayout(), buttons, self._takes, None, gap=4)
        top = filled(QHBoxLayout(), self.pad, gap=8)
        top.addLayout(right, 1)
        self._rows: list[ClassRow] = []
        self._classes = QVBoxLayout()
        self._classes.setSpacing(8)
        self.more = tool(
            "add_class", "Add a class", "One class more, without pictures.", self.add_class, sign("plus")
        )
        self.side = named(
            ComboBox(),
            "picture_size",
            "Size of the pictures",
            "Height and width of the pictures, in pixels. It can be changed while there are none.",
        )
        self.side.addItems([f"{side}×{side}" for side in SIZES])
        self.side.activated.connect(lambda _: self._resize())
        self.colour = named(
            QCheckBox("colour"),
            "picture_colour",
            "Colour",
            "Pictures have three channels, for photographs. It can be changed while there are none.",
        )
        self.colour.clicked.connect(lambda _: self._resize())
        self.anew = tool(
            "bench_anew",
            "Remove all",
            "Take all pictures away, to begin anew; it can be undone.",
            self._begin_anew,
        )
        under = filled(QHBoxLayout(), self.more, None, self.anew, gap=6)
        shape = filled(QHBoxLayout(), self.side, self.colour, None, gap=6)
        filled(QVBoxLayout(self), top, self.said, self._classes, under, shape, self.words, gap=6)
        self._number = _FIRST_NUMBER
        self._timer = QTimer(self, singleShot=True, interval=PACE)
        self._timer.timeout.connect(self._show_network)
        self.pad.drawn.connect(lambda: self._timer.isActive() or self._timer.start())
        self.pad.dropped.connect(self.show_photo)
        self.said.hide()
        self.hide()

    # ---- what is there -------------------------------------------------------------------------------------------------

    def show_source(self, source: PictureSet | None) -> None:
        """Show a set; ``None`` where the data are others."""
        self.setVisible(source is not None)
        if source is None or source is self.source:
            self.source = source
            return
        self.source = source
        while len(self._rows) < len(source.classes):
            row = ClassRow(self, len(self._rows), self._theme)
            self._rows.append(row)
            self._classes.addWidget(row)
            self._takes.addWidget(row.take)
        while len(self._rows) > len(source.classes):
            row = self._rows.pop()
            for widget in (row.take, row):
                widget.setParent(None)
                widget.deleteLater()
        for number, (row, name) in enumerate(zip(self._rows, source.classes, strict=True)):
            own = np.flatnonzero(source.labels == number)
            if not row.name.hasFocus() or not row.name.isModified():
                row.name.setText(name)
            row.count.setText(f"{len(own):,}")
            row.take.setText(f"{number + 1}  {name}")
            row.take.setAccessibleName(f"Take the drawing for {name}")
            row.gone.setVisible(len(source.classes) > 2)
            row.strip.show_pictures(own.tolist(), source.pixels[own])
        empty = not len(source.labels)
        self.more.setEnabled(len(source.classes) < MOST_CLASSES)
        self.anew.setEnabled(not empty)
        self.side.setEnabled(empty)
        self.colour.setEnabled(empty)
        if source.size not in SIZES and self.side.findText(f"{source.size}×{source.size}") < 0:
            self.side.addItem(f"{source.size}×{source.size}")
        self.side.setCurrentText(f"{source.size}×{source.size}")
        self.colour.setChecked(source.colour)

    def picture(self) -> Array | None:
        """What is on the pad as the set's pictures are, ``(C, H, W)`` in 0..1; ``None`` while it is empty."""
        if self.source is None or self.pad.empty:
            return None
        if self.pad.photo is not None:
            return fitted(pixels_of(self.pad.photo), self.source.shape, 0.0, 1.0)
        return placed(self.pad.drawing(), self.source.shape)

    # ---- what is done --------------------------------------------------------------------------------------------------

    def take(self, label_: int) -> None:
        """What is on the pad becomes a picture of this class, and the pad is empty again."""
        picture, source = self.picture(), self.source
        if source is None or label_ >= len(source.classes):
            return
        if picture is None:
            self._say("The pad is empty; expected a drawing. Draw one first.")
            return
        try:
            changed = source.added(picture, label_)
        except EngineError as error:
            self._say(str(error))
            return
        self.clear()
        self.asked.emit(changed, f"Draw {source.classes[label_]}")

    def take_away(self, number: int) -> None:
        """Picture ``number`` goes."""
        if self.source is not None:
            self.asked.emit(self.source.without(number), "Take a picture away")

    def add_class(self) -> None:
        """One class more."""
        if self.source is not None and len(self.source.classes) < MOST_CLASSES:
            name = free_name(self.source.classes, chr(ord("A") + len(self.source.classes)))
            self.asked.emit(self.source.replace(classes=(*self.source.classes, name)), f"Add class {name}")

    def remove_class(self, label_: int) -> None:
        """A class goes, with its pictures; two stay."""
        if self.source is not None and len(self.source.classes) > 2:
            name = self.source.classes[label_]
            self.asked.emit(self.source.without_class(label_), f"Remove class {name}")

    def rename(self, label_: int, name: str) -> None:
        """Another name, unless another class has it."""
        if self.source is None or label_ >= len(self.source.classes) or name == self.source.classes[label_]:
            return
        try:
            changed = self.source.renamed(label_, name)
        except EngineError as error:
            taken = f"Another class is called {name} already; expected a name of its own. Choose another."
            self._say(taken if name in self.source.classes else str(error))
            self._rows[label_].name.setText(self.source.classes[label_])
            return
        self._say("")
        self.asked.emit(changed, "Rename a class")

    def clear(self) -> None:
        """Empty the pad: samples are looked at again."""
        self._timer.stop()
        self.pad.clear()
        self._say("")
        self._context.focus.look_at_picture(0)

    def show_photo(self, found: Found) -> None:
        """Put a picture onto the pad; says so where it is none."""
        image = small_enough(found)
        if isinstance(image, str):
            self._say(image)
            return
        self._say("")
        self.pad.show_photo(image)
        self._show_network()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        label_ = _KEYS.get(event.key())
        if label_ is not None and not event.modifiers() and self.source is not None:
            self.take(label_)
        else:
            super().keyPressEvent(event)

    def _show_network(self) -> None:
        """Have the network say what it sees in what is on the pad, as it is drawn."""
        picture = self.picture()
        if picture is None:
            return
        self._say("")
        self._number += 1
        self._context.send(ShowPicture(self._number, picture.astype(np.float32)))
        self._context.focus.look_at_picture(self._number)

    def _resize(self) -> None:
        source = self.source
        if source is not None and not len(source.labels):
            side = int(self.side.currentText().partition("×")[0])
            self.asked.emit(
                source.emptied(side, self.colour.isChecked()), f"Pictures of {counted(side, 'pixel')} a side"
            )

    def _begin_anew(self) -> None:
        if self.source is not None:
            self.asked.emit(self.source.emptied(self.source.size, self.source.colour), "Remove all pictures")

    def _open(self) -> None:
        found = chosen(self)
        if found is not None:
            self.show_photo(found)

    def _say(self, text: str) -> None:
        self.said.setText(text)
        self.said.setVisible(bool(text))
