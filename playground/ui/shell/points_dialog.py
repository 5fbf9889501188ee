"""The states that were put aside, with pictures, to return to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from engine.errors import clipped, counted
from playground.runs.points import Point
from playground.ui.kit.questions import Button, Choice, Role, ask
from playground.ui.kit.text import Label

#: pixels of a picture in the list
PICTURE = QSize(144, 90)
_POINT = Qt.ItemDataRole.UserRole


class PointsDialog(QDialog):
    """Lists ``points``; closes when one is chosen."""

    chosen = Signal(object)  #: a Point

    def __init__(self, points: Sequence[Point], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("points_dialog")
        self.setWindowTitle("Restore Points")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(620, 520)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 18, 20, 18)
        layout.setSpacing(12)
        title = Label("Return to what you had")
        title.setProperty("title", True)
        layout.addWidget(title)
        about = Label(
            "What was open before is put aside whenever another project takes its place: edits, weights, curves and all."
        )
        about.setProperty("muted", True)
        about.setWordWrap(True)
        layout.addWidget(about)
        self.list = QListWidget()
        self.list.setObjectName("points")
        self.list.setAccessibleName("Restore points")
        self.list.setIconSize(PICTURE)
        self.list.setSpacing(2)
        self.list.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.list.itemActivated.connect(lambda _: self._open())
        layout.addWidget(self.list, stretch=1)
        self._none = Label("Nothing has been put aside yet.")
        self._none.setProperty("muted", True)
        layout.addWidget(self._none)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self._opens = buttons.addButton("Open", QDialogButtonBox.ButtonRole.AcceptRole)
        self._opens.setObjectName("points_open")
        self._opens.setDefault(True)
        self._deletes = buttons.addButton("Delete", QDialogButtonBox.ButtonRole.DestructiveRole)
        self._deletes.setObjectName("points_delete")
        self._opens.clicked.connect(self._open)
        self._deletes.clicked.connect(self._delete)
        buttons.rejected.connect(self.reject)
        layout.addWidget(buttons)
        for point in points:
            self._add(point)
        self.list.setCurrentRow(0)
        self._refresh()

    def _add(self, point: Point) -> None:
        item = QListWidgetItem(f"{point.name}\n{described(point)}")
        picture = QPixmap()
        picture.loadFromData(point.thumbnail(), "PNG")
        room = QPixmap(PICTURE * 2)  # all are of one size, so that the words stand under one another
        room.fill(Qt.GlobalColor.transparent)
        if not picture.isNull():
            small = picture.scaled(
                room.size(), Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
            )
            painter = QPainter(room)
            painter.drawPixmap(
                (room.width() - small.width()) // 2, (room.height() - small.height()) // 2, small
            )
            painter.end()
        icon = QIcon(room)
        icon.addPixmap(icon.pixmap(PICTURE), QIcon.Mode.Selected)  # Qt would tint it
        item.setIcon(icon)
        item.setToolTip(str(point.file) if point.file is not None else "It has no file of its own.")
        item.setData(_POINT, point)
        self.list.addItem(item)

    def _refresh(self) -> None:
        some = self.list.count() > 0
        self.list.setVisible(some)
        self._none.setVisible(not some)
        self._opens.setEnabled(some)
        self._deletes.setEnabled(some)

    def _open(self) -> None:
        item = self.list.currentItem()
        if item is not None:
            self.accept()
            self.chosen.emit(item.data(_POINT))

    def _delete(self) -> None:
        """Ask, as it cannot be had back."""
        item = self.list.currentItem()
        if item is None:
            return

        def delete() -> None:
            self.list.takeItem(self.list.row(item))
            with suppress(OSError):
                item.data(_POINT).path.unlink()
            self._refresh()

        ask(
            self,
            "ask_delete",
            "Delete the restore point?",
            f"“{clipped(item.data(_POINT).name, 40)}” cannot be had back then.",
            "Delete it all the same?",
            (Choice("Delete", delete, Role.DestructiveRole), Choice(Button.Cancel)),
            default=1,
        )


def described(point: Point, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> str:
    """How far it was trained, when it was put aside, and its file: "12 epochs · 3 minutes ago · it.chainrule"."""
    trained = counted(point.epoch or 0, "epoch") if point.step else "not trained"
    file = "in no file" if point.file is None else clipped(point.file.name, 24)
    return f"{trained} · {ago((now() - point.saved).total_seconds())} · {file}"


def ago(seconds: float) -> str:
    """How long something is past, in words."""
    for unit, name in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= unit:
            return f"{counted(int(seconds // unit), name)} ago"
    return "a moment ago"
