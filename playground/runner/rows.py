"""A few rows of a large array: all that a window shows of a layer with tens of millions of weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.core import Array


@dataclass(frozen=True, eq=False)
class Rows:
    """Some rows of an array, read by the indices of the whole; a number of another row is not known: NaN.

    Attributes:
        first: index of the first row that is here.
        rows: ``(n, …)``, the rows from there on.
        shape: of the whole array.
        largest: magnitude of the whole array, for a scale that is the same whichever rows are here.
    """

    first: int
    rows: Array
    shape: tuple[int, ...]
    largest: float

    @classmethod
    def of(cls, array: Array, first: int, end: int) -> Rows:
        """Copies of the rows ``first`` to ``end`` (exclusive), float32."""
        rows = np.array(array[first:end], np.float32, order="C")
        return cls(first, rows, array.shape, float(max(array.max(), -array.min(), 0.0)))

    @property
    def ndim(self) -> int:
        return len(self.shape)

    def __contains__(self, row: int) -> bool:
        """Whether the numbers of that row are here."""
        return self.first <= row < self.first + len(self.rows)

    def __getitem__(self, index: int | Sequence[int] | Array | tuple[Any, ...]) -> Array:
        """As of the whole array, with an index or a list of indices of rows first. Raises IndexError outside of it."""
        row, *rest = index if isinstance(index, tuple) else (index,)
        row = np.asarray(row, np.intp)
        if row.size and not (row.min() >= 0 and row.max() < self.shape[0]):
            raise IndexError(
                f"There is no row {index} in {self.shape[0]} rows; expected 0 to {self.shape[0] - 1}."
            )
        here = (self.first <= row) & (row < self.first + len(self.rows))
        found = self.rows[(np.where(here, row - self.first, 0), *rest)]
        away = np.broadcast_to(~here.reshape(here.shape + (1,) * (found.ndim - here.ndim)), found.shape)
        return np.where(away, np.float32(np.nan), found)
