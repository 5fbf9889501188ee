"""The text of a program with numbers at its lines, which light up with the blocks that they are about."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontDatabase,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QSyntaxHighlighter,
    QTextBlock,
    QTextCharFormat,
    QTextCursor,
    QTextFormat,
)
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QTextEdit, QWidget

from engine.export import Line
from playground.ui.kit.colours import mix
from playground.ui.kit.theme import Theme
from playground.ui.panels.code.changes import Changes
from playground.ui.panels.code.syntax import Kind, Span, spans

#: pixels of the bars beside the numbers: of what is lit, of what has changed
LIT_BAR, CHANGE_BAR = 3, 3
#: lines kept above the one that is brought into view
ABOVE = 2


class Colours(QSyntaxHighlighter):
    """Gives the parts of each line their colours; what they are is found for the whole text at once."""

    def __init__(self, text: Listing, theme: Theme) -> None:
        super().__init__(text.document())
        self._theme = theme
        self.rows: list[list[Span]] = []
        self._formats: dict[Kind, QTextCharFormat] = {}

    def restyle(self) -> None:
        theme = self._theme
        colours: dict[Kind, str] = {
            "keyword": theme.gradient, "string": theme.good, "number": theme.accent, "comment": theme.muted, "name": theme.text,
        }  # fmt: skip
        self._formats = {}
        for kind, colour in colours.items():
            self._formats[kind] = QTextCharFormat()
            self._formats[kind].setForeground(QColor(colour))
        self._formats["name"].setFontWeight(QFont.Weight.DemiBold)
        self.rehighlight()

    def highlightBlock(self, text: str) -> None:
        row = self.currentBlock().blockNumber()
        for span in self.rows[row] if row < len(self.rows) else ():
            self.setFormat(span.start, span.length, self._formats[span.kind])


class Listing(QPlainTextEdit):
    """Lines to read and to copy. A click on one selects its block, and so does Enter where the cursor is."""

    pointed = Signal(object)  #: the mouse, or the cursor, is at a line about these blocks
    chosen = Signal(str)  #: this block was clicked, or entered

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("code_listing")
        self.setAccessibleName("Program of the network")
        self.setReadOnly(True)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setMouseTracking(True)
        self.viewport().setMouseTracking(True)
        self.viewport().setCursor(Qt.CursorShape.IBeamCursor)
        font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        font.setPointSizeF(self.font().pointSizeF())
        self.setFont(font)
        self.setProperty("code", True)
        self._theme = theme
        self.lines: tuple[Line, ...] = ()
        self.changes = Changes()
        self._lit: frozenset[str] = frozenset()
        self._selected = ""
        self._margin = Margin(self)
        self._colours = Colours(self, theme)
        self.blockCountChanged.connect(self._make_room)
        self.updateRequest.connect(self._follow)
        self.cursorPositionChanged.connect(self._cursor_moved)
        theme.follow(self.restyle)

    def restyle(self) -> None:
        self._colours.restyle()
        self._mark()

    # --- what is shown ------------------------------------------------------------------------------------------------

    def show_lines(self, lines: Sequence[Line], changes: Changes) -> None:
        """Another text; what is seen of it stays where it was."""
        at, across = self.verticalScrollBar().value(), self.horizontalScrollBar().value()
        texts = [line.text for line in lines]
        self.lines, self.changes = tuple(lines), changes
        self._colours.rows = spans(texts)
        self.blockSignals(True)  # nobody has moved the cursor
        self.setPlainText("\n".join(texts))
        self.blockSignals(False)
        self._make_room()
        self.verticalScrollBar().setValue(at)
        self.horizontalScrollBar().setValue(across)
        self._mark()

    def light(self, blocks: Sequence[str]) -> None:
        """Light the lines of these blocks, as what is under the mouse."""
        self._lit = frozenset(blocks)
        self._mark()

    def select(self, block: str) -> None:
        """Light the lines of this block, as what is selected."""
        self._selected = block
        self._mark()

    def lit(self) -> list[int]:
        """The numbers, from 0, of the lines that are lit."""
        return [number for number in range(len(self.lines)) if self._strength(number) > 0]

    def line_of(self, block: str) -> int | None:
        """The line that makes a block, or the first about it."""
        about = [(not line.makes, number) for number, line in enumerate(self.lines) if block in line.blocks]
        return min(about)[1] if about else None

    def seen(self, number: int) -> bool:
        """Whether this line is in view."""
        block = self.document().findBlockByNumber(number)
        top = self.blockBoundingGeometry(block).translated(self.contentOffset()).top()
        return 0 <= top <= self.viewport().height() - self.fontMetrics().height()

    def reveal(self, number: int) -> None:
        """Bring this line into view, if it is not."""
        if not self.seen(number):
            self.verticalScrollBar().setValue(max(0, number - ABOVE))

    def _strength(self, number: int) -> float:
        """How strongly a line is lit, from 0 to 1."""
        blocks = self.lines[number].blocks if number < len(self.lines) else ()
        if self._selected in blocks:
            return 1.0
        return 0.6 if self._lit.intersection(blocks) else 0.0

    def _mark(self) -> None:
        marks = []
        for number in range(len(self.lines)):
            share = 0.13 * self._strength(number)
            colour = mix(self._theme.panel, self._theme.accent, share) if share else ""
            if not colour and number in self.changes.new:
                colour = mix(self._theme.panel, self._theme.good, 0.09)
            if colour:
                marks.append(self._mark_of(number, colour))
        self.setExtraSelections(marks)
        self._margin.update()

    def _mark_of(self, number: int, colour: str) -> QTextEdit.ExtraSelection:
        mark = QTextEdit.ExtraSelection()
        mark.cursor = QTextCursor(self.document().findBlockByNumber(number))
        mark.format.setBackground(QColor(colour))
        mark.format.setProperty(QTextFormat.Property.FullWidthSelection, True)
        return mark

    # --- mouse and keys -----------------------------------------------------------------------------------------------

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        if not event.buttons():
            self.pointed.emit(self.blocks_at(event.position().toPoint().y()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        blocks = self.blocks_at(event.position().toPoint().y())
        if event.button() == Qt.MouseButton.LeftButton and blocks and not self.textCursor().hasSelection():
            self.chosen.emit(blocks[0])

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.pointed.emit(())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            blocks = self._blocks_of(self.textCursor().blockNumber())
            if blocks:
                self.chosen.emit(blocks[0])
            return
        super().keyPressEvent(event)

    def _cursor_moved(self) -> None:
        if self.hasFocus():
            self.pointed.emit(self._blocks_of(self.textCursor().blockNumber()))

    def blocks_at(self, y: int) -> tuple[str, ...]:
        """What the line at this height is about."""
        block = self.cursorForPosition(QPoint(0, y)).block()
        bottom = self.blockBoundingGeometry(block).translated(self.contentOffset()).bottom()
        return self._blocks_of(block.blockNumber()) if y <= bottom else ()

    def _blocks_of(self, number: int) -> tuple[str, ...]:
        return self.lines[number].blocks if number < len(self.lines) else ()

    # --- the margin ---------------------------------------------------------------------------------------------------

    def margin_width(self) -> int:
        digits = max(2, len(str(max(1, self.blockCount()))))
        return 14 + LIT_BAR + CHANGE_BAR + self.fontMetrics().horizontalAdvance("9") * digits

    def _make_room(self) -> None:
        self.setViewportMargins(self.margin_width(), 0, 0, 0)
        self._place_margin()

    def _place_margin(self) -> None:
        inside = self.contentsRect()
        self._margin.setGeometry(QRect(inside.left(), inside.top(), self.margin_width(), inside.height()))

    def _follow(self, rect: QRect, dy: int) -> None:
        if dy:
            self._margin.scroll(0, dy)
        else:
            self._margin.update(0, rect.y(), self._margin.width(), rect.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_margin()

    def paint_margin(self, event: QPaintEvent) -> None:
        painter, theme = QPainter(self._margin), self._theme
        painter.fillRect(event.rect(), QColor(theme.panel))
        block: QTextBlock = self.firstVisibleBlock()
        while block.isValid():
            rect = self.blockBoundingGeometry(block).translated(self.contentOffset())
            if rect.top() > event.rect().bottom():
                break
            self._paint_number(painter, block.blockNumber(), round(rect.top()), round(rect.height()))
            block = block.next()

    def _paint_number(self, painter: QPainter, number: int, top: int, height: int) -> None:
        theme, width = self._theme, self._margin.width()
        strength = self._strength(number)
        if strength:
            painter.fillRect(0, top, width, height, QColor(mix(theme.panel, theme.accent, 0.13 * strength)))
            painter.fillRect(0, top, LIT_BAR, height, QColor(mix(theme.panel, theme.accent, strength)))
        if number in self.changes.new:
            painter.fillRect(width - 5, top, CHANGE_BAR, height, QColor(theme.good))
        if number in self.changes.gone:
            painter.fillRect(width - 9, top - 1, 9, 2, QColor(theme.error))
        painter.setPen(QColor(theme.accent if strength == 1.0 else theme.muted))
        painter.setFont(self.font())
        room = QRect(0, top, width - 9, height)
        painter.drawText(room, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, str(number + 1))


class Margin(QWidget):
    """Numbers of the lines, and what is lit and has changed."""

    def __init__(self, listing: Listing) -> None:
        super().__init__(listing)
        self._listing = listing

    def sizeHint(self) -> QSize:
        return QSize(self._listing.margin_width(), 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        self._listing.paint_margin(event)
