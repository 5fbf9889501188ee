"""Numbers that a source holds itself, painted or typed by hand: one immutable value, compared and hashed as a whole."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import SpecError, counted, shown
from engine.limits import MOST_GIVEN
from engine.spec import LARGEST, Kind

Floats = NDArray[np.float64]

#: columns of a table of numbers; more are not typed by hand
MOST_COLUMNS = 100
#: letters of a number as text, and of a name
_LETTERS, MOST_LETTERS = 30, 40


class Numbers:
    """A table ``(rows, columns)`` of float64, read-only.

    It is compared by a digest that is computed once: a stroke of the brush must not compare ten thousand numbers, nor an undo.
    """

    def __init__(self, table: Any) -> None:
        array = np.array(table, np.float64, ndmin=2)
        if array.ndim != 2:
            raise ValueError(f"a table has 2 axes, not {array.ndim}")
        array += 0.0  # −0 is 0, in a file and in the digest
        array.flags.writeable = False
        self.array: Floats = array

    @cached_property
    def _digest(self) -> bytes:
        return blake2b(repr(self.array.shape).encode() + self.array.tobytes(), digest_size=16).digest()

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return isinstance(other, Numbers) and self._digest == other._digest

    def __hash__(self) -> int:
        return hash(self._digest)

    def __len__(self) -> int:
        return len(self.array)

    def __str__(self) -> str:
        return f"{len(self):,}"

    def __repr__(self) -> str:
        return f"<{len(self)} × {self.array.shape[1]} numbers>"

    def __reduce__(self) -> tuple[type[Numbers], tuple[Floats]]:
        return Numbers, (self.array,)

    def to_plain(self) -> str:
        """As text: rows parted by semicolons, numbers are the shortest that stand for these. Read back by ``Table.check``."""
        return "; ".join(
            " ".join(repr(value).removesuffix(".0") for value in row) for row in self.array.tolist()
        )


@dataclass(frozen=True)
class Table(Kind):
    """A table of finite numbers, at most ``MOST_GIVEN`` of them: ``Numbers``, nested lists, or its text.

    Args:
        least: columns that there must be, at least.
    """

    least: int = 1

    def check(self, value: Any) -> Numbers:
        found = self._read(value) if isinstance(value, str) else self._taken(value)
        array = found.array
        if array.shape[1] < self.least or array.shape[1] > MOST_COLUMNS or array.size > MOST_GIVEN:
            raise SpecError(
                f"has {counted(len(array), 'row')} of {counted(array.shape[1], 'number')}; expected {self.expects}"
            )
        # A largest magnitude that is NaN is not below it either.
        if array.size and not np.abs(array).max() <= LARGEST:
            raise SpecError(f"holds numbers that are not finite, or too large; expected {self.expects}")
        return found

    def _taken(self, value: Any) -> Numbers:
        if isinstance(value, Numbers):
            return value
        try:
            return Numbers(value)
        except (TypeError, ValueError):
            raise SpecError(f"is {shown(value)}; expected {self.expects}") from None

    def _read(self, text: str) -> Numbers:
        """The table in ``text``. Nothing is made of it before it is known not to be too large."""
        if len(text) > MOST_GIVEN * _LETTERS or text.count(";") > MOST_GIVEN:
            raise SpecError(f"is {len(text):,} letters long; expected {self.expects}")
        rows = [row.split() for row in text.split(";")] if text.strip() else []
        if sum(map(len, rows)) > MOST_GIVEN or len(set(map(len, rows))) > 1:
            raise SpecError(f"is {shown(text)}; expected {self.expects}")
        try:
            table = np.array([number for row in rows for number in row], "U40").astype(np.float64)
        except ValueError:
            raise SpecError(f"is {shown(text)}; expected {self.expects}") from None
        return Numbers(table.reshape(len(rows), -1) if rows else np.zeros((0, self.least)))

    @property
    def expects(self) -> str:
        least = f"{self.least} to {MOST_COLUMNS}" if self.least > 1 else f"up to {MOST_COLUMNS}"
        return f"rows of {least} finite numbers, all alike, parted by semicolons, and at most {MOST_GIVEN:,} numbers"


@dataclass(frozen=True)
class Names(Kind):
    """Names of a few things that belong together, no two alike.

    Args:
        least, most: how many.
    """

    least: int = 0
    most: int = 20

    def check(self, value: Any) -> tuple[str, ...]:
        if (
            not isinstance(value, tuple | list)
            or not self.least <= len(value) <= self.most
            or not all(isinstance(name, str) and self._is_one(name) for name in value)
            or len(set(value)) < len(value)
        ):
            raise SpecError(f"is {shown(value)}; expected {self.expects}")
        return tuple(value)

    def _is_one(self, name: str) -> bool:
        return bool(name.strip()) and len(name) <= MOST_LETTERS and name.isprintable()

    @property
    def expects(self) -> str:
        return f"{self.least} to {self.most} names of up to {MOST_LETTERS} letters, no two alike"


def free_name(taken: Iterable[str], stem: str) -> str:
    """A name that none of ``taken`` has: ``stem``, or with the first number that makes it another one."""
    known = set(taken)
    number, name = 2, stem
    while name in known:
        number, name = number + 1, f"{stem} {number}"
    return name
