"""All layers, to be dragged into the network or put there with a double click."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from PySide6.QtCore import QBuffer, QByteArray, QEvent, QIODevice, QPoint, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QDrag,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QApplication, QGridLayout, QLabel, QLineEdit, QSizePolicy, QVBoxLayout, QWidget

from engine.layers import registry
from engine.network import INPUT
from playground.document import edits
from playground.ui.kit import formula
from playground.ui.kit.colours import mix
from playground.ui.kit.icons import icon
from playground.ui.kit.mime import layer_mime
from playground.ui.kit.style import GAP, MARGIN, SCROLL_BAR, scrolled
from playground.ui.kit.text import Label, escaped
from playground.ui.kit.view import LEFT, View, panel

if TYPE_CHECKING:
    from engine.layers import Layer
    from playground.ui.kit.theme import Theme
    from playground.ui.kit.view import Context

HINT = "Drag a layer onto the network, or double-click it to put it behind the selected block."

#: from this width on, in pixels, there are two columns
TWO_COLUMNS = 200


class LayerItem(QWidget):
    """One kind of layer: the dot of its category and its name. ``wanted`` says that it was double-clicked or entered."""

    wanted = Signal(str)

    def __init__(self, layer: type[Layer], theme: Theme) -> None:
        super().__init__()
        self.layer, self._theme = layer, theme
        self.setObjectName(f"layer_{layer.key}")
        # letters search, see _item_key; playground/ui/shell/keys.py leaves them to it
        self.setProperty("typing", True)
        self.setAccessibleName(layer.label)
        self.setAccessibleDescription(layer.help())
        self.setToolTip(layer.help())  # the formula is added when somebody looks at it
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.OpenHandCursor)
        self.setProperty("help_page", f"layer/{layer.key}")
        self._press: QPoint | None = None
        self._size: QSize | None = None  # kept, as layouts ask often

    def sizeHint(self) -> QSize:
        if self._size is None:
            metrics = self.fontMetrics()
            self._size = QSize(34 + metrics.horizontalAdvance(self.layer.label), metrics.height() + 12)
        return self._size

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.FontChange:
            self._size = None
        super().changeEvent(event)

    def minimumSizeHint(self) -> QSize:
        return QSize(60, self.sizeHint().height())

    def matches(self, words: str) -> bool:
        """Whether it is what somebody searches: every word is found in its name, category or help."""
        text = f"{self.layer.label} {self.layer.key} {self.layer.category} {self.layer.help()}".lower()
        return all(word in text for word in words.lower().split())

    def paintEvent(self, event: QPaintEvent) -> None:
        theme, painter = self._theme, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        hovered = self.underMouse()
        edge = (
            theme.accent
            if self.hasFocus()
            else mix(theme.border, theme.muted, 0.45)
            if hovered
            else theme.border
        )
        painter.setPen(QPen(QColor(edge), 1.0))
        painter.setBrush(QColor(mix(theme.panel, theme.accent, 0.07) if hovered else theme.panel))
        painter.drawRoundedRect(self.rect().toRectF().adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.category_colour(self.layer.category)))
        painter.drawRoundedRect(9, (self.height() - 8) // 2, 8, 8, 2, 2)
        painter.setPen(QColor(theme.text))
        room = self.rect().adjusted(24, 0, -6, 0)
        name = self.fontMetrics().elidedText(self.layer.label, Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, name)

    # --- gestures -----------------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._press = event.position().toPoint()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._press is None or not event.buttons() & Qt.MouseButton.LeftButton:
            return
        if (event.position().toPoint() - self._press).manhattanLength() >= QApplication.startDragDistance():
            start, self._press = self._press, None
            self._drag(start)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._press = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._press = None
            self.wanted.emit(self.layer.key)

    def _drag(self, start: QPoint) -> None:
        drag = QDrag(self)
        drag.setMimeData(layer_mime(self.layer.key))
        drag.setPixmap(self.grab())
        drag.setHotSpot(start)
        drag.exec(Qt.DropAction.CopyAction)
        self.update()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip:
            self.setToolTip(_tip(self.layer, self._theme, self.devicePixelRatioF()))
        elif (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and event.text().isalnum()
        ):
            event.accept()  # a letter begins a search; it is no shortcut of the window's
            return True
        return super().event(event)


def _tip(layer: type[Layer], theme: Theme, ratio: float) -> str:
    """Name, help and formula. Tool tips are dark on light and light on dark, so the formula takes the panel's colour."""
    picture = formula.pixmap(layer.formula, theme.panel, 15.0, ratio) if layer.formula else None
    drawn = ""
    if picture is not None and not picture.isNull():
        data = QByteArray()
        buffer = QBuffer(data)
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        picture.save(buffer, "PNG")
        width, height = round(picture.width() / ratio), round(picture.height() / ratio)
        png = base64.b64encode(data.data()).decode()
        drawn = f'<p><img width="{width}" height="{height}" src="data:image/png;base64,{png}"></p>'
    words = f"<b>{escaped(layer.label)}</b> · {escaped(layer.category)}<br>{escaped(layer.help())}"
    return f"<p>{words}</p>{drawn}"


class PaletteView(View):
    """The layers by category, with a field to search them."""

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self.setObjectName("palette_view")
        self.search = QLineEdit()
        self.search.setObjectName("palette_search")
        self.search.setPlaceholderText("Search")
        self.search.setAccessibleName("Search layers")
        self.search.setToolTip("Type a part of a layer's name or of what it does. Enter takes the first one.")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._arrange)
        self.search.installEventFilter(self)
        self.search.addAction(
            icon("magnify", context.theme, "muted"), QLineEdit.ActionPosition.LeadingPosition
        )
        self.items: list[LayerItem] = []
        self._titles: dict[str, QLabel] = {}
        self._shown: list[LayerItem] = []
        self._laid_out: tuple[int, frozenset[str]] = (0, frozenset())
        self._list = QWidget()
        self._grid = QGridLayout(self._list)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(6)
        self._grid.setVerticalSpacing(5)
        self._make_items(context.theme)
        self.nothing = _muted("nothing", "No layer is called so. Try another word.")
        hint = _muted("hint", HINT)
        self._below = QWidget()
        self._scroll = scrolled(self._below, self._list, self.nothing, hint)
        top = QVBoxLayout()
        top.setContentsMargins(MARGIN, GAP // 2, MARGIN, 0)
        top.addWidget(self.search)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addLayout(top)
        outer.addWidget(self._below, stretch=1)
        self._arrange()

    def _make_items(self, theme: Theme) -> None:
        for category, members in registry.by_category().items():
            title = self._titles[category] = _muted(f"category_{category}", category)
            title.setParent(self._list)
            for layer in members:
                item = LayerItem(layer, theme)
                item.setParent(self._list)
                item.wanted.connect(self.insert)
                item.installEventFilter(self)
                self.items.append(item)

    # --- layout -------------------------------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._spans() != self._laid_out:
            self._arrange()

    def _spans(self) -> tuple[int, frozenset[str]]:
        """How many columns there are, and the layers whose names are too long for one of two."""
        if self.width() < TWO_COLUMNS:
            return 1, frozenset()
        # The scroll bar's room is always left free, or its coming and going would move the items.
        room = (self.width() - 2 * MARGIN - SCROLL_BAR - self._grid.horizontalSpacing()) // 2
        return 2, frozenset(item.layer.key for item in self.items if item.sizeHint().width() > room)

    def _arrange(self) -> None:
        """Show what matches the search, by category."""
        self._laid_out = columns, wide = self._spans()
        self._shown = [item for item in self.items if item.matches(self.search.text())]
        while self._grid.count():
            self._grid.takeAt(0)
        row = 0
        for category, title in self._titles.items():
            members = [item for item in self._shown if item.layer.category == category]
            title.setVisible(bool(members))
            if not members:
                continue
            self._grid.addWidget(title, row, 0, 1, 2)
            row, column = row + 1, 0
            for item in members:
                span = columns if item.layer.key in wide else 1
                if column + span > columns:
                    row, column = row + 1, 0
                self._grid.addWidget(item, row, column, 1, span)
                column += span
            row += 1
        for column in range(2):
            self._grid.setColumnStretch(column, 1 if column < columns else 0)
        for item in self.items:
            item.setVisible(item in self._shown)
        self.nothing.setVisible(not self._shown)

    # --- keyboard -----------------------------------------------------------------------------------------------------

    def eventFilter(self, watched: object, event: QEvent) -> bool:
        if event.type() != QEvent.Type.KeyPress or not isinstance(event, QKeyEvent):
            return False
        if watched is self.search:
            return self._search_key(event.key())
        return isinstance(watched, LayerItem) and self._item_key(watched, event)

    @property
    def _best(self) -> LayerItem:
        """Of those shown, the first that is called so, or begins so; else the first that speaks of it."""
        words = self.search.text().strip().lower()
        named = (item for item in self._shown if item.layer.label.lower().startswith(words))
        return next(named, self._shown[0])

    def _search_key(self, key: int) -> bool:
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._shown:
            self.insert(self._best.layer.key)
            self.search.selectAll()  # what is typed next seeks anew
        elif key == Qt.Key.Key_Down and self._shown:
            self._shown[0].setFocus(Qt.FocusReason.TabFocusReason)
        elif key == Qt.Key.Key_Escape and self.search.text():
            self.search.clear()
        elif key == Qt.Key.Key_Escape:
            self.context.focus.network_asked.emit()
        else:
            return False
        return True

    def _item_key(self, item: LayerItem, event: QKeyEvent) -> bool:
        key = event.key()
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.insert(item.layer.key)
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down):
            self._walk(item, key)
        elif key == Qt.Key.Key_Backspace and self.search.text():
            self.search.setText(self.search.text()[:-1])
            self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        elif event.text().isalnum() and not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.search.setText(self.search.text() + event.text())
            self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
            self.search.deselect()
        else:
            return False
        return True

    def _walk(self, item: LayerItem, key: int) -> None:
        """Go to the neighbour as it lies on screen; up from the first row is the search field."""
        here = item.geometry().center()
        if key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            to = self._shown.index(item) + (1 if key == Qt.Key.Key_Right else -1)
            target = self._shown[to] if 0 <= to < len(self._shown) else None
        else:
            down = key == Qt.Key.Key_Down
            beyond = [i for i in self._shown if (i.y() > item.y() if down else i.y() < item.y())]
            nearest = lambda i: (abs(i.y() - item.y()), abs(i.geometry().center().x() - here.x()))
            target = min(beyond, key=nearest, default=None)
            if target is None and not down:
                self.search.setFocus(Qt.FocusReason.TabFocusReason)
        if target is not None:
            target.setFocus(Qt.FocusReason.TabFocusReason)
            self._scroll.ensureWidgetVisible(target)

    # --- edits --------------------------------------------------------------------------------------------------------

    def insert(self, key: str) -> None:
        """Put a new layer behind the selected block, or at the end, and select it."""
        document, focus = self.context.document, self.context.focus
        ids = [node.id for node in document.value.network.nodes]
        at = (
            ids.index(focus.node_id) + 1
            if focus.node_id in ids
            else 0
            if focus.node_id == INPUT
            else len(ids)
        )
        document.edit(edits.add_layer, key, at)
        new = [node.id for node in document.value.network.nodes if node.id not in ids]
        if new:
            focus.select(new[0])


def _muted(name: str, text: str) -> QLabel:
    label = Label(text)
    label.setObjectName(name)
    label.setWordWrap(True)
    label.setProperty("muted", True)
    return label


panel(f"{__name__}:PaletteView", "palette", "Layers", LEFT, order=20, share=50)
