"""A pad to draw on, or to put a picture of one's own on: the network says at once what it sees, and all maps follow."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QHBoxLayout,
    QVBoxLayout,
    QWidget,
)

from engine.data import Prepared
from engine.data.framing import Framing, fitted
from engine.errors import EngineError
from playground.document.project import Project, data_of
from playground.runner.messages import OWN, Predictions, ShowPicture, Want
from playground.ui.kit.grid_paint import draw
from playground.ui.kit.icons import icon
from playground.ui.kit.ink import write
from playground.ui.kit.own_pictures import Found, chosen, pasted, pixels_of, small_enough
from playground.ui.kit.pad import PACE, SIDE, Pad
from playground.ui.kit.widgets import filled, label, tool
from playground.ui.panels.convolution.classes import draw_classes
from playground.ui.panels.convolution.paint import input_image
from playground.ui.panels.convolution.scope import Scope

Array = NDArray[Any]

#: the pad's side: at least and at most as a panel has room; and that of the picture as the network reads it
LEAST, LARGEST, SEEN = 96, 184, 48


class Verdict(QWidget):
    """The picture as the network gets it, and what it makes of it: a bar per class."""

    def __init__(self, scope: Scope) -> None:
        super().__init__()
        self._scope = scope
        self.setObjectName("drawing_verdict")
        self.setAccessibleName("What the network sees in your picture")
        self.setMinimumWidth(190)
        self.picture: Array | None = None
        self.shares: Array | None = None
        self.names: tuple[str, ...] = ()

    @property
    def guess(self) -> str:
        """The class that the network names; "" while there is none."""
        if self.shares is None or not self.names:
            return ""
        return self.names[int(self.shares.argmax())]

    def sizeHint(self) -> QSize:
        return QSize(196, 160)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, ink = QPainter(self), self._scope.ink
        if self.picture is not None:
            seen = QRectF(0.5, 0.5, SEEN, SEEN)
            draw(painter, input_image(self.picture), seen, ink.border)
            middle = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop
            below = QRectF(0, SEEN + 3, SEEN + 2, 28)
            write(painter, below, "as it is\nread", ink.muted, ink.tiny, middle)
            below.translate(0, 27)
            write(painter, below, self.guess, ink.text, ink.large, middle)
        if self.shares is not None and self.names:
            left = SEEN + 10.0
            lines = QRectF(left, 0, self.width() - left - 1, self.height())
            draw_classes(painter, ink, lines, self.names, self.shares)
        painter.end()


class DrawPanel(QWidget):
    """Pad, buttons, verdict. While it is used, everybody shows this picture instead of a sample.

    Attributes:
        how: says how the picture was made to fit; it is for the page to find a place for.
    """

    said = Signal()  #: ``how`` says something else

    def __init__(self, scope: Scope) -> None:
        super().__init__()
        self._scope, self._focus = scope, scope.context.focus
        self.setObjectName("draw_panel")
        self.pad, self.verdict = Pad(scope.context.theme), Verdict(scope)
        self.how = label("drawing_how", little=True, muted=True)
        self._number = 0
        self._data: Prepared | None = None
        self._framing: Framing | None = None
        row = filled(QHBoxLayout(self), gap=8)
        row.addWidget(self.pad, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(self._make_buttons())
        row.addWidget(self.verdict, 1)
        self._fit(SIDE)
        self._timer = QTimer(self, singleShot=True, interval=PACE)
        self._timer.timeout.connect(self._send)
        self.pad.drawn.connect(self._later)
        self.pad.dropped.connect(self.show_photo)
        for part in (self.pad, self.verdict):
            scope.restyled.connect(part.update)

    def _make_buttons(self) -> QVBoxLayout:
        clear = "Clear: begin with an empty pad, and look at the data's samples again."
        paste = "Paste: use the picture on the clipboard (Ctrl+V on the pad)."
        sign = lambda name: icon(name, self._scope.context.theme)
        wanted = (
            ("drawing_clear", "Clear", clear, self.clear, sign("eraser")),
            ("drawing_open", "Open…", "Open: use a picture from a file.", self._open, sign("folder-open-outline")),
            ("drawing_paste", "Paste", paste, self._paste, sign("content-paste")),
        )  # fmt: skip
        return filled(QVBoxLayout(), *(tool(*each, bare=True, side=18) for each in wanted), None, gap=2)

    def _fit(self, height: int) -> None:
        """Make the pad as large as there is room."""
        side = min(max(height, LEAST), LARGEST)
        self.pad.setFixedSize(side, side)
        self.setFixedWidth(side + 2 * 8 + 28 + self.verdict.sizeHint().width())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit(self.height())

    def minimumSizeHint(self) -> QSize:
        return QSize(self.width(), LEAST)

    def _say(self, how: str) -> None:
        if how != self.how.text():
            self.how.setText(how)
            self.said.emit()

    def wants(self) -> Iterable[Want]:
        return [Predictions(OWN, self._number, 1)] if self._focus.picture else ()

    def show_project(self, project: Project) -> None:
        """The data may be others: measure how their subjects stand."""
        try:
            data = data_of(project)
        except EngineError:
            data = None
        if data is self._data:
            return
        self._data, self._framing = data, None
        self.verdict.names = data.raw.classes if data is not None else ()
        if data is None or not data.raw.is_image:
            self._focus.look_at_picture(0)
        elif self._focus.picture:
            self._send()

    def show_frame(self) -> None:
        frame = self._scope.frame
        found = None if frame is None else frame.answer(Predictions(OWN, self._number, 1))
        self.verdict.shares = None if found is None or not self._focus.picture else found[0]
        self.verdict.update()

    def clear(self) -> None:
        """Nothing is drawn: the levels show samples again."""
        self.pad.clear()
        self.verdict.picture = self.verdict.shares = None
        self.verdict.update()
        self._timer.stop()
        self._say("")
        self._number += 1
        self._focus.look_at_picture(0)

    def show_photo(self, found: Found) -> None:
        """Use a picture; says so where it is none."""
        image = small_enough(found)
        if isinstance(image, str):
            self._say(image)
            return
        self.pad.show_photo(image)
        self._send()

    def _later(self) -> None:
        if not self._timer.isActive():
            self._timer.start()

    def _send(self) -> None:
        """Hand the picture to the network, as large and where the data have theirs."""
        data = self._data
        if data is None or not data.raw.is_image or self.pad.empty:
            return
        if self._framing is None:
            self._framing = Framing.measure(data.raw.x)
        framing = self._framing
        if self.pad.photo is not None:
            low, high = float(data.raw.x[:500].min()), float(data.raw.x[:500].max())
            picture = fitted(pixels_of(self.pad.photo), framing.shape, low, high)
            size = f"{framing.shape[1]}×{framing.shape[2]}"
            self._say(f"Cut to its middle and averaged down to {size} pixels, as bright as the data.")
        else:
            picture = framing.place(self.pad.drawing())
            self._say(framing.in_words())
        self.verdict.picture = picture
        self.verdict.update()
        self._number = self._number or 1
        self._scope.context.send(ShowPicture(self._number, picture.astype(np.float32)))
        self._focus.look_at_picture(self._number)

    def _open(self) -> None:
        found = chosen(self)
        if found is not None:
            self.show_photo(found)

    def _paste(self) -> None:
        self.show_photo(pasted())
