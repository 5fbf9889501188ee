"""A panel is declared once, on its view: the window and its menu have it by that."""

import re
from pathlib import Path

import pytest

import playground.ui
from playground.document.examples import example
from playground.ui.kit.view import BOTTOM, View, declared, panel
from playground.ui.panels import PANELS
from playground.ui.shell import docks, main_window
from tests.ui.shell import Shell, ToldRunner

FOLDER = Path(playground.ui.__file__).parent


def test_every_panel_that_is_declared_is_in_the_window() -> None:
    """A file that declares one where ``panels`` does not look would be found by nobody."""
    sources = [path.read_text("utf-8") for path in FOLDER.rglob("*.py")]
    written = [key for source in sources for key in re.findall(r'^@panel\(\s*"(\w+)"', source, re.MULTILINE)]
    assert sorted(written) == sorted(one.key for one in PANELS)
    assert len({one.order for one in PANELS}) == len(PANELS)


def test_a_declaration_is_all_that_a_panel_needs(
    qtbot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class NormsView(View):
        pass

    panel("norms", "Norms", BOTTOM, order=85, behind="problems", shown=False)(NormsView)
    new = declared.pop()
    for module in (docks, main_window):
        monkeypatch.setattr(module, "PANELS", (*PANELS, new))
    window = Shell(qtbot, example("circle").project, tmp_path, ToldRunner()).show().window
    toggle = next(action for action in window.createPopupMenu().actions() if action.text() == "Norms")
    assert not window.docks["norms"].isVisible()
    toggle.trigger()
    assert isinstance(window.docks.views["norms"], NormsView)
    assert window.docks["norms"].isVisible()
