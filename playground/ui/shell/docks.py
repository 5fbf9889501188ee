"""The panels of the window: their docks, and where these stand at first. What a panel is, it says itself with ``panel``."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QDockWidget, QMainWindow, QVBoxLayout, QWidget
from shiboken6 import isValid

from playground.ui.kit.view import BOTTOM, LEFT, RIGHT, Panel, View
from playground.ui.panels import PANELS
from playground.ui.shell.dock_title import DockTitle

if TYPE_CHECKING:
    from playground.ui.kit.view import Context

#: the height of a tall panel, at least: in pixels, and as a share of the window
TALL, TALL_SHARE = 300, 0.4
#: the width of a panel that is read, at least, and of a window in which both columns may reach down beside it, in pixels
READ, WIDE = 330, 1500
#: height and width of a panel that asks for room, as shares of the window
ROOM_SHARE, WIDE_SHARE = 0.66, 0.42
#: pixels by which a width may be off that nobody has changed: margins and Qt's rounding
SLACK = 24

#: panels that stand behind others while a small window holds a text and a panel at the bottom
STACKED = {"losses": "output"}
#: … and these, too, in a window lower than so many pixels, where Qt would draw them over one another
STACKED_LOW, STACKED_BELOW = {"inspector": "output", "training": "output"}, 900

#: in a window lower than this, in pixels, some panels stand behind others at first
LOW, LOW_BEHIND = 560, {"palette": "data", "losses": "output"}


class Slot(QWidget):
    """What a dock holds: the view of a panel, made when it is first seen or asked for."""

    def __init__(self, panel: Panel, make: Callable[[Panel], View]) -> None:
        super().__init__()
        self._panel, self._make = panel, make
        self.waits = False  #: it is made later, although it is seen
        self.setProperty("help_page", f"panel/{panel.key}")
        self.made: View | None = None
        self._inside = QVBoxLayout(self)
        self._inside.setContentsMargins(0, 0, 0, 0)

    @property
    def view(self) -> View:
        if self.made is None:
            self.made = view = self._make(self._panel)
            if not view.objectName():
                view.setObjectName(f"{self._panel.key}_view")
            self.setFocusProxy(view)
            self._inside.addWidget(view)
        return self.made

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if (
            self.made is None and not self.waits
        ):  # shown by Qt itself, in the middle of what it does with docks
            QTimer.singleShot(0, self, self._make_late)

    def _make_late(self) -> None:
        if self.isVisible():
            self.view.show()


class Dock(QDockWidget):
    """A dock whose view is made before it is shown, not while Qt is arranging docks."""

    def setVisible(self, visible: bool) -> None:
        slot = self.widget()
        if visible and isinstance(slot, Slot) and self.window().isVisible() and not slot.waits:
            slot.view.show()
        super().setVisible(visible)


class Views(Mapping[str, "View"]):
    """The views of all panels, by key; each is made when it is first asked for.

    Attributes:
        made: those that have been made, in the order of the panels.
    """

    def __init__(self, slots: Mapping[str, Slot]) -> None:
        self._slots = slots

    @property
    def made(self) -> tuple[View, ...]:
        return tuple(slot.made for slot in self._slots.values() if slot.made is not None)

    def __getitem__(self, key: str) -> View:
        return self._slots[key].view

    def __iter__(self) -> Iterator[str]:
        return iter(self._slots)

    def __len__(self) -> int:
        return len(self._slots)


class Docks:
    """The docks of a window, by key, and their first arrangement.

    Attributes:
        born: called with the key of a panel and its view, which has been made, before it is seen.
    """

    def __init__(self, window: QMainWindow, context: Context) -> None:
        self._window, self._context = window, context
        self.born: Callable[[str, View], object] = lambda key, view: None
        self._gave_way: tuple[str, ...] = ()
        self._crowded = False  # a panel that is read stands in a small window
        self._stacked: tuple[str, ...] = ()
        self._concealed: set[str] = set()  # by a lesson
        self._hidden_so: set[str] = set()  # those of them that were seen before
        self._widened: dict[QDockWidget, tuple[int, int]] = {}  # widths before and after
        self._heightened: dict[
            QDockWidget, dict[QDockWidget, int]
        ] = {}  # heights before, of all in its column
        self._slots = {panel.key: Slot(panel, self._bear) for panel in PANELS}
        self.views = Views(self._slots)
        self._docks = {panel.key: self._make(panel) for panel in PANELS}
        self._titles = {key: DockTitle(dock, context.theme) for key, dock in self._docks.items()}
        for key, title in self._titles.items():
            self[key].setTitleBarWidget(title)
        # The right column reaches down to the bottom, as it holds most; the bottom panels reach to the left edge.
        window.setCorner(Qt.Corner.BottomRightCorner, RIGHT)
        window.setCorner(Qt.Corner.BottomLeftCorner, BOTTOM)
        # Qt says that something about docks has changed, but not which of them share a place now.
        self._later = QTimer(window, singleShot=True, interval=0)
        self._later.timeout.connect(self._refresh_titles)
        for dock in self._docks.values():
            for changed in (dock.dockLocationChanged, dock.topLevelChanged, dock.visibilityChanged):
                changed.connect(self._arranged)

    def __getitem__(self, key: str) -> QDockWidget:
        return self._docks[key]

    def _bear(self, panel: Panel) -> View:
        view = panel.view(self._context)
        self.born(panel.key, view)
        return view

    def _make(self, panel: Panel) -> Dock:
        dock = Dock(panel.title, self._window)
        dock.setObjectName(panel.key)
        dock.setWidget(self._slots[panel.key])
        toggle = dock.toggleViewAction()
        toggle.setToolTip(f"Show or hide the {panel.title} panel.")
        toggle.triggered.connect(lambda on, key=panel.key: self.bring_forward(key) if on else None)
        if panel.alone:
            toggle.toggled.connect(lambda on, panel=panel: self._stand_alone(panel, on))
        self._window.addDockWidget(panel.area, dock)
        dock.hide()  # until arrange, or what was kept of the last window, says which are seen
        return dock

    def _stand_alone(self, panel: Panel, on: bool) -> None:
        """The others of its area give way to a panel that is read, and come back after it."""
        if not isValid(self._window) or not (on or self._window.isVisible()):
            return  # Qt hides docks as the window goes, too
        others = [one for one in PANELS if one.area == panel.area and one is not panel]
        # A text wants height. What stands at the bottom wants width, and in a small window takes it from the other column.
        self._window.setCorner(Qt.Corner.BottomLeftCorner, panel.area if on else BOTTOM)
        small = on and self._window.width() < WIDE
        self._window.setCorner(Qt.Corner.BottomRightCorner, BOTTOM if small else RIGHT)
        self._crowded = small
        self._arranged()
        if on:
            self._gave_way = tuple(one.key for one in others if not self[one.key].isHidden())
            width = min(max(READ, self._window.width() * 26 // 100), 460)
            for key in self._gave_way:
                self._widened[self[key]] = self[key].width(), width
                self[key].hide()
            self._resize(self[panel.key], width)
        elif all(self[one.key].isHidden() for one in others):
            back = self._gave_way or tuple(one.key for one in others if one.shown)
            for key in back:
                self[key].show()
            for key in back:
                if self[key] in self._widened:
                    self._narrow(self[key])

    def _stack(self) -> None:
        """Where the other column has given its foot to a panel at the bottom, it has no height for all that stands in it."""
        below = any(not self[one.key].isHidden() for one in PANELS if one.area == BOTTOM)
        wanted = self._crowded and below
        if wanted == bool(self._stacked):
            return
        if wanted:
            low = STACKED_LOW if self._window.height() < STACKED_BELOW else {}
            for back, front in (STACKED | low).items():
                if not (self[back].isHidden() or self[front].isHidden() or self[back].isFloating()):
                    self._window.tabifyDockWidget(self[front], self[back])
                    self[front].raise_()
                    self._stacked += (back,)
                    QTimer.singleShot(0, self._window, self._heighten_tall)
        else:
            self._unstack()
            self._stacked = ()

    def _heighten_tall(self) -> None:
        """Give panels at the bottom the height that they ask for, now that there is some."""
        for panel in PANELS:
            if panel.tall and panel.area == BOTTOM and not self[panel.key].isHidden():
                self._heighten(self[panel.key], self._tall)

    def _unstack(self) -> None:
        """Put the column's panels below one another again: Qt has no way to take one out from among tabs but to place all anew."""
        column = [
            p
            for p in PANELS
            if self._window.dockWidgetArea(self[p.key]) == RIGHT and not self[p.key].isFloating()
        ]
        shown = {p.key: not self[p.key].isHidden() for p in column}
        in_front = [p.key for p in column if self.seen(p.key)]
        for panel in column:
            self._window.removeDockWidget(self[panel.key])
        for panel in column:
            self._window.addDockWidget(RIGHT, self[panel.key])
            if panel.behind in shown:
                self._window.tabifyDockWidget(self[panel.behind], self[panel.key])
            self[panel.key].setVisible(shown[panel.key])
        for key in in_front:
            self[key].raise_()

    @property
    def _tall(self) -> int:
        """Pixels that a tall panel asks for."""
        return max(TALL, round(self._window.height() * TALL_SHARE))

    def _arranged(self, *_: object) -> None:
        if isValid(self._later):  # Qt hides docks as the window goes, too
            self._later.start()

    def _refresh_titles(self) -> None:
        self._stack()
        for key, title in self._titles.items():
            title.set_tabbed(bool(self._window.tabifiedDockWidgets(self[key])))

    def seen(self, key: str) -> bool:
        """Whether something of a panel is on the screen: a tab behind another is shown, as Qt says it, but not seen."""
        return self[key].isVisible() and not self[key].visibleRegion().isEmpty()

    def switch(self, key: str) -> None:
        """Show a panel, also where it is a tab behind another; hide it where it is seen."""
        if self.seen(key):
            self[key].hide()
        else:
            self.bring_forward(key)

    def bring_forward(self, key: str) -> None:
        """Show a panel, above those that share its place; not one that a lesson hides."""
        if key in self._concealed:
            return
        dock, panel = self[key], next(p for p in PANELS if p.key == key)
        dock.show()
        dock.raise_()
        QTimer.singleShot(0, dock, dock.raise_)  # a tab that is only made now is not in front by the first
        if panel.tall:
            self._heighten(dock, self._tall)

    def give_room(self, key: str, on: bool = True) -> None:
        """Make a panel as large as a picture with tools needs it, where it is smaller; or as it was before that.

        One at the left becomes higher alone: width it would take from the network.
        """
        dock, wide = self[key], round(self._window.width() * WIDE_SHARE)
        if not on:
            if dock in self._widened:
                self._narrow(dock)
            if dock in self._heightened:
                heights = self._heightened.pop(dock)
                self._window.resizeDocks([*heights], [*heights.values()], Qt.Orientation.Vertical)
            return
        before = dock.width()
        self._heightened.setdefault(dock, self._heights(dock))
        self._heighten(dock, max(TALL, round(self._window.height() * ROOM_SHARE)))
        if not dock.isFloating() and before < wide and self._window.dockWidgetArea(dock) != LEFT:
            self._resize(dock, wide)
            self._widened[dock] = before, wide

    def _narrow(self, dock: QDockWidget) -> None:
        """Give a dock the width back that it had before it was widened, unless somebody has chosen another since."""
        before, wide = self._widened.pop(dock)
        if abs(dock.width() - wide) <= SLACK:
            for delay in (0, 50):  # once more when its view has taken the width, and can be narrower still
                QTimer.singleShot(delay, self._window, lambda: self._resize(dock, before))

    def _heights(self, dock: QDockWidget) -> dict[QDockWidget, int]:
        """Those of a dock and of what stands above and below it: told of one alone, Qt meets the others halfway."""
        area = self._window.dockWidgetArea(dock)
        return {
            one: one.height()
            for key, one in self._docks.items()
            if self.seen(key) and not one.isFloating() and self._window.dockWidgetArea(one) == area
        }

    def _heighten(self, dock: QDockWidget, wished: int) -> None:
        if dock.height() < wished:
            self._resize(dock, wished, Qt.Orientation.Vertical)

    def _resize(self, dock: QDockWidget, size: int, way: Qt.Orientation = Qt.Orientation.Horizontal) -> None:
        if not dock.isFloating():
            self._window.resizeDocks([dock], [size], way)

    def conceal(self, keys: Collection[str]) -> None:
        """Hide these panels, and offer them no more; those that were hidden so before and are not given now come back."""
        wanted = set(keys) & self._docks.keys()
        for key in self._concealed - wanted:
            self[key].toggleViewAction().setEnabled(True)
            if key in self._hidden_so:
                self[key].show()
        for key in wanted - self._concealed:
            self[key].toggleViewAction().setEnabled(False)
            if not self[key].isHidden():
                self._hidden_so.add(key)
                self[key].hide()
        self._hidden_so &= wanted
        self._concealed = wanted

    def make_shown(self) -> None:
        """Make the views that are seen as soon as the window is; where they wait, ``make_waiting`` does."""
        for panel in PANELS:
            slot = self._slots[panel.key]
            if not self[panel.key].isHidden() and not slot.waits:
                slot.view.show()

    def wait(self) -> None:
        """Let views that nobody asks for wait until ``make_waiting``: the network is to be seen at once."""
        for slot in self._slots.values():
            slot.waits = True

    def make_waiting(self) -> None:
        """Make what is seen, a view at each turn of the event loop, until the window is closed."""
        if self._window.isHidden():
            return
        waiting = [key for key, slot in self._slots.items() if slot.waits]
        seen = [key for key in waiting if not self[key].isHidden() and self._slots[key].made is None]
        for key in waiting if len(seen) < 2 else [seen[0]]:
            self._slots[key].waits = False
        if seen:
            self._slots[seen[0]].view.show()
            QTimer.singleShot(0, self._window, self.make_waiting)

    def present(self, key: str) -> None:
        """Show one panel alone beside the network: at the bottom where it needs the width, else at the right."""
        panel = next(p for p in PANELS if p.key == key)
        for other in PANELS:
            if other.key != key:
                self[other.key].hide()
        dock = self[key]
        dock.setFloating(False)
        dock.show()
        if panel.area == BOTTOM:
            self._window.resizeDocks([dock], [self._window.height() // 2], Qt.Orientation.Vertical)
        else:
            self._window.resizeDocks([dock], [self._window.width() * 2 // 5], Qt.Orientation.Horizontal)

    def arrange(self) -> None:
        """Put every panel to its first place, in sizes that suit the window."""
        for panel in PANELS:
            dock = self[panel.key]
            dock.setFloating(False)
            self._window.removeDockWidget(dock)
            self._window.addDockWidget(panel.area, dock)
            behind = panel.behind or (LOW_BEHIND.get(panel.key, "") if self._window.height() < LOW else "")
            if behind:
                self._window.tabifyDockWidget(self[behind], dock)
            dock.setVisible(panel.shown)
        self.make_shown()
        width, height = self._window.width(), self._window.height()
        columns = {LEFT: min(max(250, width * 17 // 100), 330), RIGHT: min(max(330, width * 27 // 100), 560)}
        for area, column_width in columns.items():
            column = [p for p in PANELS if p.area == area and not p.behind]
            docks = [self[p.key] for p in column]
            self._window.resizeDocks(docks, [column_width] * len(docks), Qt.Orientation.Horizontal)
            self._window.resizeDocks(
                docks, [height * p.share // 100 for p in column], Qt.Orientation.Vertical
            )
        bottom = [self[p.key] for p in PANELS if p.area == BOTTOM]
        self._window.resizeDocks(bottom, [height // 5] * len(bottom), Qt.Orientation.Vertical)
        for first in LOW_BEHIND.values():
            self[first].raise_()
        self["training"].raise_()  # there is something to see in it before a block is selected
