"""The panels of the window: their docks, and where these stand at first. What a panel is, it says itself with ``panel``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt, QTimer
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
#: milliseconds after which it is looked again whether a dock is still dragged
HELD = 100
#: the width of a panel that is read, at least, and of a window in which it may reach down to the bottom, in pixels
READ, WIDE = 330, 1500
#: height and width of a panel that asks for room, as shares of the window
ROOM_SHARE, WIDE_SHARE = 0.66, 0.42
#: pixels by which a width may be off that nobody has changed: margins and Qt's rounding
SLACK = 24

#: in a window lower than this, in pixels, some panels stand behind others at first
LOW, LOW_BEHIND = 560, {"palette": "data", "losses": "output"}


class Slot(QWidget):
    """What a dock holds: the view of a panel, made when it is first seen or asked for."""

    def __init__(self, panel: Panel, make: Callable[[Panel], View]) -> None:
        super().__init__()
        self._panel, self._make = panel, make
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
        if self.made is None:  # shown by Qt itself, in the middle of what it does with docks
            QTimer.singleShot(0, self, self._make_late)

    def _make_late(self) -> None:
        if self.isVisible():
            self.view.show()


class Dock(QDockWidget):
    """A dock whose view is made before it is shown, not while Qt is arranging docks.

    Attributes:
        held: the mouse has taken it by its title.
    """

    held = False

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.MouseButtonPress:
            self.held = True
        elif event.type() in (QEvent.Type.MouseButtonRelease, QEvent.Type.Hide):
            self.held = False
        return super().event(event)

    def setVisible(self, visible: bool) -> None:
        slot = self.widget()
        if visible and isinstance(slot, Slot) and self.window().isVisible():
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
        self._widened: dict[QDockWidget, tuple[int, int]] = {}  # widths before and after
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
                changed.connect(lambda *_: self._later.start(0))

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
        # A text wants height, but what stands at the bottom wants the width of a small window.
        reaches_down = on and self._window.width() >= WIDE
        self._window.setCorner(Qt.Corner.BottomLeftCorner, panel.area if reaches_down else BOTTOM)
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

    @property
    def _held(self) -> bool:
        """Whether somebody drags a dock: Qt has put its arrangement aside then, and whoever changes it may free it twice."""
        return any(dock.held for dock in self._docks.values())

    def _refresh_titles(self) -> None:
        if self._held:
            self._later.start(HELD)
            return
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
        """Show a panel, above those that share its place."""
        dock, panel = self[key], next(p for p in PANELS if p.key == key)
        dock.show()
        dock.raise_()
        if panel.tall:
            self._heighten(dock, max(TALL, round(self._window.height() * TALL_SHARE)))

    def give_room(self, key: str, on: bool = True) -> None:
        """Make a panel as large as a picture with tools needs it, where it is smaller; or as it was before that."""
        dock, wide = self[key], round(self._window.width() * WIDE_SHARE)
        if not on:
            if dock in self._widened:
                self._narrow(dock)
            return
        before = dock.width()
        self._heighten(dock, max(TALL, round(self._window.height() * ROOM_SHARE)))
        if not dock.isFloating() and before < wide:
            self._resize(dock, wide)
            self._widened[dock] = before, wide

    def _narrow(self, dock: QDockWidget) -> None:
        """Give a dock the width back that it had before it was widened, unless somebody has chosen another since."""
        before, wide = self._widened.pop(dock)
        if not dock.isFloating() and abs(dock.width() - wide) <= SLACK:
            for delay in (0, 50):  # once more when its view has taken the width, and can be narrower still
                QTimer.singleShot(delay, self._window, lambda: self._resize(dock, before))

    def _heighten(self, dock: QDockWidget, wished: int) -> None:
        if not dock.isFloating() and dock.height() < wished:
            self._resize(dock, wished, Qt.Orientation.Vertical)

    def _resize(self, dock: QDockWidget, size: int, way: Qt.Orientation = Qt.Orientation.Horizontal) -> None:
        if not self._held:
            self._window.resizeDocks([dock], [size], way)

    def make_shown(self) -> None:
        """Make the views that are seen as soon as the window is."""
        for panel in PANELS:
            if not self[panel.key].isHidden():
                self._slots[panel.key].view.show()

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
