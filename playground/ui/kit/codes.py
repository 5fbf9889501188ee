"""Codes of projects in what is copied, dragged or opened: as text, or as a QR picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PySide6.QtCore import QMimeData, QUrl
from PySide6.QtGui import QImage

from engine.errors import DataError
from playground.document.files import FileError
from playground.document.qr import PICTURES, can_read, code_at, code_in
from playground.document.sharing import is_code

#: pixels of a picture that is copied: one that has more is not looked into
MOST_PIXELS = 1 << 26


def code_of(mime: QMimeData | None) -> str:
    """The code in it; words without one, if there is none. Raises FileError, and DataError for a picture that cannot be read."""
    if mime is None:  # an empty clipboard
        mime = QMimeData()
    text = mime.text() if mime.hasText() else ""
    if is_code(text):
        return text
    urls = mime.urls()
    path = Path(urls[0].toLocalFile()) if len(urls) == 1 and urls[0].isLocalFile() else None
    if path is not None and is_picture(path):
        found = code_at(path)
    elif mime.hasImage():
        found = code_in(_brightness(QImage(mime.imageData())))
    else:
        return text
    if not found:
        raise FileError(
            "There is no code of a project in this picture; expected the QR picture of File ▸ Share as Code, whole and sharp. "
            "Take the screenshot again, or have the code sent as text."
        )
    return found


def carries_code(mime: QMimeData | None) -> bool:
    """Whether it may hold a code, without looking into pictures; a clipboard that another program holds on to gives ``None``."""
    if mime is None:
        return False
    return is_code(mime.text()) if mime.hasText() else mime.hasImage()


def is_picture(path: Path) -> bool:
    """Whether a file is called as pictures are."""
    return path.suffix.lower() in PICTURES


def holds_code(path: Path) -> bool:
    """Whether the picture at ``path`` is one of a code, as far as can be told here."""
    try:
        return can_read() and bool(code_at(path))
    except (DataError, FileError):
        return False


def picture_mime(path: Path) -> QMimeData:
    """As if the picture had been copied."""
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path))])
    return mime


def _brightness(image: QImage) -> np.ndarray:
    """``(height, width)``, 0 to 255. Raises FileError for none, or one too large."""
    if image.isNull() or image.width() * image.height() > MOST_PIXELS:
        raise FileError("The picture is empty, or too large; expected a screenshot. Take it again.")
    grey = image.convertToFormat(QImage.Format.Format_Grayscale8)
    rows = np.frombuffer(grey.constBits(), np.uint8).reshape(grey.height(), grey.bytesPerLine())
    return rows[:, : grey.width()].copy()
