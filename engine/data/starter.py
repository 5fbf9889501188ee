"""Data small enough to work through by hand: two samples to train on, two to watch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from engine.data.base import Dataset, Source, sources

#: one sample of each class trains, the other validates
_HALVES = {"train": 0.5, "validation": 0.5, "normalize": "none", "target": "none", "split_seed": 0}


@sources.register("FourPoints", category="Step by step", label="Four points")
@dataclass(frozen=True)
class FourPoints(Source):
    """Four samples of two easy numbers each, for following one update with pencil and paper."""

    recommended: ClassVar[Mapping[str, Any]] = _HALVES

    def make(self) -> Dataset:
        """``x (4, 2)``, ``y (4,)``."""
        x = np.array([[0.5, -1.0], [1.0, -0.5], [-0.5, 1.0], [-1.0, 0.5]])
        return Dataset(x, np.array([1, 1, 0, 0]), features=("x1", "x2"))


@sources.register("FourStrokes", category="Step by step", label="Four strokes")
@dataclass(frozen=True)
class FourStrokes(Source):
    """Four pictures of 5×5 pixels, upright strokes and lying ones, for following a convolution by hand."""

    recommended: ClassVar[Mapping[str, Any]] = _HALVES

    def make(self) -> Dataset:
        """``x (4, 1, 5, 5)``, ``y (4,)``."""
        upright = np.array(
            [
                [0.0, 0.0, 1.0, 0.0, 0.0],
                [0.0, 0.0, 1.0, 0.0, 0.0],
                [0.0, 0.5, 1.0, 0.0, 0.0],
                [0.0, 1.0, 0.5, 0.0, 0.0],
                [0.0, 1.0, 0.0, 0.0, 0.0],
            ]
        )
        other = upright[:, ::-1]
        x = np.stack([upright, other, upright.T, other.T])[:, None]
        return Dataset(x, np.array([1, 1, 0, 0]), classes=("lying", "upright"))
