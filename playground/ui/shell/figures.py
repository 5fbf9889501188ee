"""A view as a figure: PNG, SVG or PDF of a given width, text as text, in the colours of print or as it is on screen."""

from __future__ import annotations

import base64
import csv
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMarginsF, QPoint, QRect, QRectF, QSize, QSizeF, Qt
from PySide6.QtGui import (
    QColor,
    QImage,
    QImageWriter,
    QPageLayout,
    QPageSize,
    QPainter,
    QPaintEvent,
    QPalette,
    QPdfWriter,
    QRegion,
)
from PySide6.QtSvg import QSvgGenerator, QSvgRenderer
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QGraphicsItem,
    QGraphicsView,
    QMainWindow,
    QPushButton,
    QToolButton,
    QWidget,
)

from engine.io.whole import replacing
from playground.ui.kit import style
from playground.ui.kit.theme import LIGHT, LiveTheme
from playground.ui.kit.view import Table

#: kinds of files by their ending
KINDS = {"pdf": "PDF", "svg": "SVG", "png": "PNG"}
#: widths that are asked for, in millimetres: a column of a paper, its page, a slide
WIDTHS = {"column of a paper, 85 mm": 85.0, "page of a paper, 170 mm": 170.0, "slide, 254 mm": 254.0}
#: of a picture in pixels, dots an inch; of a screen's pixel, so many go into one
DPI, SCREEN_DPI = 300.0, 96.0
MM = 25.4
#: the longest side of a picture, in pixels
LONGEST = 8000
#: a picture in a drawing that is enlarged without smoothing
_IMAGE = re.compile(
    r'<image [^>]*width="(?P<width>[^"]+)" height="(?P<height>[^"]+)"[^>]*optimizeSpeed"[^>]*base64,(?P<data>[^"]+)"'
)
#: lines as wide whatever the scale is, which not every program knows, and a group at the drawing's own scale, where they need not be
COSMETIC = 'vector-effect="non-scaling-stroke"'
_UNSCALED = re.compile(r'<g [^>]*transform="matrix\(1,0,0,1,[^>]*>.*?</g>', re.DOTALL)
#: pixels of it for each unit of the drawing, and pixels of its longest side
PIXELS, SHARP = 4, 2048
#: a mask that nothing is seen through: an empty one would be none
NOWHERE = QRegion(-1, -1, 1, 1)


@contextmanager
def printed(view: QWidget, theme: LiveTheme, light: bool) -> Iterator[None]:
    """Inside the block a view has the colours of print, if ``light``; it is not seen so, as nothing is drawn meanwhile.

    It gets a style sheet of its own for that: another one for the whole window would take a second.
    """
    before, app = theme.now, QApplication.instance()
    if not light or before is LIGHT or not isinstance(app, QApplication):
        yield
        return
    view.setPalette(style.palette(LIGHT))
    # Words whose colour no rule tells have it from the application's palette, which stays as it is.
    words = f"QWidget {{ color: {LIGHT.text}; }}\n"
    view.setStyleSheet(words + style.sheet(LIGHT, app.font().pointSizeF()))
    theme.become(LIGHT)
    try:
        yield
    finally:
        theme.become(before)
        view.setStyleSheet("")
        view.setPalette(QPalette())


@contextmanager
def _sharp(view: QWidget) -> Iterator[None]:
    """Inside the block, what Qt keeps as pictures is drawn as lines and text."""
    items: list[tuple[QGraphicsItem, QGraphicsItem.CacheMode]] = []
    for area in (view, *view.findChildren(QGraphicsView)):
        if isinstance(area, QGraphicsView) and area.scene() is not None:
            items += [(item, item.cacheMode()) for item in area.scene().items()]
    for item, _ in items:
        item.setCacheMode(QGraphicsItem.CacheMode.NoCache)
    try:
        yield
    finally:
        for item, mode in items:
            item.setCacheMode(mode)


@contextmanager
def _without_tools(view: QWidget) -> Iterator[None]:
    """Inside the block, buttons that only do something are not painted: in a figure nobody can press them. A window keeps its own."""
    tools = [] if isinstance(view, QMainWindow) else view.findChildren(QAbstractButton)
    shown = [one for one in tools if isinstance(one, QPushButton | QToolButton) and one.isVisibleTo(view)]
    # What is chosen says what is seen, and an entry of a list is words to read.
    hidden = [
        one for one in shown if not (one.isChecked() or one.property("listed") or not one.mask().isEmpty())
    ]
    for one in hidden:
        one.setMask(NOWHERE)
    try:
        yield
    finally:
        for one in hidden:
            one.clearMask()


def draw(view: QWidget, painter: QPainter, background: str) -> None:
    """Paint ``view`` in its own coordinates, as lines and text where ``painter`` keeps them."""
    painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
    painter.fillRect(QRect(QPoint(), view.size()), QColor(background))
    with _sharp(view), _without_tools(view):
        view.render(painter, QPoint(), renderFlags=QWidget.RenderFlag.DrawChildren)


def image(view: QWidget, width: float, background: str) -> QImage:
    """A picture of ``width`` millimetres at ``DPI`` dots an inch."""
    size = view.size()
    factor = min(width / MM * DPI / size.width(), LONGEST / max(size.width(), size.height()))
    found = QImage(size * factor, QImage.Format.Format_RGB32)
    painter = QPainter(found)
    painter.scale(found.width() / size.width(), found.height() / size.height())
    draw(view, painter, background)
    painter.end()
    # Only now, as what is painted before asks how many dots an inch has.
    dots = round(found.width() / width * 1000)
    found.setDotsPerMeterX(dots)
    found.setDotsPerMeterY(dots)
    return found


def png(picture: QImage) -> bytes:
    """``picture`` as a file."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    QImageWriter(buffer, b"png").write(picture)
    return bytes(buffer.data().data())


def svg(view: QWidget, width: float, background: str, title: str) -> bytes:
    """A drawing of ``width`` millimetres."""
    buffer, size = QBuffer(), view.size()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    made = QSvgGenerator()
    made.setOutputDevice(buffer)
    made.setResolution(round(SCREEN_DPI))
    made.setSize(size)
    made.setViewBox(QRect(QPoint(), size))
    made.setTitle(title)
    painter = QPainter(made)
    draw(view, painter, background)
    painter.end()
    drawn = bytes(buffer.data().data()).decode()
    # Qt writes the size that the view box has on a screen; what is wanted is the one in print.
    head, rest = drawn.split(">", 2)[1:] if drawn.startswith("<?xml") else drawn.split(">", 1)
    sizes = f'width="{width:g}mm" height="{width * size.height() / size.width():g}mm"'
    sharp = _IMAGE.sub(
        _enlarged, _UNSCALED.sub(lambda found: found[0].replace(COSMETIC, 'vector-effect="none"'), rest)
    )
    return f'<?xml version="1.0" encoding="UTF-8" standalone="no"?>{_sized(head, sizes)}>{sharp}'.encode()


def _enlarged(found: re.Match[str]) -> str:
    """A picture whose pixels are to stay squares, with several for each: programs blur what they enlarge, whatever the drawing says."""
    small = QImage.fromData(QByteArray.fromBase64(found["data"].encode()))
    across = max(
        float(found["width"]) / max(1, small.width()), float(found["height"]) / max(1, small.height())
    )
    times = min(round(across * PIXELS + 0.5), SHARP // max(1, small.width(), small.height()))
    if small.isNull() or times < 2 or across <= 1:
        return found[0]
    large = png(small.scaled(small.width() * times, small.height() * times))
    return found[0].replace(found["data"], base64.b64encode(large).decode())


def _sized(head: str, sizes: str) -> str:
    """The opening tag of a drawing, of another size."""
    return re.sub(r'width="[^"]*"\s+height="[^"]*"', sizes, head, count=1)


def pdf(view: QWidget, width: float, background: str, title: str) -> bytes:
    """A page as large as the figure, ``width`` millimetres wide."""
    buffer, size = QBuffer(), view.size()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setTitle(title)
    page = QSizeF(width, width * size.height() / size.width())
    writer.setPageLayout(
        QPageLayout(
            QPageSize(page, QPageSize.Unit.Millimeter, "figure", QPageSize.SizeMatchPolicy.ExactMatch),
            QPageLayout.Orientation.Portrait,
            QMarginsF(),
        )
    )
    # A dot of the page for each pixel: cosmetic pens are as many dots wide as they are to be pixels.
    dots = round(size.width() / (width / MM))
    writer.setResolution(dots)
    painter = QPainter(writer)
    factor = width / MM * dots / size.width()
    painter.scale(factor, factor)
    draw(view, painter, background)
    painter.end()
    return bytes(buffer.data().data())


def drawn(view: QWidget, kind: str, width: float, theme: LiveTheme, title: str, light: bool = True) -> bytes:
    """The file of a figure.

    Args:
        kind: one of ``KINDS``.
        width: in millimetres.
        light: in the colours of print, not those of the window.
    """
    with printed(view, theme, light):
        if kind == "png":
            return png(image(view, width, theme.panel))
        return (svg if kind == "svg" else pdf)(view, width, theme.panel, title)


class Sheet(QWidget):
    """A drawing in SVG, whose units are millimetres, as a view."""

    def draw(self, svg: str) -> None:
        """Be ``svg`` from now on."""
        self._renderer = QSvgRenderer(QByteArray(svg.encode()))
        self.resize((self._renderer.viewBoxF().size() * SCREEN_DPI / MM).toSize())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        self._renderer.render(painter, QRectF(self.rect()))
        painter.end()


def of_drawing(svg: str, width: float, kind: str, title: str) -> bytes:
    """A drawing in SVG, whose units are millimetres, as "pdf" or "png", ``width`` millimetres wide."""
    sheet = Sheet()
    sheet.draw(svg)
    return png(image(sheet, width, "#ffffff")) if kind == "png" else pdf(sheet, width, "#ffffff", title)


def text_size(view: QWidget, width: float) -> float:
    """How large ordinary text is in print, in points."""
    return float(view.font().pointSizeF() * (width / MM * SCREEN_DPI) / max(1, view.width()) * _screen(view))


def _screen(view: QWidget) -> float:
    """Points are told for the screen's own density."""
    return view.logicalDpiX() / SCREEN_DPI


def preview(view: QWidget, room: QSize, theme: LiveTheme, light: bool) -> QImage:
    """A small picture of the figure."""
    with printed(view, theme, light):
        found = QImage(view.size(), QImage.Format.Format_RGB32)
        painter = QPainter(found)
        draw(view, painter, theme.panel)
        painter.end()
    return found.scaled(room, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation)


def csv_of(table: Table) -> bytes:
    """The numbers behind a figure, as a file."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(table.names)
    writer.writerows(table.rows)
    return text.getvalue().encode()


def save(path: Path, data: bytes) -> None:
    """Write a file, whole or not at all. Raises OSError."""
    with replacing(path) as file:
        file.write(data)
