"""Opening data of one's own: a button, what is being loaded, and what was wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QMenu,
    QProgressBar,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from playground.ui.kit.icons import icon
from playground.ui.kit.sentence import Sentence
from playground.ui.kit.text import Label
from playground.ui.kit.theme import Theme
from playground.ui.panels.data.loading import Loading
from playground.ui.panels.data.narrow import NarrowButton

if TYPE_CHECKING:
    from engine.data import Source
    from engine.errors import Offer

#: offers that are shown at once
OFFERS = 6

FILTER = (
    "Pictures, arrays and tables (*ubyte* *.gz *.npz *.npy *idx* *.zip *.csv *.tsv *.tab *.xlsx *.xlsm *.xls *.ods *.parquet *.pq);;"
    "All files (*)"
)
TIP = (
    "A table (.csv, .xlsx, .ods, .parquet), MNIST's files, NumPy's arrays, or a folder, packed (.zip) or not, that holds one folder of pictures for each "
    "class. "
    "They can also be dropped on the window."
)


class OpenImages(QWidget):
    """Asks which file or folder; shows progress and errors."""

    asked = Signal(object)  #: a Path
    pasted = Signal()  #: a table is to be taken from the clipboard
    keep_asked = Signal()  #: the project is to hold its table itself
    asked_again = Signal()  #: for the files of the project, which may have changed

    def __init__(self, theme: Theme, loading: Loading) -> None:
        super().__init__()
        self.setObjectName("open_images_row")
        self._loading = loading
        self._what = ""
        self._last = Path.home()
        self.button = QPushButton("Open data…")
        self.button.setObjectName("open_images")
        self.button.setToolTip(f"<p>{TIP}</p>")
        self.button.setAccessibleName("Open data")
        self.button.setAccessibleDescription(TIP)
        menu = QMenu(self.button)
        menu.setObjectName("open_images_menu")
        menu.setToolTipsVisible(True)
        self.file = menu.addAction("File… (table, MNIST's, NumPy's or .zip)", self._ask_file)
        self.file.setToolTip(
            "A table (.csv, .xlsx, .xls, .ods, .parquet), files of MNIST's format, packed or not, arrays saved by NumPy (.npz, .npy), or a packed folder of pictures (.zip)."
        )
        self.folder = menu.addAction("Folder…", self._ask_folder)
        self.folder.setToolTip(
            "A folder that holds one folder of pictures for each class, named after it; or train and validation or test, which hold these."
        )
        menu.addSeparator()
        self.paste = menu.addAction("Paste a table", self.pasted.emit)
        self.paste.setObjectName("paste_table")
        self.paste.setToolTip(
            "Cells that were copied in a spreadsheet, or a table as text. The project holds what was pasted. (Ctrl+V in this panel)"
        )
        self.keep = menu.addAction("Keep the table in the project", self.keep_asked.emit)
        self.keep.setObjectName("keep_table")
        self.keep.setToolTip(
            "The project's file then holds the table itself, and needs the table's file no more."
        )
        self.button.setMenu(menu)
        self.again = QToolButton()
        self.again.setObjectName("read_again")
        self.again.setAccessibleName("Read again")
        self.again.setToolTip("Read the files once more: they are kept as they were when they were opened.")
        self.again.setAccessibleDescription(self.again.toolTip())
        self.again.clicked.connect(self.asked_again)
        self.again.hide()
        self.bar = QProgressBar()
        self.bar.setObjectName("loading_bar")
        self.bar.setAccessibleName("Loading")
        self.bar.setToolTip("How far loading is.")
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(8)
        self.stop = QToolButton()
        self.stop.setObjectName("loading_stop")
        self.stop.setAccessibleName("Stop loading")
        self.stop.setToolTip("Stop loading; the data stay as they are.")
        self.stop.setAutoRaise(True)
        self.stop.clicked.connect(loading.cancel)
        self.words = Label()
        self.words.setObjectName("loading_words")
        self.words.setProperty("muted", True)
        self.note = Sentence("open_note", "muted")
        self.problem = Sentence("open_problem", "problem")
        progress = QHBoxLayout()
        progress.addWidget(self.words)
        progress.addWidget(self.bar, stretch=1)
        progress.addWidget(self.stop)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        buttons = QHBoxLayout()
        buttons.addWidget(self.button, stretch=1)
        buttons.addWidget(self.again)
        column.addLayout(buttons)
        column.addLayout(progress)
        column.addWidget(self.note)
        column.addWidget(self.problem)
        loading.changed.connect(self._show_progress)
        self._offers = QVBoxLayout()
        self._offers.setSpacing(4)
        column.addLayout(self._offers)
        self.say("")
        self._show_progress()
        self.button.setIcon(icon("folder-image", theme))
        self.again.setIcon(icon("refresh", theme))
        self.stop.setIcon(icon("close", theme))

    def say(self, problem: str, offers: Sequence[tuple[str, Callable[[], object]]] = ()) -> None:
        """Show why something could not be opened ("" for nothing), and offer what would help, in words, each with what does it."""
        self.problem.setText(problem)
        self.problem.setVisible(bool(problem))
        self.note.hide()
        while (item := self._offers.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.setObjectName("")
                widget.deleteLater()
        for number, (words, act) in enumerate(offers[:OFFERS]):
            button = NarrowButton(words)
            button.setObjectName("open_offer" if number == 0 else f"open_offer_{number + 1}")
            button.setToolTip(f"{words}, and open them so.")
            button.setAccessibleName(words)
            button.clicked.connect(act)
            self._offers.addWidget(button)

    def with_offer(self, source: Source, offer: Offer) -> Source | None:
        """``source`` as the offer has it; the user is asked for the files that it leaves open, and ``None`` is that they chose none."""
        changes = dict(offer.changes)
        for name in [name for name, value in changes.items() if value is None]:
            changes[name], _ = QFileDialog.getOpenFileName(self, offer.words.rstrip("…"), str(self._last))
            if not changes[name]:
                return None
        return source.replace(**changes)

    def tell(self, note: str) -> None:
        """Show how something went, where all is well."""
        self.say("")
        self.note.setText(note)
        self.note.show()

    def _show_progress(self) -> None:
        busy = self._loading.busy
        for part in (self.words, self.bar, self.stop):
            part.setVisible(busy)
        if busy:
            share = self._loading.share
            # Without a known share the bar moves to and fro.
            self.bar.setRange(0, 100 if share else 0)
            self.bar.setValue(round(100 * share))
            self.words.setText("Loading" + (f" {round(100 * share)} %" if share else "…"))

    def _ask_file(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, "Open data", str(self._last), FILTER)
        self._take(name)

    def _ask_folder(self) -> None:
        self._take(QFileDialog.getExistingDirectory(self, "Open a folder of images", str(self._last)))

    def _take(self, name: str) -> None:
        if name:
            self._last = Path(name).parent
            self.asked.emit(Path(name))
