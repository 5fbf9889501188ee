"""A project's code in a QR picture, such as a screenshot of somebody's Share dialog."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.data.pixels import brightness_at
from playground.document.files import FileError
from playground.document.sharing import is_code

#: how the names of pictures end in which one is looked for
PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif")
INSTALL = "pip install 'chainrule-playground[share]'"


def can_read() -> bool:
    """Whether the package that reads them is installed."""
    try:
        import zxingcpp  # noqa: F401
    except ImportError:
        return False
    return True


def code_in(pixels: NDArray[np.uint8]) -> str:
    """The code of a project in a picture ``(height, width)`` or ``(height, width, 3)``; "" where there is none.

    Raises FileError where the package for that is not installed.
    """
    try:
        import zxingcpp
    except ImportError:
        raise FileError(
            f"To read a QR picture needs one more package: {INSTALL}. Install it, or have the code sent as text."
        ) from None
    found: Any = zxingcpp.read_barcodes(np.ascontiguousarray(pixels))
    return next((one.text for one in found if is_code(one.text)), "")


def code_at(path: Path) -> str:
    """The same of a picture in a file. Raises DataError where that cannot be read."""
    return code_in(brightness_at(path))
