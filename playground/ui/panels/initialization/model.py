"""What is chosen in the lab, what is asked before it is shown, and what is said of it. No Qt."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from engine.core import Array
from engine.initializers import (
    HeNormal,
    HeUniform,
    Initializer,
    Large,
    LeCunNormal,
    LeCunUniform,
    Orthogonal,
    SELUGain,
    Small,
    VarianceScaling,
    VarianceScalingNormal,
    VarianceScalingUniform,
    XavierNormal,
    XavierUniform,
)
from engine.layers import SELU, Activation, Identity, LeakyReLU, ReLU, Sigmoid, Softmax, Tanh
from engine.propagation import Ladder, Prediction, Setup, factor
from engine.symmetry import Paths
from playground.document.project import Project
from playground.ui.kit.numbers import count, fmt

#: the starts and activations of the picture of all
STARTS: tuple[tuple[str, Initializer], ...] = (
    ("Too small", Small()),
    ("LeCun", LeCunNormal()),
    ("Xavier", XavierUniform()),
    ("He", HeNormal()),
    ("Orthogonal", Orthogonal()),
    ("Too large", Large()),
)
GATES: tuple[Activation, ...] = (Sigmoid(), Tanh(), ReLU(), SELU())
#: activations to choose from, by label
CHOICES: Mapping[str, Activation] = {
    one.label: one for one in (Tanh(), ReLU(), Sigmoid(), SELU(), LeakyReLU(), Identity())
}
MODES: Mapping[str, str] = {
    "what it reads (fan in)": "fan_in",
    "what reads it (fan out)": "fan_out",
    "both (average)": "fan_avg",
}
NORMAL, UNIFORM, ORTHOGONAL = "bell curve", "even spread", "orthogonal"
DRAWN = (NORMAL, UNIFORM, ORTHOGONAL)
#: by what the last layer differs from the first
SHAPES: Mapping[str, float] = {"all layers alike": 1.0, "narrowing to ¼": 0.25, "widening to 4×": 4.0}
#: gains with a name, and how near a slider must come to one
GAINS: Mapping[float, str] = {1.0: "1", math.sqrt(2.0): "√2", 0.75: "¾", 5 / 3: "5/3"}
NEAR = 0.012
#: spreads that differ by less than this factor count as equal
EQUAL = 1.25


@dataclass(frozen=True)
class Chosen:
    """What the controls say.

    Args:
        gain: of the weights.
        mode: the fan that they are measured by, a value of ``MODES``.
        drawn: one of ``DRAWN``.
        bias: what every bias begins at.
        depth, width: layers, and units of the first.
        shape: a key of ``SHAPES``.
        activation: after each layer.
        seed: of the numbers that are drawn.
    """

    gain: float = 1.0
    mode: str = "fan_in"
    drawn: str = NORMAL
    bias: float = 0.0
    depth: int = 20
    width: int = 64
    shape: str = "all layers alike"
    activation: Activation = Tanh()
    seed: int = 0

    @property
    def initializer(self) -> Initializer:
        """By its own name where it has one."""
        if self.drawn == ORTHOGONAL:
            return Orthogonal(self.gain)
        normal = self.drawn == NORMAL
        named: tuple[tuple[float, str, type[Initializer], type[Initializer]], ...] = (
            (math.sqrt(2.0), "fan_in", HeNormal, HeUniform), (1.0, "fan_in", LeCunNormal, LeCunUniform),
        )  # fmt: skip
        for gain, mode, bell, even in named:
            if self.mode == mode and math.isclose(self.gain, gain, rel_tol=1e-9):
                return (bell if normal else even)()
        if self.mode == "fan_avg":
            return XavierNormal(self.gain) if normal else XavierUniform(self.gain)
        return (VarianceScalingNormal if normal else VarianceScalingUniform)(self.gain, self.mode)

    @property
    def setup(self) -> Setup:
        """What is measured."""
        last = max(2, min(round(self.width * SHAPES[self.shape]), 256))
        return Setup(self.depth, self.width, last, self.activation, self.initializer, self.bias)


def snapped(gain: float) -> float:
    """A gain, or the one with a name that is near it."""
    return next((named for named in GAINS if abs(named - gain) <= NEAR), gain)


def taken(chosen: Chosen, initializer: Initializer, activation: Activation | None = None) -> Chosen | None:
    """``chosen`` with the gain, fan and distribution of ``initializer``; ``None`` where it has no such."""
    gain, mode, drawn = 1.0, "fan_in", NORMAL
    match initializer:
        case Orthogonal():
            gain, drawn = initializer.gain, ORTHOGONAL
        case VarianceScaling():
            gain, mode = initializer.gain, initializer.mode
            drawn = NORMAL if isinstance(initializer, VarianceScalingNormal) else UNIFORM
        case XavierNormal() | XavierUniform():
            gain, mode = initializer.gain, "fan_avg"
            drawn = NORMAL if isinstance(initializer, XavierNormal) else UNIFORM
        case HeNormal() | HeUniform():
            gain, drawn = math.sqrt(2.0), NORMAL if isinstance(initializer, HeNormal) else UNIFORM
        case LeCunNormal() | LeCunUniform():
            drawn = NORMAL if isinstance(initializer, LeCunNormal) else UNIFORM
        case SELUGain():
            gain = 0.75
        case Large():
            gain = 3 * math.sqrt(2.0)
        case Small():
            gain = 0.01 * math.sqrt(chosen.width)
        case _:
            return None
    return Chosen(
        gain,
        mode,
        drawn,
        chosen.bias,
        chosen.depth,
        chosen.width,
        chosen.shape,
        activation or chosen.activation,
        chosen.seed,
    )


def gate_of(project: Project) -> Activation | None:
    """The activation of the first hidden layer; ``None`` where there is none."""
    network = project.network
    return next(
        (
            node.layer
            for node in network.nodes
            if isinstance(node.layer, Activation)
            and not isinstance(node.layer, Softmax)
            and node.id != network.output_id
        ),
        None,
    )


# --- words ----------------------------------------------------------------------------------------------------------------


def through(spread: Array, what: str, last: str) -> str:
    """What becomes of a spread, from its first entry to its last."""
    each = factor(spread)
    if math.isnan(each):
        return (
            f"{what} vanishes on the way."
            if not spread[-1] > 0 and math.isfinite(spread[-1])
            else f"{what} grows beyond all numbers."
        )
    whole = float(spread[-1] / spread[0])
    if 0.8 <= whole <= EQUAL:
        return f"{what} keeps its size."
    rest = f"{fmt(whole, 2)} times as much arrives" if whole > 1 else f"1/{fmt(1 / whole, 2)} of it is left"
    return f"{what} is multiplied by {fmt(each, 3)} at each layer: {rest} {last}."


def said(ladder: Ladder) -> str:
    """What becomes of signals and of gradients, as measured."""
    depth = len(ladder.sums)
    return (
        through(ladder.sums, "Forward, the signal", f"after {depth} layers")
        + " "
        + through(ladder.gradients[::-1], "Backward, the gradient", "at the first layer")
    )


def worked(layer: int, setup: Setup, theory: Prediction, seen: Ladder | None) -> str:
    """The prediction for a layer (from 0) with its numbers, and what was measured."""
    n_in = setup.fans[layer][0]
    lines = [
        f"layer {layer + 1}",
        f"σ² = n·σ²(w)·E[a²] = {n_in}·{fmt(theory.variances[layer])}·{fmt(theory.squares[layer])}",
        f"σ predicted {fmt(theory.sums[layer])}"
        + ("" if seen is None else f", measured {fmt(seen.sums[layer])}"),
        f"gradient predicted {fmt(theory.gradients[layer])}"
        + ("" if seen is None else f", measured {fmt(seen.gradients[layer])}"),
    ]
    return "\n".join(lines)


# --- predict first -------------------------------------------------------------------------------------------------------

LARGER, SAME, SMALLER = "larger", "about equal", "smaller"


def asked(depth: int) -> tuple[int, str]:
    """``(layer, question)``: which layer is asked about, from 0, and how."""
    layer = min(10, depth) - 1
    return layer, f"Will the spread at layer {layer + 1} be larger than at layer 1?"


def answer(ladder: Ladder, layer: int) -> str:
    """What is right of these numbers."""
    first, then = float(ladder.sums[0]), float(ladder.sums[layer])
    if not math.isfinite(then) or then > EQUAL * first:
        return LARGER
    return SMALLER if then < first / EQUAL else SAME


def because(setup: Setup, theory: Prediction, seen: Ladder, layer: int) -> str:
    """Why that is right: what the variances say, and what was measured."""
    at = min(1, setup.depth - 1)
    n_in = setup.fans[at][0]
    share = theory.squares[at] / theory.sums[0] ** 2 if theory.sums[0] > 0 else math.nan
    weights = n_in * theory.variances[at]
    words = (
        f"{answer(theory, layer).capitalize()}: predicted {fmt(float(theory.sums[0]))} at layer 1 and {fmt(float(theory.sums[layer]))} at "
        f"layer {layer + 1}, measured {fmt(float(seen.sums[0]))} and {fmt(float(seen.sums[layer]))}. "
        f"{setup.activation.label} passes on {fmt(share)} of σ², and {count(n_in)} weights multiply it by {fmt(weights)}: "
        f"{fmt(weights * share)} from layer 1 to 2."
    )
    if answer(seen, layer) != answer(theory, layer):
        words += f" That it was measured otherwise is chance: {count(n_in)} units are few."
    return words


# --- equal units ---------------------------------------------------------------------------------------------------------


def units_said(found: Paths, moment: int) -> str:
    """How many different units there are at a moment, and how good they are."""
    groups, units = found.groups(moment), found.weights.shape[1]
    if len(groups) == 1 < units:
        what = f"all {count(units)} units are one"
    elif len(groups) == units:
        what = f"{count(units)} different units" if units > 1 else "1 unit"
    else:
        what = f"{count(len(groups))} different units of {count(units)}"
    return f"{what}, loss {fmt(float(found.losses[moment]))}"


def extent(*found: Paths) -> float:
    """Half the side of a square round 0 that holds all paths."""
    return 1.1 * max(0.1, *(float(np.abs(one.weights).max(initial=0.0)) for one in found))
