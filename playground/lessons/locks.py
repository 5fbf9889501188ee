"""What of the window answers while a lesson locks it: a control by its name, or a single field by its path."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from engine.errors import EngineError, UnknownName, shown
from engine.spec import Spec
from playground.document.change import diff
from playground.document.paths import place, places
from playground.document.project import Project
from playground.lessons.errors import LessonError
from playground.runner.messages import ApplyStep, Command, GoTo, Inspect, Play, Reset, Step, StepBack

#: what authors may name, and what it opens
CONTROLS: Mapping[str, str] = MappingProxyType({
    "play": "Play, and steps of a batch or an epoch.",
    "inside": "Step inside an update, and apply it.",
    "reset": "Back to the first weights.",
    "history": "Back to earlier moments of the run.",
    "network": "Layers, their options and their wires.",
    "data": "The data and their preparation.",
    "training": "All that stands in Training but the seed.",
    "seed": "The seed, and new weights.",
    "weights": "Weights set by hand.",
})  # fmt: skip
#: fields that are opened by a control's name; those of layers by "network"
_PATHS: Mapping[str, tuple[str, ...]] = MappingProxyType({
    "training": ("fit",), "data": ("source", "preparation"), "seed": ("seed",),
})  # fmt: skip
_COMMANDS: tuple[tuple[type, str], ...] = (
    (Play, "play"), (Step, "play"), (Inspect, "inside"), (ApplyStep, "inside"), (Reset, "reset"), (GoTo, "history"), (StepBack, "history"),
)  # fmt: skip
#: a path, as far as can be told without a project
_FIELD = re.compile(r"[A-Za-z]\w*(\.\w+)+")
#: names in one lock
MOST_ALLOWED = 30


@dataclass(frozen=True)
class Allowed:
    """What answers; everything else is locked.

    Args:
        names: of ``CONTROLS``, and paths of fields (see ``document/paths.py``).
    """

    names: frozenset[str]

    def control(self, name: str) -> bool:
        """Whether a whole control answers."""
        return name in self.names

    def field(self, path: str) -> bool:
        """Whether the field at ``path``, with all that is in it, may be changed."""
        return any(path == one or path.startswith(f"{one}.") for one in self._paths(path))

    def within(self, path: str) -> bool:
        """Whether a field inside the one at ``path`` may be changed."""
        return any(one.startswith(f"{path}.") for one in self._paths(path))

    def _paths(self, path: str) -> Iterator[str]:
        for name in self.names:
            yield from _PATHS.get(name, (name,))
        if "network" in self.names and path.partition(".")[0] not in ("fit", "source", "preparation", "seed"):
            yield path

    def refuses_command(self, command: Command) -> bool:
        """Whether a command to the run belongs to a control that is locked."""
        return any(isinstance(command, kind) and name not in self.names for kind, name in _COMMANDS)

    def refused(self, before: Project, after: Project) -> str:
        """What of an edit is locked, in a word or two; "" where nothing is.

        An edit has its consequences, such as the loss that suits other data: what follows from an open control is no change of a locked one.
        """
        change = diff(before, after)
        if change.touches({"weight_edits"}) and not self.control("weights"):
            return "weights set by hand"
        wired = [
            (node.id, type(node.layer), before.network.inputs_of(node.id)) for node in before.network.nodes
        ]
        other = [
            (node.id, type(node.layer), after.network.inputs_of(node.id)) for node in after.network.nodes
        ]
        if wired != other:
            return "" if self.control("network") else "the network"
        if "data" in self.names and change.touches({"source", "preparation"}):
            return ""
        found = dict(_changed(before, after))
        for part in change.parts & {"fit", "source", "preparation"}:
            if not any(path.startswith(f"{part}.") for path in found):
                found[part] = part  # a list in it that has become longer, or shorter
        return next((label for path, label in found.items() if not self.field(path)), "")


def _changed(before: Project, after: Project) -> Iterator[tuple[str, str]]:
    """The fields that differ, by path, with their labels; of a spec inside only that it is another kind: its own fields say the rest."""
    old = {one.path: one.value for one in places(before)}
    for one in places(after):
        was = old.get(one.path)
        same = type(was) is type(one.value) if isinstance(one.value, Spec) else was == one.value
        if not same:
            yield one.path, one.label


def allowed(written: str) -> Allowed:
    """The names in ``written``, separated by commas. Raises LessonError for what is neither a control nor a path."""
    names = [one for one in written.split(",") if one]
    if len(names) > MOST_ALLOWED:
        raise LessonError(
            f"A lock names {len(names)} controls; expected at most {MOST_ALLOWED}. Name whole groups, such as training."
        )
    for name in names:
        if name not in CONTROLS and _FIELD.fullmatch(name) is None:
            raise LessonError(str(UnknownName("control", name, tuple(CONTROLS))))
    return Allowed(frozenset(names))


def unknown_paths(one: Allowed, project: Project) -> Iterator[str]:
    """Paths in it that lead nowhere in ``project``, in sentences."""
    for name in sorted(one.names - CONTROLS.keys()):
        try:
            place(project, name)
        except EngineError as error:
            yield f"{shown(name)} cannot be opened: {error}"
