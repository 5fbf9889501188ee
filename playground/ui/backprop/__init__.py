"""Stepping through one update of the learner's own network: forward, loss, backward, update, every number."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playground.ui.view import View


def preview_views() -> dict[str, type[View]]:
    """The views of this part of the window that can be opened alone, by name."""
    from playground.ui.backprop.dots import DotsCard
    from playground.ui.backprop.predict import PredictCard
    from playground.ui.backprop.prove import ProveCard
    from playground.ui.backprop.update import UpdateCard
    from playground.ui.backprop.view import BackpropView

    return {
        "backprop": BackpropView,
        "update": UpdateCard,
        "dots": DotsCard,
        "prove": ProveCard,
        "predict": PredictCard,
    }
