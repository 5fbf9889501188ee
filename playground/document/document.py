"""The one place that holds the current project."""

from __future__ import annotations

import enum
from collections.abc import Callable
from copy import copy
from pathlib import Path
from typing import Any

from playground.document.edits import EDITS
from playground.document.naming import by_position
from playground.document.project import Project

Listener = Callable[[Project, Project], None]


class News(enum.Enum):
    """How the current project came to be that."""

    EDITED = "edited"
    RETURNED = "returned"  #: by undo or redo
    OPENED = "opened"  #: it is another one


class Document:
    """Holds the current project and tells listeners ``(before, after)`` when it really is another one. No Qt.

    ``apply`` is how every edit enters; whoever keeps the undo stack sets ``recorder`` and calls ``set`` for undo and redo.

    Attributes:
        path: the project's own file; ``None`` while it has none.
        news: of the last change.
        run_file: which file holds the run of a project that was opened; ``None`` where none does.
        taking_up: while an edit is told: which file holds the run that goes with it; ``None`` where none does.
        edited_from: the project before the last edit that can be undone; ``None`` where there is none.
        guard: asked before each edit ``(before, after)``: what of it is locked, in a word or two; "" where it may be made. ``None``: nobody asks.
        refused: told what was locked in an edit that was not made.
        settle: takes what is being typed anywhere as an edit of its own, or drops it. To be called before the project is changed by
            anything but that typing: a change is computed from what the user sees, and nothing typed may come after it. ``edit``
            calls it; so must a caller that undoes, redoes or opens.
    """

    def __init__(self, project: Project | None = None) -> None:
        self._value = project or Project()
        self._listeners: list[Listener] = []
        self.path: Path | None = None
        self.news = News.OPENED
        self.run_file: Path | None = None
        self.taking_up: Path | None = None
        self.edited_from: Callable[[], Project | None] = lambda: None
        self.settle: Callable[[], object] = lambda: None
        self.guard: Callable[[Project, Project], str] | None = None
        self.refused: Callable[[str], object] = lambda what: None
        #: called with (before, after, text, merge_key) for each applied edit; must call ``set(after)``
        self.recorder: Callable[[Project, Project, str, str], None] | None = None

    @property
    def value(self) -> Project:
        return self._value

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Be told of changes; returns a function that ends it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def edit(self, change: Callable[..., Project], *given: Any, text: str = "", merge: str = "") -> None:
        """``do``, with what is being typed settled first."""
        self.settle()
        self.do(change, *given, text=text, merge=merge)

    def do(self, change: Callable[..., Project], *given: Any, text: str = "", merge: str = "") -> None:
        """``apply`` what ``change``, a function of ``edits``, makes of the project and what is ``given``; ``text``: in place of its name.

        Layers that nobody has named are called by their new positions.
        """
        before = self._value
        self.apply(
            by_position(before, change(before, *given)),
            text or EDITS[change.__name__].named(before, *given),
            merge,
        )

    def take_up(self, after: Project, run_file: Path, text: str) -> None:
        """``apply``, with the run in ``run_file``, which is of ``after``."""
        self.settle()
        self.taking_up = run_file
        try:
            self.apply(after, text)
        finally:
            self.taking_up = None

    def apply(self, after: Project, text: str, merge: str = "") -> None:
        """Make ``after`` the current project as one undoable edit called ``text``.

        Consecutive edits with the same non-empty ``merge`` key (one slider being dragged) become one entry.
        """
        if after == self._value:
            return
        if self.guard is not None and (locked := self.guard(self._value, after)):
            self.refused(locked)
            return
        if self.recorder is None:
            self.set(after)
        else:
            self.recorder(self._value, after, text, merge)

    def open(self, project: Project, path: Path | None = None, run_file: Path | None = None) -> None:
        """Make another project current: the one in ``path``, whose run is in ``run_file``."""
        self.path, self.run_file = path, run_file
        # Opened once more, untouched, it is the same object; yet its run begins anew, and everybody is to hear of it.
        self.set(copy(project) if project is self._value else project, News.OPENED)

    def set(self, after: Project, news: News = News.EDITED) -> None:
        """Make ``after`` current without recording it."""
        self.news = news
        before, self._value = self._value, after
        if after is not before:
            for listener in tuple(self._listeners):
                listener(before, after)
