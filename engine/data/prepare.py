"""From raw samples to what a network is fed: split, extra features, normalization.

What a normalization needs to know is measured on the training part alone: measured on all samples, it would
let the validation and test parts leak into training.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from engine.data.base import Dataset
from engine.data.dealing import IN_ORDER, SHUFFLED, STRATIFIED, Split, balanced, split
from engine.errors import DataError, ShapeError, SpecError
from engine.spec import Bool, Choice, Flags, Float, Int, Spec, param

Array = NDArray[Any]
Index = NDArray[np.intp]

_EXTRA: dict[str, Callable[[Array, Array], Array]] = {
    "x1²": lambda a, b: a * a,
    "x2²": lambda a, b: b * b,
    "x1·x2": lambda a, b: a * b,
    "sin x1": lambda a, b: np.sin(a),
    "sin x2": lambda a, b: np.sin(b),
}


#: samples that are measured at once
_BLOCK = 1024


@dataclass(frozen=True)
class Preparation(Spec):
    """How samples are split, enriched and normalized before a network sees them."""

    key: ClassVar[str] = "Preparation"
    label: ClassVar[str] = "Preparation"

    given_parts: bool = param(
        Bool(),
        default=True,
        label="split as the files do",
        help="Keep the parts to train, validate and test with that the files give; otherwise all samples are dealt out anew.",
    )
    train: float = param(
        Float(0.1, 1.0),
        default=0.6,
        help="Share of the samples that the network learns from.",
    )
    validation: float = param(
        Float(0.0, 0.9),
        default=0.2,
        help="Share that watches over training; what is left is the test part, kept for the very end.",
    )
    # "none", because on the 2-D sets the numbers in the net are then those on the axes, as in TensorFlow
    # Playground, and SGD was measured to learn the spiral sooner so. Tables recommend "standardize".
    normalize: str = param(
        Choice(("none", "standardize", "min-max")),
        default="none",
        help="Bring each input to mean 0 and standard deviation 1, or to 0..1, as measured in training data.",
    )
    target: str = param(
        Choice(("none", "standardize")),
        default="none",
        help="Bring the targets of a regression to mean 0 and standard deviation 1.",
    )
    reconstruct: bool = param(
        Bool(),
        default=False,
        label="reconstruct the input",
        help="Learn to give back the input itself, a picture from a picture: an autoencoder. What the data ask besides is left aside.",
    )
    input_noise: float = param(
        Float(0.0, 2.0),
        default=0.0,
        label="noise on the inputs",
        help="Standard deviation of noise added to what the network reads, the same in every epoch; targets stay clean. With "
        "reconstruct, it learns to take noise away.",
    )
    extra_features: tuple[str, ...] = param(
        Flags(tuple(_EXTRA)),
        default=(),
        help="Further inputs computed from x1 and x2; for data with exactly two inputs.",
    )
    deal: str = param(
        Choice((STRATIFIED, SHUFFLED, IN_ORDER)),
        default=STRATIFIED,
        label="deal out",
        help="How samples come into parts: each class in the same shares, or just shuffled, or in order: the last ones test, as later days "
        "do. Rows of one group stay together in any case.",
    )
    balance: bool = param(
        Bool(),
        default=False,
        label="repeat rare classes",
        help="Repeat training samples of rarer classes until each class has about as many: the loss then counts all classes alike.",
    )
    equal_together: bool = param(
        Bool(),
        default=False,
        label="equal rows together",
        help="Put samples with the same inputs into one part, so that nothing is tested on what was learnt by heart.",
        advanced=True,
    )
    folds: int = param(
        Int(0, 100),
        default=0,
        help="Cut what does not test into so many folds, of which one validates; 0 takes the shares above instead.",
        advanced=True,
    )
    fold: int = param(
        Int(0, 99),
        default=0,
        help="Which of the folds validates, from 0.",
        advanced=True,
    )
    split_seed: int = param(
        Int(0, 2**31 - 1),
        default=0,
        help="Another seed deals the samples out to the parts differently.",
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.train + self.validation > 1 + 1e-9:  # shares come out of arithmetic, such as a slider's
            raise SpecError(
                f"Preparation: train {self.train:g} and validation {self.validation:g} are "
                f"{self.train + self.validation:g} together; expected at most 1. Lower one of them."
            )
        if self.folds == 1 or (self.folds and self.fold >= self.folds):
            raise SpecError(
                f"Preparation: fold {self.fold} of {self.folds}; expected at least 2 folds, and a fold below that. Correct it."
            )


@dataclass(frozen=True, eq=False)
class Scaling:
    """The change of scale ``(x − shift) / scale``: one of each per column or image channel.

    Args:
        kind: "none", "standardize" or "min-max".
        shift, scale: float64, ``(features,)`` or ``(C, 1, 1)``.
    """

    kind: str
    shift: Array
    scale: Array

    @classmethod
    def fit(cls, kind: str, x: Array) -> Scaling:
        """Measure ``x``, ``(N, features)`` or ``(N, C, H, W)``, at least one sample.

        A constant column becomes 0. Raises DataError for a column of numbers too large to be measured.
        """
        axes = (0,) if x.ndim == 2 else (0, 2, 3)
        low, high = (
            edge.astype(np.float64) for edge in (x.min(axes, keepdims=True)[0], x.max(axes, keepdims=True)[0])
        )
        if kind == "none":
            return cls(kind, np.zeros_like(low), np.ones_like(low))
        with np.errstate(over="ignore", invalid="ignore"):
            if kind == "min-max":
                shift, scale = low, high - low
            else:
                shift = x.mean(axes, np.float64, keepdims=True)[0]
                scale = _deviation(x, axes, shift)
        alike = (low == high) & np.isfinite(low)
        measured = alike | (np.isfinite(shift) & np.isfinite(scale))
        if not measured.all():
            column = int(measured.argmin())
            raise DataError(
                f"Column {column} (from 0) reaches from {low.flat[column]:g} to {high.flat[column]:g}; "
                f"expected numbers that can be squared, below about 1e150. Rescale it or do not normalize."
            )
        # scale == 0 alone would not do: rounding leaves a column of 0.1s a deviation of 1e-17. Nor would
        # low == high: the deviation of very small numbers can underflow.
        constant = alike | (scale == 0)
        return cls(kind, np.where(constant, low, shift), np.where(constant, 1.0, scale))

    def __call__(self, x: Array) -> Array:
        """``x`` rescaled; its own array and type when there is nothing to do."""
        if self.kind == "none":
            return x
        with np.errstate(over="ignore"):  # Dataset reports what is not finite, in words
            out: Array = x - self.shift.astype(x.dtype)  # in x's own type: pictures are many numbers
            out /= self.scale.astype(x.dtype)
            return out

    def inverse(self, z: Array) -> Array:
        """What was rescaled to ``z``."""
        if self.kind == "none":
            return z
        with np.errstate(over="ignore"):
            return (z * self.scale + self.shift).astype(z.dtype, copy=False)


def _deviation(x: Array, axes: tuple[int, ...], mean: Array) -> Array:
    """Standard deviation over ``axes``, in float64, without a float64 copy of ``x`` where it is large."""
    if x.dtype == np.float64:
        return np.asarray(x.std(axes, keepdims=True)[0])
    squares = np.zeros_like(mean)
    for start in range(0, len(x), _BLOCK):
        squares += ((x[start : start + _BLOCK] - mean) ** 2).sum(axes, keepdims=True)[0]
    return np.asarray(np.sqrt(squares * mean.size / x.size))


@dataclass(frozen=True, eq=False)
class Transform:
    """What turns raw samples into network input, and network output back into the data's own units.

    Args:
        in_shape: shape of one raw sample.
        extra_features: which columns are appended, before rescaling.
        inputs: rescales the columns or channels.
        targets: rescales the targets of a regression; ``None`` for classes.
    """

    in_shape: tuple[int, ...]
    extra_features: tuple[str, ...]
    inputs: Scaling
    targets: Scaling | None

    def __call__(self, x: Array) -> Array:
        """Network input for raw samples ``x``, ``(N, *in_shape)``. Raises ShapeError for other shapes."""
        x = np.asarray(x)
        if x.shape[1:] != self.in_shape or x.ndim == 0:
            expected = ", ".join(map(str, self.in_shape))
            raise ShapeError(
                f"The samples to transform have shape {x.shape}; expected (N, {expected}) like the raw data. "
                "Pass raw samples, one per row."
            )
        return self.inputs(add_features(x, self.extra_features))

    def target(self, y: Array) -> Array:
        """Targets ``(N, outputs)`` as the network learns them; labels unchanged."""
        return y if self.targets is None else self.targets(y)

    def inverse_target(self, y: Array) -> Array:
        """Network outputs ``(N, outputs)`` in the units of the data; labels unchanged."""
        return y if self.targets is None else self.targets.inverse(y)


@dataclass(frozen=True, eq=False)
class Prepared:
    """Data ready for training.

    Attributes:
        made: the samples as their source made them.
        raw: the samples with what is asked of them, before they are rescaled; views draw these. Mostly ``made`` itself.
        index: where the samples of each part stand in ``raw``.
        train, validation, test: the parts as the network sees them, in the order of ``index``; the latter two
            ``None`` when empty.
        transform: the same preparation for any other raw samples, such as the points of a grid.
    """

    made: Dataset
    raw: Dataset
    index: Split
    train: Dataset
    validation: Dataset | None
    test: Dataset | None
    transform: Transform

    @property
    def in_shape(self) -> tuple[int, ...]:
        """Shape of one sample of network input: ``(features,)`` or ``(C, H, W)``."""
        return self.train.in_shape

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the network's inputs; empty for images."""
        return self.train.features


def prepare(dataset: Dataset, preparation: Preparation) -> Prepared:
    """Split ``dataset``, add features, and normalize with statistics of the training part alone.

    Classes keep their shares in every part (±1 sample, unless there are fewer than ten). A part is empty only
    when its share is 0; the test part also when there are fewer samples than parts.

    Parts that the files give stay as they are, while ``preparation.given_parts``: then only what is missing is drawn. Where they give
    samples to train and to test with, ``preparation.validation`` is the share of the former that validates; where they give samples to
    validate with, but none to test with, nothing tests.

    Raises DataError for a single sample that should both train and validate, and when numbers overflow.
    """
    index = split(dataset, preparation)
    made, dataset = dataset, dataset.fitted(index.train)
    if preparation.reconstruct:
        dataset = reconstruction(dataset)
    extra = preparation.extra_features if dataset.in_shape == (2,) else ()
    regression = dataset.task == "regression"
    transform = Transform(
        dataset.in_shape,
        extra,
        Scaling.fit(preparation.normalize, add_features(dataset.x[index.train], extra)),
        Scaling.fit(preparation.target, dataset.y[index.train]) if regression else None,
    )
    # After all that is measured: what is repeated says nothing new.
    if preparation.balance and dataset.classes:
        index = index._replace(train=balanced(dataset.y, index.train))
    names = (*dataset.features, *(_extra_name(e, dataset.features) for e in extra))

    def part(number: int) -> Dataset:
        rows = index[number]
        x, y = transform(dataset.x[rows]), transform.target(dataset.y[rows])
        if preparation.input_noise:
            rng = np.random.default_rng([preparation.split_seed, number])
            x = x + np.asarray(preparation.input_noise * rng.standard_normal(x.shape, np.float32), x.dtype)
        return Dataset(x, y, dataset.classes, names, dataset.targets, dataset.target_shape)

    validation, test = (part(number) if len(index[number]) else None for number in (1, 2))
    return Prepared(made, dataset, index, part(0), validation, test, transform)


def reconstruction(dataset: Dataset) -> Dataset:
    """The same samples, with each one's input as its target: a regression, of a picture to a picture."""
    return replace(dataset, y=dataset.x, classes=(), targets=dataset.features, target_shape=dataset.in_shape)


def add_features(x: Array, extra: tuple[str, ...]) -> Array:
    """``x`` ``(N, 2)`` with one column more for each of ``extra``; ``x`` itself when there are none."""
    if not extra:
        return x
    a, b = x[:, 0], x[:, 1]
    with np.errstate(over="ignore"):  # Scaling and Dataset report what is not finite, in words
        return np.column_stack((x, *(_EXTRA[name](a, b) for name in extra)))


def _extra_name(extra: str, features: tuple[str, ...]) -> str:
    """The extra's name with the columns' own names in it: "sin x1" → "sin width"."""
    return re.sub("x([12])", lambda match: features[int(match[1]) - 1], extra)
