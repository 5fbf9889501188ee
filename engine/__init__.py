"""Chainrule's engine: networks, their gradients and their training in NumPy. No window, no threads; at home in a notebook."""

from engine import clipping, data, initializers, layers, losses, optimizers, regularizers, schedules
from engine.fit import Fit
from engine.model import Model
from engine.network import Network, Node
from engine.train import Trainer, train

__all__ = [
    "Fit", "Model", "Network", "Node", "Trainer", "clipping", "data", "initializers", "layers", "losses", "optimizers",
    "regularizers", "schedules", "train",
]  # fmt: skip
