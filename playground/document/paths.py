"""Dotted paths to what a project is set to: ``fit.optimizer.lr``, ``linear1.out_features``, ``preparation.train``, ``seed``.

A path begins with ``fit``, ``source``, ``preparation``, ``seed`` or the id of a node (after ``network.`` too), and goes on with names of
parameters; of a list of specs, such as augmentations, with a number from 0.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from engine.errors import EngineError, SpecError, clipped, few, shown
from engine.layers import registry as layers
from engine.spec import Bool, Flags, Float, FloatList, Int, Kind, Nested, NestedList, Pair, Spec
from playground.document import edits
from playground.document.naming import called
from playground.document.project import Project

#: fields of a project that hold a spec, with the edit that changes each
SPECS: dict[str, Callable[[Project, Any], Project]] = {
    "fit": edits.set_fit,
    "source": edits.set_source,
    "preparation": edits.set_preparation,
}
SEED = "seed"
#: what a seed may be
_SEED = Int(min=0, max=2**63 - 1)
#: words for yes and no
_BOOLS = {"true": True, "on": True, "yes": True, "false": False, "off": False, "no": False}


@dataclass(frozen=True)
class Place:
    """What a path leads to.

    Args:
        path: in full.
        kind: which values it takes; ``Nested`` where it is a whole layer or spec.
        value: what is there now.
        label: what a form calls it.
    """

    path: str
    kind: Kind
    value: Any
    label: str

    @property
    def is_number(self) -> bool:
        """Whether it can be drawn from a range."""
        return isinstance(self.kind, Int | Float)

    def read(self, words: str) -> Any:
        """The value that ``words`` stand for, checked. Raises SpecError, naming the path and what it takes."""
        try:
            return self.kind.check(_plain(self.kind, words))
        except EngineError as error:
            said = str(error)
            known = (
                f"{self.path} {said}." if said.startswith("is ") else f"{self.path} has no such value. {said}"
            )
            raise SpecError(f"{known} Correct it.") from None


def place(project: Project, path: str) -> Place:
    """What is at ``path``. Raises SpecError, which names what there is in its place."""
    if path == SEED:
        return Place(path, _SEED, project.seed, SEED)
    head, _, rest = _split(project, path)
    if head in SPECS:
        if not rest:
            raise SpecError(
                f"{head} is no value by itself; expected one of {_inside(getattr(project, head), head)}."
            )
        return _follow(getattr(project, head), rest.split("."), path, f"{head}.")
    layer = project.network[head].layer
    if not rest:
        return Place(path, Nested(layers), layer, layer.label)
    found = _follow(layer, rest.split("."), path, f"{head}.")
    return Place(path, found.kind, found.value, f"{layer.label}: {found.label}")


def places(project: Project) -> tuple[Place, ...]:
    """All numbers, choices and parameters that can be set by a path, in the order of the project."""
    found = [place(project, SEED)]
    for name in SPECS:
        found += _all(getattr(project, name), f"{name}.")
    for node in project.network.nodes:
        found += _all(node.layer, f"{node.id}.")
    return tuple(found)


def set_at(project: Project, path: str, value: Any) -> Project:
    """``project`` with ``value`` at ``path``, as the edit in the window would make it. Raises SpecError.

    An edit has its consequences: other data bring the loss that suits them, another seed forgets given weights.
    """
    there = place(project, path)
    if there.value == value:
        return project
    if path == SEED:
        return edits.set_seed(project, _SEED.check(value))
    head, _, rest = _split(project, path)
    try:
        if head in SPECS:
            return SPECS[head](project, _replaced(getattr(project, head), rest.split("."), value))
        layer = project.network[head].layer
        return edits.set_layer(project, head, _replaced(layer, rest.split("."), value) if rest else value)
    except SpecError as error:
        raise SpecError(f"{path} cannot be {in_words(value)}: {error}") from None


def with_words(spec: Spec, path: str, words: str) -> Any:
    """``spec`` with the value that ``words`` stand for at the ``path`` inside it. Raises SpecError."""
    names = path.split(".")
    return _replaced(spec, names, _follow(spec, names, path, f"{spec.label}.").read(words))


def in_words(value: Any) -> str:
    """A value as a path takes it and a table shows it: "0.1", "Adam", "3x5", "true"."""
    if isinstance(value, Spec):
        return value.key
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "none"}[value]
    if isinstance(value, tuple):
        return "x".join(map(in_words, value)) or "none"
    if isinstance(value, float):
        short = f"{value:g}"
        return short if float(short) == value else repr(value)
    return clipped(str(value), 80)


def _split(project: Project, path: str) -> tuple[str, str, str]:
    """The field or node that a path begins with, and the rest. Raises SpecError where there is no such."""
    words = path.removeprefix("network.")
    ids = [node.id for node in project.network.nodes]
    # Ids may hold dots: the longest that fits is meant.
    heads = [i for i in (*SPECS, *ids) if words == i or words.startswith(f"{i}.")]
    if heads:
        head = max(heads, key=len)
        return head, ".", words[len(head) + 1 :]
    head, _, rest = words.partition(".")
    if (now := called(project.network, head)) != head:
        return now, ".", rest
    near = difflib.get_close_matches(path[:100], [p.path for p in places(project)], n=3, cutoff=0.5)
    hint = (
        f"Did you mean {' or '.join(near)}?"
        if near
        else f"A path begins with {few([*SPECS, SEED, *ids], 20)}."
    )
    raise SpecError(f"Nothing in the project is called {shown(path)}. {hint}")


def _follow(spec: Spec, names: list[str], path: str, done: str) -> Place:
    name, rest = names[0], names[1:]
    found = next((p for p in spec.params() if p.name == name), None)
    if found is None:
        near = difflib.get_close_matches(name[:100], [p.name for p in spec.params()], n=1)
        hint = f"Did you mean {done}{near[0]}?" if near else f"There: {_inside(spec, done[:-1])}."
        raise SpecError(f"{done[:-1]} ({spec.label}) has no {shown(name)}. {hint}")
    value, label = getattr(spec, name), found.called
    if not rest:
        return Place(path, found.kind, value, label)
    done = f"{done}{name}."
    if isinstance(value, Spec):
        return _follow(value, rest, path, done)
    if isinstance(found.kind, NestedList):
        if rest[0].isdecimal() and int(rest[0]) < len(value) and len(rest) > 1:
            return _follow(value[int(rest[0])], rest[1:], path, f"{done}{rest[0]}.")
        if not value:
            raise SpecError(
                f"{done[:-1]} is empty, so that nothing in it can be set. Add one to the project first."
            )
        raise SpecError(
            f"{done[:-1]} holds {few([v.label for v in value])}; expected a number from 0 to {len(value) - 1} and a name after it."
        )
    if value is None:
        raise SpecError(f"{done[:-1]} is off, and has no {shown('.'.join(rest))}. Choose one first.")
    raise SpecError(
        f"{done[:-1]} is {shown(value)}, which has no {shown('.'.join(rest))}. Leave out what follows it."
    )


def _inside(spec: Spec, of: str) -> str:
    return few([f"{of}.{p.name}" for p in spec.params()], 20)


def _all(spec: Spec, done: str) -> list[Place]:
    found: list[Place] = []
    for p, value in spec.values():
        if not isinstance(p.kind, NestedList):
            found.append(Place(f"{done}{p.name}", p.kind, value, p.called))
        inner = value if isinstance(p.kind, NestedList) else ()
        if isinstance(value, Spec):
            found += _all(value, f"{done}{p.name}.")
        for number, one in enumerate(inner):
            found += _all(one, f"{done}{p.name}.{number}.")
    return found


def _replaced(spec: Any, names: list[str], value: Any) -> Any:
    name, rest = names[0], names[1:]
    if not rest:
        return spec.replace(**{name: value})
    inner = getattr(spec, name)
    if isinstance(inner, tuple):
        at = int(rest[0])
        changed: Any = (*inner[:at], _replaced(inner[at], rest[1:], value), *inner[at + 1 :])
    else:
        changed = _replaced(inner, rest, value)
    return spec.replace(**{name: changed})


def _plain(kind: Kind, words: str) -> Any:
    """``words`` as the plain value that ``kind`` checks."""
    words = words.strip()
    if isinstance(kind, Nested):
        return None if kind.optional and words.lower() == "none" else kind.registry.get(words)()
    if isinstance(kind, Bool):
        return _BOOLS.get(words.lower(), words)
    if isinstance(kind, Pair) and "x" in words:
        return tuple(int(part) if part.strip().isdecimal() else part for part in words.split("x"))
    if isinstance(kind, FloatList):
        return () if words.lower() == "none" else kind.read(words.replace("x", " "))
    if isinstance(kind, Flags):
        return tuple(part for part in words.split("+") if part not in ("", "none"))
    if isinstance(kind, Int | Float | Pair):
        try:
            return json.loads(words)
        except ValueError:
            return words
    return words
