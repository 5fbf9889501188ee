"""A lesson's CommonMark as widgets: paragraphs with formulas in the line, and formulas on lines of their own."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from functools import cache

from markdown_it import MarkdownIt
from PySide6.QtCore import QBuffer, QByteArray, QEvent, QIODevice, QSize, Qt
from PySide6.QtGui import QTextDocument
from PySide6.QtWidgets import QPushButton, QSizePolicy, QVBoxLayout, QWidget

from playground.ui.kit import formula
from playground.ui.kit.text import RichLabel, escaped
from playground.ui.kit.theme import Theme

_DISPLAYED = re.compile(r"^\$\$(.+?)\$\$\s*$", re.MULTILINE)
_INLINE = re.compile(r"\$([^$\n]+)\$")
_PLACE = "\ue000{}\ue001"
_PLACED = re.compile("\ue000(\\d+)\ue001")


@cache
def _parser() -> MarkdownIt:
    """Without HTML and pictures, and with no links but a lesson's own: nothing is read or opened by looking at a text."""
    parser = MarkdownIt("commonmark", {"html": False}).disable("image")
    parser.validateLink = lambda url: url.startswith("do:")  # type: ignore[method-assign]
    return parser


class Words(QWidget):
    """A text with formulas. ``followed``: called with each ``do:`` link that is pressed."""

    def __init__(
        self, theme: Theme, markdown: str, followed: Callable[[str], object], muted: bool = False
    ) -> None:
        super().__init__()
        self._theme, self._markdown = theme, markdown
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        self._labels: list[tuple[RichLabel, str]] = []
        for kind, piece in _pieces(markdown):
            if kind == "formula":
                view = formula.FormulaView(theme, "lesson_formula")
                view.set_latex(piece)
                column.addWidget(view)
                continue
            label = RichLabel()
            label.setObjectName("lesson_text")
            label.setWordWrap(True)
            label.setProperty("muted", muted)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextBrowserInteraction)
            label.linkActivated.connect(followed)
            self._labels.append((label, piece))
            column.addWidget(label)
        theme.follow(self._restyle)

    def _restyle(self) -> None:
        for label, piece in self._labels:
            label.setText(html(piece, self._theme, label.fontMetrics().height(), self.devicePixelRatioF()))


class Line(RichLabel):
    """A sentence or two of CommonMark, formulas among its words, that can be replaced; its links do nothing."""

    def __init__(self, theme: Theme, markdown: str = "") -> None:
        super().__init__()
        self._theme, self.markdown = theme, markdown
        self.setWordWrap(True)
        theme.follow(self.restyle)

    def say(self, markdown: str) -> None:
        """Show ``markdown`` in place of what was there."""
        self.markdown = markdown
        self.restyle()

    def restyle(self) -> None:
        colour = self._theme.text if self.isEnabled() else self._theme.muted
        made = html(
            self.markdown,
            self._theme,
            self.fontMetrics().height(),
            self.devicePixelRatioF(),
            colour,
            inline=True,
        )
        self.setText(made)


class Choice(QPushButton):
    """A button with CommonMark and formulas on it, in as many lines as it needs."""

    def __init__(self, theme: Theme, markdown: str) -> None:
        super().__init__()
        self.words = Line(theme, markdown)
        self.words.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAccessibleName(markdown)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(13, 6, 13, 6)
        self._column.addWidget(self.words)

    def say(self, markdown: str) -> None:
        """Show ``markdown`` in place of what was there."""
        self.words.say(markdown)
        self.setAccessibleName(markdown)
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        """In one line; narrower it is higher, as its layout says."""
        line = QTextDocument()
        line.setDefaultFont(self.words.font())
        line.setDocumentMargin(0)
        line.setHtml(self.words.text())
        margins = self._column.contentsMargins()
        width = math.ceil(line.idealWidth()) + 2 + margins.left() + margins.right()
        return QSize(width, self._column.totalHeightForWidth(width))

    def minimumSizeHint(self) -> QSize:
        return self._column.totalMinimumSize()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.EnabledChange:
            self.words.restyle()


def _pieces(markdown: str) -> Iterator[tuple[str, str]]:
    """Paragraphs, and the formulas between them."""
    at = 0
    for found in _DISPLAYED.finditer(markdown):
        if markdown[at : found.start()].strip():
            yield "text", markdown[at : found.start()].strip()
        yield "formula", found[1].strip()
        at = found.end()
    if markdown[at:].strip():
        yield "text", markdown[at:].strip()


def html(
    markdown: str, theme: Theme, line: int, ratio: float, colour: str = "", *, inline: bool = False
) -> str:
    """``markdown`` as Qt's rich text; a line of it is ``line`` pixels high, and its formulas are of ``colour``.

    ``inline``: it is part of a paragraph, so that "2. x" begins no list.
    """
    formulas: list[str] = []

    def placed(found: re.Match[str]) -> str:
        formulas.append(found[1])
        return _PLACE.format(len(formulas) - 1)

    parser = _parser()
    made = (parser.renderInline if inline else parser.render)(_INLINE.sub(placed, markdown))
    made = made.replace("<a href=", f'<a style="color: {theme.accent}; text-decoration: none" href=')
    return _PLACED.sub(lambda found: _drawn(formulas[int(found[1])], colour or theme.text, line, ratio), made)


def _drawn(latex: str, colour: str, line: int, ratio: float) -> str:
    """A formula as a picture in the text; its letters where it cannot be typeset."""
    picture = formula.pixmap(latex, colour, line * 0.95, ratio)
    if picture.isNull():
        return escaped(latex)
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    picture.save(buffer, "PNG")
    width, height = (round(n / ratio) for n in (picture.width(), picture.height()))
    return (
        f'<img style="vertical-align: middle" width="{width}" height="{height}" '
        f'src="data:image/png;base64,{data.toBase64().toStdString()}">'
    )
