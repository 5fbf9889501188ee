"""How a lesson points at what it speaks of: a step of an update, in words what is open, and which task is waited for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from engine.errors import EngineError
from engine.trace import Moment
from playground.document.paths import place
from playground.lessons.locks import CONTROLS, Allowed

if TYPE_CHECKING:
    from engine.trace.moments import Phase
    from playground.document.project import Project
    from playground.lessons.lesson import Lesson
    from playground.ui.kit.stepper import Stepper

#: what the controls are called on the screen
_WORDS = {
    "play": "Play", "inside": "Step inside", "reset": "Reset", "history": "the History slider", "network": "the network", "data": "Data",
    "training": "Training", "seed": "the seed", "weights": "weights by hand",
}  # fmt: skip


def show_step(stepper: Stepper, layer: str, phase: str, inspect: Callable[[], object]) -> None:
    """Stand at the first step of a phase, within ``layer`` if it is one; where nobody steps yet, as soon as the update is recorded."""

    def go() -> None:
        walk = stepper.walk
        if walk is not None:
            stepper.go(walk.moments.place(Moment(cast("Phase", phase), walk.grain, layer)))

    if stepper.walk is not None:
        go()
        return

    def arrived() -> None:
        stepper.moved.disconnect(arrived)
        go()

    stepper.moved.connect(arrived)
    inspect()


def opened_in_words(allowed: Allowed, project: Project) -> str:
    """What answers: "Play, learning rate"."""
    said = [_WORDS[name] for name in CONTROLS if name in allowed.names]
    for path in sorted(allowed.names - CONTROLS.keys()):
        try:
            said.append(place(project, path).label)
        except EngineError:
            continue  # it belongs to a layer that is still to come
    return ", ".join(said)


def task_in_words(lesson: Lesson | None, id: str) -> str:
    """Which task ends a lock."""
    if lesson is None or not id:
        return ""
    if any(one.id == id for one in lesson.goals):
        return "the goal"
    return "your answer" if any(one.id == id for one in lesson.questions) else "the worked example"
