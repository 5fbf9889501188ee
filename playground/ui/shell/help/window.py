"""The help: a list that is searched, and the page that is read."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QScrollArea,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from engine.spec import Bool
from playground.ui.kit.forms.row import label_of, with_unit
from playground.ui.kit.formula import FormulaView
from playground.ui.kit.icons import icon
from playground.ui.kit.switches import FlowLayout
from playground.ui.kit.text import Label, button_text
from playground.ui.shell.help import pages

if TYPE_CHECKING:
    from engine.spec import Param, Spec
    from playground.ui.kit.theme import Theme

SIZE = (860, 620)
LIST = 250  #: pixels of the list


def page_at(widget: QWidget | None, else_: str = pages.NETWORK) -> str:
    """The page of what has the focus: what it says itself (its property "help_page"), or what it stands in."""
    while widget is not None:
        named = widget.property("help_page")
        if isinstance(named, str) and named:
            return named
        widget = widget.parentWidget()
    return else_


class HelpWindow(QDialog):
    """Stands beside the window, which goes on; one at a time.

    Attributes:
        shown: the page that is read.
    """

    example_chosen = Signal(str)
    panel_chosen = Signal(str)  #: the key of a panel to be shown
    spec_chosen = Signal(object)  #: a registered class, to be put into the project

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("help_window")
        self.setWindowTitle("Help")
        self._theme, self._past = theme, list[str]()
        self.shown = ""
        self.search = QLineEdit()
        self.search.setObjectName("help_search")
        self.search.setPlaceholderText("Search")
        self.search.setAccessibleName("Search the help")
        self.search.setToolTip("Type a word; the arrow keys go through the pages that have it.")
        self.search.setClearButtonEnabled(True)
        self.search.addAction(icon("magnify", theme, "muted"), QLineEdit.ActionPosition.LeadingPosition)
        self.search.textChanged.connect(self._list)
        self.search.installEventFilter(self)
        self.list = QListWidget()
        self.list.setObjectName("help_list")
        self.list.setAccessibleName("Pages")
        self.list.setSpacing(1)
        self.list.currentItemChanged.connect(self._picked)
        self.count = Label()
        self.count.setProperty("muted", True)
        self.back = QPushButton("Back")
        self.back.setObjectName("help_back")
        self.back.setToolTip("To the page before. (Alt+←)")
        self.back.setAccessibleName("Back to the page before")
        self.back.setShortcut("Alt+Left")
        self.back.setAutoDefault(False)
        self.back.clicked.connect(self._go_back)
        self.page = QScrollArea()
        self.page.setObjectName("help_page")
        self.page.setWidgetResizable(True)
        self.page.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.page.setFrameShape(QFrame.Shape.NoFrame)
        self._lay_out()
        self.resize(*SIZE)
        self._list("")

    def _lay_out(self) -> None:
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 8, 0)
        column.addWidget(self.search)
        column.addWidget(self.list, stretch=1)
        below = QHBoxLayout()
        below.addWidget(self.count, stretch=1)
        below.addWidget(self.back)
        column.addLayout(below)
        split = QSplitter()
        split.addWidget(left)
        split.addWidget(self.page)
        split.setStretchFactor(1, 1)
        split.setSizes([LIST, SIZE[0] - LIST])
        split.setChildrenCollapsible(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 14, 14, 14)
        layout.addWidget(split)

    # --- the list -----------------------------------------------------------------------------------------------------

    def _list(self, searched: str) -> None:
        """Those that answer the search, under their headings where nothing is searched."""
        found = pages.found(searched)
        blocked = self.list.blockSignals(True)
        self.list.clear()
        group = ""
        for page in found:
            if page.group != group and not searched.strip():
                heading = QListWidgetItem(page.group)
                heading.setFlags(Qt.ItemFlag.NoItemFlags)
                self.list.addItem(heading)
            group = page.group
            item = QListWidgetItem(
                f"{page.title}  ·  {page.group}" if searched.strip() else f"    {page.title}"
            )
            item.setData(Qt.ItemDataRole.UserRole, page.id)
            item.setToolTip(page.group)
            self.list.addItem(item)
            if page.id == self.shown:
                self.list.setCurrentItem(item)
        self.list.blockSignals(blocked)
        self.count.setText(pages.how_many(len(found)) if found else "No page has that word.")
        if searched.strip() and found:
            self.list.setCurrentRow(0)

    def _picked(self, item: QListWidgetItem | None) -> None:
        if item is not None and item.data(Qt.ItemDataRole.UserRole):
            self.read(item.data(Qt.ItemDataRole.UserRole))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """From the search, arrow keys go through the list."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            by = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: +1}.get(Qt.Key(event.key()), 0)
            rows = [i for i in range(self.list.count()) if self.list.item(i).data(Qt.ItemDataRole.UserRole)]
            at = self.list.currentRow()
            to = next((i for i in (rows if by > 0 else reversed(rows)) if (i - at) * by > 0), None)
            if by and to is not None:
                self.list.setCurrentRow(to)
            return bool(by) or event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        return False

    # --- the page -----------------------------------------------------------------------------------------------------

    def read(self, page_id: str) -> None:
        """Show a page; one that there is not leaves what is shown."""
        page = pages.pages().get(page_id)
        if page is None or page_id == self.shown:
            return
        if self.shown:
            self._past.append(self.shown)
        self.back.setEnabled(bool(self._past))
        self.shown = page_id
        self.page.setWidget(self._made(page))
        self._mark()

    def _go_back(self) -> None:
        if self._past:
            before = self._past.pop()
            self.shown = ""
            self.read(before)

    def _mark(self) -> None:
        """Let the list say which page is read."""
        blocked = self.list.blockSignals(True)
        for i in range(self.list.count()):
            if self.list.item(i).data(Qt.ItemDataRole.UserRole) == self.shown:
                self.list.setCurrentRow(i)
        self.list.blockSignals(blocked)

    def _made(self, page: pages.Page) -> QWidget:
        body = QWidget()
        body.setObjectName("help_body")
        column = QVBoxLayout(body)
        column.setContentsMargins(14, 4, 14, 14)
        column.setSpacing(8)
        column.addWidget(_label(page.title, "title"))
        column.addWidget(_label(page.group, "muted"))
        for paragraph in page.text:
            column.addWidget(_label(paragraph))
        for name, latex in page.formulas:
            column.addWidget(_label(name, "heading"))
            formula = FormulaView(self._theme, f"help_{name.lower()}")
            formula.set_latex(latex)
            column.addWidget(formula)
        if page.params:
            column.addWidget(_label("Settings", "heading"))
            column.addLayout(_table([(label_of(p), _described(p)) for p in page.params]))
        if page.keys:
            column.addWidget(_label("Keys", "heading"))
            column.addLayout(_table(list(page.keys)))
        offers = self._offers(page)
        if offers:
            column.addWidget(_label("Try this", "heading"))
            column.addWidget(_flow(offers))
        links = [self._link(pages.pages()[link]) for link in page.links if link in pages.pages()]
        if links:
            column.addWidget(_label("See also", "heading"))
            column.addWidget(_flow(links))
        column.addStretch(1)
        return body

    def _link(self, page: pages.Page) -> QPushButton:
        return _button(f"link_{page.id}", page.title, f"Read about {page.title}.", lambda: self.read(page.id))

    def _offers(self, page: pages.Page) -> list[QPushButton]:
        """What can be done about it in the window."""
        kind, _, key = page.id.partition("/")
        if kind == "panel" and page.id != pages.NETWORK:
            return [
                _button(
                    "try_panel", "Show this panel", "Bring it forward.", lambda: self.panel_chosen.emit(key)
                )
            ]
        if page.spec is None:
            return []
        made = []
        example = pages.used_in(page.spec)
        if example is not None:
            title, tip = (
                f"Open the example “{example.title}”",
                "A network that has one; what is open now is put aside.",
            )
            made.append(_button("try_example", title, tip, lambda: self.example_chosen.emit(example.key)))
        words = _use(page.spec)
        if words:
            tip = "An edit of the project; Undo takes it back."
            made.append(_button("try_here", words, tip, lambda: self.spec_chosen.emit(page.spec)))
        return made


def _use(cls: type[Spec]) -> str:
    """How it would be put into the project; "" where it needs something first."""
    if any(param.required for param in cls.params()):
        return ""
    kind = pages.page_id(cls).partition("/")[0]
    if kind == "layer":
        return "Put one behind the selected block"
    if kind == "data set":
        return "" if getattr(cls, "from_disk", False) else "Use these data"
    return "Use it in this project" if pages.place_in_fit(cls) is not None else ""


def _described(param: Param) -> str:
    allowed = "on or off" if isinstance(param.kind, Bool) else param.kind.expects
    default = "" if param.required else f" Default: {with_unit(param, param.default)}."
    return f"{param.help} {allowed[0].upper() + allowed[1:]}.{default}"


def _label(text: str, look: str = "") -> Label:
    label = Label(text)
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    if look:
        label.setProperty(look, True)
    return label


def _table(rows: list[tuple[str, str]]) -> QGridLayout:
    grid = QGridLayout()
    grid.setHorizontalSpacing(16)
    grid.setVerticalSpacing(6)
    grid.setColumnStretch(1, 1)
    for i, (name, text) in enumerate(rows):
        grid.addWidget(_label(name, "strong"), i, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(_label(text), i, 1)
    return grid


def _button(name: str, text: str, tip: str, act: Callable[[], object]) -> QPushButton:
    button = QPushButton(button_text(text))
    button.setObjectName(name)
    button.setToolTip(tip)
    button.setAccessibleName(text)
    button.setAutoDefault(False)
    button.clicked.connect(act)
    return button


def _flow(buttons: list[QPushButton]) -> QWidget:
    row = QWidget()
    layout = FlowLayout(row)
    for button in buttons:
        layout.addWidget(button)
    return row
