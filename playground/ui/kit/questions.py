"""Questions in a box of their own, which the window does not wait for, and where to write a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from engine.errors import clipped, counted

Button = QMessageBox.StandardButton
Role = QMessageBox.ButtonRole

#: pixels of a question's words, at least, as a title bar leaves no room for its own over a narrow one; and up to which a line is not broken
NARROWEST, WIDEST = 360, 560


@dataclass(frozen=True)
class Choice:
    """A button of a question.

    Args:
        button: one of Qt's own, or its words.
        act: what it does, once the box is closed.
        role: of a button with words of its own.
    """

    button: Button | str
    act: Callable[[], object] = lambda: None
    role: Role = Role.AcceptRole


def ask(
    window: QWidget, name: str, title: str, text: str, more: str, choices: Sequence[Choice], default: int = 0
) -> QMessageBox:
    """Ask, and do what the chosen one of ``choices`` says; Escape does nothing.

    Opened, not executed: the answer to another question may have led here, and that must come to its end.

    Args:
        window: over which it is asked.
        name: of the box.
        title: in its title bar.
        text: what is so.
        more: what is asked.
        choices: the buttons.
        default: which of them the Enter key presses.
    """
    box = QMessageBox(window)
    box.setObjectName(name)
    box.setIcon(QMessageBox.Icon.Question)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setWindowTitle(title)
    box.setText(text)
    box.setInformativeText(more)
    widest = max(map(box.fontMetrics().horizontalAdvance, text.split("\n"))) + 8
    width = min(max(widest, NARROWEST), WIDEST)
    box.setStyleSheet(
        f"QLabel#qt_msgbox_label, QLabel#qt_msgbox_informativelabel {{ min-width: {width}px; }}"
    )
    buttons = [
        box.addButton(c.button, c.role) if isinstance(c.button, str) else box.addButton(c.button)
        for c in choices
    ]
    box.setDefaultButton(buttons[default])

    def answered() -> None:
        box.deleteLater()
        for button, choice in zip(buttons, choices, strict=True):
            if box.clickedButton() is button:
                choice.act()

    box.finished.connect(answered)
    box.open()
    return box


def refuse(window: QWidget, title: str, why: object) -> None:
    """Say why something was not done."""
    box = QMessageBox(QMessageBox.Icon.Warning, title, str(why), Button.Ok, window)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setObjectName("refused")
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.open()


def ask_where(
    window: QWidget,
    title: str,
    proposal: Path,
    endings: Mapping[str, str],
    then: Callable[[Path], object],
    *,
    known: Sequence[str] = (),
    beside: Callable[[Path], Sequence[Path]] = lambda path: (),
) -> None:
    """Ask where to write a file, and call ``then`` with its path. The one way to ask: nothing is replaced without a question.

    The system's dialog asks about the name that was typed. Where an ending is added to that, or files are written ``beside`` it, it
    cannot know, and it is asked here.

    Args:
        proposal: the file that is suggested.
        endings: each with what such a file is called; a name that has none of them is given that of the chosen kind.
        known: other endings that a name may have.
        beside: what else is written where the file is.
    """
    kinds = {f"{words} (*{ending})": ending for ending, words in endings.items()}
    name, kind = QFileDialog.getSaveFileName(window, title, str(proposal), ";;".join(kinds))
    if not name:
        return
    typed = Path(name)
    ending = kinds.get(kind) or next(
        (one for one in endings if proposal.name.endswith(one)), next(iter(endings))
    )
    has_ending = typed.name.lower().endswith((*endings, *known))
    path = typed if has_ending else typed.with_name(typed.name + ending)
    replaced = [one for one in ((path,) if path != typed else ()) if one.exists()]
    ask_to_replace(window, [*replaced, *(one for one in beside(path) if one.exists())], lambda: then(path))


def ask_to_replace(window: QWidget, there: Sequence[Path], then: Callable[[], object]) -> None:
    """Do ``then``; where something is ``there`` already that it replaces, only if that is agreed to."""
    if not there:
        then()
        return
    names = ", ".join(clipped(one.name, 40) for one in there[:3])
    few = names if len(there) <= 3 else f"{names} and {counted(len(there) - 3, 'other')}"
    ask(
        window, "replace", "Replace", f"{few} {'is' if len(there) == 1 else 'are'} there already.",
        "What is in it now will be lost." if len(there) == 1 else "What is in them now will be lost.",
        [Choice("Replace", then), Choice(Button.Cancel)], default=1,
    )  # fmt: skip
