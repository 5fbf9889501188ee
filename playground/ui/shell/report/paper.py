"""A report as PDF: text as text, drawings as drawings, with the project inside."""

from __future__ import annotations

import base64
from html import escape
from typing import NamedTuple

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMarginsF, QRectF, QSizeF, QUrl
from PySide6.QtGui import QFont, QImage, QPageLayout, QPageSize, QPainter, QPdfWriter, QTextDocument
from PySide6.QtSvg import QSvgRenderer

from playground.ui.shell.report.content import Content, Drawn, Part, Rows, Words

#: dots an inch of the paper's coordinates; millimetres of its margins; points of its text, and of what is said beside
DPI, MARGIN, POINTS, SMALL = 300, 20.0, 9.5, 8.0
MM = DPI / 25.4
#: space after a part, and before a heading, in millimetres; rows of a table that stay together
GAP, BEFORE, TOGETHER = 2.5, 5.0, 12
#: what a reader of PDF is told about the project, so that the program finds it again
XMP = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
    'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" xmlns:chainrule="urn:chainrule:playground">'
    '<chainrule:project>{}</chainrule:project></rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
)
STYLE = (
    "th { text-align: left; font-weight: 600; } td, th { padding: 1px 8px 1px 0; } .muted { color: #5b6672; } "
    "h1 { font-size: 17pt; } h2 { font-size: 12pt; }"
)


class _Place(NamedTuple):
    """Where on the pages the next part stands, in dots."""

    width: float
    height: float


def paper(content: Content, project: str, plain: bytes) -> bytes:
    """The PDF; ``project``: as ``carried`` writes it, ``plain``: as a project file, attached for whoever looks for it."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setTitle(content.title)
    writer.setResolution(DPI)
    margins = QMarginsF(MARGIN, MARGIN, MARGIN, MARGIN)
    writer.setPageLayout(
        QPageLayout(
            QPageSize(QPageSize.PageSizeId.A4),
            QPageLayout.Orientation.Portrait,
            margins,
            QPageLayout.Unit.Millimeter,
        )
    )
    writer.setDocumentXmpMetadata(QByteArray(XMP.format(project).encode()))
    writer.addFileAttachment("project.playground.json", QByteArray(plain), "application/json")
    sheets = _Sheets(writer)
    sheets.words(f"<h1>{escape(content.title)}</h1>")
    sheets.words(f'<p class="muted">{escape(content.line)}</p>')
    for section in content.sections:
        sheets.heading(section.title, section.parts[0])
        for part in section.parts:
            sheets.part(part)
    sheets.end()
    return bytes(buffer.data().data())


class _Sheets:
    """Pages that are filled from top to bottom."""

    def __init__(self, writer: QPdfWriter) -> None:
        self._writer, self._painter = writer, QPainter(writer)
        self._size = _Place(float(writer.width()), float(writer.height()))
        self._y, self._number = 0.0, 1

    def heading(self, title: str, first: Part) -> None:
        """With room for what stands ``first`` below it on the same page."""
        if self._y:
            self._y += BEFORE * MM
        self._need(12 * MM + (self._room(first).height() + 10 * MM if isinstance(first, Drawn) else 25 * MM))
        self.words(f"<h2>{escape(title)}</h2>")

    def part(self, part: Part) -> None:
        match part:
            case Words(text):
                self.words(f"<p>{escape(text)}</p>")
            case Drawn(svg, width, caption):
                self._drawing(svg, width, caption)
            case Rows():
                self._table(part)

    def words(self, html: str) -> None:
        document = self._document(html)
        self._need(document.size().height())
        self._put(document)

    def end(self) -> None:
        self._foot()
        self._painter.end()

    def _document(self, html: str, rows: Rows | None = None) -> QTextDocument:
        document = QTextDocument()
        document.documentLayout().setPaintDevice(self._writer)
        font = QFont(["DejaVu Sans", "Helvetica", "Arial"])
        font.setPointSizeF(POINTS)
        document.setDefaultFont(font)
        document.setDocumentMargin(0)
        document.setDefaultStyleSheet(STYLE)
        for number, cell in enumerate(one for row in (rows.rows if rows else ()) for one in row):
            if cell.startswith("data:"):
                image = QImage.fromData(QByteArray(base64.b64decode(cell.partition(",")[2])))
                document.addResource(
                    QTextDocument.ResourceType.ImageResource, QUrl(f"cell:{number}"), image.scaled(120, 120)
                )
        document.setHtml(html)
        document.setTextWidth(self._size.width)
        return document

    def _put(self, document: QTextDocument) -> None:
        self._painter.save()
        self._painter.translate(0.0, self._y)
        document.drawContents(self._painter)
        self._painter.restore()
        self._y += document.size().height() + GAP * MM

    def _need(self, height: float) -> None:
        """Begin another page where so much does not fit on this one any more."""
        if self._y and self._y + height > self._size.height - 8 * MM:
            self._foot()
            self._writer.newPage()
            self._y, self._number = 0.0, self._number + 1

    def _foot(self) -> None:
        document = self._document(f'<p class="muted" align="right">{self._number}</p>')
        self._painter.save()
        self._painter.translate(0.0, self._size.height - 4 * MM)
        document.drawContents(self._painter)
        self._painter.restore()

    def _room(self, drawn: Drawn) -> QSizeF:
        """That a drawing takes, in dots."""
        size = QSvgRenderer(QByteArray(drawn.svg.encode())).viewBoxF().size()
        wide = min(drawn.width * MM, self._size.width)
        return QSizeF(wide, wide * size.height() / max(1.0, size.width()))

    def _drawing(self, svg: str, width: float, caption: str) -> None:
        renderer = QSvgRenderer(QByteArray(svg.encode()))
        room = self._room(Drawn(svg, width, caption))
        words = self._document(f'<p class="muted">{escape(caption)}</p>')
        self._need(room.height() + words.size().height() + 2 * MM)
        renderer.render(self._painter, QRectF(0.0, self._y, room.width(), room.height()))
        self._y += room.height() + 1.5 * MM
        self._put(words)

    def _table(self, table: Rows) -> None:
        """A few rows at a time, so that a long one goes over pages, with its head on each."""
        for start in range(0, len(table.rows), TOGETHER):
            last = start + TOGETHER >= len(table.rows)
            some = Rows(
                table.head, table.rows[start : start + TOGETHER], table.caption if last else "", table.numbers
            )
            document = self._document(_html(some), some)
            self._need(document.size().height())
            self._put(document)
            if not last:
                self._y -= GAP * MM


def _html(table: Rows) -> str:
    number = 0
    rows = []
    for row in table.rows:
        cells = []
        for column, cell in enumerate(row):
            side = ' align="right"' if table.numbers and column else ""
            muted = ' class="muted"' if not table.head and not column else ""
            inside = (
                f'<img src="cell:{number}" width="46" height="46">'
                if cell.startswith("data:")
                else escape(cell)
            )
            cells.append(f"<td{side}{muted}>{inside}</td>")
            number += 1
        rows.append(f"<tr>{''.join(cells)}</tr>")
    head = "".join(
        f"<th{' align=right' if table.numbers and i else ''}>{escape(one)}</th>"
        for i, one in enumerate(table.head)
    )
    caption = f'<p class="muted">{escape(table.caption)}</p>' if table.caption else ""
    return f'<table cellspacing="0">{f"<tr>{head}</tr>" if head else ""}{"".join(rows)}</table>{caption}'
