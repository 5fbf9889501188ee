"""The convolution view with a session in place of a worker: it is shown exactly what it asks for."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF

from engine.data import Digits, Preparation
from engine.fit import Fit
from engine.layers import Conv2d, Flatten, Linear, MaxPool2d, ReLU
from engine.losses import CrossEntropyLoss
from engine.network import Network, sequence_of
from playground.document.project import Project
from playground.runner.messages import Frame, ShowPicture
from playground.runner.session import Session
from playground.ui.kit.theme import LIGHT, Theme
from playground.ui.panels.convolution.structure import Spot
from playground.ui.panels.convolution.view import ConvolutionView
from tests.ui.bench import Bench


def project(*layers, **changes) -> Project:
    """Digits through ``layers`` named "a", "b", …, and a Linear at the end."""
    named = {"abcdefgh"[i]: layer for i, layer in enumerate(layers)}
    network = sequence_of({**named, "flat": Flatten(), "out": Linear(out_features=10)})
    return Project(
        source=Digits(),
        preparation=Preparation(),
        network=network,
        fit=Fit(loss=CrossEntropyLoss()),
        **changes,
    )


USUAL = (
    Conv2d(out_channels=3, kernel_size=3, padding=1),
    ReLU(),
    MaxPool2d(),
    Conv2d(out_channels=4),
    ReLU(),
)


def middle_of(rect: QRectF, size: tuple[int, ...], cell: tuple[int, int]) -> QPointF:
    """Of one cell of a matrix ``size`` that is drawn in ``rect``."""
    return QPointF(
        rect.x() + (cell[1] + 0.5) * rect.width() / size[1],
        rect.y() + (cell[0] + 0.5) * rect.height() / size[0],
    )


class Following(Bench):
    """A view on a project that trains for a few steps."""

    def __init__(self, qtbot, shown: Project, theme: Theme = LIGHT) -> None:
        super().__init__(qtbot, ConvolutionView, shown, theme=theme)
        self.session = Session()
        self.session.load(shown)
        self.session.play()
        self.session.train(0.0, 2)
        self.session.pause()
        self.frame: Frame = self.session.frame()

    @property
    def page(self):
        return self.view.network

    @property
    def scope(self):
        return self.view.network.scope

    def follow(self) -> Following:
        """Show it a frame with all that it wants now, and the pictures that it sent."""
        for command in self.sent:
            if isinstance(command, ShowPicture):
                self.session.show_picture(command)
        self.sent.clear()
        self.frame = self.session.frame(frozenset(self.view.wants()))
        self.view.show_frame(self.frame)
        return self

    def go(self, node: str, channel: int = 0, cell: tuple[int, int] | None = None) -> Following:
        self.scope.go(Spot(node, channel, cell))
        return self.follow()

    def edit(self, network: Network) -> None:
        self.document.apply(self.project.replace(network=network), "Edit")
        self.session.load(self.project)
