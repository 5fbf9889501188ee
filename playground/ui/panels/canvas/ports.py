"""A block's output, from which a wire is pulled: a dot at its card's right edge."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF

from playground.ui.panels.canvas.targets import Port

PORT = 5.0  #: radius of the dot


def port_at(card: QRectF, at: QPointF, block_id: str) -> Port | None:
    """The dot at a card's right edge from which a wire is pulled."""
    middle = QPointF(card.right(), card.center().y())
    return Port(block_id) if (at - middle).manhattanLength() <= PORT + 3 else None
