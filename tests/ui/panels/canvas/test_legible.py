"""Words on the canvas are large enough to be read, or left out."""

import pytest
from PySide6.QtWidgets import QGraphicsItem

from playground.document.examples import example
from playground.ui.kit.ink import LEGIBLE
from playground.ui.panels.canvas import look as looks
from playground.ui.panels.canvas.network_view import LEAST_FIT
from tests.ui.panels.canvas.rig import Rig


@pytest.mark.parametrize("key", ["circle", "digits-cnn", "resnet-small"])
def test_the_whole_network_is_shown_in_words_that_can_be_read(qtbot, key: str) -> None:
    rig = Rig(qtbot, example(key).project, (660, 480))
    look = rig.scene.stage.look
    smallest = min(font.pixelSize() for font in (look.title, look.small, look.number))
    assert rig.network.zoom >= LEAST_FIT - 1e-6
    assert smallest * rig.network.zoom >= LEGIBLE - 0.01


def test_smaller_ones_are_left_out(rig, monkeypatch) -> None:
    written = []
    real = looks.QPainter.drawText

    def note(painter, *rest):
        written.append(painter.font().pixelSize() * painter.worldTransform().m11())
        return real(painter, *rest)

    monkeypatch.setattr(looks.QPainter, "drawText", note)
    for factor in (1.0, 0.8, 0.6, 1.5):
        rig.network.zoom_by(factor)
        for item in rig.scene.items():
            item.setCacheMode(QGraphicsItem.CacheMode.NoCache)
        rig.viewport.grab()
    assert len(written) > 10
    assert min(written) >= LEGIBLE - 0.02
