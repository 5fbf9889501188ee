"""Data sets to choose from, as small pictures of their own samples."""

from __future__ import annotations

import sys
from functools import lru_cache

import numpy as np
from PySide6.QtCore import QEvent, QObject, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent, QPen, QPixmap, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QLabel, QSizePolicy, QWidget

from engine.data import Dataset, Source, sources
from engine.data.picture import picture_of
from engine.errors import EngineError
from playground.ui.kit.colours import draw_image, mix, sample_image, signed_index, signed_table
from playground.ui.kit.icons import icon
from playground.ui.kit.text import Label, escaped
from playground.ui.kit.theme import Theme

#: sides of a picture and of the one on a card, and the radius of their corners, in pixels
TILE, SMALL, CORNER = 38, 22, 7
#: pixels between them
SPACE = 4
#: so many samples are drawn
POINTS = 140
#: categories to begin with; the others follow as they were registered
FIRST = ("2-D classification", "2-D regression", "1-D curves", "Pictures", "Learn a picture")


def telling(data: Dataset) -> tuple[np.ndarray, np.ndarray]:
    """Two numbers ``(n,)`` of each of the first samples, to be drawn as x and y: what shows best what the data are about.

    With two inputs these; with one, it and the target; with more, the two that part the classes best, or follow the target best.
    """
    x, y = data.x[:POINTS], data.y[:POINTS]
    if x.shape[1] == 1:
        return x[:, 0], y[:, 0]
    if x.shape[1] == 2:
        return x[:, 0], x[:, 1]
    scale = x.std(axis=0) + 1e-12
    if data.classes:
        means = np.stack([x[y == c].mean(axis=0) for c in np.unique(y)])
        first, second = np.argsort(-(means.std(axis=0) / scale))[:2]
        return x[:, first], x[:, second]
    follows = np.abs(((x - x.mean(axis=0)) / scale * (y[:, :1] - y[:, :1].mean())).mean(axis=0))
    return x[:, int(follows.argmax())], y[:, 0]


def picture(data: Dataset, theme: Theme, side: int, ratio: float) -> QPixmap:
    """``data`` in a square of ``side`` pixels: points in the colours of their classes or values, or the first images."""
    made = QPixmap(round(side * ratio), round(side * ratio))
    made.setDevicePixelRatio(ratio)
    made.fill(QColor(theme.sunken))
    painter = QPainter(made)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    learned = picture_of(data)
    if learned is not None:
        whole = sample_image(np.moveaxis(learned, -1, 0).astype(np.float32), 0.0, 1.0)
        draw_image(painter, whole, QRectF(0, 0, side, side))
    elif data.is_image:
        _draw_images(painter, data, side)
    else:
        _draw_points(painter, data, theme, side)
    painter.end()
    return made


def _draw_images(painter: QPainter, data: Dataset, side: int) -> None:
    low, high = float(data.x[:4].min()), float(data.x[:4].max())
    for i in range(min(4, len(data))):
        place = QRectF((i % 2) * side / 2, (i // 2) * side / 2, side / 2, side / 2)
        painter.drawImage(place, sample_image(data.x[i], low, high))


def _draw_points(painter: QPainter, data: Dataset, theme: Theme, side: int) -> None:
    across, up = telling(data)
    room = side * 0.84
    x = side * 0.08 + room * _unit(across)
    y = side * 0.08 + room * (1 - _unit(up))
    radius = 1.5 if side > SMALL else 1.1
    if data.classes:
        palette = [QColor(theme.class_colour(c)) for c in range(len(data.classes))]
        colours = [palette[c] for c in data.y[:POINTS]]
    elif data.x.shape[1] == 2:
        table = signed_table(theme)
        radius = 2.2  # values near 0 are pale
        limit = float(np.abs(data.y).max())
        colours = [
            QColor.fromRgba(table[i]) for i in signed_index(data.y[:POINTS, 0].astype(np.float32), limit)
        ]
    else:
        colours = [QColor(theme.accent)] * len(x)
    painter.setPen(Qt.PenStyle.NoPen)
    for a, b, colour in zip(x, y, colours, strict=True):
        painter.setBrush(colour)
        painter.drawEllipse(QPointF(a, b), radius, radius)


def _unit(values: np.ndarray) -> np.ndarray:
    low, high = values.min(), values.max()
    return (values - low) / (high - low) if high > low else np.full(len(values), 0.5)


@lru_cache(maxsize=128)
def source_picture(key: str, theme: Theme, side: int, ratio: float) -> QPixmap:
    """The picture of a data set with its defaults; null where its samples can't be had."""
    try:
        return picture(sources.get(key).preview().make(), theme, side, ratio)
    except EngineError:
        return QPixmap()


def cheap(cls: type[Source]) -> bool:
    """Whether its samples can be had without loading what takes a second to load."""
    return not cls.library or cls.library in sys.modules


class SourceButton(QAbstractButton):
    """One data set: a picture, and for real data its name beside it."""

    def __init__(self, source: type[Source], theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.source, self._theme = source, theme
        self._wide: int | None = None  # how wide its name is, as layouts ask often
        self.named = not source.params()  # a real set, whose samples are not drawn from a seed
        self.setCheckable(True)
        self.setText(source.label)
        self.setObjectName(f"source_{source.key}")
        self.setProperty("help_page", f"data set/{source.key}")
        self.setAccessibleName(source.label)
        self.setAccessibleDescription(source.help())
        self.setToolTip(f"<p><b>{escaped(source.label)}</b><br>{escaped(source.help())}</p>")
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

    def nextCheckState(self) -> None:
        """A click is an edit of the project; what is checked follows from the project."""

    def sizeHint(self) -> QSize:
        if not self.named:
            return QSize(TILE, TILE)
        if self._wide is None:
            self._wide = self.fontMetrics().horizontalAdvance(self.text())
        return QSize(SMALL + 22 + self._wide, SMALL + 8)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.FontChange:
            self._wide = None
        super().changeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        inset = 1.0 if self.isChecked() else 0.5  # half the line's width, so that it lies on whole pixels
        frame = QRectF(self.rect()).adjusted(inset, inset, -inset, -inset)
        if self.named:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(mix(theme.panel, theme.accent, 0.1 if self.isChecked() else 0.0)))
            painter.drawRoundedRect(frame, CORNER, CORNER)
            self._paint_name(painter)
        else:
            self._paint_picture(painter, self.rect().adjusted(2, 2, -2, -2))
        strong = self.isChecked() or self.hasFocus()
        colour = (
            theme.accent
            if strong
            else mix(theme.border, theme.muted, 0.6)
            if self.underMouse()
            else theme.border
        )
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(colour), 2.0 if self.isChecked() else 1.0))
        painter.drawRoundedRect(frame, CORNER, CORNER)
        if self.hasFocus() and self.isChecked():
            painter.setPen(QPen(QColor(theme.panel), 1.0))
            painter.drawRoundedRect(frame.adjusted(1.5, 1.5, -1.5, -1.5), CORNER - 1, CORNER - 1)

    def _paint_picture(self, painter: QPainter, place: QRect) -> None:
        if cheap(self.source):
            found = source_picture(self.source.key, self._theme.now, place.width(), self.devicePixelRatioF())
            if not found.isNull():
                painter.drawPixmap(place, found)
                return
        icon("database-outline", self._theme, "muted").paint(painter, place)

    def _paint_name(self, painter: QPainter) -> None:
        top = (self.height() - SMALL) // 2
        self._paint_picture(painter, QRect(5, top, SMALL, SMALL))
        painter.setPen(QColor(self._theme.text))
        words = self.rect().adjusted(SMALL + 12, 0, -6, 0)
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, self.text())


def _rank(category: str) -> int:
    return FIRST.index(category) if category in FIRST else len(FIRST)


class SourcePicker(QWidget):
    """All data sets, by category. Arrow keys go from one to the next; Enter, Space or a click choose."""

    chosen = Signal(object)  #: the class of the data set

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("source_picker")
        self.buttons: list[SourceButton] = []
        self._groups: list[tuple[QLabel, list[SourceButton]]] = []
        # Those drawn from a seed first: that is where one begins.
        groups = sorted(sources.by_category().items(), key=lambda group: _rank(group[0]))
        for category, members in groups:
            # those are opened, not chosen
            members = tuple(source for source in members if not source.from_disk)
            if members:
                self._add_group(category, members, theme)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def _add_group(self, category: str, members: tuple[type[Source], ...], theme: Theme) -> None:
        title = Label(category, self)
        title.setProperty("muted", True)
        buttons = []
        for source in members:
            button = SourceButton(source, theme, self)
            button.clicked.connect(lambda _checked=False, source=source: self.chosen.emit(source))
            button.installEventFilter(self)
            buttons.append(button)
        self._groups.append((title, buttons))
        self.buttons += buttons

    # --- layout: groups that are small share a row, large ones take as many rows as they need --------------------------

    def _place(self, width: int, move: bool) -> int:
        """Lay everything out in ``width``; returns the height that it takes."""
        left = top = bottom = 0
        for title, buttons in self._groups:
            name, sizes = title.sizeHint(), [button.sizeHint() for button in buttons]
            wanted = max(name.width(), sum(size.width() + SPACE for size in sizes) - SPACE)
            if left and left + wanted > width:
                left, top = 0, bottom + 3 * SPACE
            if move:
                title.setGeometry(left, top, name.width(), name.height())
            x, y = left, top + name.height() + SPACE
            for button, size in zip(buttons, sizes, strict=True):
                if x > left and x + size.width() > width:
                    x, y = left, y + size.height() + SPACE
                if move:
                    button.setGeometry(x, y, size.width(), size.height())
                x += size.width() + SPACE
                bottom = max(bottom, y + size.height())
            left += wanted + 3 * SPACE
        return bottom

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._place(width, move=False)

    def sizeHint(self) -> QSize:
        return QSize(220, self._place(220, move=False))

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._place(self.width(), move=True)

    def mark(self, source: type[Source]) -> None:
        """Show which data set is the project's."""
        for button in self.buttons:
            chosen = button.source is source
            button.setChecked(chosen)
            # Tab stops once, at the chosen one; the arrows go on from there.
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus if chosen else Qt.FocusPolicy.ClickFocus)
            button.update()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if (
            event.type() == QEvent.Type.KeyPress
            and isinstance(event, QKeyEvent)
            and isinstance(watched, SourceButton)
        ):
            return self._key(watched, event.key())
        return False

    def _key(self, button: SourceButton, key: int) -> bool:
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            button.click()
            return True
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Up: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Down: 1}.get(
            Qt.Key(key)
        )
        if step is None:
            return False
        self.buttons[(self.buttons.index(button) + step) % len(self.buttons)].setFocus(
            Qt.FocusReason.TabFocusReason
        )
        return True
