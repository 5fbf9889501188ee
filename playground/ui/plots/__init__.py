"""Pictures of what the network answers and how training goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playground.ui.view import View


def preview_views() -> dict[str, type[View]]:
    """The views of this folder by the name that ``python -m playground.ui.preview NAME`` takes."""
    from playground.ui.plots.losses import LossView
    from playground.ui.plots.metrics import MetricsBar
    from playground.ui.plots.output import OutputView

    return {"output": OutputView, "loss": LossView, "metrics": MetricsBar}
