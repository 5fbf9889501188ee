"""Which lines of a program an edit has changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher


@dataclass(frozen=True)
class Changes:
    """From one text to the next.

    Args:
        new: numbers of its lines, from 0, that were not there so before.
        gone: numbers of its lines before which something was taken out.
    """

    new: frozenset[int] = frozenset()
    gone: frozenset[int] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.new or self.gone)


def changes(before: Sequence[str], after: Sequence[str]) -> Changes:
    """What an edit has done to the lines of a program."""
    new, gone = set[int](), set[int]()
    for what, _, _, start, end in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if what in ("replace", "insert"):
            new.update(range(start, end))
        elif what == "delete":
            gone.add(min(start, len(after) - 1))
    return Changes(frozenset(new), frozenset(gone))
