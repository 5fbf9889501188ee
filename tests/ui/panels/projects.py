"""A small network on any data."""

from engine import layers
from engine.data import Preparation, Source
from engine.fit import Fit
from engine.losses import Loss
from engine.network import Network, Node
from playground.document.project import Project


def make_project(source: Source, outputs: int, loss: Loss, **preparation) -> Project:
    """The nodes hidden, tanh and out on ``source``, prepared as the source recommends but for ``preparation``."""
    network = Network(
        (
            Node("hidden", layers.Linear(out_features=4)),
            Node("tanh", layers.Tanh()),
            Node("out", layers.Linear(out_features=outputs)),
        )
    )
    prepared = Preparation(**{**source.recommended, **preparation})
    return Project(source=source, preparation=prepared, network=network, fit=Fit(loss=loss))
