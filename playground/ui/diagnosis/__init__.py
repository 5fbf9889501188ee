"""Whether the network is healthy: bias and variance, and what goes on in every layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playground.ui.view import View


def preview_views() -> dict[str, type[View]]:
    """The views of this part of the window that can be opened alone, by name."""
    from playground.ui.diagnosis.view import DiagnosisView

    return {"diagnosis": DiagnosisView}
