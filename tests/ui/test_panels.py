"""A panel is declared once, beside its view: the window and its menu have it by that, and import it when it is seen."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtWidgets import QTableView

import playground.ui
from playground.document.examples import example
from playground.ui.kit.view import BOTTOM, View, declared, panel
from playground.ui.panels import PANELS
from playground.ui.panels.data.view import DataView
from playground.ui.shell import docks, main_window
from tests.ui.shell import Shell, ToldRunner

#: what a window needs only when somebody asks for it
LATER = (
    "markdown_it", "pygments", "joblib", "segno", "duckdb", "python_calamine", "scipy", "onnx", "tomllib", "engine.export",
    "engine.importing", "playground.lessons", "playground.runner.sweep", "playground.runner.race",
)  # fmt: skip
FOLDER = Path(playground.ui.__file__).parent


class NormsView(View):
    pass


def test_every_panel_that_is_declared_is_in_the_window() -> None:
    """A file that declares one where ``panels`` does not look would be found by nobody."""
    sources = [path.read_text("utf-8") for path in FOLDER.rglob("*.py")]
    written = [
        key
        for source in sources
        for key in re.findall(r'^panel\(\s*f"[^"]*",\s*"(\w+)"', source, re.MULTILINE)
    ]
    assert sorted(written) == sorted(one.key for one in PANELS)
    assert len({one.order for one in PANELS}) == len(PANELS)


def test_a_declaration_is_all_that_a_panel_needs(
    qtbot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel(f"{__name__}:NormsView", "norms", "Norms", BOTTOM, order=85, behind="problems", shown=False)
    new = declared.pop()
    for module in (docks, main_window):
        monkeypatch.setattr(module, "PANELS", (*PANELS, new))
    window = Shell(qtbot, example("circle").project, tmp_path, ToldRunner()).show().window
    toggle = next(action for action in window.createPopupMenu().actions() if action.text() == "Norms")
    assert not window.docks["norms"].isVisible()
    toggle.trigger()
    assert isinstance(window.docks.views["norms"], NormsView)
    assert window.docks["norms"].isVisible()


def test_a_window_may_go_while_a_panel_stands_alone(qtbot, tmp_path: Path) -> None:
    window = Shell(qtbot, example("circle").project, tmp_path, ToldRunner()).show().window
    window.docks.bring_forward("lesson")
    assert window.docks["data"].isHidden()
    window.hide()
    assert window.docks["data"].isHidden(), "nothing comes back into a window that goes"


@pytest.mark.slow
def test_no_table_holds_the_keyboard(qtbot, tmp_path: Path) -> None:
    """Tab leads out of every one, as Qt's tables themselves would go from cell to cell for ever."""
    window = Shell(qtbot, example("circle").project, tmp_path).show().until_ready().window
    for key in window.docks.views:
        window.docks.bring_forward(key)
    window.step_inside()
    window.dialogs.show_export()
    data = window.docks.views["data"]
    assert isinstance(data, DataView)
    data.type_numbers()
    tables = window.findChildren(QTableView)
    assert {"runs_table", "export_proof", "sheet_rows", "columns_view"} <= {
        one.objectName() for one in tables
    }
    assert [one.objectName() for one in tables if one.tabKeyNavigation()] == []


def test_a_window_begins_without_what_is_not_seen() -> None:
    """Neither the views of hidden panels nor the libraries that only they need are imported at the start."""
    code = """
import sys
from playground.document.examples import example
from playground.runner.session import Session
from playground.ui.shell.snapshot import snapshot
session = Session()
session.load(example("circle").project)
snapshot(session, (1280, 720))
print(*sys.modules)
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = ran.stdout.split()
    assert "playground.ui.panels.output.view" in loaded
    hidden = {one.made_by.partition(":")[0] for one in PANELS if not one.shown and ":" in one.made_by}
    for name in (*hidden - {"playground.ui.panels.problems"}, *LATER):
        assert name not in loaded, name
