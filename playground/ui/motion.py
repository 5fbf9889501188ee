"""Whether pictures may move: some people are made unwell by it."""

from __future__ import annotations

from PySide6.QtWidgets import QApplication

_PROPERTY = "reduceMotion"


def reduce(on: bool) -> None:
    """Let every picture change at once (or move again), in all of the program."""
    QApplication.instance().setProperty(_PROPERTY, on)


def lasting(milliseconds: int) -> int:
    """How long a movement of so many milliseconds may take: none where motion is reduced."""
    return 0 if QApplication.instance().property(_PROPERTY) else milliseconds
