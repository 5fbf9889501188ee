"""The history of a run: one row per finished epoch, append-only, readable from another thread."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

COLUMNS = (
    "epoch", "train_loss", "validation_loss", "penalty", "train_metric", "validation_metric",
    "learning_rate", "gradient_norm",
)  # fmt: skip

#: rows kept before the history is thinned to every second one
CAPACITY = 1 << 15


@dataclass(frozen=True, eq=False)
class LogView:
    """The rows up to one moment, ``(n, 8)`` float64, columns as in ``COLUMNS``. Never changes once made."""

    rows: NDArray[Any] = field(default_factory=lambda: np.zeros((0, len(COLUMNS))))

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, column: str) -> NDArray[Any]:
        """One column, ``(n,)``."""
        column_array: NDArray[Any] = self.rows[:, COLUMNS.index(column)]
        return column_array


class Log:
    """Append-only: rows already written are never touched, so views need no lock. Two views of one table (``rows.base``) have the
    same rows as far as the shorter one goes.

    A run that has gone back and goes on from there writes its rows anew: those from that epoch on are left behind with the old table.

    When ``CAPACITY`` rows are full, a thinned copy (every second row) replaces the table and from then on every second, fourth, …
    epoch is kept: memory stays bounded however long a run is, and old views stay as they were.
    """

    def __init__(self) -> None:
        self._table = np.full((256, len(COLUMNS)), np.nan)
        self._n, self.stride, self._last = 0, 1, -1.0

    @classmethod
    def of(cls, view: LogView) -> Log:
        """A log that goes on from the rows of ``view``, whose epochs ascend."""
        log = cls()
        n = len(view)
        log._table = np.full((max(256, 1 << (n - 1).bit_length() if n else 0), len(COLUMNS)), np.nan)
        log._table[:n] = view.rows
        if n:
            log._n, log._last = n, float(view["epoch"][-1])
            log.stride = int(view["epoch"][1] - view["epoch"][0]) if n > 1 else 1
        return log

    def append(self, *row: float) -> None:
        """Add a row in the order of ``COLUMNS``. Epochs that thinning leaves out are ignored, all but the latest."""
        if row[0] <= self._last:
            self._cut(row[0])
        self._last = row[0]
        if self._n == len(self._table):
            if self._n < CAPACITY:
                grown = np.full((2 * self._n, len(COLUMNS)), np.nan)
                grown[: self._n] = self._table
                self._table = grown
            else:
                thin = np.full_like(self._table, np.nan)
                thin[: self._n // 2] = self._table[::2]
                self._table, self._n, self.stride = thin, self._n // 2, 2 * self.stride
        if int(row[0]) % self.stride == 0:
            self._table[self._n] = row
            self._n += 1

    def _cut(self, epoch: float) -> None:
        """Forget the rows from ``epoch`` on, in a table of its own: old views stay as they were."""
        table = np.full_like(self._table, np.nan)
        self._n = int(np.searchsorted(self._table[: self._n, 0], epoch))
        table[: self._n] = self._table[: self._n]
        self._table = table

    def view(self) -> LogView:
        rows = self._table[: self._n]
        rows.flags.writeable = False
        return LogView(rows)
