"""Why training diverged: the setting, or the scale, that most likely did it, and other settings that would help.

Two causes are certain where they hold: a pull towards 0 that overshoots (a penalty or weight decay with η·λ beyond what the optimizer
stands), and numbers of such a scale that nothing can be learned from them. Where there is neither, the learning rate is to blame.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.core import Array
from engine.fit import Fit
from engine.problems import Remedy, SetFit, SetPreparation
from engine.regularizers import NoPenalty

if TYPE_CHECKING:
    from engine.train import Trainer

#: inputs, targets and first weights beyond this are blamed for a divergence: standardized data and drawn weights stay far below
LARGE = 50.0
#: momentum from which on it is blamed: each gradient then acts ten times or more
HEAVY = 0.9
#: what the learning rate is multiplied by where it is to blame
CALMER = 0.3


@dataclass(frozen=True)
class Cause:
    """The likeliest cause of a divergence.

    Args:
        text: what is so and what to do, in sentences.
        remedy: a setting after which training can go on; ``None`` where none of the training or of the data mends it.
    """

    text: str
    remedy: Remedy | None = None


def cause(trainer: Trainer, rate: float) -> Cause:
    """Why ``trainer`` diverged at this learning rate. Ask after sane weights have been put back: first weights are looked at, too."""
    return next(_causes(trainer, rate))


def _causes(trainer: Trainer, rate: float) -> Iterator[Cause]:
    yield from _of_pull(trainer, rate)
    yield from _of_scale(trainer)
    yield from _of_rate(trainer.fit, rate)


def _of_pull(trainer: Trainer, rate: float) -> Iterator[Cause]:
    """A penalty or weight decay that makes weights larger at each update instead of smaller."""
    fit, optimizer = trainer.fit, trainer.fit.optimizer
    node_id, l1, l2 = _strongest_penalty(trainer)
    if fit.clipping is not None:
        l1 = l2 = 0.0  # clipped with the gradient that they are part of
    strength, limit = optimizer.pull(l2)
    decay = getattr(optimizer, "weight_decay", 0.0)
    own = f" of {node_id}" if node_id else ""
    if rate * strength > limit:
        remedy: Remedy | None
        if decay >= strength - decay:
            what, remedy = "weight decay", _with_decay(fit)
        else:
            what, remedy = f"L2 penalty{own}", None if own else _without_much_penalty(fit)
        if remedy is None:
            remedy = _lower_rate(fit, 0.1 * limit / strength / rate)
        yield Cause(
            f"The {what} is too strong for this learning rate: η·λ = {_text(rate)} × {_text(strength)} = {_text(rate * strength)}, "
            f"and beyond {_text(limit)} each update makes the weights larger instead of smaller. "
            f"Use λ below {_text(limit / rate)}, or a learning rate below {_text(limit / strength)}.",
            remedy,
        )
    if rate * l1 > 1.0 and optimizer.pull(1.0)[0]:
        yield Cause(
            f"The L1 penalty{own} is too strong for this learning rate: it moves each weight by η·λ = {_text(rate * l1)} at each update, "
            "to and fro across 0. Use a much smaller λ.",
            _lower_rate(fit, 0.001 / (rate * l1)) if own else _without_much_penalty(fit),
        )


def _of_scale(trainer: Trainer) -> Iterator[Cause]:
    """Numbers far from the scale that networks learn from."""
    inputs, targets = _largest(trainer.train.x), 0.0
    if trainer.train.task == "regression":
        targets = _largest(trainer.train.y)
    for what, size, name in (("inputs", inputs, "normalize"), ("targets", targets, "target")):
        if size > LARGE:
            yield Cause(
                f"The {what} reach {_text(size)}, and networks learn best from numbers about as large as 1. Standardize them "
                "(Data), or lower the learning rate.",
                SetPreparation(f"Standardize the {what} and begin anew", name, "standardize"),
            )
    weights = _largest(trainer.model.store.values)
    if trainer.steps == 0 and weights > LARGE:
        usual = Fit().initializer
        remedy = SetFit("Choose the usual initializer and begin anew", "initializer", usual)
        yield Cause(
            f"The first weights reach {_text(weights)}; expected about 1 or less. Choose a smaller initializer.",
            remedy if trainer.fit.initializer != usual else None,
        )


def _of_rate(fit: Fit, rate: float) -> Iterator[Cause]:
    momentum = getattr(fit.optimizer, "momentum", 0.0)
    if momentum >= HEAVY:
        times = 1.0 / (1.0 - momentum)
        yield Cause(
            f"With a momentum of {_text(momentum)} each gradient acts 1/(1 − {_text(momentum)}) = {_text(times)} times in the end, so "
            f"that a learning rate of {_text(rate)} is like one of {_text(times * rate)}. Lower the learning rate or the momentum.",
            _lower_rate(fit),
        )
    yield Cause(
        f"Most likely the learning rate, {_text(rate)}, is too high for this network. Lower the learning rate, or limit the "
        "gradients (gradient clipping).",
        _lower_rate(fit),
    )


def _strongest_penalty(trainer: Trainer) -> tuple[str, float, float]:
    """``(node, l1, l2)`` of the strongest L2 penalty on weights that learn, else of the strongest L1; node "": the one for all layers."""
    found = [("", 0.0, 0.0)]
    for node_id, specs in trainer.model.store.specs.items():
        layer = trainer.model.network[node_id].layer
        if getattr(layer, "frozen", False) or all(spec.is_bias for spec in specs.values()):
            continue
        own = getattr(layer, "regularizer", None)
        found.append((node_id if own else "", *(own or trainer.fit.regularizer).strengths()))
    return max(found, key=lambda one: (one[2], one[1]))


def _largest(array: Array) -> float:
    """The largest magnitude, without a copy of the array."""
    return max(float(array.max()), -float(array.min())) if array.size else 0.0


def _lower_rate(fit: Fit, times: float = CALMER) -> Remedy | None:
    rate = float(f"{fit.optimizer.lr * times:.3g}")
    if rate >= fit.optimizer.lr:
        return None
    words = f"Lower the learning rate to {_text(rate)} and go on"
    return SetFit(words, "optimizer", fit.optimizer.replace(lr=rate))


def _with_decay(fit: Fit) -> Remedy:
    """Weight decay as the optimizer has it by default."""
    usual = next(one.default for one in fit.optimizer.params() if one.name == "weight_decay")
    words = f"Set weight decay to {_text(usual)} and go on"
    return SetFit(words, "optimizer", fit.optimizer.replace(weight_decay=usual))


def _without_much_penalty(fit: Fit) -> Remedy | None:
    """The penalty at its usual strength."""
    usual = type(fit.regularizer)()
    if isinstance(usual, NoPenalty) or usual == fit.regularizer:
        return None
    strength = max(usual.strengths())
    return SetFit(f"Lower the penalty to λ = {_text(strength)} and go on", "regularizer", usual)


def _text(value: float) -> str:
    return f"{value:.3g}"
