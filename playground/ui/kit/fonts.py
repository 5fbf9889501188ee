"""Sizes of letters."""

from __future__ import annotations

from PySide6.QtGui import QFont

#: pixels of the smallest letters anywhere
LEAST = 10


def small(font: QFont) -> QFont:
    """``font`` one size smaller, for what stands beside the picture."""
    font = QFont(font)
    if font.pixelSize() > 0:
        font.setPixelSize(max(LEAST, font.pixelSize() - 2))
    else:
        font.setPointSizeF(max(LEAST * 0.75, font.pointSizeF() - 1.0))
    return font
