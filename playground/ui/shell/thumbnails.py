"""Small pictures of example projects: what each has learnt after a short real training, beside its network."""

from __future__ import annotations

import hashlib
import json
import logging
import threading
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, QPointF, QRectF, QStandardPaths, Qt, QThreadPool, Signal
from PySide6.QtGui import QBrush, QColor, QImage, QPainter, QPainterPath, QPen

from engine.core import Array
from engine.data import Prepared
from engine.data.picture import picture_of
from playground import __version__
from playground.document import files
from playground.document.examples import example
from playground.document.project import Project, data_of, loss_of, shapes
from playground.runner.messages import Curve, State, Surface
from playground.runner.session import Session
from playground.ui.kit.colours import (
    binary_table,
    class_index,
    class_table,
    indexed_image,
    sample_image,
    share_index,
    signed_index,
    signed_table,
)
from playground.ui.kit.points import draw_marker, look, marker_of, rows_of
from playground.ui.panels.output.boundary import target_limit

if TYPE_CHECKING:
    from playground.ui.kit.theme import Theme

SIZE = (264, 132)  #: of a picture, in logical pixels

BUDGET = 1.5  #: seconds of training for one picture
MOST_EPOCHS = 250
POINTS = 90  #: more would hide the picture
RESOLUTION = 88

log = logging.getLogger(__name__)


class Thumbnails(QObject):
    """Makes the pictures off the GUI thread, one after another, and keeps them in the user's cache."""

    ready = Signal(str, QImage)

    def __init__(self, ratio: float, theme: Theme, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._ratio, self._theme = ratio, theme.now
        self._stopped = threading.Event()
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)

    def start(self, keys: Sequence[str]) -> None:
        """Make the pictures of these examples; each comes with ``ready``."""
        self._pool.start(lambda: self._make_all(keys))

    def stop(self) -> None:
        """Give up what is not ready yet, and wait for the thread."""
        self._stopped.set()
        self._pool.waitForDone()

    def _make_all(self, keys: Sequence[str]) -> None:
        for key in keys:
            if self._stopped.is_set():
                return
            image = self._one(example(key).project)
            if not self._stopped.is_set():
                self.ready.emit(key, image)

    def _one(self, project: Project) -> QImage:
        kept = self._file(project)
        image = QImage(str(kept))
        if image.isNull():
            image = paint(project, self._theme, self._ratio, self._stopped)
            if not self._stopped.is_set():
                _keep(image, kept)
        return image

    def _file(self, project: Project) -> Path:
        """Where the picture is kept: named by all that it depends on."""
        what = json.dumps(
            [files.to_json(project), __version__, self._theme.name, self._ratio], sort_keys=True
        )
        folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.CacheLocation)
        return Path(folder) / "examples" / f"{hashlib.sha256(what.encode()).hexdigest()[:24]}.png"


def _keep(image: QImage, file: Path) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        log.info("The picture is not kept: %s", error)  # a home without room to write is no reason to fail
        return
    image.save(str(file))


# --- training ----------------------------------------------------------------------------------------------------------


def trained(project: Project, stopped: threading.Event) -> Session:
    """A session that has trained for a moment."""
    session = Session()
    session.load(project)
    session.play()
    end = perf_counter() + BUDGET
    while session.state is State.RUNNING and perf_counter() < end and not stopped.is_set():
        session.train(0.02, until_epoch=MOST_EPOCHS)
        if session.trainer is not None and session.trainer.epoch >= MOST_EPOCHS:
            break
    return session


# --- painting ----------------------------------------------------------------------------------------------------------


def paint(
    project: Project, theme: Theme, ratio: float = 1.0, stopped: threading.Event | None = None
) -> QImage:
    """What ``project`` has learnt at the left, its network at the right. Pixels are ``SIZE`` times ``ratio``."""
    width, height = SIZE
    image = QImage(round(width * ratio), round(height * ratio), QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
    painter.scale(ratio, ratio)
    outline = QPainterPath()
    outline.addRoundedRect(QRectF(0, 0, width, height), 6, 6)
    painter.setClipPath(outline)
    painter.fillRect(0, 0, width, height, QColor(theme.sunken))
    try:
        _paint_data(painter, QRectF(0, 0, height, height), project, theme, stopped or threading.Event())
        _paint_network(
            painter, QRectF(height, 0, width - height, height).adjusted(10, 10, -10, -10), project, theme
        )
    finally:
        painter.end()
    return image


def _paint_data(
    painter: QPainter, room: QRectF, project: Project, theme: Theme, stopped: threading.Event
) -> None:
    data = data_of(project, wait=True)  # in a thread of its own, it keeps nobody waiting
    axes = data.raw.in_shape[0]
    if data.raw.is_image:
        _paint_digits(painter, room, data, theme)
    elif axes > 2:
        _paint_table(painter, room, data, theme)
    else:
        kind = Surface if axes == 2 else Curve
        want = kind(project.network.output_id, RESOLUTION)
        frame = trained(project, stopped).frame((want,))
        answer = frame.answer(want)
        if answer is None:
            return  # the example cannot run; its points alone would promise what it does not do
        if axes == 2:
            painter.drawImage(room, _surface(project, data, answer, theme).flipped())
            if picture_of(data.raw) is None:
                _paint_points(painter, room, data, frame.extent, theme)
        else:
            _paint_curve(painter, room, data, answer[0], frame.extent, theme)


def _surface(project: Project, data: Prepared, values: Array, theme: Theme) -> QImage:
    """The answers over the plane, lowest x2 in the first row."""
    classes = len(data.raw.classes)
    if picture_of(data.raw) is not None:
        said = np.moveaxis(loss_of(project).numbers(values), 0, -1)
        colours = np.moveaxis(data.transform.inverse_target(said), -1, 0)
        return sample_image(np.nan_to_num(colours).astype(np.float32), 0.0, 1.0)
    if not classes:
        shown = data.transform.inverse_target(values[0, :, :, None])[..., 0]
        return indexed_image(signed_index(shown, target_limit(data)), signed_table(theme))
    shares = loss_of(project).probabilities(values.reshape(len(values), -1).T)[:, :classes]
    if classes <= 2:
        return indexed_image(share_index(shares[:, 1]).reshape(values.shape[1:]), binary_table(theme))
    sure = (shares.max(axis=1) - 1 / classes) / (1 - 1 / classes)
    index = class_index(shares.argmax(axis=1), sure, classes)
    return indexed_image(index.reshape(values.shape[1:]), class_table(theme, classes))


def _paint_points(
    painter: QPainter, room: QRectF, data: Prepared, extent: tuple[float, float], theme: Theme
) -> None:
    low, high = extent
    rows = rows_of(data, "train")[: POINTS if data.raw.classes else POINTS // 3]
    limit = target_limit(data) if not data.raw.classes else 1.0
    for (x1, x2), y in zip(data.raw.x[rows], data.raw.y[rows], strict=True):
        at = QPointF(
            room.x() + (x1 - low) / (high - low) * room.width(),
            room.bottom() - (x2 - low) / (high - low) * room.height(),
        )
        if data.raw.classes:
            draw_marker(painter, at, look(theme, "train", theme.class_colour(int(y)), marker_of(int(y))), 5.5)
        else:
            colour = QColor.fromRgba(signed_table(theme)[int(signed_index(y[:1], limit)[0])])
            draw_marker(painter, at, look(theme, "train", colour.name()), 5.5)


def _paint_curve(
    painter: QPainter, room: QRectF, data: Prepared, values: Array, extent: tuple[float, float], theme: Theme
) -> None:
    """Samples of one feature, and the fitted curve through them."""
    rows = rows_of(data, "train")[:POINTS]
    x, y = data.raw.x[rows, 0], data.raw.y[rows, 0]
    bottom, top = float(y.min()), float(y.max())
    room = room.adjusted(8, 14, -8, -14)
    place = lambda a, b: QPointF(
        room.x() + (a - extent[0]) / (extent[1] - extent[0]) * room.width(),
        room.bottom() - (b - bottom) / ((top - bottom) or 1.0) * room.height(),
    )
    for a, b in zip(x, y, strict=True):
        draw_marker(painter, place(a, b), look(theme, "train", theme.muted), 5)
    curve = data.transform.inverse_target(values[:, None])[:, 0]
    painter.setPen(QPen(QColor(theme.accent), 2.2))
    painter.drawPolyline([place(a, b) for a, b in zip(np.linspace(*extent, len(curve)), curve, strict=True)])


def _paint_digits(painter: QPainter, room: QRectF, data: Prepared, theme: Theme) -> None:
    """Nine pictures: one of each of the first nine classes, or of fewer classes in turn."""
    x, y = data.raw.x, data.raw.y
    low, high = float(x.min()), float(x.max())
    cell = room.width() / 3
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
    classes = len(data.raw.classes)
    if not classes:  # what goes in, and what should come out
        for number in range(3):
            row = number * len(data.train) // 3
            for column, picture in enumerate((data.train.x[row], data.raw.x[data.index.train[row]])):
                place = QRectF(room.x() + (column + 0.5) * cell, room.y() + number * cell, cell, cell)
                image = sample_image(picture.astype(np.float32), low, high)
                painter.drawImage(place.adjusted(2, 2, -2, -2), image)
    for number in range(9 if classes else 0):
        round_, label = divmod(number, classes)
        rows = np.flatnonzero(y == label)
        if round_ >= len(rows):
            continue
        image = sample_image(x[rows[round_]], low, high)
        place = QRectF(room.x() + number % 3 * cell, room.y() + number // 3 * cell, cell, cell)
        painter.drawImage(place.adjusted(2, 2, -2, -2), image)
    painter.restore()


def _paint_table(painter: QPainter, room: QRectF, data: Prepared, theme: Theme) -> None:
    """A table with many columns: its first rows as shades, each column in its own range."""
    x = data.train.x[:12, :12]
    spread = np.abs(x).max(axis=0)
    image = indexed_image(signed_index(x / np.where(spread > 0, spread, 1), 1.0), signed_table(theme))
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
    painter.drawImage(room.adjusted(6, 6, -6, -6), image)
    painter.restore()


def _paint_network(painter: QPainter, room: QRectF, project: Project, theme: Theme) -> None:
    """One column per layer, as high as it is wide, in the colour of its category."""
    known = shapes(project)
    nodes = project.network.nodes
    columns = [(theme.muted, known.get("input", ()))]
    columns += [(theme.category_colour(n.layer.category), known.get(n.id, ())) for n in nodes]
    step = room.width() / len(columns)
    painter.setPen(QPen(QColor(theme.border), 1.5))
    painter.drawLine(QPointF(room.x(), room.center().y()), QPointF(room.right(), room.center().y()))
    painter.setPen(Qt.PenStyle.NoPen)
    for number, (colour, shape) in enumerate(columns):
        painter.setBrush(QBrush(QColor(colour)))
        # The area of a picture counts, not each pixel; a logarithm lets 1 and 800 stand side by side.
        units = shape[0] if len(shape) == 1 else 6 * shape[0] if shape else 1
        height = min(room.height(), 8 + 13 * np.log2(1 + units))
        width = min(12.0, 0.62 * step)
        at = QRectF(
            room.x() + (number + 0.5) * step - width / 2, room.center().y() - height / 2, width, height
        )
        painter.drawRoundedRect(at, 3, 3)
