"""A lesson's CommonMark as widgets: paragraphs with formulas in the line, and formulas on lines of their own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache

from markdown_it import MarkdownIt
from PySide6.QtCore import QBuffer, QByteArray, QIODevice, Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

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


def html(markdown: str, theme: Theme, line: int, ratio: float) -> str:
    """``markdown`` as Qt's rich text; a line of it is ``line`` pixels high."""
    formulas: list[str] = []

    def placed(found: re.Match[str]) -> str:
        formulas.append(found[1])
        return _PLACE.format(len(formulas) - 1)

    made = _parser().render(_INLINE.sub(placed, markdown))
    made = made.replace("<a href=", f'<a style="color: {theme.accent}; text-decoration: none" href=')
    return _PLACED.sub(lambda found: _drawn(formulas[int(found[1])], theme, line, ratio), made)


def _drawn(latex: str, theme: Theme, line: int, ratio: float) -> str:
    """A formula as a picture in the text; its letters where it cannot be typeset."""
    picture = formula.pixmap(latex, theme.text, line * 0.95, ratio)
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
