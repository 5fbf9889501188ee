"""What stands beside the step card: pictures, gradient flow, update table, batch, proof, prediction, as tabs."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QTabWidget

from playground.ui.kit.fonts import small
from playground.ui.kit.view import View
from playground.ui.panels.backprop.dots import DotsCard
from playground.ui.panels.backprop.flow import FlowCard
from playground.ui.panels.backprop.matrices import MatrixView
from playground.ui.panels.backprop.predict import PredictCard
from playground.ui.panels.backprop.prove import ProveCard
from playground.ui.panels.backprop.side import SideCard
from playground.ui.panels.backprop.update import UpdateCard

if TYPE_CHECKING:
    from engine.trace.moments import Phase
    from playground.runner.messages import Frame, Want
    from playground.ui.kit.view import Context

#: key, title and tip of each tab, in order
TABS = (
    ("picture", "Picture", "The step as matrices and maps."),
    ("flow", "Flow", "How strongly gradients arrive at each layer, and where they stop."),
    ("update", "Update", "Old weight, gradient, what the optimizer adds, new weight."),
    ("dots", "Batch", "Each sample's own gradient of the selected weight; their mean is the update's."),
    ("prove", "Prove it", "Nudge the selected number and compare with what backprop says."),
    ("predict", "Predict", "Be asked before each result is shown."),
)


class Tools(QTabWidget):
    """The tabs. ``picture`` may be taken out, to stand beside them where there is room."""

    sample_chosen = Signal(int)  #: place in the batch

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.setObjectName("backprop_tools")
        self.setDocumentMode(True)
        self.tabBar().setObjectName("backprop_tool_tabs")
        self.tabBar().setFont(small(self.font()))
        self.tabBar().setAccessibleName("Beside the step")
        self.setMinimumSize(300, 120)  # what is in the tabs scrolls, or is windowed
        focus, theme = context.focus, context.theme
        self.picture = MatrixView(focus, theme, "backprop_picture")
        dots = DotsCard(context)
        dots.sample_chosen.connect(self.sample_chosen)
        self.cards: dict[str, MatrixView | FlowCard | SideCard] = {
            "picture": self.picture,
            "flow": FlowCard(focus, theme),
            "update": UpdateCard(context),
            "dots": dots,
            "prove": ProveCard(context),
            "predict": PredictCard(context),
        }
        for key, title, tip in TABS:
            self.setTabToolTip(self.addTab(self.cards[key], title), tip)
        self._phase = ""

    def show_tool(self, key: str) -> None:
        """Bring a card to the front."""
        self.setCurrentWidget(self.cards[key])

    def follow(self, phase: Phase) -> None:
        """Come to the table when the update begins, and back when it is left; at other times the choice is the person's."""
        before, self._phase = self._phase, phase
        asked = self.currentWidget() is self.cards["predict"]  # who guesses goes on guessing
        if phase == "update" and before not in ("", "update") and not asked:
            self.show_tool("update")
        elif before == "update" and phase != "update" and self.currentWidget() is self.cards["update"]:
            self.setCurrentIndex(0)

    def take_picture(self) -> MatrixView:
        """Take the picture out of the tabs."""
        self.removeTab(self.indexOf(self.picture))
        return self.picture

    def put_picture_back(self) -> None:
        """The picture as the first tab, and on top."""
        key, title, tip = TABS[0]
        self.setTabToolTip(self.insertTab(0, self.cards[key], title), tip)
        self.setCurrentIndex(0)

    def wants(self) -> Iterable[Want]:
        """What the cards want."""
        return chain.from_iterable(card.wants() for card in self.cards.values() if isinstance(card, View))

    def show_frame(self, frame: Frame) -> None:
        """Pass a frame to the cards that use one."""
        for card in self.cards.values():
            if hasattr(card, "show_frame"):
                card.show_frame(frame)
