"""What differs between two projects, as those who follow one ask it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, fields, replace
from typing import Any

from engine.errors import clipped, counted, few
from engine.network import Network, Node
from engine.spec import Spec
from playground.document.naming import renamed
from playground.document.project import Project

PARTS = frozenset(field.name for field in fields(Project))
#: what the samples follow from
DATA = frozenset({"source", "preparation"})
#: what the numbers of a run follow from
TRAINED = DATA | {"network", "fit", "seed", "first_weights"}
#: what the findings depend on. Not the hand edits of weights, which only ever end a warning about first weights.
JUDGED = DATA | {"network", "fit", "first_weights", "notes", "memory", "meant"}


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
    def words(self) -> str:
        """What differs, shortly: "learning rate 0.03 → 0.01, Tanh added"; "" where that is only the name or the like."""
        if self.before is None:
            return ""
        old, new, said = self.before, self.after, list[str]()
        for part in ("source", "preparation", "fit"):
            if part in self.parts:
                said += _differences(getattr(old, part), getattr(new, part))
        if "network" in self.parts:
            said += _network(old.network, new.network)
        if "seed" in self.parts:
            said.append(f"seed {old.seed} → {new.seed}")
        if "first_weights" in self.parts:
            said.append("given weights" if new.first_weights else "drawn weights")
        if "weight_edits" in self.parts:
            said.append(_by_hand(len(new.weight_edits) - len(old.weight_edits)))
        return few(said) if said else ""

    @property
    def feeds(self) -> bool:
        """Whether there are but more samples of the same thing, fewer, or others: a run goes on with its weights."""
        if self.before is None or "source" not in self.parts or self.touches({"preparation", "seed"}):
            return False
        one, other = self.before.source, self.after.source
        return other.goes_on_from(one) or one.goes_on_from(other)

    @property
    def draws_anew(self) -> bool:
        """Whether what was learned is about something else, so that the weights are drawn anew: other data, seed or initializer.

        Not where the data ``feeds`` the run. So are other given weights, unless they went with an edit of the network that left no use for them.
        """
        if self.before is None or (self.touches(DATA | {"seed"}) and not self.feeds):
            return True
        return self._gives_weights or self.before.fit.initializer != self.after.fit.initializer

    @property
    def _gives_weights(self) -> bool:
        """Whether the numbers that weights begin with are others, and not only fewer, or back again, as an edit of the network had no use for some."""
        if self.before is None or "first_weights" not in self.parts:
            return False
        if "network" not in self.parts or not self.before.first_weights:
            return True
        old = {(one.node_id, one.name): one.values for one in self.before.first_weights}
        return any(
            old.get((one.node_id, one.name), one.values) != one.values for one in self.after.first_weights
        )


def diff(before: Project | None, after: Project) -> Change:
    """What differs. Parts that are the same object need no closer look, as an edit leaves the others as they are."""
    if before is None:
        return Change(before, after, PARTS)
    old, new = vars(before), vars(after)
    return Change(before, after, frozenset(p for p in PARTS if old[p] is not new[p] and old[p] != new[p]))


def _differences(old: Spec, new: Spec, of: str = "") -> list[str]:
    """What differs between two specs; ``of``: what they are the value of."""
    if type(old) is not type(new):
        return [f"{of}{': ' if of else ''}{old.label} → {new.label}"]
    said: list[str] = []
    for p, value in new.values():
        was, name = getattr(old, p.name), p.called
        if value == was:
            continue
        if isinstance(value, Spec) and isinstance(was, Spec):
            said += _differences(was, value, name)
        elif _value(was) == _value(value):
            said.append(f"{name} changed")
        else:
            said.append(f"{name} {_value(was)} → {_value(value)}")
    return said


def _value(value: Any) -> str:
    if isinstance(value, Spec):
        return value.label
    if isinstance(value, bool) or value is None:
        return {True: "on", False: "off", None: "none"}[value]
    if isinstance(value, tuple) and value and all(isinstance(one, str) for one in value):
        return clipped(", ".join(value), 40)
    if isinstance(value, tuple):
        return " × ".join(map(_value, value)) or "none"
    return clipped(f"{value:g}" if isinstance(value, float) else str(value), 40)


def _network(old: Network, new: Network) -> list[str]:
    names = renamed(old, new)
    moved = {
        k: replace(n, id=names.get(n.id, n.id), inputs=tuple(names.get(i, i) for i in n.inputs))
        for k, n in _nodes(old).items()
    }
    before, after = moved, _nodes(new)
    said = [f"{node.layer.label} added" for key, node in after.items() if key not in before]
    said += [f"{node.layer.label} removed" for key, node in before.items() if key not in after]
    for key in [key for key in after if key in before and after[key] != before[key]]:
        one, other = before[key], after[key]
        changes = _differences(one.layer, other.layer)
        if type(one.layer) is type(other.layer):
            changes = [f"{other.layer.label}: {what}" for what in changes]
        said += changes or ["connections"]
    if not said and [*before] == [*after]:
        return [f"{old} is called {new}" for old, new in names.items()] or ["order of the layers"]
    return said or ["order of the layers"]


def _nodes(network: Network) -> dict[str, Node]:
    return {node.first_id: node for node in network.nodes}


def _by_hand(more: int) -> str:
    if more <= 0:
        return "weights set by hand"
    return f"{counted(more, 'weight')} set by hand"
