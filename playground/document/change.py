"""What differs between two projects, as those who follow one ask it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, fields

from playground.document.project import Project

PARTS = frozenset(field.name for field in fields(Project))
#: what the samples follow from
DATA = frozenset({"source", "preparation"})
#: what the numbers of a run follow from
TRAINED = DATA | {"network", "fit", "seed", "first_weights"}
#: what the findings depend on. Not the hand edits of weights, which only ever end a warning about first weights.
JUDGED = DATA | {"network", "fit", "first_weights", "notes", "memory"}


@dataclass(frozen=True, eq=False)
class Change:
    """From one project to another.

    Args:
        before, after: the two; ``before`` is ``None`` where there was none, and then everything differs.
        parts: names of the fields that differ.
    """

    before: Project | None
    after: Project
    parts: frozenset[str]

    def touches(self, parts: Collection[str]) -> bool:
        """Whether one of these fields differs."""
        return not self.parts.isdisjoint(parts)

    @property
    def draws_anew(self) -> bool:
        """Whether what was learned is about something else, so that the weights are drawn anew: other data, seed or initializer.

        So are other given weights, unless they went with an edit of the network that left no use for them.
        """
        if self.before is None or self.touches(DATA | {"seed"}):
            return True
        given = "first_weights" in self.parts and "network" not in self.parts
        return given or self.before.fit.initializer != self.after.fit.initializer


def diff(before: Project | None, after: Project) -> Change:
    """What differs. Parts that are the same object need no closer look, as an edit leaves the others as they are."""
    if before is None:
        return Change(before, after, PARTS)
    old, new = vars(before), vars(after)
    return Change(before, after, frozenset(p for p in PARTS if old[p] is not new[p] and old[p] != new[p]))
