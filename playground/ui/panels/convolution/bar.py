"""The bar over the levels: where one is, the sliding window's Play, and how maps are shown."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QWidget

from playground.ui.kit.icons import icon
from playground.ui.kit.switches import FlowLayout, switch
from playground.ui.kit.widgets import filled, label, tool
from playground.ui.panels.convolution.bench import choice
from playground.ui.panels.convolution.pace import Pace
from playground.ui.panels.convolution.samples import Picker
from playground.ui.panels.convolution.scope import SCALES, Scope
from playground.ui.panels.convolution.structure import Spot
from playground.ui.panels.convolution.words import cell_in_words

#: milliseconds that the window stays at each place, to begin with
USUAL = 250
#: pixels kept free behind the bar
APART = 20


class Crumbs(QWidget):
    """Network › conv2d1 › channel 3 › window (14, 17): each part goes back to its level."""

    def __init__(self, scope: Scope) -> None:
        super().__init__()
        self._scope = scope
        up, picture = lambda: scope.go(scope.spot.up()), icon("arrow-left", scope.context.theme)
        self.back = tool("convolution_up", "One level up", "One level up (Esc)", up, picture, bare=True)
        row = filled(QHBoxLayout(self), self.back, gap=2)
        self.parts: list[QToolButton] = []
        self._arrows: list[QLabel] = []
        for name in ("network", "layer", "channel", "window"):
            if self.parts:
                self._arrows.append(label("", "›", wraps=False, muted=True))
                row.addWidget(self._arrows[-1])
            part = tool(f"crumb_{name}", f"To the {name}", "", bare=True)
            part.setText("")
            part.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
            row.addWidget(part)
            self.parts.append(part)
        network, layer, channel, _ = self.parts
        network.clicked.connect(lambda: scope.go(Spot()))
        layer.clicked.connect(lambda: scope.go(Spot(scope.spot.node_id, 0)))
        channel.clicked.connect(lambda: scope.go(Spot(scope.spot.node_id, scope.spot.channel)))
        scope.moved.connect(self.refresh)
        scope.pointed.connect(self.refresh)
        scope.restyled.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        spot, cell = self._scope.spot, self._scope.cell
        texts = [
            "Network",
            spot.node_id,
            f"channel {spot.channel + 1}",
            f"window {cell_in_words(cell)}" if cell else "",
        ]
        shown = (True, spot.level > 1, spot.level > 1, spot.level > 2)
        tips = (
            "The whole network",
            "The first channel of this layer",
            "This channel, spread out",
            "This window",
        )
        for part, text, visible, tip in zip(self.parts, texts, shown, tips, strict=True):
            if part.text() != text:
                part.setText(text)
                part.setAccessibleName(text)
            part.setToolTip(tip)
            part.setVisible(visible)
        for arrow, visible in zip(self._arrows, shown[1:], strict=True):
            arrow.setVisible(visible)
        self.back.setEnabled(spot.level > 1)
        stage = self._scope.stage
        if spot.level > 2 and stage is not None:
            # Wide enough for any place, so that nothing moves beside it while the window slides.
            widest = f"window {cell_in_words((stage.map_shape[1] - 1, stage.map_shape[2] - 1))}"
            self.parts[-1].setMinimumWidth(self.fontMetrics().horizontalAdvance(widest) + 8)


class Slide(QWidget):
    """Play: the window moves on by itself, and the output fills."""

    def __init__(self, scope: Scope) -> None:
        super().__init__()
        self._scope = scope
        tip = "Slide the window over the picture; the output fills as it goes (Space)."
        picture = icon("play", scope.context.theme)
        self.play = tool("convolution_slide", "Slide", tip, None, picture, checkable=True)
        self.play.setAccessibleName("Slide the window")
        self.pace = Pace(
            "convolution_pace",
            "Time per place",
            "How long the window stays at each place, in milliseconds.",
            USUAL,
        )
        filled(QHBoxLayout(self), self.play, self.pace, gap=6)
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._on)
        self.play.toggled.connect(self._toggled)
        self.pace.slider.valueChanged.connect(self._timer.setInterval)
        scope.moved.connect(lambda before: self.stop())
        self._timer.setInterval(self.pace.slider.value())

    def stop(self) -> None:
        self.play.setChecked(False)

    def _toggled(self, on: bool) -> None:
        scope, stage = self._scope, self._scope.stage
        if on and stage is not None:
            scope.hover = None
            _, height, width = stage.map_shape
            cell = scope.spot.cell
            if cell is None or cell == (height - 1, width - 1):
                scope.go(Spot(scope.spot.node_id, scope.spot.channel, (0, 0)))
                if scope.spot.cell != (0, 0):
                    return
            scope.filled = scope.spot.cell
            self.play.blockSignals(True)
            self.play.setChecked(True)  # going a level down has stopped it
            self.play.blockSignals(False)
            self._timer.start()
        else:
            self._timer.stop()
            scope.filled = None
        scope.pointed.emit()

    def _on(self) -> None:
        """To the next place in reading order; at the end it stops."""
        scope, stage = self._scope, self._scope.stage
        if stage is None or scope.spot.cell is None:
            self.stop()
            return
        _, height, width = stage.map_shape
        i, j = scope.spot.cell
        there = (i, j + 1) if j + 1 < width else (i + 1, 0)
        if there[0] >= height:
            self.stop()
            return
        scope.filled = there
        scope.go(Spot(scope.spot.node_id, scope.spot.channel, there))


class Bar(QWidget):
    """Crumbs, Play, colour scale, backward; and, to stand elsewhere, ``which``: the sample and the side panels."""

    def __init__(self, scope: Scope) -> None:
        super().__init__()
        self._scope = scope
        self.crumbs, self.slide = Crumbs(scope), Slide(scope)
        tip = (
            "Which maps share one scale of colours: each has its own, all of a layer, or all of the network."
        )
        scaled = lambda scale: self._set("scale", scale)
        at = SCALES.index(scope.scale)
        self.scale = choice("convolution_scale", "Colour scale", tip, SCALES, scaled, at)
        tip = "Show the way back of this sample's loss: δ = ∂L/∂output, in the colours of gradients."
        turned = lambda on: self._set("backward", on)
        self.backward = switch("convolution_backward", "backward", tip, False, turned)
        tip = (
            "Show how much each pixel of the picture moves this output: its gradient to the input (level 3)."
        )
        salient = lambda on: self._set("saliency", on)
        self.saliency = switch("convolution_saliency", "saliency", tip, False, salient)
        height = max(self.scale.sizeHint().height(), self.slide.sizeHint().height())
        self._flow = FlowLayout(self, gap=8)
        tip = "Pinned samples, and those that move a channel most."
        self.compare = self._toggle("convolution_compare", "Compare", "view-grid-outline", tip)
        tip = "Draw a picture, or bring one, and let the network look at it."
        self.draw = self._toggle("convolution_draw", "Draw", "draw", tip)
        #: which sample; the panel puts it beside its tabs
        self.picker, self.which = Picker(scope), QWidget()
        filled(QHBoxLayout(self.which), self.picker, self.compare, self.draw, gap=4)
        switches = QWidget()  # in two rows or in one, they stand together
        filled(QHBoxLayout(switches), self.backward, self.saliency, gap=8)
        for part in (self.crumbs, self.slide, self.scale, switches):
            part.setMinimumHeight(height)  # in a row they stand on one line
            self._flow.addWidget(part)
        scope.moved.connect(lambda before: self._refresh())
        self._refresh()

    def _toggle(self, name: str, text: str, picture: str, tip: str) -> QToolButton:
        drawn = icon(picture, self._scope.context.theme)
        made = tool(name, text, tip, None, drawn, side=14, little=True, checkable=True)
        made.setAutoRaise(True)
        return made

    def _refresh(self) -> None:
        self.slide.setVisible(self._scope.spot.level > 1)
        self.saliency.setVisible(self._scope.spot.level > 2)

    def sizeHint(self) -> QSize:
        """In one row; where there is less room, it takes several."""
        return QSize(self._flow.in_one_row() + APART, super().sizeHint().height())

    def _set(self, what: str, value: str | bool) -> None:
        """Draw everything with another scale, direction …"""
        setattr(self._scope, what, value)
        self._scope.restyled.emit()
