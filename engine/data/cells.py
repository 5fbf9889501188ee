"""The cells of a column, each kind of text kept once, and plain numbers as numbers: a million rows take no million strings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from engine.core import Array


@dataclass(frozen=True, eq=False)
class Cells:
    """One column as it stands in a table.

    Args:
        kinds: its texts, stripped, each once.
        codes: ``(rows,)`` int32, the place of each row's text among them; −1 where ``numbers`` holds a plain number.
        numbers: ``(rows,)`` float64; ``None`` where no cell was a plain number, or all of them are kept as text.
        points: how many of the plain numbers are written with a point.
    """

    kinds: list[str]
    codes: Array
    numbers: Array | None = None
    points: int = 0

    def __len__(self) -> int:
        return len(self.codes)

    @classmethod
    def of_texts(cls, texts: Iterable[str]) -> Cells:
        """Of texts, stripped or not."""
        place: dict[str, int] = {}
        codes = [place.setdefault(text.strip(), len(place)) for text in texts]
        return cls(list(place), np.array(codes, np.int32))

    @classmethod
    def of_values(cls, numbers: Array, texts: dict[int, str]) -> Cells:
        """Of numbers ``(rows,)`` that something else has read, with ``texts`` by row where there is none; NaN without text is a gap."""
        codes = np.full(len(numbers), -1, np.int32)
        place: dict[str, int] = {}
        for row, text in texts.items():
            codes[row] = place.setdefault(text.strip(), len(place))
        gaps = np.isnan(numbers) & (codes < 0)
        if gaps.any():
            codes[gaps] = place.setdefault("", len(place))
        return cls(list(place), codes, np.asarray(numbers, np.float64))

    def take(self, rows: Array) -> Cells:
        """The cells of some rows: a mask, or places."""
        numbers = None if self.numbers is None else self.numbers[rows]
        return Cells(self.kinds, self.codes[rows], numbers, self.points)

    def folded(self) -> Cells:
        """Texts that differ in capital letters or spaces alone as one, the most frequent of them; itself where there are none."""
        alike: dict[str, list[int]] = {}
        for i, kind in enumerate(self.kinds):
            alike.setdefault(" ".join(kind.split()).casefold(), []).append(i)
        if len(alike) == len(self.kinds):
            return self
        counts, place = self.counts(), np.full(len(self.kinds) + 1, -1, np.int32)
        kinds: list[str] = []
        for those in alike.values():
            place[those] = len(kinds)
            kinds.append(self.kinds[max(those, key=lambda i: counts[i])])
        return Cells(kinds, place[self.codes], self.numbers, self.points)

    def counts(self) -> Array:
        """``(kinds,)``: how often each text comes up."""
        texts = self.codes if self.numbers is None else self.codes[self.codes >= 0]
        return np.bincount(texts, minlength=len(self.kinds))

    def texts(self, rows: Sequence[int]) -> list[str]:
        """What stands in some rows; plain numbers as short as they can be written."""
        return [
            self.kinds[code] if (code := int(self.codes[row])) >= 0 else f"{self._number(row):.15g}"
            for row in rows
        ]

    def _number(self, row: int) -> float:
        return float(self.numbers[row]) if self.numbers is not None else float("nan")
