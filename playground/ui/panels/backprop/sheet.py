"""A worksheet on paper: the Markdown of an update as a document with typeset formulas, and as PDF."""

from __future__ import annotations

import re
from functools import lru_cache

from PySide6.QtCore import QBuffer, QIODevice, QMarginsF, QObject, QRect, QRectF, QSize, QSizeF, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QImage,
    QPageLayout,
    QPageSize,
    QPainter,
    QPdfWriter,
    QPyTextObject,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFormat,
)

from playground.ui.kit import formula

INK = "#1c2430"  #: on paper, whatever the theme
TEXT, LETTERS = 13, 14.0  #: pixels of the text, and of a formula's letters
HEADINGS = {1: 22, 2: 17}
SHARP = 3.0  #: pixels of a formula's picture per pixel of the page
MARGIN_MM, DPI = 16.0, 96
ITEM = 16  #: pixels by which an item stands in
ANSWER = 110  #: room behind a formula, for its result

# the kind of object that stands for a formula in the text
_FORMULA = QTextFormat.ObjectTypes.UserObject.value + 1
_LATEX = QTextFormat.Property.UserProperty.value + 1

_IN_DOLLARS = re.compile(r"\$(.+?)\$")
_IN_STARS = re.compile(r"\*\*(.+?)\*\*")


def formulas_of(markdown: str) -> tuple[str, ...]:
    """All pieces of formulas in it, each once, in order."""
    return tuple(dict.fromkeys(piece for latex in _IN_DOLLARS.findall(markdown) for piece in pieces(latex)))


def pieces(latex: str) -> tuple[str, ...]:
    """A formula cut before each "=" but its first, so that a long one may go on in the next line."""
    found: list[str] = []
    for part in latex.split(" = "):
        open_ = found and found[-1].count("{") != found[-1].count("}")
        if open_ or (len(found) == 1 and " = " not in found[0]):
            found[-1] += f" = {part}"
        else:
            found.append(part if not found else f"= {part}")
    return tuple(found)


class FormulaInText(QPyTextObject):
    """Paints the formulas of a document; those that are wider than the page are made smaller."""

    def __init__(self, parent: QObject, width: float) -> None:
        super().__init__(parent)
        self._width = width

    def intrinsicSize(self, doc: QTextDocument, position: int, text_format: QTextFormat) -> QSizeF:
        """How much room a formula takes, in pixels."""
        room = formula.size(str(text_format.property(_LATEX)), LETTERS)
        return room * min(1.0, self._width / max(room.width(), 1.0))

    def drawObject(
        self,
        painter: QPainter,
        rect: QRectF | QRect,
        doc: QTextDocument,
        position: int,
        text_format: QTextFormat,
    ) -> None:
        """As a picture: outlines would make the file three times as large, and ten times as slow to write."""
        painter.drawImage(rect, _picture(str(text_format.property(_LATEX))))


def prepare(latex: str) -> None:
    """Make a formula ready for ``pdf``."""
    _picture(latex)


@lru_cache(maxsize=1024)
def _picture(latex: str) -> QImage:
    """A formula in grey on white, in the resolution of print."""
    size = formula.size(latex, LETTERS * SHARP)
    image = QImage(size.toSize().expandedTo(QSize(1, 1)), QImage.Format.Format_Grayscale8)
    image.fill(Qt.GlobalColor.white)
    drawing = formula.renderer(latex, INK)
    if drawing is not None:
        painter = QPainter(image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        drawing.render(painter, QRectF(image.rect()))
        painter.end()
    return image


def document(markdown: str, width: float) -> QTextDocument:
    """The sheet, for a page so many pixels wide."""
    sheet = QTextDocument()
    sheet.setDocumentMargin(0)
    sheet.documentLayout().registerHandler(_FORMULA, FormulaInText(sheet, width - ANSWER))
    cursor = QTextCursor(sheet)
    begun = False
    for line in markdown.splitlines():
        if line:
            _write_line(cursor, line, begun)
            begun = True
    return sheet


def _write_line(cursor: QTextCursor, line: str, begun: bool) -> None:
    """One line of Markdown: heading, item or text."""
    hashes = len(line) - len(line.lstrip("#"))
    look, block = _look(HEADINGS.get(hashes, TEXT), bold=bool(hashes)), QTextBlockFormat()
    item = line.startswith("- ")
    block.setTopMargin({1: 0, 2: 16}.get(hashes, 3 if item else 8))
    block.setLeftMargin(ITEM if item else 0)
    if begun:
        cursor.insertBlock(block)
    else:
        cursor.setBlockFormat(block)
    text = line.lstrip("#").strip() if hashes else line[2:] if item else line
    for i, part in enumerate(_IN_DOLLARS.split(text)):
        if i % 2:
            for k, piece in enumerate(pieces(part)):
                _write_text(cursor, " " if k else "", look)
                _write_formula(cursor, piece, look)
        else:
            _write_text(cursor, part, look)


def _write_text(cursor: QTextCursor, text: str, look: QTextCharFormat) -> None:
    for i, part in enumerate(_IN_STARS.split(text)):
        bold = QTextCharFormat(look)
        if i % 2:
            bold.setFontWeight(QFont.Weight.DemiBold)
        cursor.insertText(part.replace(r"\_", "_").replace(" = ", " =\N{NO-BREAK SPACE}"), bold)


def _write_formula(cursor: QTextCursor, latex: str, look: QTextCharFormat) -> None:
    if formula.size(latex, LETTERS).isEmpty():  # it cannot be typeset
        cursor.insertText(latex, look)
        return
    drawn = QTextCharFormat()
    drawn.setObjectType(_FORMULA)
    drawn.setProperty(_LATEX, latex)
    drawn.setVerticalAlignment(QTextCharFormat.VerticalAlignment.AlignMiddle)
    cursor.insertText("\N{OBJECT REPLACEMENT CHARACTER}", drawn)


def _look(pixels: int, bold: bool) -> QTextCharFormat:
    font = QFont()
    font.setPixelSize(pixels)
    font.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
    look = QTextCharFormat()
    look.setFont(font)
    look.setForeground(QColor(INK))
    return look


def pdf(markdown: str, title: str) -> bytes:
    """The sheet as PDF, A4. Formulas that were not prepared take up to a tenth of a second each."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setTitle(title)
    writer.setResolution(DPI)
    writer.setPageSize(QPageSize(QPageSize.PageSizeId.A4))
    writer.setPageMargins(QMarginsF(*(MARGIN_MM,) * 4), QPageLayout.Unit.Millimeter)
    room = writer.pageLayout().paintRectPixels(DPI).size().toSizeF()
    sheet = document(markdown, room.width())
    sheet.setPageSize(room)
    sheet.print_(writer)
    return bytes(buffer.data().data())
