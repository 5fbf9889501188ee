"""Somebody who knows nothing plays with the real window: clicks, keys, edits, files, in any order. Whatever is done, no exception goes
uncaught, Qt has nothing to complain about, no panel fails, training does not crash, and the window closes."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from PIL import Image
from PySide6.QtCore import (
    QEvent,
    QMimeData,
    QObject,
    QPoint,
    QPointF,
    QSettings,
    Qt,
    QTimer,
    QtMsgType,
    QUrl,
    qInstallMessageHandler,
)
from PySide6.QtGui import (
    QContextMenuEvent,
    QDrag,
    QDragEnterEvent,
    QDragMoveEvent,
    QDropEvent,
    QHelpEvent,
    QMouseEvent,
    QWheelEvent,
)
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QFileDialog,
    QLineEdit,
    QMenu,
    QMessageBox,
    QWidget,
)
from shiboken6 import isValid

from engine.data import sources
from engine.layers import registry
from playground.document import edits, files
from playground.document.document import Document
from playground.document.examples import example, examples
from playground.runner.messages import State
from playground.runner.runner import Runner
from playground.ui.application import Appearance, application
from playground.ui.kit.actions import SPECS
from playground.ui.kit.mime import layer_mime
from playground.ui.panels import PANELS
from playground.ui.shell.faults import Faults
from playground.ui.shell.keys import KeyGuard
from playground.ui.shell.main_window import MainWindow
from playground.ui.shell.settings import Settings
from playground.ui.shell.undo import History

SHORT = 2
ACTIONS = 120  #: of a case

#: what offscreen cannot do, and says
HARMLESS = (
    "This plugin does not support",
    "Could not find the Qt platform",
    "Keyboard event not accepted by receiving widget",
)
#: what is typed; some of it no number, some of it one too many
TYPED = (
    "", "0", "1", "2", "3", "16", "-1", "0.01", "1e-9", "1e9", "1e400", "nan", "inf", "3×3", "(2, 4)", "same", "abc", "½", "🙂",
    "<b>x</b>", "../..", "z" * 200, "9" * 12, " 4 ", "1,5", "%s",
)  # fmt: skip
KEYS = (
    *"ABCDEGIKNRSVXZ0159", "Space", "Return", "Escape", "Tab", "Backtab", "Up", "Down", "Left", "Right", "Home", "End", "PageUp",
    "PageDown", "Delete", "Backspace", "Plus", "Minus", "F1", "F2", "Menu", "BracketLeft", "BracketRight",
)  # fmt: skip
NEVER = {"file.quit"}  #: would end the program, tests and all
LEFT, NO_BUTTON, PLAIN = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier
HELD = (PLAIN, PLAIN, PLAIN, Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier)
COPY = Qt.DropAction.CopyAction


def case(seed: int, folder: Path) -> str:
    draw = random.Random(seed)
    with ExitStack() as stack:
        heard = stack.enter_context(listening())
        things = Things(draw, folder)
        stack.enter_context(things.answering_dialogs())
        window = stack.enter_context(open_window(draw, folder))
        window.pump.view_failed.connect(
            lambda view, said, details: heard.append(f"{view}: {said}\n{details}")
        )
        monkey = Monkey(draw, window, things)
        for _ in range(ACTIONS):
            monkey.act()
            heard += monkey.crashed()
            if heard:
                raise AssertionError("\n".join([*heard, "after", *monkey.done[-8:]]))
    return "played"


@contextmanager
def listening() -> Iterator[list[str]]:
    """What nobody caught, and what Qt complains about."""
    heard: list[str] = []

    def message(kind: QtMsgType, _: object, text: str) -> None:
        if kind not in (QtMsgType.QtDebugMsg, QtMsgType.QtInfoMsg) and not any(h in text for h in HARMLESS):
            heard.append(f"Qt: {text}")

    application()
    faults = Faults()
    faults.happened.connect(lambda words, details: heard.append(f"{words}\n{details}"))
    before = qInstallMessageHandler(message)
    faults.listen()
    try:
        yield heard
    finally:
        faults.stop()
        qInstallMessageHandler(before)


@contextmanager
def open_window(draw: random.Random, folder: Path) -> Iterator[MainWindow]:
    """The window as the program composes it; in the end it closes, whatever is asked."""
    settings = Settings(QSettings(str(folder / "settings.ini"), QSettings.Format.IniFormat))
    document = Document(
        example(draw.choice(("circle", "spiral", "iris", "digits-cnn", "regression"))).project
    )
    runner = Runner(own_process=draw.random() < 0.3)
    runner.start()
    guard = KeyGuard(application())
    window = MainWindow(document, History(document), runner, settings, Appearance(settings))
    window.pump.patience = 0.005
    window.resize(1440, 900)
    window.show()
    window.activateWindow()
    try:
        QTest.qWait(200)
        yield window
        for _ in range(100):
            if window.close():
                break
            QTest.qWait(20)
        assert not window.isVisible(), "the window does not close"
    finally:
        runner.stop()
        window.history.setClean()
        window.close()
        guard.setParent(None)
        for left in (window, guard):
            left.deleteLater()
        QTest.qWait(0)


class Things:
    """Files to open, places to save to, and answers to whatever is asked."""

    def __init__(self, draw: random.Random, folder: Path) -> None:
        self._draw = draw
        rng = np.random.default_rng(draw.getrandbits(32))
        for name in ("a", "b"):
            (folder / "pictures" / name).mkdir(parents=True)
            for i in range(4):
                Image.fromarray(rng.integers(0, 255, (9, 9, 3)).astype(np.uint8)).save(
                    folder / "pictures" / name / f"{i}.png"
                )
        np.savez(folder / "own.npz", x=rng.random((30, 8, 8)), y=np.arange(30) % 3)
        files.save(example("xor").project, folder / "xor.playground.json")
        (folder / "broken.json").write_text('{"network": 3}')
        (folder / "noise.npz").write_bytes(rng.bytes(300))
        self.readable = [p for p in sorted(folder.iterdir()) if not p.name.startswith("settings")] + [
            folder / "gone.json"
        ]
        self.writable = [folder / "one.json", folder / "two.playground.json", folder / "no" / "such.json"]

    def _name(self, paths: list[Path]) -> str:
        return str(self._draw.choice(paths)) if self._draw.random() < 0.8 else ""

    @contextmanager
    def answering_dialogs(self) -> Iterator[None]:
        timer = QTimer()
        timer.setInterval(25)
        timer.timeout.connect(self._answer)
        timer.start()
        reading = staticmethod(lambda *_: (self._name(self.readable), ""))
        writing = staticmethod(lambda *_: (self._name(self.writable), ""))
        folders = staticmethod(lambda *_: self._name(self.readable))
        with (
            mock.patch.object(QFileDialog, "getOpenFileName", reading),
            mock.patch.object(QFileDialog, "getSaveFileName", writing),
            mock.patch.object(QFileDialog, "getExistingDirectory", folders),
            mock.patch.object(QDrag, "exec", return_value=COPY),
        ):
            yield
        timer.stop()

    def _answer(self) -> None:
        """Do something about a menu or a question that is open."""
        menu, box = QApplication.activePopupWidget(), QApplication.activeModalWidget()
        if isinstance(menu, QMenu) and self._draw.random() < 0.5:
            usable = [
                a
                for a in menu.actions()
                if a.isEnabled() and not a.isSeparator() and a.objectName() not in NEVER
            ]
            if usable:
                menu.setActiveAction(self._draw.choice(usable))
                QTest.keyClick(menu, Qt.Key.Key_Return)
                return
        if menu is not None:
            menu.close()
        elif isinstance(box, QMessageBox) and box.buttons():
            self._draw.choice(box.buttons()).click()
        elif box is not None and self._draw.random() < 0.3:
            box.close()


class Monkey:
    """Does one thing after another; ``done`` says what."""

    def __init__(self, draw: random.Random, window: MainWindow, things: Things) -> None:
        self._draw, self._window, self._things = draw, window, things
        self.done: list[str] = []
        self._kinds: dict[Callable[[], str], int] = {
            self._click: 16, self._type: 14, self._key: 8, self._action: 12, self._run: 10, self._undo: 6, self._edit: 6,
            self._wheel: 4, self._drag: 5, self._rest: 6, self._context_menu: 3, self._drop_layer: 5, self._drop_file: 2,
            self._panel: 6, self._select: 5, self._scrub: 3, self._squeeze: 2, self._example: 2, self._source: 2, self._wait: 4,
        }  # fmt: skip

    def act(self) -> None:
        kind = self._draw.choices(list(self._kinds), list(self._kinds.values()))[0]
        self.done.append(kind.__name__)
        self.done[-1] = f"{kind.__name__} {kind()}"
        QTest.qWait(self._draw.choice((0, 0, 2, 10)))

    def crashed(self) -> list[str]:
        frame = self._window.pump.frame
        return (
            [f"training crashed: {frame.message}\n{frame.details}"]
            if frame is not None and frame.state is State.CRASHED
            else []
        )

    # --- what there is ------------------------------------------------------------------------------------------------

    def _free(self) -> bool:
        """Whether nothing waits for an answer."""
        return QApplication.activeModalWidget() is None

    def _some(self, *kinds: type[QWidget]) -> QWidget | None:
        """A widget that the mouse could reach."""
        box = QApplication.activeModalWidget()
        tops = [box] if box is not None else [w for w in QApplication.topLevelWidgets() if self._ours(w)]
        found = [
            widget
            for top in tops
            for widget in (top, *top.findChildren(QWidget))
            if widget.isVisible() and widget.isEnabled() and min(widget.width(), widget.height()) > 1
        ]
        found = [widget for widget in found if isinstance(widget, kinds or QWidget)]
        return self._draw.choice(found) if found else None

    def _ours(self, top: QWidget) -> bool:
        """The window, or what floats above it: panels, its questions."""
        return top is self._window or (top.parentWidget() is not None and self._ours(top.parentWidget()))

    def _point(self, widget: QWidget) -> QPoint:
        return QPoint(self._draw.randrange(widget.width()), self._draw.randrange(widget.height()))

    # --- what is done -------------------------------------------------------------------------------------------------

    def _click(self) -> str:
        widget = self._some(QAbstractButton) if self._draw.random() < 0.5 else self._some()
        if widget is None:
            return ""
        named = name_of(widget)
        press = QTest.mouseDClick if self._draw.random() < 0.15 else QTest.mouseClick
        press(widget, LEFT, self._draw.choice(HELD), self._point(widget))
        return named

    def _type(self) -> str:
        widget = self._some(QLineEdit, QAbstractSpinBox, QComboBox, QAbstractSlider)
        if widget is None:
            return ""
        named, text = name_of(widget), self._draw.choice(TYPED)
        widget.setFocus()
        if isinstance(widget, QAbstractSlider):
            widget.setValue(self._draw.randint(widget.minimum(), widget.maximum()))
        elif isinstance(widget, QComboBox) and widget.count():
            at = self._draw.randrange(widget.count())
            widget.setCurrentIndex(at)
            widget.activated.emit(at)
        else:
            QTest.keyClick(widget, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
            for letter in text:
                if letter.isascii() and isValid(widget):
                    QTest.keyClick(widget, letter)
            end = self._draw.choice((None, None, Qt.Key.Key_Return, Qt.Key.Key_Tab, Qt.Key.Key_Escape))
            if end is not None and isValid(widget):
                QTest.keyClick(widget, end)
        return f"{named} {text!r}"

    def _key(self) -> str:
        key, held = self._draw.choice(KEYS), self._draw.choice(HELD)
        QTest.keyClick(QApplication.focusWidget() or self._window, getattr(Qt.Key, f"Key_{key}"), held)
        return f"{key} {held.name}"

    def _trigger(self, action: str) -> str:
        if self._free():
            self._window.actions_[action].trigger()
        return action

    def _action(self) -> str:
        return self._trigger(self._draw.choice([spec.id for spec in SPECS if spec.id not in NEVER]))

    def _run(self) -> str:
        return self._trigger(self._draw.choice([spec.id for spec in SPECS if spec.menu == "Run"]))

    def _undo(self) -> str:
        return self._trigger(self._draw.choice(("edit.undo", "edit.undo", "edit.redo")))

    def _edit(self) -> str:
        """Change the project behind everybody's back."""
        document = self._window.document
        nodes = document.value.network.nodes
        some = self._draw.choice(nodes).id if nodes else ""
        change = self._draw.choice(
            (
                partial(
                    edits.add_layer,
                    layer=self._draw.choice(registry.keys()),
                    at=self._draw.randint(0, len(nodes)),
                ),
                partial(edits.remove, node_ids=[some]),
                partial(edits.duplicate, node_ids=[some]),
                partial(edits.set_seed, seed=self._draw.randrange(9)),
                edits.mend_output,
            )
        )
        document.edit(change, text="Edit")
        return getattr(change, "func", change).__name__

    def _wheel(self) -> str:
        widget = self._some()
        if widget is None:
            return ""
        at, turned = QPointF(self._point(widget)), QPoint(0, 120 * self._draw.choice((-3, -1, 1, 3)))
        event = QWheelEvent(
            at, QPointF(widget.mapToGlobal(at)), QPoint(), turned, NO_BUTTON, self._draw.choice(HELD), Qt.ScrollPhase.NoScrollPhase, False
        )  # fmt: skip
        QApplication.sendEvent(widget, event)
        return name_of(widget)

    def _drag(self) -> str:
        widget = self._some()
        if widget is None:
            return ""
        named, start, end = name_of(widget), self._point(widget), self._point(widget)
        QTest.mousePress(widget, LEFT, PLAIN, start)
        for share in (0.3, 0.7, 1.0):
            if isValid(widget) and widget.isVisible():
                at = QPointF(start + (end - start) * share)
                QApplication.sendEvent(
                    widget,
                    QMouseEvent(QEvent.Type.MouseMove, at, widget.mapToGlobal(at), NO_BUTTON, LEFT, PLAIN),
                )
        if isValid(widget):
            QTest.mouseRelease(widget, LEFT, PLAIN, end)
        return named

    def _rest(self) -> str:
        """Move the mouse there and let it rest."""
        widget = self._some()
        if widget is None:
            return ""
        named, at = name_of(widget), self._point(widget)
        QTest.mouseMove(widget, at)
        if isValid(widget):
            QApplication.sendEvent(widget, QHelpEvent(QEvent.Type.ToolTip, at, widget.mapToGlobal(at)))
        return named

    def _context_menu(self) -> str:
        widget = self._some()
        if widget is None:
            return ""
        named, at = name_of(widget), self._point(widget)
        QApplication.sendEvent(
            widget, QContextMenuEvent(QContextMenuEvent.Reason.Mouse, at, widget.mapToGlobal(at))
        )
        return named

    def _drop(self, widget: QObject, at: QPoint, mime: QMimeData) -> None:
        QApplication.sendEvent(widget, QDragEnterEvent(at, COPY, mime, LEFT, PLAIN))
        QApplication.sendEvent(widget, QDragMoveEvent(at, COPY, mime, LEFT, PLAIN))
        QApplication.sendEvent(widget, QDropEvent(QPointF(at), COPY, mime, LEFT, PLAIN))

    def _drop_layer(self) -> str:
        key, port = self._draw.choice(registry.keys()), self._window.canvas.network.viewport()
        if self._free():
            self._drop(port, self._point(port), layer_mime(key))
        return key

    def _drop_file(self) -> str:
        path = self._draw.choice(self._things.readable)
        mime = QMimeData()
        mime.setUrls([QUrl.fromLocalFile(str(path))])
        if self._free():
            self._drop(self._window, QPoint(300, 300), mime)
        return path.name

    def _panel(self) -> str:
        panel = self._draw.choice(PANELS)
        dock = self._window.docks[panel.key]
        how = self._draw.choice(("toggle", "toggle", "forward", "float", "close"))
        if how == "toggle":
            dock.toggleViewAction().trigger()
        elif how == "forward":
            self._window.docks.bring_forward(panel.key)
        elif how == "float":
            dock.setFloating(not dock.isFloating())
        else:
            dock.close()
        return f"{panel.key} {how}"

    def _select(self) -> str:
        ids = ["input", *(n.id for n in self._window.document.value.network.nodes), "loss", ""]
        chosen = self._draw.choice(ids)
        self._window.focus.select(chosen)
        return chosen

    def _scrub(self) -> str:
        slider = self._window.transport.scrub.slider
        if slider.isEnabled():
            slider.setValue(self._draw.randint(slider.minimum(), slider.maximum()))
        return ""

    def _squeeze(self) -> str:
        size = self._draw.randint(600, 2000), self._draw.randint(400, 1200)
        self._window.resize(*size)
        return str(size)

    def _example(self) -> str:
        key = self._draw.choice([e.key for e in examples() if e.key != "alexnet"])
        if self._free():
            self._window.desk.open_example(key)
        return key

    def _source(self) -> str:
        source = self._draw.choice(list(sources))
        if self._free():
            self._window.docks.views["data"].picker.chosen.emit(source)
        return source.key

    def _wait(self) -> str:
        time = self._draw.choice((5, 30, 150))
        QTest.qWait(time)
        return str(time)


def name_of(widget: Any) -> str:
    return f"{type(widget).__name__} {widget.objectName()}"
