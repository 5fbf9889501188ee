"""Pictures of the user's own, from a file, the clipboard or a drop: read as those of a data set are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QMimeData, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QImage
from PySide6.QtWidgets import QApplication, QFileDialog, QWidget

from engine.data.pixels import ENDINGS, laid_on_ground, picture_at
from engine.errors import EngineError

Array = NDArray[Any]

UNREADABLE = "That is no picture that can be read. Use a PNG, JPEG, BMP, GIF or WebP file."
_NOTHING = "There is no picture on the clipboard. Copy one first."
_FILTER = f"Pictures ({' '.join(f'*{ending}' for ending in ENDINGS)});;All files (*)"

#: larger pictures are made smaller: what is left is more than any network here reads
MOST = 512

#: a picture in which nothing is transparent, or a sentence that says why there is none
Found = QImage | str


def from_file(path: Path) -> Found:
    """The picture in a file."""
    try:
        return _image(picture_at(path))
    except EngineError as error:
        return str(error)


def chosen(parent: QWidget) -> Found | None:
    """The picture in the file that the user chooses; ``None`` where they choose none."""
    name, _ = QFileDialog.getOpenFileName(parent, "Open a picture", str(Path.home()), _FILTER)
    return from_file(Path(name)) if name else None


def dropped(data: QMimeData) -> Found:
    """The picture, or the picture file, that was dropped."""
    return (
        from_file(Path(data.urls()[0].toLocalFile())) if data.hasUrls() else opaque(QImage(data.imageData()))
    )


def pasted() -> Found:
    """The picture on the clipboard."""
    image = QApplication.clipboard().image()
    return _NOTHING if image.isNull() else opaque(image)


def opaque(image: QImage) -> Found:
    """``image`` on the ground where it can be seen best."""
    if image.isNull():
        return UNREADABLE
    if not image.hasAlphaChannel():
        return image
    plain = image.convertToFormat(QImage.Format.Format_RGBA8888)
    flat = np.frombuffer(plain.constBits(), np.uint8).reshape(plain.height(), plain.bytesPerLine())
    return _image(laid_on_ground(flat[:, : 4 * plain.width()].reshape(plain.height(), plain.width(), 4)))


def small_enough(found: Found) -> Found:
    """A picture that was found, on a ground, and no larger than is of use."""
    image = found if isinstance(found, str) else opaque(found)
    if not isinstance(image, str) and max(image.width(), image.height()) > MOST:
        ratio, how = Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
        image = image.scaled(MOST, MOST, ratio, how)
    return image


def pixels_of(image: QImage) -> Array:
    """``(h, w, 3)`` from 0 to 255 of a picture in which nothing is transparent."""
    plain = image.convertToFormat(QImage.Format.Format_RGB888)
    flat = np.frombuffer(plain.constBits(), np.uint8).reshape(plain.height(), plain.bytesPerLine())
    return flat[:, : 3 * plain.width()].reshape(plain.height(), plain.width(), 3).copy()


def _image(pixels: NDArray[np.uint8]) -> QImage:
    """Pixels ``(h, w, 3)`` as Qt's picture."""
    height, width, _ = pixels.shape
    return QImage(
        np.ascontiguousarray(pixels).data, width, height, 3 * width, QImage.Format.Format_RGB888
    ).copy()


class PictureDrop(QWidget):
    """Base: pictures may be dropped on it."""

    dropped = Signal(object)  #: a picture of the user's own, or why there is none

    def __init__(self) -> None:
        super().__init__()
        self.setAcceptDrops(True)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasImage() or event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        event.acceptProposedAction()
        self.dropped.emit(dropped(event.mimeData()))
