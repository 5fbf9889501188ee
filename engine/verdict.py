"""Does a network err because it fits too little, or because it learns by heart? A verdict, and what to try.

The error is 1 − accuracy for classes and 1 − R² for regressions. It is measured against the human, or best achievable, error: no
network has to be better than what can be had. Ng, "Machine Learning Yearning", chapters 20 to 24 (avoidable bias, variance).
"""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass

from engine.diagnosis import Diagnosis, LayerDiagnosis

#: avoidable bias (training − human error) and variance (validation − training error) are high from this on
HIGH = 0.05

#: this share of an activation's units dead, or of its values flat though not 0, is worth a warning: half the values of a healthy
#: ReLU are 0, which is how it works
MANY_DEAD, MANY_SATURATED = 0.3, 0.5
#: ‖Δw‖ / ‖w‖ of one update: about 1e-3 is usual (Karpathy, CS231n, "Babysitting the learning process")
SMALL_UPDATE, LARGE_UPDATE = 1e-5, 1e-1
#: gradient norms this many times apart between the first and the last layer with weights: they vanish or explode on their way
FAR_APART = 1e4


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


#: what makes an error known
_TO_KNOW = {
    "training": "Press Play and train for some epochs.",
    "validation": "Give the validation part some samples.",
    "human": "Enter what a human gets wrong, from 0 to 1.",
}


def verdict(train_error: float, validation_error: float, human_error: float) -> Verdict:
    """Judge two errors against what a human (or the best achievable predictor) errs; NaN stands for unknown.

    A bias or variance below 0 counts as none: a network may be better than a human, and a validation part easier than training.
    """
    bias, variance = train_error - human_error, validation_error - train_error
    known = {"training": train_error, "validation": validation_error, "human": human_error}
    missing = next((name for name, error in known.items() if not math.isfinite(error)), "")
    if missing:
        bias, variance = (gap if math.isfinite(gap) else math.nan for gap in (bias, variance))
        return Verdict(
            Kind.CANNOT_TELL, bias, variance, f"The {missing} error is not known.", _TO_KNOW[missing]
        )
    high_bias, high_variance = bias >= HIGH, variance >= HIGH
    kind = {
        (True, False): Kind.HIGH_BIAS,
        (False, True): Kind.HIGH_VARIANCE,
        (True, True): Kind.BOTH,
        (False, False): Kind.GOOD_FIT,
    }[high_bias, high_variance]
    why = (
        f"The training error, {percent(train_error)}, {_compared(bias, high_bias, 'the human error', human_error)}; "
        f"the validation error, {percent(validation_error)}, {_compared(variance, high_variance, 'the training error')}."
    )
    return Verdict(kind, bias, variance, why, _ADVICE[kind])


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
class Finding:
    """Something about a layer that keeps it from learning well.

    Args:
        node_id: the layer.
        message: what is so, why it matters, what to try.
    """

    node_id: str
    message: str


def findings(diagnosis: Diagnosis) -> tuple[Finding, ...]:
    """What is wrong with the layers, in words, in the network's order; empty where nothing is."""
    found = [Finding(one.node_id, text) for one in diagnosis.layers for text in _of_layer(one)]
    learning = [
        one for one in diagnosis.layers if one.weights is not None and math.isfinite(one.gradient_norm)
    ]
    copies = [
        one for one in learning[:-1] if one.alike
    ]  # of the last layer, whose targets differ, it does not matter
    found += [Finding(one.node_id, _copies(one)) for one in copies]
    if len(learning) > 1 and not copies:
        first, last = learning[0], learning[-1]
        if last.gradient_norm > FAR_APART * first.gradient_norm:
            found.append(Finding(first.node_id, _apart(first, last, "vanishes", "skip connections, ReLU")))
        elif first.gradient_norm > FAR_APART * last.gradient_norm:
            found.append(
                Finding(
                    first.node_id, _apart(first, last, "explodes", "gradient clipping, smaller first weights")
                )
            )
    return tuple(found)


def _copies(one: LayerDiagnosis) -> str:
    return (
        f"All units of {one.node_id} have the same weights, so they compute the same, get the same gradients and stay copies of one "
        "another: a symmetry that only random first weights break. Try He or Xavier initialization."
    )


def _apart(first: LayerDiagnosis, last: LayerDiagnosis, what: str, tries: str) -> str:
    return (
        f"The gradient {what} on its way back: its norm is {last.gradient_norm:.3g} at {last.node_id} and "
        f"{first.gradient_norm:.3g} at {first.node_id}. Try {tries} or batch normalization."
    )


def _of_layer(one: LayerDiagnosis) -> list[str]:
    # Only activations have a saturated share; elsewhere units that are always 0 only repeat what came in.
    gates = not math.isnan(one.saturated)
    found = []
    if gates and one.dead >= MANY_DEAD:
        found.append(
            f"{percent(one.dead)} of the units of {one.node_id} are dead: they gave 0 for every sample looked at, and no "
            "gradient passes where the slope is 0 too. Try a lower learning rate, LeakyReLU, or He initialization."
        )
    elif gates and one.saturated - one.zeros >= MANY_SATURATED:
        found.append(
            f"{percent(one.saturated)} of the values of {one.node_id} are saturated: the slope there is almost 0, so hardly any "
            "gradient passes. Try smaller first weights, normalized inputs or batch normalization."
        )
    if one.update_ratio >= LARGE_UPDATE:
        found.append(
            f"The next update changes the weights of {one.node_id} by {percent(one.update_ratio)} of their length; about 0.1 % is "
            "usual. Try a lower learning rate."
        )
    elif 0 < one.update_ratio <= SMALL_UPDATE:
        found.append(
            f"The next update changes the weights of {one.node_id} by only {percent(one.update_ratio)} of their length; about "
            "0.1 % is usual. Try a higher learning rate, unless the network has finished learning."
        )
    return found
