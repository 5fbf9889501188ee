"""Every view opens alone, on a real project with a real run."""

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtGui import QImage

from playground.document.examples import example
from playground.ui.kit.theme import DARK
from playground.ui.panels import PANELS
from playground.ui.shell import preview
from tests.ui.bench import pixels

pytestmark = pytest.mark.slow

NAMES = sorted(preview.views())


def test_all_views_of_the_window_can_be_previewed() -> None:
    assert {"canvas", "metrics", "loss", "data", "backprop", "prove"} <= set(NAMES)
    assert {panel.view for panel in PANELS} < set(preview.views().values())
    assert len(set(preview.views().values())) == len(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_view_opens_alone_and_follows_the_run(name: str, qtbot) -> None:
    opened = preview.Preview(preview.views()[name], example("xor").project, DARK, own_process=False)
    qtbot.addWidget(opened.view)
    try:
        opened.view.show()
        opened.run_to(2)
        assert opened.pump.frame.epoch >= 2
        assert len(np.unique(pixels(opened.view.grab().toImage()).reshape(-1, 4), axis=0)) > 3
        opened.document.apply(opened.document.value.replace(name="other"), "Rename")
        assert opened.history.canUndo()
    finally:
        opened.close()


def test_a_shot_is_saved(qapp, tmp_path: Path) -> None:
    out = tmp_path / "metrics.png"
    assert (
        preview.main(["metrics", "--shot", str(out), "--size", "700x60", "--theme", "dark", "--epochs", "1"])
        == 0
    )
    image = QImage(str(out))
    assert (image.width(), image.height()) == (700, 60)


@pytest.mark.parametrize(
    "wrong", [["nothing"], ["canvas", "--theme", "blue"], ["canvas", "--size", "big"], []]
)
def test_wrong_words_are_refused(wrong: list[str], capsys) -> None:
    with pytest.raises(SystemExit) as ended:
        preview.main(wrong)
    assert ended.value.code == 2
