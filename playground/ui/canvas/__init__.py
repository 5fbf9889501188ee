"""The network on its canvas."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playground.ui.view import Context, View


def preview_views() -> Mapping[str, Callable[[Context], View]]:
    """Views that ``python -m playground.ui.preview`` can open alone."""
    from playground.ui.canvas.view import CanvasView

    return {"canvas": CanvasView}
