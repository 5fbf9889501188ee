"""The code panel follows the network, runs as it stands, and lights up with the blocks, both ways."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication, QTextCursor
from PySide6.QtTest import QTest

from engine.data import Digits
from engine.fit import Fit
from engine.layers import Conv2d, Flatten, Linear, ReLU, Tanh
from engine.losses import BCEWithLogitsLoss, CrossEntropyLoss
from engine.network import Network
from playground.document import edits
from playground.document.examples import example
from playground.document.project import Project
from playground.ui.kit.theme import DARK, LIGHT, Theme
from playground.ui.panels.code.changes import Changes, changes
from playground.ui.panels.code.syntax import Span, spans
from playground.ui.panels.code.view import SHOWN, CodeView
from tests.engine.export.exporting import run
from tests.ui.bench import Bench, ink, pixels
from tests.ui.shell import Shell, ToldRunner

PROJECT = Project(network=Network.chain(Linear(4), Tanh(), Linear(1)), fit=Fit(loss=BCEWithLogitsLoss()))


def open_on(qtbot, project: Project = PROJECT, theme: Theme = LIGHT) -> Bench:
    bench = Bench(qtbot, CodeView, project, theme=theme)
    return bench.show(700, 400)


def point_of(bench: Bench, number: int) -> QPoint:
    """A point over a line's first letters."""
    listing = bench.view.listing
    cursor = QTextCursor(listing.document().findBlockByNumber(number))
    return listing.cursorRect(cursor).center() + QPoint(12, 0)


def text_of(bench: Bench, number: int) -> str:
    return bench.view.listing.lines[number].text


@pytest.mark.parametrize("target", SHOWN)
def test_what_is_copied_is_what_is_shown(qtbot, target: str) -> None:
    bench = open_on(qtbot)
    bench.find("code_targets").setCurrentIndex(SHOWN.index(target))
    QTest.mouseClick(bench.find("code_copy"), Qt.MouseButton.LeftButton)
    copied = QGuiApplication.clipboard().text()
    assert copied == bench.view.listing.toPlainText() + "\n"
    assert "Copied" in bench.find("code_said").text()
    assert bench.view.target == target


def test_what_is_copied_runs(qtbot, capsys: pytest.CaptureFixture[str]) -> None:
    bench = open_on(qtbot)
    bench.find("code_targets").setCurrentIndex(SHOWN.index("numpy"))
    run(bench.view.text, "__main__")
    assert "epoch 2, loss" in capsys.readouterr().out


def test_it_follows_an_edit_and_marks_what_that_changed(qtbot) -> None:
    bench = open_on(qtbot)
    bench.document.do(edits.set_layer, "0", Linear(7))
    changed = {text_of(bench, n).split("#")[0].strip() for n in bench.view.listing.changes.new}
    assert {"nn.Linear(2, 7),", "nn.Tanh(),", "nn.Linear(7, 1),"} <= changed
    assert not any("net = " in line for line in changed)
    assert "changed by the last edit" in bench.find("code_said").toolTip()
    bench.document.do(edits.set_fit, bench.project.fit.replace(batch_size=77))
    assert [text_of(bench, n) for n in bench.view.listing.changes.new] == ["BATCH_SIZE = 77"]


def test_what_it_does_not_follow_from_leaves_the_marks(qtbot) -> None:
    bench = open_on(qtbot)
    bench.document.do(edits.set_layer, "0", Linear(7))
    before = bench.view.listing.changes
    bench.document.do(edits.set_seed, 5)
    assert bench.view.listing.changes is before


def test_another_target_marks_the_same_edit(qtbot) -> None:
    bench = open_on(qtbot)
    bench.document.do(edits.set_layer, "0", Linear(7))
    bench.find("code_targets").setCurrentIndex(SHOWN.index("numpy"))
    changed = " ".join(text_of(bench, n) for n in bench.view.listing.changes.new)
    assert '"0.weight": np.zeros((7, 2))' in changed


def test_opening_another_project_marks_nothing(qtbot) -> None:
    bench = open_on(qtbot)
    bench.document.open(example("digits-cnn").project)
    assert "nn.Conv2d(1, 8" in bench.view.text
    assert not bench.view.listing.changes


def test_a_network_that_does_not_run_is_said_and_the_last_program_stays(qtbot) -> None:
    bench = open_on(qtbot)
    before = bench.view.text
    bench.document.do(edits.set_layer, "2", Conv2d())
    assert bench.view.text == before
    said = bench.find("code_said")
    assert said.toolTip().startswith("Not as the network stands: ")
    assert said.property("warning")
    bench.document.do(edits.set_layer, "2", Linear(1))
    assert "lines" in said.text()
    assert not said.property("warning")


def test_a_target_that_lacks_something_says_so_and_the_others_follow(qtbot) -> None:
    layer = Conv2d(4, 3, stride=2, dilation=2)
    network = Network.chain(layer, Flatten(), Linear(10))
    bench = open_on(qtbot, Project(source=Digits(), network=network, fit=Fit(loss=CrossEntropyLoss())))
    assert "stride=2, dilation=2" in bench.view.text
    bench.find("code_targets").setCurrentIndex(SHOWN.index("keras"))
    assert bench.view.listing.toPlainText() == ""
    assert "cannot be written in Keras with both a stride and a dilation" in bench.find("code_said").toolTip()
    assert not bench.find("code_copy").isEnabled()
    bench.document.do(edits.set_layer, "0", Conv2d(4, 3))
    assert "layers.Conv2D(4, 3" in bench.view.text


@pytest.mark.parametrize(
    "project", [Project(), Project(source=Digits(), network=Network.chain(Conv2d(), Linear(4)))]
)
def test_where_there_never_was_one_it_says_why(qtbot, project: Project) -> None:
    bench = open_on(qtbot, project)
    assert bench.view.listing.toPlainText() == ""
    assert bench.find("code_said").toolTip()
    assert not bench.find("code_copy").isEnabled()


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda t: t.name)
def test_a_block_under_the_mouse_lights_its_lines(qtbot, theme: Theme) -> None:
    bench = open_on(qtbot, theme=theme)
    listing = bench.view.listing
    at = listing.line_of("1")
    assert "nn.Tanh()" in text_of(bench, at)
    assert listing.lit() == []
    right = QPoint(listing.viewport().width() - 20, point_of(bench, at).y())
    dark = listing.viewport().grab().toImage().pixelColor(right)
    bench.focus.point_at_blocks(("1",))
    assert listing.lit() == [at]
    assert listing.viewport().grab().toImage().pixelColor(right) != dark
    bench.focus.point_at_blocks(())
    assert listing.lit() == []
    assert listing.viewport().grab().toImage().pixelColor(right) == dark


def test_a_line_under_the_mouse_points_at_its_block(qtbot) -> None:
    bench = open_on(qtbot)
    listing, seen = bench.view.listing, []
    bench.focus.blocks_changed.connect(seen.append)
    QTest.mouseMove(listing.viewport(), point_of(bench, listing.line_of("1")))
    qtbot.waitUntil(lambda: ("1",) in seen)
    QTest.mouseMove(listing.viewport(), point_of(bench, listing.line_of("1") - 2))
    qtbot.waitUntil(lambda: seen[-1] != ("1",))


def test_a_click_selects_the_block_and_a_selected_block_lights_its_lines(qtbot) -> None:
    bench = open_on(qtbot)
    listing = bench.view.listing
    QTest.mouseClick(listing.viewport(), Qt.MouseButton.LeftButton, pos=point_of(bench, listing.line_of("0")))
    assert bench.focus.node_id == "0"
    assert listing.line_of("0") in listing.lit()
    bench.focus.point_at_blocks(())
    bench.focus.select("2")
    assert listing.line_of("0") not in listing.lit()
    assert listing.line_of("2") in listing.lit()


def test_the_keyboard_goes_from_line_to_line(qtbot) -> None:
    bench = open_on(qtbot)
    listing = bench.view.listing
    listing.setFocus()
    listing.setTextCursor(QTextCursor(listing.document().findBlockByNumber(listing.line_of("0"))))
    assert bench.focus.blocks == ("0",)
    QTest.keyClick(listing, Qt.Key.Key_Down)
    assert bench.focus.blocks == ("1",)
    QTest.keyClick(listing, Qt.Key.Key_Return)
    assert bench.focus.node_id == "1"


def test_what_is_selected_elsewhere_comes_into_view(qtbot) -> None:
    bench = open_on(qtbot, example("lenet5").project)
    listing = bench.view.listing
    listing.verticalScrollBar().setValue(listing.verticalScrollBar().maximum())
    node_id = bench.project.network.nodes[0].id
    number = listing.line_of(node_id)
    assert not listing.seen(number)
    bench.focus.select(node_id)
    assert listing.seen(number)


def test_the_loss_and_the_data_have_lines_too(qtbot) -> None:
    bench = open_on(qtbot)
    listing = bench.view.listing
    assert "nn.BCEWithLogitsLoss()" in text_of(bench, listing.line_of("loss"))
    assert text_of(bench, listing.line_of("input")).strip().startswith("x = ")


def test_an_edit_leaves_what_is_seen_where_it_was(qtbot) -> None:
    bench = open_on(qtbot)
    bar = bench.view.listing.verticalScrollBar()
    bar.setValue(5)
    bench.document.do(edits.set_layer, "0", Linear(7))
    assert bar.value() == 5


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda t: t.name)
def test_the_words_have_the_themes_colours(qtbot, theme: Theme) -> None:
    bench = open_on(qtbot, theme=theme)
    image = bench.view.listing.viewport().grab().toImage()
    assert (ink(image, theme.gradient) < 40).sum() > 20  # keywords
    assert (ink(image, theme.good) < 40).sum() > 20  # texts
    assert pixels(image).shape[0] > 0


def test_every_part_of_a_program_is_told() -> None:
    lines = ["class A:  # one", '    """Two', "    three", '    """', "    x = f'{1.5}' if a else None"]
    found = spans(lines)
    assert found[0] == [Span(0, 5, "keyword"), Span(6, 1, "name"), Span(10, 5, "comment")]
    assert [[(lines[n][s.start : s.start + s.length], s.kind) for s in found[n]] for n in (1, 2, 3)] == [
        [('"""Two', "string")], [("    three", "string")], [('    """', "string")],
    ]  # fmt: skip
    kinds = {lines[4][s.start : s.start + s.length]: s.kind for s in found[4]}
    assert kinds["if"] == kinds["else"] == kinds["None"] == "keyword"
    assert any(kind == "string" for kind in kinds.values())
    assert spans(['x = """', "never ends"]) == [[], []]


def test_changes_are_those_of_lines() -> None:
    assert changes("abcd", "abxd") == Changes(frozenset({2}))
    assert changes("abcd", "acd") == Changes(gone=frozenset({1}))
    assert changes("ab", "a") == Changes(gone=frozenset({0}))
    assert not changes("ab", "ab")
    rng = np.random.default_rng(0)
    for _ in range(50):
        before, after = ("".join(rng.choice(list("abc"), 6)) for _ in range(2))
        kept = [c for n, c in enumerate(after) if n not in changes(before, after).new]
        rest = iter(before)
        assert all(c in rest for c in kept), "what is not marked was there before, in that order"


def test_in_the_window_a_card_and_its_lines_light_up_together(qtbot, tmp_path) -> None:
    window = (
        Shell(
            qtbot,
            PROJECT.replace(network=Network.chain(Linear(4), ReLU(), Linear(1))),
            tmp_path,
            ToldRunner(),
        )
        .show()
        .window
    )
    window.docks.bring_forward("code")
    view = window.docks.views["code"]
    assert isinstance(view, CodeView)
    card = window.canvas.scene.blocks["1"].card
    view.listing.pointed.emit(("1",))
    assert card.lit
    view.listing.pointed.emit(())
    assert not card.lit
    network = window.canvas.network
    at = network.mapFromScene(card.mapToScene(card.rect.center()))
    QTest.mouseMove(network.viewport(), at)
    qtbot.waitUntil(lambda: window.focus.blocks == ("1",))
    assert view.listing.lit() == [view.listing.line_of("1")]
    assert card.hovered
    assert not card.lit
