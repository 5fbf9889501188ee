"""Real data: the sets that come with scikit-learn, loaded when first asked for and then kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar

import numpy as np

from engine.data.base import Dataset, Source, sources
from engine.errors import DataError

# scikit-learn calls the columns s1 … s6 and gives their meaning in prose.
_DIABETES = (
    "age",
    "sex",
    "body mass index",
    "blood pressure",
    "total cholesterol",
    "LDL",
    "HDL",
    "cholesterol / HDL",
    "log triglycerides",
    "blood sugar",
)


def bunch(name: str, **options: Any) -> Any:
    """What ``sklearn.datasets.load_<name>`` returns. Raises DataError without scikit-learn."""
    try:
        from sklearn import datasets  # takes a second, and only some sessions need it
    except ImportError:
        raise DataError(
            f"The data set {name!r} comes with scikit-learn, which is missing; expected it to be installed. "
            "Run: pip install scikit-learn"
        ) from None
    return getattr(datasets, f"load_{name}")(**options)


def _words(names: Any) -> tuple[str, ...]:
    return tuple(str(name).replace("_", " ") for name in names)


# The loaders are cached: one picked set is the same immutable object wherever it is shown.


@cache
def _table(name: str) -> Dataset:
    found = bunch(name)
    return Dataset(found.data, found.target, _words(found.target_names), _words(found.feature_names))


@cache
def _digits() -> Dataset:
    found = bunch("digits")
    # Brightness is counted from 0 to 16 in the scans.
    return Dataset(found.images[:, np.newaxis] / 16.0, found.target, _words(found.target_names))


@cache
def _diabetes() -> Dataset:
    found = bunch("diabetes", scaled=False)
    return Dataset(found.data, found.target, features=_DIABETES, targets=("progression",))


@sources.register("Digits", category="Real data", label="Digits 8×8")
@dataclass(frozen=True)
class Digits(Source):
    """1,797 handwritten digits scanned as 8×8 grey pictures, brightness 0 to 1: which digit is it?"""

    library: ClassVar[str] = "sklearn.datasets"
    recommended: ClassVar[Mapping[str, Any]] = {"normalize": "none", "train": 0.7}

    def make(self) -> Dataset:
        """``x (1797, 1, 8, 8)`` in 0..1, ``y (1797,)`` in 0..9. Raises DataError without scikit-learn."""
        return _digits()


@sources.register("Iris", category="Real data")
@dataclass(frozen=True)
class Iris(Source):
    """150 iris flowers measured in four places: which of three species is it?"""

    library: ClassVar[str] = "sklearn.datasets"
    recommended: ClassVar[Mapping[str, Any]] = {"normalize": "standardize"}

    def make(self) -> Dataset:
        """``x (150, 4)`` in cm, ``y (150,)`` in 0..2. Raises DataError without scikit-learn."""
        return _table("iris")


@sources.register("Wine", category="Real data")
@dataclass(frozen=True)
class Wine(Source):
    """178 Italian wines in thirteen chemical measurements: which of three vines are they from?"""

    library: ClassVar[str] = "sklearn.datasets"
    recommended: ClassVar[Mapping[str, Any]] = {"normalize": "standardize"}

    def make(self) -> Dataset:
        """``x (178, 13)``, ``y (178,)`` in 0..2. Raises DataError without scikit-learn."""
        return _table("wine")


@sources.register("BreastCancer", category="Real data", label="Breast cancer")
@dataclass(frozen=True)
class BreastCancer(Source):
    """569 tumours in thirty measurements of their cell nuclei: malignant or benign?"""

    library: ClassVar[str] = "sklearn.datasets"
    recommended: ClassVar[Mapping[str, Any]] = {"normalize": "standardize"}

    def make(self) -> Dataset:
        """``x (569, 30)``, ``y (569,)`` with 0 malignant, 1 benign. Raises DataError without scikit-learn."""
        return _table("breast_cancer")


@sources.register("Diabetes", category="Real data")
@dataclass(frozen=True)
class Diabetes(Source):
    """442 diabetes patients in ten measurements: how far has the illness advanced a year later?"""

    library: ClassVar[str] = "sklearn.datasets"
    recommended: ClassVar[Mapping[str, Any]] = {"normalize": "standardize", "target": "standardize"}

    def make(self) -> Dataset:
        """``x (442, 10)`` as measured, ``y (442, 1)`` in 25..346. Raises DataError without scikit-learn."""
        return _diabetes()
