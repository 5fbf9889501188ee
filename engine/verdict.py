"""Does a network err because it fits too little, or because it learns by heart? A verdict, and what to try.

The error is 1 − accuracy for classes and 1 − R² for regressions. It is measured against the human, or best achievable, error: no
network has to be better than what can be had. Ng, "Machine Learning Yearning", chapters 20 to 24 (avoidable bias, variance).
"""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass

import numpy as np

from engine.core import Array
from engine.log import LogView

#: avoidable bias (training − human error) and variance (validation − training error) are high from this on
HIGH = 0.05


class Kind(enum.Enum):
    """What the errors say."""

    HIGH_BIAS = "high bias"
    HIGH_VARIANCE = "high variance"
    BOTH = "high bias and high variance"
    GOOD_FIT = "good fit"
    CANNOT_TELL = "cannot tell yet"


@dataclass(frozen=True)
class Verdict:
    """What the errors say, in words.

    Args:
        kind: of the verdict.
        bias: training error − human error; NaN while unknown.
        variance: validation error − training error; NaN while unknown.
        why: a sentence with the numbers.
        advice: what to try.
    """

    kind: Kind
    bias: float
    variance: float
    why: str
    advice: str


_ADVICE = {
    Kind.HIGH_BIAS: "Underfitting: try more units or layers, train longer, another optimizer or rate, or less regularization.",
    Kind.HIGH_VARIANCE: "Overfitting: try more data or augmentation, more regularization or dropout, a smaller network, or stop earlier.",
    Kind.BOTH: "First fit the training data better: more units, longer training. Then close the gap: more data, regularization.",
    Kind.GOOD_FIT: "Confirm it on the test part, which nothing was chosen by.",
}


_WAIT = "It is still learning: train on, and judge when the training loss has come to rest."

_SEE = "It is still learning: train on, and see whether the validation loss turns."

#: what makes an error known
_TO_KNOW = {
    "training": "Press Play and train for some epochs.",
    "validation": "Give the validation part some samples.",
    "human": "Enter what a human gets wrong, from 0 to 1.",
}


def verdict(
    train_error: float,
    validation_error: float,
    human_error: float,
    turned: str = "",
    cause: str = "",
    learning: bool = False,
) -> Verdict:
    """Judge two errors against what a human (or the best achievable predictor) errs; NaN stands for unknown.

    A bias or variance below 0 counts as none: a network may be better than a human, and a validation part easier than training.

    Args:
        turned: a sentence on a validation loss that has turned, see ``overfitted``: that is overfitting, before answers go wrong.
        cause: what keeps the network from learning, if it is known: a high bias follows from that, and it comes first.
        learning: it is on its way: a high bias or variance is no sign of anything yet.
    """
    bias, variance = train_error - human_error, validation_error - train_error
    known = {"training": train_error, "validation": validation_error, "human": human_error}
    missing = next((name for name, error in known.items() if not math.isfinite(error)), "")
    if missing:
        bias, variance = (gap if math.isfinite(gap) else math.nan for gap in (bias, variance))
        return Verdict(
            Kind.CANNOT_TELL, bias, variance, f"The {missing} error is not known.", _TO_KNOW[missing]
        )
    high_bias, high_variance = bias >= HIGH, variance >= HIGH or bool(turned)
    kind = {
        (True, False): Kind.HIGH_BIAS,
        (False, True): Kind.HIGH_VARIANCE,
        (True, True): Kind.BOTH,
        (False, False): Kind.GOOD_FIT,
    }[high_bias, high_variance]
    why = (
        f"The training error, {percent(train_error)}, {_compared(bias, high_bias, 'the human error', human_error)}; "
        f"the validation error, {percent(validation_error)}, {_compared(variance, variance >= HIGH, 'the training error')}."
    )
    if turned:
        why += f" {turned}"
    advice = _ADVICE[kind]
    if high_bias and cause:
        advice = f"First see to this: {cause[:1].lower()}{cause[1:]}."
    elif learning and not turned and (high_bias or high_variance):
        advice = _WAIT if high_bias else _SEE
    return Verdict(kind, bias, variance, why, advice)


def percent(share: float) -> str:
    """A share as a person reads it, three significant digits: "6.25 %"."""
    return f"{100 * share:.3g} %".replace("-", "−")


def _compared(gap: float, high: bool, other: str, value: float | None = None) -> str:
    named = other if value is None else f"{other} of {percent(value)}"
    if gap <= 0:
        return f"is not above {named}"
    # Points are written out: "5 % above 10 %" could be 10.5 %.
    return f"is {100 * gap:.3g} points above {named}{', which is much' if high else ''}"


@dataclass(frozen=True)
class Overfit:
    """The validation loss has turned, while the training loss still falls.

    Args:
        epoch: where the validation loss was best.
        best: what it was there.
        now: what it is now: the middle of the last epochs.
        rise: ``now / best − 1``.
        train: what the training loss is now, the middle of the last epochs.
        at: the last epoch.
    """

    epoch: int
    best: float
    now: float
    rise: float
    train: float
    at: int

    @property
    def words(self) -> str:
        """A sentence with the numbers."""
        return (
            f"The validation loss was best after epoch {self.epoch:,} ({self.best:.3g}) and {self.now:.3g} after epoch {self.at:,}, "
            f"{percent(self.rise)} higher, while the training loss fell."
        )


def _steady(losses: Array) -> Array:
    """The middle of each loss and its two neighbours on either side: a single lucky epoch is no best one."""
    padded = np.pad(losses, 2, mode="edge")
    found: Array = np.median(np.lib.stride_tricks.sliding_window_view(padded, TURNED), axis=1)
    return found


#: epochs that the validation loss must have been higher by this share, and the training loss lower by that one
TURNED, RISEN, FALLEN = 5, 0.1, 0.05


def overfitted(log: LogView) -> Overfit | None:
    """Whether the curves say so; ``None`` where they do not, or cannot tell. Prechelt 1998, "Early stopping: but when?"."""
    validation, train = log["validation_loss"], log["train_loss"]
    if len(log) <= TURNED or not (np.isfinite(validation).all() and np.isfinite(train).all()):
        return None
    steady, steady_train = _steady(validation), _steady(train)
    at = int(steady.argmin())
    best, last = float(steady[at]), validation[-TURNED:]
    if len(log) - at <= TURNED or best <= 0 or float(last.min()) < (1 + RISEN) * best:
        return None
    if float(steady_train[-1]) > (1 - FALLEN) * float(steady_train[at]):
        return None
    now = float(steady[-1])
    return Overfit(
        int(log["epoch"][at]), best, now, now / best - 1, float(steady_train[-1]), int(log["epoch"][-1])
    )
