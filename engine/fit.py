"""How to train, as a value: loss, optimizer, penalty, first weights, batches."""

from __future__ import annotations

from dataclasses import dataclass

from engine.initializers import Initializer, XavierUniform, initializers
from engine.losses import BCEWithLogitsLoss, Loss, losses
from engine.optimizers import SGD, Optimizer, optimizers
from engine.regularizers import NoPenalty, Regularizer, regularizers
from engine.spec import Int, Nested, Spec, param


@dataclass(frozen=True)
class Fit(Spec):
    """How the network is trained."""

    loss: Loss = param(Nested(losses), default=BCEWithLogitsLoss(), help="What is made small.")
    optimizer: Optimizer = param(Nested(optimizers), default=SGD(), help="How gradients become updates.")
    regularizer: Regularizer = param(
        Nested(regularizers),
        default=NoPenalty(),
        help="A penalty on large weights, for every layer that has none of its own.",
        label="regularization",
    )
    initializer: Initializer = param(
        Nested(initializers),
        default=XavierUniform(),
        help="How weights begin, for every layer that has none of its own. A change draws new weights.",
    )
    batch_size: int = param(
        Int(min=1, max=100_000), default=10, help="Samples whose gradients make one update.", unit="samples"
    )
    epochs: int = param(
        Int(min=1, max=10_000_000),
        default=100,
        help="Passes over the data, where nobody presses pause.",
        unit="epochs",
    )
