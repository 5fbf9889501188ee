"""Convolution and pooling at work, inside any network, on any picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playground.ui.view import View


def preview_views() -> dict[str, type[View]]:
    """The views of this folder by the name that ``python -m playground.ui.preview NAME`` takes."""
    from playground.ui.convolution.view import ConvolutionView

    return {"convolution": ConvolutionView}
