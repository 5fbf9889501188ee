"""The update as a worksheet: Markdown, CSV or PDF, with the answers or with blanks to fill."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QPoint, QTimer
from PySide6.QtGui import QHideEvent, QMouseEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QToolButton, QWidget

from engine.io import replacing
from engine.trace import NotKept, worksheet, worksheet_csv
from playground.ui.kit.icons import icon
from playground.ui.kit.numbers import fmt
from playground.ui.kit.questions import ask_where
from playground.ui.kit.style import refresh
from playground.ui.kit.text import Label
from playground.ui.kit.view import Context, StepAt
from playground.ui.kit.widgets import filled, head_menu, named
from playground.ui.panels.backprop.sheet import formulas_of, pdf, prepare

LINGER = 6000  #: milliseconds that good news stay
WIDEST = 320  #: pixels
#: ending → what it is called
KINDS = {"md": "Markdown", "csv": "Table (CSV)", "pdf": "PDF"}


class Note(Label):
    """What has become of the file, in a box beside the button; a click takes it away, good news go by themselves."""

    def __init__(self, button: QWidget) -> None:
        super().__init__(parent=button)
        self._button = button
        self.setObjectName("export_said")
        self.setProperty("card", True)
        self.setWordWrap(True)
        self.setContentsMargins(10, 6, 10, 6)
        self.hide()
        self._leave = QTimer(self)
        self._leave.setSingleShot(True)
        self._leave.setInterval(LINGER)
        self._leave.timeout.connect(self.hide)

    def say(self, words: str, *, problem: bool, stay: bool) -> None:
        """Other words; those that ``stay`` wait for a click."""
        self.setText(words)
        self.setAccessibleName(words)
        if self.property("problem") != problem:
            self.setProperty("problem", problem)
            refresh(self)
        self._stand()
        self._leave.start()
        if stay:
            self._leave.stop()

    def _stand(self) -> None:
        """Below the button or above it, wherever the window has room."""
        window = self._button.window()
        if self.parent() is not window:
            self.setParent(window)
        self.setFixedWidth(min(WIDEST, max(window.width() - 16, 40)))
        height = max(self.heightForWidth(self.width()), self.fontMetrics().height() + 12)
        self.resize(self.width(), height)
        at = self._button.mapTo(window, QPoint(0, self._button.height() + 4))
        above = self._button.mapTo(window, QPoint(0, -4)).y() - height
        y = at.y() if at.y() + height <= window.height() or above < 0 else above
        self.move(max(8, min(at.x(), window.width() - self.width() - 8)), y)
        self.show()
        self.raise_()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._leave.stop()
        self.hide()


class ExportButton(QWidget):
    """A button with a menu; beside it, for a while, what has become of the file. While one is made, Cancel stands in its place."""

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("export")
        self.context = context
        tip = "Save this update as a sheet to work through, with its answers or with blanks."
        self.button = named(QToolButton(), "export_button", "Save a worksheet of this update", tip)
        self.button.setText("Worksheet")
        self.button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        tip = "Make no worksheet after all: no file is left of it."
        self.canceller = named(QToolButton(), "export_cancel", "Cancel the worksheet", tip)
        self.canceller.setText("Cancel")
        self.canceller.clicked.connect(self.cancel)
        self.canceller.hide()
        self.menu = named(QMenu(self.button), "export_menu")
        for answers in (True, False):
            head_menu(self.menu, "With answers" if answers else "To fill in")
            for ending, name in KINDS.items():
                action = self.menu.addAction(f"{name}…")
                action.setObjectName(f"export_{ending}_{'answers' if answers else 'blanks'}")
                action.triggered.connect(self._exporter(ending, answers))
        self.button.setMenu(self.menu)
        self.said = Note(self)
        filled(QHBoxLayout(self), self.button, self.canceller)
        self._job: Generator[float, None, str] | None = None
        self._turn = QTimer(self)
        self._turn.setSingleShot(True)
        self._turn.timeout.connect(self._go_on)
        context.focus.step_changed.connect(self._step_changed)
        self._step_changed(context.focus.step)
        self.button.setIcon(icon("file-document-edit-outline", context.theme))
        self.canceller.setIcon(icon("close", context.theme))

    def _step_changed(self, step: StepAt | None) -> None:
        self.button.setEnabled(step is not None)

    @property
    def busy(self) -> bool:
        """Whether a sheet is being made."""
        return self._job is not None

    def _show_buttons(self) -> None:
        """While a sheet is made, its Cancel stands where the button was, as wide, so that nothing beside it moves."""
        self.canceller.setMinimumWidth(self.button.sizeHint().width())
        self.canceller.setVisible(self.busy)
        self.button.setVisible(not self.busy)

    def _exporter(self, ending: str, answers: bool) -> Callable[[], None]:
        return lambda: self._ask(ending, answers)

    def _ask(self, ending: str, answers: bool) -> None:
        """Ask where to, and write it there."""
        name = f"update {'with answers' if answers else 'to fill in'}.{ending}"
        ask_where(
            self, "Save the worksheet", Path.home() / name, {f".{ending}": KINDS[ending]},
            lambda path: self.export(path, ending, answers),
        )  # fmt: skip

    def export(self, path: Path, ending: str, answers: bool) -> None:
        """Write the sheet of the present update; a PDF is made ready bit by bit, so that the window stays awake."""
        step = self.context.focus.step
        if step is None:
            return
        step = replace(step, trace=step.trace.written(self.context.focus.symbols))
        self._job = _write(step, path, ending, answers)
        self._go_on()
        if self.busy:
            self._show_buttons()

    def cancel(self) -> None:
        """Give up the sheet that is being made; nothing of it is left, and an older file stays as it was."""
        if self._job is not None:
            self._turn.stop()
            self._job.close()
            self._end("Cancelled: nothing was saved.", good=True)

    def _go_on(self) -> None:
        if self._job is None:
            return
        try:
            share = next(self._job)
        except StopIteration as end:
            self._end(str(end.value), good=True)
        except OSError as error:
            self._end(
                f"Not saved: {error.strerror or error}. The file needs room and the right to write there; choose another place.",
                good=False,
            )
        except NotKept as error:
            self._end(f"Not saved. {error}", good=False)
        else:
            self.said.say(f"Typesetting, {share:.0%} …", problem=False, stay=True)
            self._turn.start(0)

    def _end(self, words: str, good: bool) -> None:
        self._job = None
        self._show_buttons()
        self.said.say(words, problem=not good, stay=not good)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.said.hide()


def _write(step: StepAt, path: Path, ending: str, answers: bool) -> Generator[float, None, str]:
    """Says now and then how much is done; at the end what was done. Raises OSError and NotKept."""
    if ending == "csv":
        text = worksheet_csv(step.trace, step.sample, answers=answers).encode()
    else:
        markdown = worksheet(step.trace, step.sample, answers=answers, fmt=fmt)
        text = markdown.encode()
        if ending == "pdf":
            pieces = formulas_of(markdown)
            for i, latex in enumerate(pieces):
                yield i / len(pieces)
                prepare(latex)
            text = pdf(markdown, "One update, by hand")
    with replacing(path) as file:
        file.write(text)
    return f"Saved as {path.name}"
