"""Losses: one number that says how wrong the outputs are, and its gradient. Means are over the batch, as in PyTorch.

Inside a program outputs are ``(outputs, B)`` and targets ``(outputs, B)``: for classes a row of 0 and 1 per class ("one-hot"),
so that every loss reads the same kind of array.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from engine.core import Array, Call, Shape, Steps, call
from engine.data.base import Dataset, Task
from engine.errors import ShapeError
from engine.maths import (
    DOT,
    PRODUCT,
    Expression,
    Let,
    clamped_log,
    juxtaposed,
    log_sigmoid,
    truth,
    written_out,
)
from engine.ranges import Range
from engine.registry import Registry
from engine.spec import Choice, Float, FloatList, Int, Spec, by_option, param


class Loss(Spec):
    """Base of losses. A subclass says which tasks it serves, how many outputs it needs, and its calls."""

    tasks: ClassVar[tuple[Task, ...]] = ()
    #: what the mean is over, in words
    factor: ClassVar[str] = ""
    #: the mean is over outputs, too
    over_outputs: ClassVar[bool] = False
    #: from an output ``z`` and its target ``t`` to what it costs, line by line; and what the slope of that needs besides. Both
    #: formulas follow where each output costs on its own account; ``formula_end`` is what is to be said besides
    value: ClassVar[tuple[Let, ...]] = ()
    slope: ClassVar[tuple[Let, ...]] = ()
    formula_end: ClassVar[str] = ""
    #: the line at whose 0 the slope jumps, if it does
    kink: ClassVar[str] = ""
    #: the rule behind the slope, in a sentence
    why: ClassVar[str] = ""
    letters: ClassVar[Mapping[str, str]] = {"cost": r"\ell", "slope": r"\ell'"}
    #: outputs are logits, which must be free to be any number
    logits: ClassVar[bool] = False
    #: what outputs have to be, in words that follow "asks for"
    asks: ClassVar[str] = ""
    #: between which values outputs must lie so that there is a loss at all
    domain: ClassVar[tuple[float, float]] = (-math.inf, math.inf)
    #: what an output is called
    noun: ClassVar[str] = "value"
    #: the loss of the same name with or without its last activation inside, by key
    twin: ClassVar[str] = ""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        own = vars(cls)
        if own.get("value") and "formula" not in own and not any(x.over for x in (*cls.value, *cls.slope)):
            below, size = ("nk", "NK") if cls.over_outputs else ("n", "N")
            known = {name: Expression(f"{cls.letter(name)}_{{{below}}}") for name in "zt"}
            slope = juxtaposed(written_out((*cls.value, *cls.slope), known, cls.letter).at(PRODUCT))
            apart = [line for line in cls.value if cls.value[-1].often(line.name)]
            known |= {line.name: Expression(cls.letter(line.name)) for line in apart}
            cost = juxtaposed(written_out(cls.value, known, cls.letter).at(PRODUCT))
            ends = "".join(rf", \quad {cls.letter(a.name)} = {a.expression(cls.letter).latex}" for a in apart)
            over = "" if apart else f"_{{{','.join(below)}}}"
            mean = rf"\frac{{1}}{{{size}}}"
            cls.formula = rf"L = {mean} \sum{over} {cost}{ends}{cls.formula_end}"
            of = rf"\frac{{\partial L}}{{\partial {cls.letter('z')}_{{{below}}}}}"
            cls.gradient_formula = f"{of} = {mean}{DOT}{slope}"

    @property
    def task_in_words(self) -> str:
        return " or ".join(self.tasks)

    @property
    def labels(self) -> tuple[float, float] | None:
        """As what numbers an only output is taught two classes; ``None`` where it is taught none."""
        return None

    @property
    def cut(self) -> float:
        """Of an only output for two classes: above it, the answer is the second."""
        return 0.0 if self.labels is None else sum(self.labels) / 2

    @property
    def teaching(self) -> str:
        """``labels`` and ``cut`` in a sentence; "" where there are no labels."""
        if self.labels is None:
            return ""
        return f"Two classes are taught as {numbers_in_words(*self.labels)}; an output above {self.cut:g} says the second."

    def serves(self, data: Dataset) -> bool:
        """Whether it is a loss for ``data``: by default, for the task they set."""
        return data.task in self.tasks

    def out_shape(self, data: Dataset) -> Shape:
        """What the last layer must give for ``data``. Raises ShapeError when the loss does not serve this task."""
        if not self.serves(data):
            fit = [cls.label for cls in losses if data.task in cls.tasks]
            raise ShapeError(
                f"{self.label} is a loss for {self.task_in_words}; these data are {data.task}. Choose {' or '.join(fit)}."
            )
        return (len(data.classes),) if data.classes else data.target_shape

    def targets(self, y: Array, outputs: int) -> Array:
        """Targets as the calls read them: ``(N, outputs)`` floats from labels ``(N,)`` or numbers ``(N, …)``, so many for each sample.

        Raises ShapeError where the numbers do not fit the outputs.
        """
        if np.issubdtype(y.dtype, np.integer):
            return np.eye(outputs)[y]
        return _numbers_of(y, outputs)

    def after(self, given: Range) -> Self:
        """The loss as it is taught to a network whose outputs lie in ``given``: whatever depends on them is settled."""
        return self

    def needs(self, data: Dataset) -> tuple[float, float]:
        """Between which values outputs must be able to lie, so that the loss of ``data`` can become as small as it gets.

        By default it is not known to ask for anything: the lower end is above the upper one.
        """
        return (-math.inf, math.inf) if self.logits else (math.inf, -math.inf)

    def fits(self, given: Range, data: Dataset) -> bool:
        """Whether outputs in ``given`` can be what the loss asks for.

        Where classes are asked for, an output that is cut off does not fit: half of the samples begin where no gradient passes.
        """
        free = not given.shares and not (given.flat and data.classes)
        return free and given.holds(*self.after(given).needs(data))

    def bind(self, z: Array, t: Array, dz: Array, value: Array) -> Steps:
        """Calls that write the loss into the 0-d ``value`` and its gradient into ``dz``; ``z, t, dz`` are ``(outputs, B)``."""
        raise ShapeError(f"{type(self).__name__} does not say how it is computed; define bind().")

    def mass(self, t: Array) -> float:
        """By how much a batch counts in a mean over several: its number of samples. ``t``: its targets ``(outputs, B)``."""
        return float(t.shape[1])

    def attach(self, output: Array, t: Array, d_output: Array, value: Array) -> Steps:
        """As ``bind``, for outputs of any shape ``(…, B)``: their numbers are taken channel after channel, row after row."""
        if output.ndim == 2:
            return self.bind(output, t, d_output, value)
        batch = output.shape[-1]
        z, dz = (
            a.reshape(-1, batch) if a.flags.c_contiguous else np.zeros_like(t) for a in (output, d_output)
        )
        steps = self.bind(z, t, dz, value)
        # A picture may lie in memory row by row or with a border: then its numbers are laid out anew.
        load = [] if output.flags.c_contiguous else [call(np.copyto, z.reshape(output.shape), output)]
        store = [] if d_output.flags.c_contiguous else [call(np.copyto, d_output, dz.reshape(output.shape))]
        return Steps([*load, *steps.forward], [*steps.backward, *store])

    def probabilities(self, z: Array) -> Array:
        """What classification outputs ``(N, outputs)`` say as probabilities ``(N, classes)``.

        Classes that the data lack (``CrossEntropyLoss.num_classes``) come after those they have.
        """
        return z

    def numbers(self, z: Array) -> Array:
        """What outputs of a regression, of any shape, say as numbers such as the targets are. By default themselves."""
        return z


def _numbers_of(y: Array, outputs: int) -> Array:
    """``y`` ``(N, …)`` as ``(N, outputs)``. Raises ShapeError where each sample has more or fewer numbers."""
    if y.size != len(y) * outputs:
        raise ShapeError(
            f"The targets have shape {y.shape}, {y.size // max(len(y), 1)} numbers for each sample, and the network gives {outputs}. "
            "Change its last layer, or the targets."
        )
    return y.reshape(len(y), outputs)


losses: Registry[Loss] = Registry("loss", Loss)


#: numbers up to which a sum is one product with a vector of ones: one call instead of two, which in a tiny network are a tenth of all
SMALL = 4096


def _constant(like: Array, value: float) -> Array:
    return np.array(value, like.dtype)


def _sum_calls(x: Array, scale: float, value: Array) -> list[Call]:
    """Calls that write ``scale · Σx`` into the 0-d ``value``."""
    flat = x.reshape(-1)
    if flat.size <= SMALL:
        return [call(flat.dot, np.full(flat.size, scale, x.dtype), value)]
    return [
        call(np.add.reduce, flat, None, None, value),
        call(np.multiply, value, _constant(x, scale), value),
    ]


#: what two classes can be taught as
LABELS: dict[str, tuple[float, float]] = {"-1 and +1": (-1.0, 1.0), "0 and 1": (0.0, 1.0)}


def taught() -> str:
    """The field of losses between numbers, said once."""
    field: str = param(
        Choice(("auto", *LABELS)),
        default="auto",
        help="As what numbers two classes are taught; auto: as −1 and +1 where the last layer can give both, else as 0 and 1.",
        label="two classes as",
        advanced=True,
    )
    return field


class Regression(Loss):
    """Base of losses between numbers. Two classes are taught as two numbers; the cut lies in the middle between them."""

    tasks = ("regression", "binary")
    over_outputs = True

    def out_shape(self, data: Dataset) -> Shape:
        shape = super().out_shape(data)
        return (1,) if data.classes else shape

    @property
    def labels(self) -> tuple[float, float]:
        """What the two classes are taught as. Before ``after`` has settled it, −1 and +1."""
        return LABELS.get(getattr(self, "taught", ""), (-1.0, 1.0))

    def after(self, given: Range) -> Self:
        if getattr(self, "taught", "") != "auto":
            return self  # the user has chosen; or it is a user's own loss, without that field
        return self.replace(
            taught=next((name for name, ends in LABELS.items() if given.holds(*ends)), "-1 and +1")
        )

    def needs(self, data: Dataset) -> tuple[float, float]:
        return self.labels if data.classes else (float(data.y.min()), float(data.y.max()))

    def targets(self, y: Array, outputs: int) -> Array:
        return (
            _as_numbers(y, *self.labels)
            if np.issubdtype(y.dtype, np.integer)
            else super().targets(y, outputs)
        )

    def probabilities(self, z: Array) -> Array:
        return _two_classes(_share(z, *self.labels))


def numbers_in_words(low: float, high: float) -> str:
    """ "−1 and +1", "0 and 1"."""
    return f"{low:g} and {'+' if low < 0 else ''}{high:g}".replace("-", "−")


def _as_numbers(y: Array, low: float, high: float) -> Array:
    """Labels 0 and 1 as ``(N, 1)`` of ``low`` and ``high``."""
    return low + (high - low) * y[:, None]


def _share(z: Array, low: float, high: float) -> Array:
    """How far outputs are on the way from ``low`` to ``high``, from 0 to 1."""
    return np.clip((z - low) / (high - low), 0.0, 1.0)


def _two_classes(p: Array) -> Array:
    """``(N, 2)`` from the probability of class 1, ``(N, 1)``."""
    return np.concatenate([1.0 - p, p], axis=1)


#: how losses between numbers begin
ERROR = Let("r", lambda z, t: z - t, "error", "How far each output is from its target.")


@losses.register("MSELoss", label="Mean squared error")
@dataclass(frozen=True)
class MSELoss(Regression):
    """The average squared distance between output and target; large errors count most."""

    taught: str = taught()
    factor = "mean over outputs and batch, no ½"
    value = (
        ERROR,
        Let("cost", lambda r: r**2, "square", "Errors are squared, so that large ones count most."),
    )
    slope = (Let("slope", lambda r: 2 * r, "slope"),)
    why = "The square has slope 2r: errors pull in proportion to their size. The 2 stays, because there is no ½ in this loss."

    def bind(self, z: Array, t: Array, dz: Array, value: Array) -> Steps:
        flat = dz.reshape(-1)
        mean, double = _constant(z, 1.0 / z.size), _constant(z, 2.0 / z.size)
        forward = [
            call(np.subtract, z, t, dz),
            call(flat.dot, flat, value),
            call(np.multiply, value, mean, value),
        ]
        return Steps(forward, [call(np.multiply, dz, double, dz)])


@losses.register("L1Loss", label="Mean absolute error")
@dataclass(frozen=True)
class L1Loss(Regression):
    """The average distance between output and target; outliers count no more than their distance."""

    taught: str = taught()
    factor = "mean over outputs and batch"
    value = (ERROR, Let("cost", lambda r: np.abs(r), "size", "Only the size of each error counts."))  # noqa: PLW0108  names are read
    kink = "r"
    slope = (Let("slope", lambda r: np.sign(r), "sign"),)  # noqa: PLW0108  names are read
    why = "The slope of |r| is its sign: every error pulls with the same force, however large."

    def bind(self, z: Array, t: Array, dz: Array, value: Array) -> Steps:
        size, mean = np.zeros_like(dz), _constant(z, 1.0 / z.size)
        forward = [
            call(np.subtract, z, t, dz),
            call(np.abs, dz, size),
            *_sum_calls(size, 1.0 / z.size, value),
        ]
        return Steps(forward, [call(np.sign, dz, dz), call(np.multiply, dz, mean, dz)])


@losses.register("HuberLoss", label="Huber")
@dataclass(frozen=True)
class HuberLoss(Regression):
    """Squared for small errors, linear for large ones: smooth at 0, and calm about outliers. Huber 1964."""

    delta: float = param(
        Float(min=0.0, open_min=True), default=1.0, help="Where squared ends and linear begins.", label="δ"
    )
    taught: str = taught()
    factor = "mean over outputs and batch, with ½ in the squared part"
    value = (
        ERROR,
        Let(
            "cost", lambda r, delta: np.where(abs(r) <= delta, 1 / 2 * r**2, delta * (abs(r) - delta / 2)),
            "bend", "Small errors are squared and halved, large ones counted straight.",
        ),
    )  # fmt: skip
    slope = (Let("slope", lambda r, delta: np.minimum(np.maximum(r, -delta), delta), "clip"),)
    why = "Squared near 0 (slope r), straight beyond δ (slope ±δ): no single error pulls harder than δ."

    def bind(self, z: Array, t: Array, dz: Array, value: Array) -> Steps:
        # With c = r cut off at ±δ, both branches are c·(r − c/2).
        low, high, half, mean = (_constant(z, v) for v in (-self.delta, self.delta, 0.5, 1.0 / z.size))
        r, rest = np.zeros_like(dz), np.zeros_like(dz)
        forward = [
            call(np.subtract, z, t, r),
            call(r.clip, low, high, dz),
            call(np.multiply, dz, half, rest),
            call(np.subtract, r, rest, rest),
            call(dz.reshape(-1).dot, rest.reshape(-1), value),
            call(np.multiply, value, mean, value),
        ]
        return Steps(forward, [call(np.multiply, dz, mean, dz)])


class _YesNo(Loss):
    """Base of losses of answers from no to yes: an only one for two classes, or one for each number of a target from 0 to 1."""

    tasks = ("binary",)
    factor = "mean over outputs and batch"
    over_outputs = True

    @property
    def task_in_words(self) -> str:
        return f"{super().task_in_words} or targets from 0 to 1"

    def serves(self, data: Dataset) -> bool:
        return super().serves(data) or (not data.classes and data.y.min() >= 0.0 and data.y.max() <= 1.0)

    def out_shape(self, data: Dataset) -> Shape:
        shape = super().out_shape(data)
        return (1,) if data.classes else shape

    def targets(self, y: Array, outputs: int) -> Array:
        return _numbers_of(y, outputs).astype(np.float64)

    def probabilities(self, z: Array) -> Array:
        return _two_classes(self.numbers(z))


@losses.register("BCEWithLogitsLoss", label="Binary cross-entropy")
@dataclass(frozen=True)
class BCEWithLogitsLoss(_YesNo):
    """How surprised yes/no probabilities are by the truth; the sigmoid is part of the loss, so the network gives logits.

    For two classes one logit; for targets between 0 and 1, such as the pixels of a picture, one for each.
    """

    logits = True
    noun = "logit"
    twin = "BCELoss"
    asks = "a logit, which may be any number, as the sigmoid is part of it"
    value = (
        Let("p", lambda z: 1 / (1 + np.exp(-z)), "probability", "The sigmoid turns the output into a probability of class 1."),
        Let(
            "cost", lambda z, t: -t * log_sigmoid(z) - (1 - t) * log_sigmoid(-z),
            "surprise", "−log of the probability that the true class was given.",
        ),
    )  # fmt: skip
    slope = (Let("slope", lambda p, t: p - t, "difference"),)
    why = "The slope of the logarithm and the slope of the sigmoid cancel: all that is left is p − t, divided by how many there are."

    def bind(self, z: Array, t: Array, dz: Array, value: Array) -> Steps:
        # log(1 + e^z) − tz is log(e^−tz + e^(1−t)z): where t is 0 or 1 nothing is subtracted, so nothing cancels where z is right by far.
        mean = _constant(z, 1.0 / z.size)
        yes, no, surprise = np.zeros_like(dz), np.zeros_like(dz), np.zeros_like(dz)
        forward = [
            call(np.multiply, t, z, yes),
            call(np.subtract, z, yes, yes),
            call(np.subtract, yes, z, no),
            call(np.logaddexp, no, yes, surprise),
            *_sum_calls(surprise, 1.0 / z.size, value),
        ]
        backward = [  # σ(z) is the first one's share of that sum
            call(np.subtract, yes, surprise, dz),
            call(np.exp, dz, dz),
            call(np.subtract, dz, t, dz),
            call(np.multiply, dz, mean, dz),
        ]
        return Steps(forward, backward)

    def numbers(self, z: Array) -> Array:
        said: Array = 0.5 * np.tanh(0.5 * z) + 0.5
        return said


#: what BCELoss divides by at least: PyTorch's constant, which is a float32 whatever the network computes in
LEAST = float(np.float32(1e-12))


@losses.register("BCELoss", label="Binary cross-entropy of probabilities")
@dataclass(frozen=True)
class BCELoss(_YesNo):
    """How surprised yes/no probabilities are by the truth; the network ends in a Sigmoid of its own.

    Logarithms stop at −100, as in PyTorch. In one piece with the sigmoid it is BCEWithLogitsLoss, whose gradient stays exact where
    a probability is rounded to 0 or 1.
    """

    noun = "probability"
    twin = "BCEWithLogitsLoss"
    domain = (0.0, 1.0)
    asks = "probabilities between 0 and 1, as a Sigmoid gives them"
    letters: ClassVar = {**Loss.letters, "z": "p"}
    value = (
        Let(
            "cost", lambda z, t: -t * clamped_log(z) - (1 - t) * clamped_log(1 - z),
            "surprise", "−log of the probability that the true class was given.",
        ),
    )  # fmt: skip
    slope = (
        Let("s", lambda z: np.maximum(z * (1 - z), LEAST), "slope of the sigmoid"),
        Let("slope", lambda z, t, s: (z - t) / s, "quotient"),
    )
    why = (
        "The slope of −log p is −1/p, that of −log(1 − p) is 1/(1 − p): together (p − t) / (p(1 − p)). What stands below the line is the "
        "slope of the sigmoid, which the next step multiplies by: there it cancels."
    )

    @property
    def labels(self) -> tuple[float, float]:
        return 0.0, 1.0

    @property
    def teaching(self) -> str:
        return ""

    def needs(self, data: Dataset) -> tuple[float, float]:
        return (0.0, 1.0) if data.classes else (float(data.y.min()), float(data.y.max()))

    def fits(self, given: Range, data: Dataset) -> bool:
        return super().fits(given, data) and Range(*self.domain).holds(given.low, given.high)

    def bind(self, z: Array, t: Array, dz: Array, value: Array) -> Steps:
        one, low, tiny, mean = (_constant(z, v) for v in (1.0, -100.0, LEAST, 1.0 / z.size))
        least = np.nextafter(_constant(z, 0.0), one)  # its logarithm is below −100, and a number
        yes, no, rest = np.zeros_like(dz), np.zeros_like(dz), np.zeros_like(dz)
        forward = [
            call(np.maximum, z, least, out=yes),
            call(np.log, yes, yes),
            call(np.maximum, yes, low, out=yes),
            call(np.subtract, one, z, rest),
            call(np.maximum, rest, least, out=no),
            call(np.log, no, no),
            call(np.maximum, no, low, out=no),
            call(
                np.subtract, yes, no, yes
            ),  # t·log p + (1 − t)·log(1 − p) is log(1 − p) + t·(log p − log(1 − p))
            call(np.multiply, yes, t, yes),
            call(np.add, yes, no, yes),
            *_sum_calls(yes, -1.0 / z.size, value),
        ]
        backward = [
            call(np.multiply, rest, z, rest),
            call(np.maximum, rest, tiny, out=rest),
            call(np.subtract, z, t, dz),
            call(np.divide, dz, rest, dz),
            call(np.multiply, dz, mean, dz),
        ]
        return Steps(forward, backward)

    def numbers(self, z: Array) -> Array:
        said: Array = np.clip(z, 0.0, 1.0)
        return said


@losses.register("CrossEntropyLoss", label="Cross-entropy")
@dataclass(frozen=True)
class CrossEntropyLoss(Loss):
    """How surprised the class probabilities are by the true class; the softmax is part of the loss, so the network gives logits.

    A network made for more classes than the data have, such as AlexNet's thousand, learns that the others do not occur.
    """

    label_smoothing: float = param(
        Float(min=0.0, max=0.99),
        default=0.0,
        help="Share of the target spread evenly over all classes, so that nobody is asked for certainty.",
        label="label smoothing",
        advanced=True,
    )
    num_classes: int = param(
        Int(min=0, max=65_536),
        default=0,
        help="For how many classes the network has an output, where that is more than the data have; 0: as many as the data.",
        label="outputs",
        advanced=True,
    )
    weight: tuple[float, ...] = param(
        FloatList(none_label="all alike"),
        default=(),
        help="How much each class counts, in the order of the classes, such as 1, 2.5, 1; classes without a number count 1.",
        label="class weights",
        advanced=True,
    )
    tasks = ("multiclass", "binary")
    logits = True
    noun = "logit"
    twin = "NLLLoss"
    asks = "logits, which may be any numbers, as the softmax is part of it"
    letters: ClassVar = {**Loss.letters, "power": "e", "surprise": "h"}
    value = (
        Let(
            "m", lambda z: z,
            "exp", "e to the power of each output; the largest is taken off first, which cancels later.",
            over="max",
        ),
        Let("power", lambda z, m: np.exp(z - m)),
        Let("S", lambda power: power, "sum", "What all of them come to.", over="sum"),
        Let("p", lambda power, S: power / S, "softmax", "Each one's share is its probability."),
        Let("surprise", lambda z, m, S: np.log(S) - (z - m), "surprise", "−log of the probability of the true class: of p, that is log S − (z − m)."),
        Let("cost", lambda t, surprise: t * surprise),
    )  # fmt: skip
    slope = by_option(
        "counting",
        alike=(Let("slope", lambda p, t: p - t, "difference"),),
        weighted=(
            Let("T", lambda t: t, "the weight of the true class", over="sum"),
            Let("slope", lambda p, T, t: p * T - t, "difference"),
        ),
    )
    factor = by_option(
        "counting",
        alike="mean over the batch",
        weighted="mean over the batch, each sample counting as much as its class",
    )
    why = by_option(
        "counting",
        alike="The slopes of −log and of the softmax collapse: all that is left is p − t, divided by N.",
        weighted="As without weights all that is left is p − t, here times the weight of the true class, divided by W, their sum.",
    )
    formula = by_option(
        "counting",
        alike=r"L = \frac{1}{N} \sum_n \left( \log \sum_k e^{z_{nk}} - z_{n y_n} \right)",
        weighted=r"L = \frac{1}{W} \sum_n w_{y_n} \left( \log \sum_k e^{z_{nk}} - z_{n y_n} \right), \quad W = \sum_n w_{y_n}",
    )
    gradient_formula = by_option(
        "counting",
        alike=r"\frac{\partial L}{\partial z_{nk}} = \frac{1}{N} (p_{nk} - t_{nk})",
        weighted=r"\frac{\partial L}{\partial z_{nk}} = \frac{w_{y_n}}{W} (p_{nk} - t_{nk})",
    )

    @property
    def counting(self) -> str:
        """Whether classes count "alike" or are "weighted"."""
        return "weighted" if self.weight else "alike"

    def class_weights(self, classes: int) -> Array:
        """``(classes,)``."""
        weights = np.ones(classes)
        given = self.weight[:classes]
        weights[: len(given)] = given
        return weights

    def mass(self, t: Array) -> float:
        return float(t.shape[1]) if not self.weight else float(self._true_weights(t.sum(0), len(t)).sum())

    def _true_weights(self, sums: Array, classes: int) -> Array:
        """The weight of each sample's class, of the sums of its weighted targets: smoothing has spread some over all classes."""
        spread = self.label_smoothing * self.class_weights(classes).mean()
        found: Array = (sums - spread) / (1.0 - self.label_smoothing)
        return found

    def out_shape(self, data: Dataset) -> Shape:
        (classes,) = super().out_shape(data)
        return (max(classes, self.num_classes),)

    def targets(self, y: Array, outputs: int) -> Array:
        smooth = (1.0 - self.label_smoothing) * super().targets(y, outputs) + self.label_smoothing / outputs
        return smooth * self.class_weights(outputs) if self.weight else smooth

    def bind(self, z: Array, t: Array, dz: Array, value: Array) -> Steps:
        if self.weight:
            return self._weighted(z, t, dz, value)
        batch = z.shape[1]
        top, total, log_total = (np.zeros((1, batch), z.dtype) for _ in range(3))
        shifted = np.zeros_like(dz)
        mean, agreement = _constant(z, 1.0 / batch), np.zeros(1, z.dtype)
        flat_shifted, flat_t, result = shifted.reshape(-1), t.reshape(-1), value.reshape(1)
        forward = [
            call(np.maximum.reduce, z, 0, None, top, True),
            call(np.subtract, z, top, shifted),  # largest logit 0: exp cannot overflow
            call(np.exp, shifted, dz),
            call(np.add.reduce, dz, 0, None, total, True),
            call(np.log, total, log_total),
            *_sum_calls(log_total, 1.0, value),
            call(flat_shifted.dot, flat_t, agreement.reshape(())),
            call(
                np.subtract, result, agreement, result
            ),  # in vectors of one: calls on 0-d arrays take twice as long
            call(np.multiply, result, mean, result),
        ]
        backward: list[Call] = [
            call(np.divide, dz, total, dz),  # softmax
            call(np.subtract, dz, t, dz),
            call(np.multiply, dz, mean, dz),
        ]
        return Steps(forward, backward)

    def _weighted(self, z: Array, t: Array, dz: Array, value: Array) -> Steps:
        """As without weights, but ``t`` carries them: Σ t (log S − (z − m)) / W, and (p Σ t − t) / W on the way back."""
        classes, batch = z.shape
        top, total, log_total, sums, work = (np.zeros((1, batch), z.dtype) for _ in range(5))
        shifted, share = np.zeros_like(dz), np.zeros_like(dz)
        whole, agreement = np.zeros((), z.dtype), np.zeros((), z.dtype)
        smoothing = self.label_smoothing
        spread = _constant(z, smoothing * self.class_weights(classes).mean() * batch)
        kept = _constant(z, 1.0 - smoothing)
        forward = [
            call(np.maximum.reduce, z, 0, None, top, True),
            call(np.subtract, z, top, shifted),
            call(np.exp, shifted, dz),
            call(np.add.reduce, dz, 0, None, total, True),
            call(np.log, total, log_total),
            call(np.add.reduce, t, 0, None, sums, True),
            call(np.add.reduce, sums, (0, 1), None, whole),
            call(np.subtract, whole, spread, whole),
            call(np.divide, whole, kept, whole),
            call(np.multiply, sums, log_total, work),
            call(np.add.reduce, work, (0, 1), None, value),
            call(shifted.reshape(-1).dot, t.reshape(-1), agreement),
            call(np.subtract, value, agreement, value),
            call(np.divide, value, whole, value),
        ]
        backward: list[Call] = [
            call(np.divide, dz, total, dz),
            call(np.multiply, dz, sums, share),
            call(np.subtract, share, t, dz),
            call(np.divide, dz, whole, dz),
        ]
        return Steps(forward, backward)

    def probabilities(self, z: Array) -> Array:
        e = np.exp(z - z.max(axis=1, keepdims=True))
        probabilities: Array = e / e.sum(axis=1, keepdims=True)
        return probabilities


@losses.register("NLLLoss", label="Negative log-likelihood")
@dataclass(frozen=True)
class NLLLoss(Loss):
    """Minus the log-probability of the true class; the network ends in a LogSoftmax of its own.

    In one piece with it, it is CrossEntropyLoss.
    """

    tasks = ("multiclass", "binary")
    noun = "log-probability"
    twin = "CrossEntropyLoss"
    factor = "mean over the batch"
    asks = "log-probabilities, as a LogSoftmax gives them"
    value = (
        Let(
            "cost",
            lambda z, t: -t * z,
            "surprise",
            "The log-probability of the true class, its sign turned round.",
        ),
    )
    slope = (Let("slope", lambda t: -t, "minus 1 at the true class"),)
    why = "Only the true class's output is looked at: −1 there, 0 elsewhere. That probabilities share 1 between them is the LogSoftmax's affair."
    formula = r"L = -\frac{1}{N} \sum_n z_{n y_n}"
    gradient_formula = r"\frac{\partial L}{\partial z_{nk}} = -\frac{1}{N} t_{nk}"

    def fits(self, given: Range, data: Dataset) -> bool:
        return given.log_shares

    def bind(self, z: Array, t: Array, dz: Array, value: Array) -> Steps:
        minus = _constant(z, -1.0 / z.shape[1])
        forward = [call(np.multiply, z, t, dz), *_sum_calls(dz, -1.0 / z.shape[1], value)]
        return Steps(forward, [call(np.multiply, t, minus, dz)])

    def probabilities(self, z: Array) -> Array:
        return CrossEntropyLoss().probabilities(z)


@losses.register("HingeLoss", label="Hinge")
@dataclass(frozen=True)
class HingeLoss(Loss):
    """Asks for the right side of 0 with a margin of 1, and for no more: the loss of support vector machines.

    Labels 0 and 1 are read as −1 and +1. Cortes & Vapnik 1995.
    """

    tasks = ("binary",)
    factor = "mean over the batch"
    asks = "outputs down to −1 and up to +1"
    value = (
        Let(
            "s", lambda t, z: 1 - t * z, "slack", "How much is missing to the margin of 1 on the right side."
        ),
        Let("cost", lambda s: np.maximum(0, s), "hinge", "Whoever has the margin pays nothing."),
    )
    kink = "s"
    slope = (Let("slope", lambda t, s: -t * truth(s > 0), "pull"),)
    why = "Outputs on the right side by the margin pull no more; the others all pull with the same force."
    formula_end = r", \quad t_n = \pm 1"

    def out_shape(self, data: Dataset) -> Shape:
        super().out_shape(data)
        return (1,)

    def needs(self, data: Dataset) -> tuple[float, float]:
        return -1.0, 1.0

    @property
    def labels(self) -> tuple[float, float]:
        return -1.0, 1.0

    def targets(self, y: Array, outputs: int) -> Array:
        return _as_numbers(y, -1.0, 1.0)

    def bind(self, z: Array, t: Array, dz: Array, value: Array) -> Steps:
        one, zero, minus = (_constant(z, v) for v in (1.0, 0.0, -1.0 / z.size))
        slack = np.zeros_like(dz)
        forward = [
            call(np.multiply, t, z, slack),
            call(np.subtract, one, slack, slack),
            call(np.maximum, slack, zero, out=slack),
            *_sum_calls(slack, 1.0 / z.size, value),
        ]
        backward = [call(np.sign, slack, dz), call(np.multiply, dz, t, dz), call(np.multiply, dz, minus, dz)]
        return Steps(forward, backward)

    def probabilities(self, z: Array) -> Array:
        return _two_classes(_share(z, -1.0, 1.0))


@losses.register("MultiMarginLoss", label="Multi-class hinge")
@dataclass(frozen=True)
class MultiMarginLoss(Loss):
    """Asks the true class to lead every other by a margin. Crammer & Singer 2001, summed over classes as in PyTorch."""

    margin: float = param(
        Float(min=0.0, open_min=True), default=1.0, help="By how much the true class should lead."
    )
    tasks = ("multiclass", "binary")
    factor = "mean over the batch and over classes"
    noun = "logit"
    asks = "outputs further apart than its margin"
    over_outputs = True
    letters: ClassVar = {**Loss.letters, "margin": "m", "true": "z_y", "lead": "s"}
    value = (
        Let(
            "true",
            lambda t, z: t * z,
            "slack",
            "How much the true class lacks of its lead over each other.",
            over="sum",
        ),
        Let("lead", lambda margin, t, true, z: margin * (1 - t) - true + z),
        Let("cost", lambda lead: np.maximum(0, lead), "hinge", "Whoever is far enough behind costs nothing."),
    )
    kink = "lead"
    slope = (
        Let("c", lambda lead: truth(lead > 0), "step"),
        Let("C", lambda c: c, "all who come too close", over="sum"),
        Let("slope", lambda c, t, C: c - t * C, "pull"),
    )
    why = (
        "Every class that comes too close pushes itself down and the true class up, all with the same force."
    )
    formula = r"L = \frac{1}{NK} \sum_n \sum_{k \neq y_n} \max(0, m - z_{n y_n} + z_{nk})"
    gradient_formula = (
        r"\frac{\partial L}{\partial z_{nk}} = \frac{1}{NK} [m - z_{n y_n} + z_{nk} > 0] \text{ for } k \neq y_n, \quad "
        r"\frac{\partial L}{\partial z_{n y_n}} = -\sum_{k \neq y_n} \frac{\partial L}{\partial z_{nk}}"
    )

    def fits(self, given: Range, data: Dataset) -> bool:
        return not given.flat and not given.shares and given.high - given.low > self.margin

    def bind(self, z: Array, t: Array, dz: Array, value: Array) -> Steps:
        zero, margin, mean = (_constant(z, v) for v in (0.0, self.margin, 1.0 / z.size))
        slack, work = np.zeros_like(dz), np.zeros_like(dz)
        row = np.zeros((1, z.shape[1]), z.dtype)
        forward = [
            call(np.multiply, t, z, work),
            call(np.add.reduce, work, 0, None, row, True),  # the true class's output
            call(np.subtract, z, row, slack),
            call(np.multiply, t, margin, work),
            call(np.subtract, slack, work, slack),
            call(np.add, slack, margin, slack),  # 0 for the true class, m − z_y + z_k for the others
            call(np.maximum, slack, zero, out=slack),
            *_sum_calls(slack, 1.0 / z.size, value),
        ]
        backward = [
            call(np.sign, slack, dz),
            call(np.add.reduce, dz, 0, None, row, True),
            call(np.multiply, t, row, work),
            call(np.subtract, dz, work, dz),
            call(np.multiply, dz, mean, dz),
        ]
        return Steps(forward, backward)

    def probabilities(self, z: Array) -> Array:
        return CrossEntropyLoss().probabilities(z)


def suited(task: Task) -> Sequence[type[Loss]]:
    """The losses that serve a task, the usual one first."""
    fit = [cls for cls in losses if task in cls.tasks]
    return sorted(fit, key=lambda cls: cls.tasks.index(task))
