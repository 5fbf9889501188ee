"""The window: panels round the network, the bar above, and who hears whom."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, Protocol, cast

from PySide6.QtCore import QByteArray, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QPaintEvent, QShowEvent
from PySide6.QtWidgets import (
    QApplication,
    QLineEdit,
    QMainWindow,
    QMenu,
    QScrollArea,
    QTabWidget,
    QWidget,
)

from engine.network import INPUT
from playground.document.document import News
from playground.document.project import findings
from playground.runner.messages import Command, Frame, Load
from playground.ui.kit import motion
from playground.ui.kit.actions import DIGITS, SCALES, SYMBOLS, Actions, Situation
from playground.ui.kit.codes import carries_code
from playground.ui.kit.forms import settle_typed, take_typed
from playground.ui.kit.stepper import Stepper
from playground.ui.kit.view import Context, Focus, View, announced
from playground.ui.panels import PANELS
from playground.ui.panels.canvas.view import CanvasView
from playground.ui.panels.data.loading import Waiting
from playground.ui.shell.autosave import Autosave
from playground.ui.shell.banner import Banner
from playground.ui.shell.desk import Desk
from playground.ui.shell.dialogs import Dialogs
from playground.ui.shell.docks import Docks
from playground.ui.shell.drops import Drops
from playground.ui.shell.gutters import leave_gutters
from playground.ui.shell.help.desk import HelpDesk
from playground.ui.shell.light import LightView
from playground.ui.shell.metrics import MetricsBar
from playground.ui.shell.panel_switches import PanelSwitches
from playground.ui.shell.pump import Pump
from playground.ui.shell.recent import RecentMenu
from playground.ui.shell.refusal import Cautions, Refusal
from playground.ui.shell.run_control import RunControl
from playground.ui.shell.saving import Saving
from playground.ui.shell.settings import LAYOUT_VERSION, THEMES, Settings
from playground.ui.shell.transport import Transport
from playground.ui.shell.weights import WeightFiles

if TYPE_CHECKING:
    from playground.document.document import Document
    from playground.document.project import Project
    from playground.ui.application import Appearance
    from playground.ui.panels.backprop.view import BackpropView
    from playground.ui.panels.convolution.view import ConvolutionView
    from playground.ui.panels.runs.view import RunsView
    from playground.ui.shell.recovery import Recovery
    from playground.ui.shell.undo import History


UNSEEN = (
    1000  #: milliseconds after which panels are made although the window was not painted: it may be covered
)
LEAST = 960, 600  #: pixels of the window, where the screen has as many
ROOMY = 1600  #: on narrower screens, in pixels, the window begins with all there is


class RunnerLike(Protocol):
    """Whoever trains: the worker's thread, or the same work done in place for pictures."""

    def send(self, command: Command) -> None: ...
    def take(self) -> Frame | None: ...


class MainWindow(QMainWindow):
    """Shows ``document`` and what ``runner`` makes of it; keeps it in ``recovery``, if there is one.

    Args:
        panels_later: panels come right after the first painting, which they would delay.
    """

    closed = Signal()

    def __init__(
        self,
        document: Document,
        history: History,
        runner: RunnerLike,
        settings: Settings,
        appearance: Appearance,
        recovery: Recovery | None = None,
        panels_later: bool = False,
    ) -> None:
        super().__init__()
        self.setObjectName("main_window")
        self.setTabPosition(Qt.DockWidgetArea.AllDockWidgetAreas, QTabWidget.TabPosition.North)
        # Not GroupedDragging: Qt 6.11 frees a group that is dragged twice, in any program (tests/ui/test_dock_drags.py).
        self.setDockOptions(QMainWindow.DockOption.AllowTabbedDocks | QMainWindow.DockOption.AllowNestedDocks)
        self.document, self.history = document, history
        self._settings, self._appearance = settings, appearance
        document.settle = settle_typed
        self._closing, self._first_painting = False, panels_later
        self._usual = QByteArray()  # how the panels stood before the presentation
        history.setParent(self)  # it must go with the window, not whenever Python finds time
        self.focus = Focus(self)
        self._send = announced(runner.send, self.focus)
        self.stepper = Stepper(self.focus, self._send)
        context = Context(document, self.focus, self._send, appearance.theme, self.stepper)

        self.banner = Banner(appearance.theme, self)
        self.run = RunControl(document, self._send, self.banner)
        self.canvas = CanvasView(context)
        self.saving = Saving(self, self._send, self.canvas)
        self.desk = Desk(self, document, history, settings, self.run, self.saving)
        self.setCentralWidget(self.canvas)
        self.weights = WeightFiles(self, document, self.saving, lambda: self.desk.name, self.run.note)
        self.banner.lie_over(self.canvas)
        self.docks = Docks(self, context)
        self.metrics = MetricsBar(context)
        self.light = LightView(context)
        self.help, self.dialogs = HelpDesk(self), Dialogs(self, appearance.theme, settings)
        self.actions_ = Actions(self, self._handlers(), appearance.theme)
        self.transport = Transport(
            self.actions_,
            self.metrics,
            self._send,
            appearance.theme,
            appearance.toggle,
            Refusal(appearance.theme, partial(self.docks.switch, "problems"), self.focus.select),
            Cautions(appearance.theme, partial(self.docks.switch, "problems")),
            self.light,
            PanelSwitches(self.docks, appearance.theme),
        )
        self.addToolBar(self.transport)
        leave_gutters(self)
        self._fill_menus()
        self.pump = Pump(self, runner.take, runner.send, (self.canvas, self.metrics, self.light))
        self.docks.born = self._view_made

        if recovery is not None:
            self.desk.autosave = Autosave(self.desk, recovery, self.saving, self.pump.look, self)
            self.desk.autosave.failed.connect(self.run.not_kept)
        self.waiting = Waiting(self)
        self.drops = Drops(self, self.desk, self.dialogs.open_model, self.docks)

        appearance.theme.follow(self._mark_theme)
        self.actions_[f"view.scale.{settings.scale}"].setChecked(True)
        self.actions_[f"view.digits.{self.focus.digits}"].setChecked(True)
        self.actions_[f"view.symbols.{self.focus.symbols}"].setChecked(True)
        self.actions_["view.reduce_motion"].setChecked(settings.reduce_motion)
        motion.reduce(settings.reduce_motion)
        self._connect()
        self._project_changed(None, document.value)
        if panels_later:
            self.docks.wait()
            QTimer.singleShot(UNSEEN, self, self._painted)
        self._restore()

    # --- wiring -------------------------------------------------------------------------------------------------------

    def _connect(self) -> None:
        """Who hears whom. Views hear of one another only through the document, the frames and the focus."""
        self._unsubscribe = self.document.subscribe(self._project_changed)
        self.destroyed.connect(self._unsubscribe)
        self.history.cleanChanged.connect(self._retitle)
        self.history.indexChanged.connect(self._refresh)
        self.desk.moved.connect(self._retitle)
        self.light.chosen.connect(lambda: self.docks.bring_forward("diagnosis"))
        self.pump.framed.connect(self.run.see)
        self.pump.framed.connect(self.focus.framed)
        self.pump.framed.connect(self.stepper.see)
        self.pump.framed.connect(self.saving.see)
        self.pump.framed.connect(self.desk.see)
        self.pump.framed.connect(self.transport.scrub.see)
        self.pump.view_failed.connect(self.run.view_failed)
        self.stepper.moved.connect(lambda: self.run.read() if self.stepper.walk is not None else None)
        self.run.changed.connect(self._refresh)
        self.run.leaving = self.desk.put_run_aside
        self.waiting.arrived.connect(self._data_arrived)
        self.focus.node_changed.connect(self._selected)
        self.focus.edit_asked.connect(self._edit_asked)
        self.focus.watch_asked.connect(self.watch)
        self.focus.project_asked.connect(self.desk.open_project)
        self.focus.panel_asked.connect(self.docks.bring_forward)
        self.focus.room_asked.connect(self.docks.give_room)
        self.focus.several_asked.connect(self._several_asked)
        self.focus.beside_asked.connect(self._beside_asked)
        self.focus.wires_asked.connect(self._wires_asked)
        self.focus.name_asked.connect(self._name_asked)
        self.focus.layers_asked.connect(self._layers_asked)
        self.focus.network_asked.connect(self.canvas.setFocus)
        self.focus.height_asked.connect(lambda key: self.docks[key].hide())
        self.document.refused = self._refuse_locked
        self.focus.locked_asked.connect(self._refuse_locked)
        self.focus.allowed_changed.connect(self._lock)
        self.focus.hidden_asked.connect(self.docks.conceal)

    def _view_made(self, key: str, view: View) -> None:
        """A panel is seen, or asked for, for the first time."""
        self.pump.add(view, self.document.value)
        if key == "backprop":
            cast("BackpropView", view).starter_chosen.connect(self._open_starter)
            self.docks["backprop"].visibilityChanged.connect(self._mind_walk)

    def _lock(self) -> None:
        """A lesson has locked something, or opened it again."""
        allowed = self.focus.allowed
        self.document.guard = None if allowed is None else allowed.refused
        self.docks["palette"].setEnabled(self.focus.opens("network"))
        self._refresh()

    def _refuse_locked(self, what: str) -> None:
        self.run.note(f"Locked by the lesson for now: {what}. The Lessons panel says what opens it.")

    def _mind_walk(self) -> None:
        """The network shows the steps of an update as long as the panel that explains them is open."""
        if self.isVisible():
            self.stepper.set_seen(not self.docks["backprop"].isHidden())

    @property
    def views(self) -> tuple[QWidget, ...]:
        """All that have been made."""
        return (self.canvas, self.metrics, self.light, *self.docks.views.made)

    @property
    def backprop(self) -> BackpropView:
        """The panel in which one walks through an update."""
        return cast("BackpropView", self.docks.views["backprop"])

    def _handlers(self) -> Mapping[str, Callable[[], object]]:
        """What each action does. What is being typed comes first: it was meant for what the user sees."""

        def after_typing(typed: Callable[[], object], act: Callable[[], object]) -> None:
            typed()
            act()

        first = {"file": settle_typed, "edit": settle_typed, "run": take_typed}
        return {
            key: partial(after_typing, first[menu], act) if (menu := key.partition(".")[0]) in first else act
            for key, act in self._acts().items()
        }

    def _acts(self) -> Mapping[str, Callable[[], object]]:
        desk, run = self.desk, self.run
        return {
            "file.new": desk.new,
            "file.open": desk.open,
            "file.examples": self.show_start_page,
            "file.points": self.dialogs.show_points,
            "file.save": desk.save,
            "file.save_as": desk.save_as,
            "file.load_weights": self.weights.load,
            "file.save_weights": self.weights.save,
            "file.export": self.dialogs.show_export,
            "file.import": self.dialogs.import_model,
            "file.figure": self.dialogs.show_figure,
            "file.film": self.dialogs.show_film,
            "file.report": self.dialogs.show_report,
            "file.share": self.dialogs.share,
            "file.open_code": desk.open_code,
            "file.quit": self.close,
            "edit.undo": self.history.undo,
            "edit.redo": self.history.redo,
            **self.canvas.acts,
            "edit.paste": self._paste,
            **{f"view.theme.{choice}": partial(self._appearance.choose, choice) for choice in THEMES},
            **{f"view.scale.{percent}": partial(self._rescale, percent) for percent in SCALES},
            **{f"view.digits.{digits}": partial(self.focus.set_digits, digits) for digits in DIGITS},
            **{f"view.symbols.{way}": partial(self.focus.set_symbols, way) for way in SYMBOLS},
            "view.presentation": self._present,
            "view.full_screen": lambda: self.setWindowState(
                self.windowState() ^ Qt.WindowState.WindowFullScreen
            ),
            "view.reduce_motion": self._reduce_motion,
            "view.reset_layout": self._reset_layout,
            "run.play": run.play_or_pause,
            "run.inspect": self.step_inside,
            "run.back": lambda: run.step_back("batch"),
            "run.epoch_back": lambda: run.step_back("epoch"),
            "run.batch": lambda: run.make_step("batch"),
            "run.epoch": lambda: run.make_step("epoch"),
            "run.reset": run.reset,
            "run.new_weights": run.new_weights,
            "run.beside": self._run_beside,
            "run.keep_weights": self.weights.keep,
            "run.faster": lambda: self.transport.change_speed(+1),
            "run.slower": lambda: self.transport.change_speed(-1),
            "help.welcome": self.dialogs.show_welcome,
            "help.lessons": self.dialogs.show_lessons,
            "help.record": self.dialogs.record_lesson,
            "help.pages": self.help.show_here,
            "help.shortcuts": self.help.show_keys,
            "help.about": self.help.show_about,
        }

    def _fill_menus(self) -> None:
        menus = self.actions_.fill(self.menuBar())
        recent = RecentMenu(self.desk, self._settings, self)
        menus["File"].insertMenu(self.actions_["file.examples"], recent)
        panels = self.createPopupMenu()
        panels.setTitle("Panels")
        panels.setObjectName("menu.View/Panels")
        menus["View"].insertMenu(menus["View/Theme"].menuAction(), panels)

    def createPopupMenu(self) -> QMenu:
        """Which panels are shown; also the context menu of title bars, where Qt would list the tool bars too."""
        menu = QMenu(self)
        menu.addActions([self.docks[panel.key].toggleViewAction() for panel in PANELS])
        return menu

    # --- news ---------------------------------------------------------------------------------------------------------

    def _project_changed(self, before: Project | None, after: Project) -> None:
        begun = perf_counter()
        opened, file = self.document.news is News.OPENED, self.document.run_file
        file = file if opened else self.document.taking_up
        self._send(Load(after, opened, self.document.news is News.RETURNED, file))
        self.waiting.watch(after)
        self.stepper.show_project(None if opened else before, after)
        if opened:
            self.focus.begin_anew()
        else:
            self.focus.follow(before, after)
            self.run.read()  # what was good to know lies over the network that is being changed
        self.pump.show_project(before, after, begun)
        self._refresh()
        self._retitle()

    def _data_arrived(self) -> None:
        """What could not be shown while the data were being made can be now."""
        self.pump.show_project(None, self.document.value)
        self._refresh()

    def _refresh(self) -> None:
        """Which actions are possible now, and what keeps the others from it."""
        found, run = findings(self.document.value), self.run
        problem = next((one.message for one in found if one.level == "error"), "")
        undo, redo = self.history.undoText(), self.history.redoText()
        self.actions_.update(
            Situation(run.state, problem, undo, redo, run.can_go_back, run.no_way_back, self.focus.opens)
        )
        self.transport.show_problems(found)

    def _retitle(self) -> None:
        # so Qt writes it out; alone it stands for the mark of what is not saved
        name = self.desk.name.replace("[*]", "[*][*]")
        self.setWindowTitle(f"{name}[*]")
        self.setWindowModified(not self.desk.saved)

    def _reduce_motion(self) -> None:
        """As the menu says now, and from now on."""
        self._settings.reduce_motion = self.actions_["view.reduce_motion"].isChecked()
        motion.reduce(self._settings.reduce_motion)

    def _rescale(self, percent: int) -> None:
        """Qt takes another scale only as the program begins."""
        if percent != self._settings.scale:
            self._settings.scale = percent
            self.run.note(
                f"Everything is drawn at {percent} % from the next start on. What is open comes back as it is."
            )

    def _present(self) -> None:
        """The network and one panel, or all panels as they were."""
        if self.actions_["view.presentation"].isChecked():
            self._usual = self.saveState(LAYOUT_VERSION)
            self.docks.present(self._looked_into)
        elif not self._usual.isEmpty():
            self.restoreState(self._usual, LAYOUT_VERSION)
            self._usual = QByteArray()
            self.docks.make_shown()

    @property
    def _looked_into(self) -> str:
        """The panel that somebody works in: which has the focus, or else one of those that look into the network, or the output."""
        focused = QApplication.focusWidget()
        inside = (
            key for key in self.docks.views if focused is not None and self.docks[key].isAncestorOf(focused)
        )
        with_focus = next(inside, "")
        looked_into = ("backprop", "convolution", "diagnosis", "distributions", "initialization")
        opened = filter(self.docks.seen, looked_into)
        return with_focus or next(opened, "output")

    def _reset_layout(self) -> None:
        self.actions_["view.presentation"].setChecked(False)
        self._usual = QByteArray()
        self.docks.arrange()

    def _mark_theme(self) -> None:
        self.actions_[f"view.theme.{self._appearance.choice}"].setChecked(True)

    def _selected(self, node_id: str) -> None:
        """Bring the form of what was selected to the front, where it shares its place with another."""
        dock = self.docks["inspector"]
        if node_id and dock.isVisible():
            dock.raise_()

    def _edit_asked(self, node_id: str) -> None:
        """Show the form of a block, and put the keyboard into it."""
        key = "data" if node_id == INPUT else "inspector"
        self.docks.bring_forward(key)
        first_field = next(filter(_takes_keys, self.docks.views[key].findChildren(QWidget)), None)
        if first_field is not None:
            first_field.setFocus(Qt.FocusReason.TabFocusReason)

    def _layers_asked(self) -> None:
        """Put the keyboard into the palette's search."""
        self.docks.bring_forward("palette")
        search = self.docks.views["palette"].findChild(QLineEdit, "palette_search")
        if search is not None:
            search.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _wires_asked(self, node_id: str) -> None:
        """Show what a block reads, and put the keyboard there."""
        self.focus.select(node_id)
        self.docks.bring_forward("inspector")
        # A panel that was a tab behind another is seen a moment later.
        QTimer.singleShot(0, self, self._focus_reads)

    def _name_asked(self, node_id: str) -> None:
        """Put the keyboard where a layer's name is."""
        self.focus.select(node_id)
        self.docks.bring_forward("inspector")
        QTimer.singleShot(0, self, lambda: self._focus_in_inspector("layer_name"))

    def _focus_reads(self) -> None:
        self._focus_in_inspector("reads_0")

    def _focus_in_inspector(self, name: str) -> None:
        view = self.docks.views["inspector"]
        first = next(filter(_takes_keys, view.findChildren(QWidget, name)), None)
        if first is not None:
            for area in view.findChildren(QScrollArea):
                area.ensureWidgetVisible(first)
            first.setFocus(Qt.FocusReason.TabFocusReason)

    def watch(self, node_id: str) -> None:
        """Show a convolution or pooling at work, in a panel that may be made only now."""
        self.docks.bring_forward("convolution")
        cast("ConvolutionView", self.docks.views["convolution"]).watch(node_id)

    def step_inside(self) -> None:
        """Record the next update, and walk through it in a panel that is high enough; where somebody does already, show where."""
        self.docks.bring_forward("backprop")
        self.backprop.begin()

    @property
    def runs(self) -> RunsView:
        """The panel of runs beside this one, brought to the front; it may be made only now."""
        self.docks.bring_forward("runs")
        return cast("RunsView", self.docks.views["runs"])

    def show_start_page(self) -> None:
        """The page of examples and files, to begin with one."""
        self.dialogs.show_start_page()

    def _paste(self) -> None:
        """Copied layers into the network; a project that was sent as a code, or as its picture, is opened."""
        copied = QApplication.clipboard().mimeData()
        if carries_code(copied):
            self.desk.open_carried(copied)
        else:
            self.canvas.acts["edit.paste"]()

    def _run_beside(self) -> None:
        self.runs.run_beside()

    def _beside_asked(self, other: Project) -> None:
        self.runs.run_pair(other)

    def _several_asked(self, path: str) -> None:
        self.runs.try_several(path)

    def _open_starter(self, key: str) -> None:
        """Step through a small network made for it, unless somebody would rather keep what is open."""
        self.desk.open_example(key, self.step_inside)

    # --- remembering --------------------------------------------------------------------------------------------------

    def _restore(self) -> None:
        self.setMinimumSize(QSize(*LEAST).boundedTo(self.screen().availableGeometry().size()))
        if self._settings.geometry.isEmpty() or not self.restoreGeometry(self._settings.geometry):
            room = self.screen().availableGeometry().size()
            self.resize(room * 0.9)
            if room.width() < ROOMY or room.height() < ROOMY * 9 // 16:
                self.setWindowState(Qt.WindowState.WindowMaximized)
        # Docks are laid out for the size at hand, so the first arrangement waits for the window to have one.
        self._arranged = not self._settings.layout.isEmpty() and self.restoreState(
            self._settings.layout, LAYOUT_VERSION
        )
        if self._arranged:
            self.docks.make_shown()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._first_painting:
            QTimer.singleShot(0, self, self._painted)

    def _painted(self) -> None:
        if self._first_painting:
            self._first_painting = False
            self.docks.make_waiting()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not self._arranged:
            self._arranged = True
            self.docks.arrange()

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self._closing:
            self.desk.close(self._close_now)
            if not self._closing:  # it will be, once what is in it is kept
                event.ignore()
                return
        if self.desk.autosave is not None:
            self.desk.autosave.end()
        self._settings.geometry = self.saveGeometry()
        self._settings.layout = self.saveState(LAYOUT_VERSION) if self._usual.isEmpty() else self._usual
        self.pump.end()
        for view in self.docks.views.made:
            view.end()
        event.accept()
        self.closed.emit()

    def _close_now(self) -> None:
        """All is kept, or the user has answered for what is lost with the window."""
        if not self._closing:
            self._closing = True
            self.close()

    def end(self) -> None:
        """The program is told to end: keep what is in the window, and close it, whatever is asked."""
        self.desk.put_aside()
        self.close()


def _takes_keys(widget: QWidget) -> bool:
    return bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus) and widget.isEnabled() and widget.isVisible()
