"""The program of the network as it stands, in the words of another tool; its lines light up with the blocks that they are about."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QGuiApplication, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QTabBar, QVBoxLayout, QWidget

from engine.errors import EngineError, counted
from engine.export import TARGETS, ExportError, Line, Outline
from playground.document.change import diff
from playground.document.document import News
from playground.document.project import data_of, problems
from playground.ui.kit.icons import icon
from playground.ui.kit.style import GAP, MARGIN, refresh
from playground.ui.kit.text import Label, tip
from playground.ui.kit.view import View, at_once
from playground.ui.panels.code.changes import Changes, changes
from playground.ui.panels.code.listing import Listing

if TYPE_CHECKING:
    from playground.document.project import Project
    from playground.ui.kit.view import Context

#: what a program follows from
WRITTEN = frozenset({"name", "source", "preparation", "network", "fit"})
#: the targets whose program can be read, the one that is shown first before the others
SHOWN = tuple(
    sorted((key for key, target in TARGETS.items() if target.script is not None), key="pytorch".__ne__)
)
LINGER = 2500  #: milliseconds for which it is said that something was copied


class CodeView(View):
    """What a network that cannot be written lacks is said; the program of before stays, as it was."""

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self.setObjectName("code_view")
        self.targets = QTabBar()
        self.targets.setObjectName("code_targets")
        self.targets.setAccessibleName("Written for")
        self.targets.setDrawBase(False)
        self.targets.setExpanding(False)
        for key in SHOWN:
            self.targets.setTabToolTip(
                self.targets.addTab(TARGETS[key].label),
                f"The program as one writes it in {TARGETS[key].label}.",
            )
        self.said = Label()
        self.said.setObjectName("code_said")
        self.said.setProperty("muted", True)
        self.copy = QPushButton("Copy")
        self.copy.setObjectName("code_copy")
        self.copy.setToolTip("Copy the whole program: pasted into a file, it runs alone.")
        self.copy.setAccessibleName("Copy the program")
        self.copy.setIcon(icon("content-copy", context.theme))
        self.listing = Listing(context.theme)
        bar = QHBoxLayout()
        bar.setContentsMargins(MARGIN, 4, MARGIN, 4)
        bar.setSpacing(GAP)
        bar.addWidget(self.targets)
        bar.addStretch(1)
        bar.addWidget(self.said)
        bar.addWidget(self.copy)
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 0, 1, MARGIN // 2)
        column.setSpacing(0)
        column.addLayout(bar)
        column.addWidget(self.listing, 1)
        self._problem, self._words = "", ""
        self._refusals: dict[str, str] = {}  # of targets that lack something the network has
        self._texts: dict[str, tuple[Line, ...]] = {}  # of each target, as far as it was asked for
        self._changes: dict[str, Changes] = {}
        self._from_here_now = False  # what is looked at was pointed at here, and so is in view
        self._quiet = QTimer(self)
        self._quiet.setSingleShot(True)
        self._quiet.setInterval(LINGER)
        self._quiet.timeout.connect(self._say)
        self._connect()

    def _connect(self) -> None:
        focus = self.context.focus
        self.targets.currentChanged.connect(self._show_target)
        self.copy.clicked.connect(self._copy)
        self.listing.pointed.connect(lambda blocks: self._from_here(focus.point_at_blocks, blocks))
        self.listing.chosen.connect(lambda block: self._from_here(focus.select, block))
        focus.blocks_changed.connect(self._pointed)
        focus.node_changed.connect(self._selected)

    @property
    def target(self) -> str:
        """The one whose program is shown."""
        return SHOWN[self.targets.currentIndex()]

    @property
    def text(self) -> str:
        """The whole program."""
        return "\n".join(line.text for line in self.listing.lines) + "\n"

    # --- what the window calls ----------------------------------------------------------------------------------------

    def show_project(self, before: Project | None, after: Project) -> None:
        at_once(self.showing(before, after))

    def showing(self, before: Project | None, after: Project) -> Iterator[None]:
        if not diff(before, after).touches(WRITTEN) and self._texts:
            return
        anew = before is None or self.context.document.news is News.OPENED
        written = self._written(after)
        yield
        if written is None:
            self.copy.setEnabled(bool(self.listing.lines))
            self._say()
            return
        old = {} if anew else self._texts
        self._texts = written
        self._changes = {
            key: changes([line.text for line in old[key]], [line.text for line in lines])
            for key, lines in written.items()
            if key in old
        }
        yield
        self._show_target()
        if not old:
            self._show_beginning()

    def _written(self, project: Project) -> dict[str, tuple[Line, ...]] | None:
        """The program in every target that can hold it; ``None``, and why, where the network cannot run."""
        self._refusals = {}
        try:
            outline = Outline(project.name, project.network, data_of(project).in_shape, project.fit)
            wrong = problems(project)
            self._problem = wrong[0].message if wrong else ""
            return None if wrong else {key: self._script(key, outline) for key in SHOWN}
        except EngineError as error:
            self._problem = str(error)
            return None

    def _script(self, key: str, outline: Outline) -> tuple[Line, ...]:
        write = TARGETS[key].script
        try:
            return write(outline) if write is not None else ()
        except ExportError as error:
            self._refusals[key] = str(error)
            return ()

    # --- what is shown ------------------------------------------------------------------------------------------------

    def _show_target(self) -> None:
        lines = self._texts.get(self.target, ())
        self.listing.show_lines(lines, self._changes.get(self.target, Changes()))
        self.copy.setEnabled(bool(lines))
        self._say()

    def _show_beginning(self) -> None:
        """Go to where the network is made."""
        made = [number for number, line in enumerate(self.listing.lines) if line.makes]
        if made:
            self.listing.verticalScrollBar().setValue(max(0, made[0] - 4))

    def _say(self) -> None:
        """How much there is, and what the last edit did; or why the program does not follow."""
        lines, done = self.listing.lines, self.listing.changes
        problem = self._problem or self._refusals.get(self.target, "")
        if problem:
            words = f"Not as the network stands: {problem}" if lines else problem
        else:
            words = counted(len(lines), "line")
            if done.new:
                words += f" · {len(done.new)} changed by the last edit"
            elif done.gone:
                words += " · the last edit took some out"
        self._tell(words, warning=bool(problem))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._elide()

    def _tell(self, words: str, *, warning: bool = False) -> None:
        self._words = words
        self._elide()
        self.said.setToolTip(tip(words))
        self.said.setAccessibleName(words)
        if bool(self.said.property("warning")) != warning:
            self.said.setProperty("warning", warning)
            self.said.setProperty("muted", not warning)
            refresh(self.said)

    def _elide(self) -> None:
        """Show as much of what is said as there is room for."""
        words = self._words
        room = max(160, self.width() - self.targets.sizeHint().width() - self.copy.sizeHint().width() - 60)
        self.said.setText(
            self.said.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, room) if words else ""
        )

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.text)
        self._tell(f"Copied {counted(len(self.listing.lines), 'line')}.")
        self._quiet.start()

    # --- what is looked at --------------------------------------------------------------------------------------------

    def _from_here(self, tell: Callable[[Any], None], what: object) -> None:
        """Tell all views what is looked at in this one."""
        self._from_here_now = True
        try:
            tell(what)
        finally:
            self._from_here_now = False

    def _pointed(self, blocks: tuple[str, ...]) -> None:
        self.listing.light(blocks)
        if len(blocks) == 1:
            self._reveal(blocks[0])

    def _selected(self, node_id: str) -> None:
        self.listing.select(node_id)
        self._reveal(node_id)

    def _reveal(self, block: str) -> None:
        number = self.listing.line_of(block)
        if number is not None and not self._from_here_now:
            self.listing.reveal(number)
