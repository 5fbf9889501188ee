"""What every view is and is given. Views draw projects and frames and turn gestures into edits; they never talk to one another."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QWidget
from shiboken6 import isValid

from playground.document.naming import renamed
from playground.runner.messages import OWN, ApplyStep, GoTo, Inspect, Play, Reset, Step, StepBack
from playground.ui.kit.calm import Calm

if TYPE_CHECKING:
    from engine.trace import Moment, Place, Trace
    from engine.trace.symbols import Way
    from playground.document.document import Document
    from playground.document.project import Project
    from playground.lessons.locks import Allowed
    from playground.runner.messages import Command, Frame, Want
    from playground.ui.kit.stepper import Stepper
    from playground.ui.kit.theme import Theme

LEFT, RIGHT, BOTTOM = (
    Qt.DockWidgetArea.LeftDockWidgetArea,
    Qt.DockWidgetArea.RightDockWidgetArea,
    Qt.DockWidgetArea.BottomDockWidgetArea,
)

#: commands that send the run to another moment, or stop to look into the one where it is
MOVING = (ApplyStep, GoTo, Inspect, Play, Reset, Step, StepBack)


class Focus(QObject):
    """What the person looks at: shared by all views, not part of the project, never undone.

    Attributes:
        node_id: the selected block ("" for none; "input" and "loss" are blocks too).
        unit: the unit under the mouse as ``(node_id, index)``, or ``None``.
        blocks: the ids of the blocks under the mouse, in whichever view: one on the canvas, those that a line of a program is about.
        sample: the chosen sample as ``(part, index)``.
        picture: the number of the person's own picture that is looked at instead of it; 0 for none.
        step: where the person is in stepping through an update; ``None`` while nobody steps.
        place: the number of that update that is under the mouse, in whichever view; ``None`` for none.
        chosen_place: the number of that update that was clicked, to be looked into; ``None`` before.
        digits: significant digits of the numbers on the card of a step.
        symbols: how the equations of a step name their numbers.
        veiled: the newest number of the step waits for a prediction: views keep it to themselves.
        allowed: what answers while a lesson locks the window; ``None``: everything.
        by_lesson: what is being done now the lesson does itself, whatever it locks.
    """

    framed = Signal(
        object
    )  #: each frame, once the views that are seen have drawn it: for those who note while hidden
    node_changed = Signal(str)
    unit_changed = Signal(object)
    blocks_changed = Signal(object)
    sample_changed = Signal(object)
    step_changed = Signal(object)
    place_changed = Signal(object)
    chosen_changed = Signal(object)
    veil_changed = Signal(bool)
    digits_changed = Signal(int)
    symbols_changed = Signal(str)
    #: somebody wants to change this block's options now (Enter or a double-click on it)
    edit_asked = Signal(str)
    #: somebody wants to search for a layer to add
    layers_asked = Signal()
    #: somebody wants the keyboard back in the network
    network_asked = Signal()
    #: somebody wants to change what this block reads
    wires_asked = Signal(str)
    #: somebody wants to call this layer otherwise
    name_asked = Signal(str)
    #: an edit has given layers other names, old ones to new ones; all that is looked at goes along
    renamed = Signal(object)
    #: somebody wants to see this convolution or pooling at work
    watch_asked = Signal(str)
    #: somebody wants to work on this project, and this to be done once it is open, if it comes to that
    project_asked = Signal(object, object)
    #: somebody wants to see this panel, by its key
    panel_asked = Signal(str)
    #: what is shown elsewhere needs the height of this panel, by its key: it is hidden
    height_asked = Signal(str)
    #: what a panel (its key) shows now needs more room, or no longer does
    room_asked = Signal(str, bool)
    #: somebody wants to try several values of what is at this path (see ``document/paths.py``)
    several_asked = Signal(str)
    #: another set of controls answers from now on (``allowed``); these panels, by key, are hidden while a lesson is read
    allowed_changed = Signal()
    hidden_asked = Signal(object)
    #: something that is locked was asked for: what, in a word or two
    locked_asked = Signal(str)
    #: somebody wants to train this project and the present one beside each other
    beside_asked = Signal(object)
    #: somebody sends the run to another moment, or looks into this one: the command, just before it is sent
    moment_asked = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.node_id = ""
        self.unit: tuple[str, int] | None = None
        self.blocks: tuple[str, ...] = ()
        self.sample: tuple[str, int] = ("validation", 0)
        self.picture = 0
        self.step: StepAt | None = None
        self.place: Place | None = None
        self.chosen_place: Place | None = None
        self._veilers: frozenset[str] = frozenset()
        self.allowed: Allowed | None = None
        self.by_lesson = False
        self.digits = 3
        self.symbols: Way = "step"

    def select(self, node_id: str) -> None:
        if node_id != self.node_id:
            self.node_id = node_id
            self.node_changed.emit(node_id)

    def begin_anew(self) -> None:
        """Another project is opened: nothing of the last one is selected or looked at. Stepping is ended by the stepper."""
        self.select("")
        self.hover(None)
        self.point_at_blocks(())
        self.choose_sample("validation", 0)

    def ask_edit(self, node_id: str) -> None:
        """Select a block, and ask whoever shows its options to take the keyboard."""
        self.select(node_id)
        self.edit_asked.emit(node_id)

    def ask_wires(self, node_id: str) -> None:
        """Ask whoever shows what a block reads to take the keyboard."""
        if node_id:
            self.wires_asked.emit(node_id)

    def ask_name(self, node_id: str) -> None:
        """Ask whoever shows what a layer is called to take the keyboard."""
        if node_id:
            self.name_asked.emit(node_id)

    def follow(self, before: Project | None, after: Project) -> None:
        """Go on looking at the same layers, where an edit has given them other names."""
        names = {} if before is None else renamed(before.network, after.network)
        if not names:
            return
        self.renamed.emit(names)
        self.select(names.get(self.node_id, self.node_id))
        if self.unit is not None:
            self.hover((names.get(self.unit[0], self.unit[0]), self.unit[1]))
        self.point_at_blocks(tuple(names.get(i, i) for i in self.blocks))

    def hover(self, unit: tuple[str, int] | None) -> None:
        if unit != self.unit:
            self.unit = unit
            self.unit_changed.emit(unit)

    def point_at_blocks(self, blocks: tuple[str, ...]) -> None:
        """The mouse is over these blocks, or over what is about them."""
        if blocks != self.blocks:
            self.blocks = blocks
            self.blocks_changed.emit(blocks)

    @property
    def seen(self) -> tuple[str, int]:
        """What is looked at: the chosen sample, or the person's own picture as ``("own", number)``."""
        return (OWN, self.picture) if self.picture else self.sample

    def choose_sample(self, part: str, index: int) -> None:
        if (part, index) != self.seen:
            self.sample, self.picture = (part, index), 0
            self.sample_changed.emit(self.sample)

    def look_at_picture(self, number: int) -> None:
        """Look at the person's own picture of this number, or (0) at the chosen sample again."""
        if number != self.picture:
            self.picture = number
            self.sample_changed.emit(self.sample)

    def show_step(self, step: StepAt | None) -> None:
        """Stand at ``step`` of an update, or (``None``) step no more."""
        if step != self.step:
            self.step = step
            self.step_changed.emit(step)
            if step is None:
                self.point_at(None)
                self.choose_place(None)
                for who in self._veilers:
                    self.veil(False, who)

    def point_at(self, place: Place | None) -> None:
        """The mouse is over the number at ``place``: every view that shows it says so."""
        if place != self.place:
            self.place = place
            self.place_changed.emit(place)

    def choose_place(self, place: Place | None) -> None:
        """Look into the number at ``place``: it was clicked, in whichever view."""
        if place != self.chosen_place:
            self.chosen_place = place
            self.chosen_changed.emit(place)

    @property
    def veiled(self) -> bool:
        return bool(self._veilers)

    def veil(self, veiled: bool, who: str = "predict") -> None:
        """Keep the step's newest number hidden until it has been predicted, or show it, as far as ``who`` asks is concerned."""
        before = self.veiled
        self._veilers = self._veilers | {who} if veiled else self._veilers - {who}
        if self.veiled != before:
            self.veil_changed.emit(self.veiled)

    def allow(self, allowed: Allowed | None) -> None:
        """Let only this answer, or (``None``) everything."""
        if allowed != self.allowed:
            self.allowed = allowed
            self.allowed_changed.emit()

    def opens(self, control: str) -> bool:
        """Whether a control (see ``lessons/locks.py``) answers."""
        return self.allowed is None or self.allowed.control(control)

    def set_digits(self, digits: int) -> None:
        """Write the numbers on the card of a step with so many significant digits."""
        if digits != self.digits:
            self.digits = digits
            self.digits_changed.emit(digits)

    def set_symbols(self, way: Way) -> None:
        """Name the numbers of a step in this way."""
        if way != self.symbols:
            self.symbols = way
            self.symbols_changed.emit(way)


def announced(send: Callable[[Command], None], focus: Focus) -> Callable[[Command], None]:
    """``send``, which also says (``focus.moment_asked``) when a command is one of ``MOVING``, and keeps back what a lesson locks."""

    def tell(command: Command) -> None:
        locked = None if focus.by_lesson else focus.allowed
        if locked is not None and locked.refuses_command(command):
            focus.locked_asked.emit(type(command).__name__.lower())
            return
        if isinstance(command, MOVING):
            focus.moment_asked.emit(command)
        send(command)

    return tell


def at_once(steps: Iterable[None]) -> None:
    """Do all that ``steps`` would do bit by bit."""
    for _ in steps:
        pass


@dataclass(frozen=True)
class StepAt:
    """One step of an update.

    Args:
        trace: the recorded update (compared by identity).
        moment: the step.
        sample: place in the batch, or ``None`` for the whole batch.
    """

    trace: Trace
    moment: Moment
    sample: int | None = 0


@dataclass(frozen=True)
class Context:
    """What a view may use: the document to edit, the runner to command, the shared focus and theme, and the walk through an update.

    ``stepper``: ``None`` where nobody walks, as in a test of a view that only shows ``focus.step``; ``calm``: when numbers change.
    """

    document: Document
    focus: Focus
    send: Callable[[Command], None]
    theme: Theme
    stepper: Stepper | None = None
    calm: Calm = field(default_factory=Calm)

    @property
    def gone(self) -> bool:
        """Whether the window is being taken apart, in which Qt hides views, too: there is nobody left to tell anything."""
        return not isValid(self.focus)


@dataclass(frozen=True)
class Table:
    """The numbers behind a view: names of the columns, and rows of words and numbers."""

    names: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]


class View(QWidget):
    """Base of views. A view is one file that opens alone: ``python -m playground.ui.shell.preview NAME``."""

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.context = context
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)  # a plain QWidget would not paint its panel

    def as_table(self) -> Table | None:
        """The numbers that it shows now, for a file beside its figure; ``None`` where there is no such table."""
        return None

    def wants(self) -> Iterable[Want]:
        """What it needs in frames while it is visible. Asked before every frame, so keep it cheap."""
        return ()

    def show_project(self, before: Project | None, after: Project) -> None:
        """The document has changed; compare parts with ``is``. ``before`` is None for the first fill."""

    def showing(self, before: Project | None, after: Project) -> Iterator[None]:
        """``show_project`` bit by bit: at each ``yield`` mouse and keys have their turn.

        For views that need more than a few milliseconds; their ``show_project`` does it ``at_once``. When the document changes again
        in between, the rest is given up, and the view told of both changes as one.
        """
        self.show_project(before, after)
        return iter(())

    def end(self) -> None:
        """The window has closed: what goes on by itself, in another process say, ends now."""

    def show_frame(self, frame: Frame) -> None:
        """Draw a moment of training. Called on the GUI thread at most 60 times a second, only while visible."""


@dataclass(frozen=True)
class Panel:
    """One dock.

    Args:
        made_by: where the class of its view is, as "module:Class".
        key: its objectName, in saved layouts too.
        title: on its bar.
        area: where it stands at first.
        order: among all panels, in the menu and in its area.
        share: of the height of its column.
        behind: the panel whose tab stands before its own, where they share a place.
        shown: at first.
        tall: it needs height: whenever somebody opens it, it is given some.
        alone: while it is seen, the others of its area give way.
    """

    made_by: str
    key: str
    title: str
    area: Qt.DockWidgetArea
    order: int
    share: int = 1
    behind: str = ""
    shown: bool = True
    tall: bool = False
    alone: bool = False

    @property
    def view(self) -> type[View]:
        """Makes what is inside. Its module is imported when this is first asked for: a window begins without what is not seen."""
        view: type[View] = resolve_name(self.made_by)
        return view


declared: list[Panel] = []  #: by the folders imported so far; ``panels.PANELS`` has all


def panel(made_by: str, key: str, title: str, area: Qt.DockWidgetArea, **more: Any) -> None:
    """Declare a panel of the window; what is said of it: see ``Panel``."""
    declared.append(Panel(made_by, key, title, area, **more))
