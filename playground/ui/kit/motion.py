"""Whether pictures may move: some people are made unwell by it."""

from __future__ import annotations

from PySide6.QtWidgets import QApplication

_PROPERTY = "reduceMotion"


def reduce(on: bool) -> None:
    """Let every picture change at once (or move again), in all of the program."""
    application = QApplication.instance()
    if application is not None:
        application.setProperty(_PROPERTY, on)


def lasting(milliseconds: int) -> int:
    """How long a movement of so many milliseconds may take: none where motion is reduced."""
    application = QApplication.instance()
    return 0 if application is not None and application.property(_PROPERTY) else milliseconds
