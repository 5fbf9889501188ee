"""How to train, as a value: loss, optimizer, schedule, penalties and limits, first weights, batches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from engine.augmentation import Augmentation, augmentations
from engine.clipping import Clipping, clippings
from engine.initializers import Initializer, XavierUniform, initializers
from engine.losses import BCEWithLogitsLoss, Loss, losses
from engine.optimizers import SGD, Optimizer, optimizers
from engine.regularizers import NoPenalty, Regularizer, regularizers
from engine.schedules import ConstantRate, Schedule, schedules
from engine.spec import Float, Int, Nested, NestedList, Spec, param


@dataclass(frozen=True)
class Fit(Spec):
    """How the network is trained."""

    key: ClassVar[str] = "Fit"
    label: ClassVar[str] = "Training"

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
        label="planned epochs",
        help="Where the command line stops, and what schedules span. Play goes on beyond.",
        unit="epochs",
    )
    augmentation: tuple[Augmentation, ...] = param(
        NestedList(augmentations, none_label="off"),
        default=(),
        help="Changes to each training sample, drawn anew every epoch. Curves and scores are of the unchanged samples.",
    )
    schedule: Schedule = param(
        Nested(schedules),
        default=ConstantRate(),
        help="How the learning rate changes over the epochs.",
        advanced=True,
    )
    clipping: Clipping | None = param(
        Nested(clippings, optional=True, none_label="off"),
        default=None,
        help="A limit on gradients, so that one bad batch cannot throw the weights far off.",
        label="gradient clipping",
        advanced=True,
    )
    max_norm: float = param(
        Float(min=0.0),
        default=0.0,
        help="Greatest length of a unit's incoming weights; longer ones are shortened after each update. 0: no limit.",
        label="max-norm",
        advanced=True,
    )
    early_stopping: int = param(
        Int(min=0),
        default=0,
        help="Stop after so many epochs without a better validation loss. Its best weights come back, however the run ends. 0: never.",
        unit="epochs",
        label="early stopping",
        advanced=True,
    )
