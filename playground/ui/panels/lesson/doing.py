"""Does what a lesson's links say: edits, commands to the run, and places to look at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from engine.errors import UnknownName
from playground.lessons.actions import action
from playground.lessons.errors import LessonError
from playground.runner.messages import Inspect
from playground.ui.kit.view import declared
from playground.ui.panels.lesson.pointing import show_step

if TYPE_CHECKING:
    from playground.ui.kit.view import Context


class Doer:
    """``say``: called with what cannot be done, in a sentence."""

    def __init__(self, context: Context, say: Callable[[str], object]) -> None:
        self._context, self._say = context, say

    @contextmanager
    def unlocked(self) -> Iterator[None]:
        """What a lesson does itself it has not locked."""
        document, focus = self._context.document, self._context.focus
        guard, document.guard, focus.by_lesson = document.guard, None, True
        try:
            yield
        finally:
            document.guard, focus.by_lesson = guard, False

    def follow(self, link: str) -> None:
        """Do what a link says."""
        with self.unlocked():
            self._do(link)

    def _do(self, link: str) -> None:
        document, focus = self._context.document, self._context.focus
        try:
            one = action(link)
            before = document.value
            project = one.edited(before)
        except LessonError as error:
            self._say(str(error))
            return
        if one.opens:
            focus.project_asked.emit(project, lambda: None)
            return
        if project is not None and project is not before:
            document.apply(project, one.kind.help.rstrip("."))
        for command in one.commands:
            self._context.send(command)
        if one.name == "look":
            focus.select(one.choices["layer"])
        elif one.name == "panel":
            self._show_panel(one.choices["name"], one.choices.get("layer", ""), one.choices.get("phase", ""))
        elif one.name == "inside":
            focus.panel_asked.emit("backprop")

    def _show_panel(self, key: str, layer: str, phase: str) -> None:
        """Show a panel, at a block and at a phase of the next update."""
        known = [one.key for one in declared]
        if key not in known:
            self._say(str(UnknownName("panel", key, known)))
            return
        focus, stepper = self._context.focus, self._context.stepper
        focus.panel_asked.emit(key)
        if layer:
            focus.select(layer)
            if key == "convolution":
                focus.watch_asked.emit(layer)
        if phase and stepper is not None:
            show_step(stepper, layer, phase, lambda: self._context.send(Inspect()))
