"""Numbers as colours: every picture is an 8-bit indexed image with a table of 256 colours, which Qt paints without Python."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QImage, QPaintEngine, QPainter

from playground.ui.kit.theme import Theme, cached, lut

Array = NDArray[Any]

#: how far the colour of a class goes towards the panel's where it is an area: its points must stand out from it
AREA = 0.42


@lru_cache(maxsize=1024)
def mix(colour: str, other: str, share: float) -> str:
    """``colour`` with ``share`` of ``other`` in it, ``#rrggbb``."""
    a, b = QColor(colour), QColor(other)
    pairs = ((a.red(), b.red()), (a.green(), b.green()), (a.blue(), b.blue()))
    return "#" + "".join(f"{round((1 - share) * x + share * y):02x}" for x, y in pairs)


def qt_table(table: NDArray[np.uint8]) -> list[int]:
    """A look-up table ``(n, 4)`` RGBA as Qt wants it: ``0xAARRGGBB``."""
    r, g, b, a = (table[:, c].astype(np.int64) for c in range(4))
    return ((a << 24) | (r << 16) | (g << 8) | b).tolist()


@cached
def signed_table(theme: Theme) -> list[int]:
    """Orange below 0, blue above."""
    return qt_table(theme.diverging())


@cached
def loss_table(theme: Theme) -> list[int]:
    """From nothing to the colour of errors."""
    return qt_table(lut((theme.neutral, mix(theme.warning, theme.panel, 0.35), theme.error)))


@cached
def gradient_table(theme: Theme) -> list[int]:
    """Gradients: teal below 0, violet above."""
    return qt_table(theme.gradients())


@lru_cache(maxsize=32)
def grey_table() -> list[int]:
    """Black to white, for pictures with one channel."""
    return qt_table(lut(("#000000", "#ffffff")))


def area(theme: Theme, label: int) -> str:
    """The colour of a class as an area."""
    return mix(theme.class_colour(label), theme.panel, AREA)


@cached
def binary_table(theme: Theme) -> list[int]:
    """Index 0: surely the first class; 255: surely the second."""
    return qt_table(lut((area(theme, 0), theme.neutral, area(theme, 1))))


def levels(classes: int) -> int:
    """How many strengths of colour each of ``classes`` gets in one table."""
    return 256 // max(1, classes)


@cached
def class_table(theme: Theme, classes: int) -> list[int]:
    """For each class in turn, ``levels(classes)`` colours from pale to its own."""
    n = levels(classes)
    tables = [lut((theme.neutral, area(theme, label)), n) for label in range(classes)]
    return qt_table(np.concatenate(tables))


def magnitudes(rows: Array) -> Array:
    """The largest magnitude in each row ``(n, k)``; 0 in an empty one. Without a copy: of millions of weights it would take longest."""
    return np.maximum(rows.max(1, initial=0.0), -rows.min(1, initial=0.0))


def signed_index(values: Array, limit: float) -> NDArray[np.uint8]:
    """Indices into ``signed_table`` for values in ``±limit``; what lies beyond takes the end's colour, NaN the middle's."""
    scaled = values * np.float32(127.5 / limit if limit > 0 else 0.0) + np.float32(128.0)
    return _to_bytes(scaled)


def share_index(values: Array) -> NDArray[np.uint8]:
    """Indices 0..255 for values in 0..1."""
    return _to_bytes(values * np.float32(255.0) + np.float32(0.5))


def class_index(label: Array, strength: Array, classes: int) -> NDArray[np.uint8]:
    """Indices into ``class_table`` for class labels with strengths in 0..1."""
    n = levels(classes)
    step = np.minimum((np.nan_to_num(strength) * n).astype(np.int64), n - 1)
    return (label * n + step).astype(np.uint8)


def _to_bytes(scaled: Array) -> NDArray[np.uint8]:
    # NaN has no byte, and NumPy warns where it has to make one up.
    scaled = (
        np.nan_to_num(scaled, nan=128.0, posinf=255.0, neginf=0.0)
        if not np.isfinite(scaled).all()
        else scaled
    )
    return np.clip(scaled, 0.0, 255.0).astype(np.uint8)


def indexed_image(indices: NDArray[np.uint8], table: list[int]) -> QImage:
    """A picture ``(height, width)`` of table entries, with memory of its own."""
    indices = np.ascontiguousarray(indices)
    height, width = indices.shape
    image = QImage(indices.data, width, height, width, QImage.Format.Format_Indexed8).copy()
    image.setColorTable(table)
    return image


def clear_image(indices: NDArray[np.uint8], table: list[int], clear: NDArray[np.bool_]) -> QImage:
    """The same, seen through where ``clear``."""
    colours = np.array(table, np.uint32)[indices]
    colours[clear] = 0
    height, width = colours.shape
    return QImage(colours.data, width, height, 4 * width, QImage.Format.Format_ARGB32).copy()


def shares_image(theme: Theme, shares: Array, shape: tuple[int, ...], discrete: bool = False) -> QImage:
    """A picture of probabilities ``(N, classes)`` at the N points of ``shape``; ``discrete``: of the likeliest class alone."""
    classes = shares.shape[1]
    if classes <= 2:
        second = shares[:, 1]
        index, table = share_index(second >= 0.5 if discrete else second), binary_table(theme)
    else:
        # From "as likely as any other" to "certain".
        sure = (shares.max(axis=1) - 1 / classes) / (1 - 1 / classes)
        index = class_index(shares.argmax(axis=1), np.ones_like(sure) if discrete else sure, classes)
        table = class_table(theme, classes)
    return indexed_image(index.reshape(shape), table)


def sample_image(sample: Array, low: float, high: float) -> QImage:
    """One sample ``(C, H, W)`` as a picture: three channels as RGB, else the first in grey; ``low`` black, ``high`` white."""
    scaled = share_index((sample - low) / (high - low) if high > low else np.zeros_like(sample))
    if len(scaled) != 3:
        return indexed_image(scaled[0], grey_table())
    rgb = np.ascontiguousarray(np.moveaxis(scaled, 0, -1))
    height, width = rgb.shape[:2]
    return QImage(rgb.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()


def draw_part(painter: QPainter, target: QRectF, image: QImage, source: QRectF) -> None:
    """Part of a picture. A drawing (SVG) knows only whole ones, and is given the part as one."""
    if painter.paintEngine().type() is QPaintEngine.Type.SVG:
        painter.drawImage(target, image.copy(source.toRect()))
    else:
        painter.drawImage(target, image, source)


def draw_image(painter: QPainter, image: QImage, rect: QRectF) -> None:
    """A picture enlarged with sharp pixels, as large as fits, its sides in proportion."""
    scale = min(rect.width() / image.width(), rect.height() / image.height())
    width, height = image.width() * scale, image.height() * scale
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, scale < 1)
    at = QRectF(rect.center().x() - width / 2, rect.center().y() - height / 2, width, height)
    painter.drawImage(at, image)


def readable(ground: QColor, theme: Theme) -> str:
    """Of the theme's text and panel colours the one that stands out more from ``ground``."""
    away = {ink: abs(QColor(ink).lightnessF() - ground.lightnessF()) for ink in (theme.text, theme.panel)}
    return max(away, key=lambda ink: away[ink])
