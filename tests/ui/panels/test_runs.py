"""The panel of runs: an edit beside what was before, the table, what is kept."""

import csv
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from engine.data import Circle
from engine.losses import HingeLoss
from playground.document import edits
from playground.document.examples import example
from playground.document.paths import places
from playground.document.project import Project, data_of
from playground.runner.messages import Load, State
from playground.runner.race import Race
from playground.runner.sweep import Sweep
from playground.runs.kept import Kept
from playground.runs.plan import grid, setting
from playground.runs.trial import Trial
from playground.ui.kit import places as folders
from playground.ui.kit.run_curves import Group
from playground.ui.kit.surfaces import answer, difference
from playground.ui.kit.theme import DARK, LIGHT
from playground.ui.panels.runs.model import COLUMNS
from playground.ui.panels.runs.several import SeveralDialog, suggestion
from playground.ui.panels.runs.view import RunsView
from tests.ui.bench import Bench, ink
from tests.ui.shell import Shell, ToldRunner, answer_file_dialog


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(folders, "runs_folder", lambda: tmp_path / "runs")
    return tmp_path / "runs"


@pytest.fixture
def xor() -> Project:
    return example("xor").project


def with_rate(project: Project, lr: float) -> Project:
    return edits.set_fit(project, project.fit.replace(optimizer=project.fit.optimizer.replace(lr=lr)))


def trained(view: RunsView, *heats: tuple[Trial, ...]) -> None:
    """As if these had been run beside each other before."""
    race = Race(heats, kept=Kept(view.kept.folder))
    while race.go_on(1):
        pass
    view.kept.read()
    view._list()


@pytest.fixture
def bench(qtbot, xor: Project) -> Iterator[Bench]:
    bench = Bench(qtbot, RunsView, xor)
    yield bench
    bench.view.beside.stop()


def test_runs_have_their_folder_before_a_project_has_been_shown(bench: Bench, own_folder: Path) -> None:
    view = RunsView(bench.view.context)
    bench.qtbot.addWidget(view)
    assert view.kept.folder.parent == own_folder


def column(name: str) -> int:
    return [c.heading for c in COLUMNS].index(name)


def cell(view: RunsView, row: int, name: str) -> str:
    return view.table.sorted.index(row, column(name)).data()


def test_the_table_says_what_differs_from_the_present_project(bench: Bench, xor: Project) -> None:
    view = bench.view
    trained(view, (Trial(xor, 0, 2), Trial(with_rate(xor, 0.5), 0, 2)))
    assert [cell(view, row, "what differs") for row in (0, 1)] == ["learning rate 0.1 → 0.5", "as it is now"]
    bench.document.do(edits.set_fit, with_rate(xor, 0.5).fit)
    assert [cell(view, row, "what differs") for row in (0, 1)] == ["as it is now", "learning rate 0.5 → 0.1"]
    found = next(iter(view.kept.entries.values())).result
    assert float(cell(view, 1, "best loss")) == pytest.approx(found.best[1], rel=5e-3)


def test_it_is_sorted_with_what_diverged_last_and_filtered(bench: Bench, xor: Project) -> None:
    view = bench.view
    trained(view, *((Trial(with_rate(xor, lr), 0, 2),) for lr in (0.01, 0.5, 0.1)))
    wild = next(e for e in view.kept.entries.values() if e.trial.project.fit.optimizer.lr == 0.5)
    view.kept.entries[wild.key] = replace(wild, result=replace(wild.result, end="diverged"))
    view._list()
    view.table.sortByColumn(column("best loss"), Qt.SortOrder.AscendingOrder)
    assert cell(view, 2, "end") == "diverged"
    view.bar.filter.setText("→ 0.01")
    assert view.table.sorted.rowCount() == 1
    view.bar.filter.setText("DIVERGED")
    assert view.table.sorted.rowCount() == 1
    view.bar.filter.clear()
    assert view.table.sorted.rowCount() == 3


def test_many_rows_make_no_widgets(bench: Bench, xor: Project) -> None:
    view = bench.show(900, 400).view
    trained(view, (Trial(xor, 0, 1),))
    (entry,) = view.kept.entries.values()
    view.grab()  # what Qt makes when it lays the panel out for the first time is there
    before = len(view.findChildren(object))
    view.model.show([replace(entry, key=f"{i:016x}") for i in range(10_000)])
    view.grab()
    assert len(view.findChildren(object)) == before
    assert len(view.model._words) < 200  # of the others, nobody has asked what differs


def test_star_and_note_are_kept(bench: Bench, xor: Project) -> None:
    view = bench.show(900, 400).view
    trained(view, (Trial(xor, 0, 1),))
    at = view.table.visualRect(view.table.sorted.index(0, 0)).center()
    QTest.mouseClick(view.table.viewport(), Qt.MouseButton.LeftButton, pos=at)
    view.table.sorted.setData(view.table.sorted.index(0, column("note")), "<b>mine</b>")
    again = Kept(view.kept.folder)
    again.read()
    (entry,) = again.entries.values()
    assert (entry.star, entry.note) == (True, "<b>mine</b>")
    assert cell(view, 0, "note") == "<b>mine</b>"


def test_chosen_runs_are_grouped_by_all_but_the_seed_and_judged(bench: Bench, xor: Project) -> None:
    view = bench.view
    a, b = with_rate(xor, 0.001), with_rate(xor, 0.5)
    trained(view, *((Trial(a, seed, 3), Trial(b, seed, 3)) for seed in range(5)))
    view._pair = (a, b)
    view.table.selectAll()
    first, second = view.groups()
    assert [len(first), len(second)] == [5, 5]
    assert first[0].trial.project.fit.optimizer.lr == 0.001
    assert view.words.text().startswith(
        "B has learning rate 0.001 → 0.5. Larger than luck: B is better, with 5 of 5"
    )
    assert view.key.names() == ["A before · 5 seeds", "B learning rate 0.001 → 0.5 · 5 seeds"]
    view.table.choose([entry.key for entry in (first[0], second[0])])
    assert "B is better: best validation loss" in view.words.text()
    view.table.choose([first[0].key, second[1].key])
    assert "no seed in common" in view.words.text()


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (lambda made: edits.set_source(made, Circle()), "They are judged by different samples"),
        (lambda made: made.replace(preparation=made.preparation.replace(validation=0.3)), "They are judged by different samples"),
        (lambda made: edits.set_fit(made, made.fit.replace(loss=HingeLoss())), "They have different losses"),
        (lambda made: made.replace(preparation=made.preparation.replace(normalize="standardize")), "B is better|A is better"),
    ],
)  # fmt: skip
def test_losses_of_different_things_are_not_weighed(bench: Bench, xor: Project, other, said: str) -> None:
    a, b = xor, other(xor)
    trained(bench.view, (Trial(a, 0, 3), Trial(b, 0, 3)))
    bench.view._pair = (a, b)
    bench.view.table.selectAll()
    words = bench.view.words.text()
    assert any(one in words for one in said.split("|"))
    assert ("is better: best" in words) == said.startswith("B")


def test_the_panel_is_as_narrow_as_what_is_left_beside_two_columns(bench: Bench) -> None:
    assert bench.view.minimumSizeHint().width() <= 560


def test_a_group_is_drawn_as_median_and_band() -> None:
    rows = [
        np.column_stack([np.arange(n)] + [np.full(n, value)] * 7)
        for n, value in ((4, 1.0), (4, 2.0), (3, 6.0))
    ]
    epochs, values = Group("x", tuple(rows)).curves("validation_loss")
    assert epochs.tolist() == [0, 1, 2, 3]
    assert np.nanmedian(values, 0).tolist() == [2, 2, 2, 1.5]
    assert np.isnan(values[2, 3])  # a run that has ended says nothing of later epochs


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_curves_and_surfaces_of_the_chosen_are_to_be_seen(qtbot, xor: Project, theme) -> None:
    bench = Bench(qtbot, RunsView, xor, theme=theme).show(1000, 420)
    view = bench.view
    trained(view, (Trial(xor, 0, 3), Trial(with_rate(xor, 0.5), 0, 3)))
    assert not view.surfaces.isVisible()
    bare = ink(view.curves.grab().toImage(), theme.sunken).sum()
    view.table.selectAll()
    qtbot.waitUntil(view.surfaces.isVisible)
    assert all(tile.isVisible() for tile in view.surfaces.tiles)
    assert ink(view.curves.grab().toImage(), theme.sunken).sum() != bare
    view.table.clearSelection()
    assert not view.surfaces.isVisible()
    view.beside.stop()


def test_the_difference_is_that_of_the_answers(xor: Project) -> None:
    data = data_of(xor)
    logits = [np.full((1, 2, 2), z, np.float32) for z in (0.0, 2.0)]
    gap, limit, said = difference(data, *(answer(xor, data, z) for z in logits))
    assert gap == pytest.approx(1 / (1 + np.exp(-2)) - 0.5, abs=1e-6)
    assert limit == 1.0
    assert "0.381 at most" in said


def test_runs_are_exported_and_thrown_away(bench: Bench, xor: Project, tmp_path: Path, monkeypatch) -> None:
    view = bench.view
    trained(view, (Trial(xor, 0, 1), Trial(with_rate(xor, 0.5), 0, 1)))
    answer_file_dialog(monkeypatch, "getSaveFileName", tmp_path / "out.csv")
    view.export()
    with (tmp_path / "out.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert {row["what differs"] for row in rows} == {"learning rate 0.1 → 0.5", "as it is now"}
    answer_file_dialog(monkeypatch, "getSaveFileName", tmp_path / "no" / "out.csv")
    view.export()
    assert "cannot be written" in view.words.text()
    view.table.selectRow(0)
    view.delete_chosen()
    assert view.table.sorted.rowCount() == 1
    assert len(list(view.kept.folder.glob("*.json"))) == 1


def test_what_is_the_run_of_the_present_project_is_taken_up_without_an_edit(
    bench: Bench, xor: Project
) -> None:
    view = bench.view
    trained(view, (Trial(xor, 0, 2),))
    view.table.selectRow(0)
    view.keep_chosen()
    (entry,) = view.kept.entries.values()
    assert bench.sent[-1] == Load(xor, file=view.kept.run_file(entry.key))
    assert not bench.history.canUndo()


def test_what_is_wrong_with_the_project_keeps_it_from_running(bench: Bench, xor: Project) -> None:
    view = bench.view
    assert view.bar.run.isEnabled()
    bench.document.do(edits.remove, [node.id for node in xor.network.nodes])
    assert not view.bar.run.isEnabled()
    assert not view.bar.keep.isEnabled()
    view.run_beside()  # from the menu, say
    assert not view.beside.running


@pytest.mark.slow
def test_an_edit_is_run_beside_what_was_before_and_the_better_kept_undoably(
    qtbot, xor: Project, tmp_path: Path
) -> None:
    shell = Shell(qtbot, xor, tmp_path).show().until_ready()
    window, document = shell.window, shell.document
    document.edit(edits.set_fit, with_rate(xor, 0.5).fit)
    window.docks.bring_forward("runs")
    view = window.docks.views["runs"]
    assert isinstance(view, RunsView)
    try:
        view.bar.epochs.setValue(3)
        assert "learning rate 0.1 → 0.5" in view.words.text()
        window.actions_["run.beside"].trigger()
        assert view.beside.running
        qtbot.waitUntil(lambda: not view.beside.running)
        assert [entry.trial.project.fit.optimizer.lr for entry in view.kept.entries.values()] == [0.1, 0.5]
        assert "update 1." in view.words.text()
        said = {e.trial.project.fit.optimizer.lr: row for row, e in enumerate(view.model.entries)}
        shown = [view.model.index(said[lr], 1).data() for lr in (0.1, 0.5)]
        assert shown == ["A · learning rate 0.5 → 0.1", "B · as it is now"]
        old = next(
            entry for entry in view.kept.entries.values() if entry.trial.project.fit.optimizer.lr == 0.1
        )
        view.table.choose([old.key])
        shell.click("runs_keep")
        shell.until(State.PAUSED, 3)
        assert document.value.fit.optimizer.lr == 0.1
        assert shell.frame.train_loss == pytest.approx(old.result.scores[0])
        assert window.history.undoText() == "Keep run"
        assert view.words.text().startswith("The run with seed 0 is the current one now, at epoch 3.")
        window.history.undo()
        shell.until(State.READY)
        assert document.value.fit.optimizer.lr == 0.5
        assert shell.frame.epoch == 0
    finally:
        view.beside.stop()


@pytest.mark.slow
def test_five_seeds_give_a_verdict_and_stop_gives_up(qtbot, xor: Project) -> None:
    bench = Bench(qtbot, RunsView, xor).show(1000, 400)
    view = bench.view
    try:
        bench.document.edit(edits.set_fit, with_rate(xor, 0.0001).fit)
        view.bar.epochs.setValue(3)
        view.run_seeds()
        qtbot.waitUntil(lambda: not view.beside.running)
        assert len(view.kept.entries) == 10
        assert "Larger than luck: A is better, with 5 of 5 seeds" in view.words.text()
        view.bar.epochs.setValue(1_000_000)
        view.run_beside()
        qtbot.waitUntil(lambda: "at epoch" in view.words.text())
        QTest.mouseClick(view.bar.cancel, Qt.MouseButton.LeftButton, pos=QPoint(5, 5))
        assert not view.beside.running
        assert len(view.kept.entries) == 10
    finally:
        view.beside.stop()


# --- several values --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["xor", "digits-cnn", "regression"])
def test_what_is_suggested_for_a_setting_can_be_tried(key: str) -> None:
    project = example(key).project
    offered = [(there, suggestion(there, project)) for there in places(project)]
    assert sum(bool(words) for _, words in offered) > 10
    for there, words in offered:
        if words:
            assert setting(project, f"{there.path}={words}").listed, there.path


def test_the_question_says_how_many_runs_and_what_is_wrong(qtbot, xor: Project) -> None:
    dialog = SeveralDialog(xor, "fit.batch_size", 20, 0.01)
    qtbot.addWidget(dialog)
    assert dialog.path.currentData() == "fit.batch_size"
    assert dialog.values.text() == "5,10,20"
    dialog.seeds.setValue(2)
    assert dialog.words.text() == "6 runs: 5, 10, 20, 2 seeds each. That takes about 1 s."
    dialog.values.setText("5,zero")
    assert "fit.batch_size is 'zero'" in dialog.words.text()
    assert not dialog.start.isEnabled()
    dialog.values.setText("1..1000/999")
    assert "more than the 500" in dialog.words.text()
    dialog.values.setText("5,10")
    with qtbot.waitSignal(dialog.asked) as asked:
        QTest.mouseClick(dialog.start, Qt.MouseButton.LeftButton)
    assert list(asked.args[0].points) == [(5,), (10,)]


@pytest.mark.slow
def test_several_values_are_tried_and_shown_with_what_follows(qtbot, xor: Project) -> None:
    bench = Bench(qtbot, RunsView, xor).show(1000, 400)
    view = bench.view
    try:
        asked = (setting(xor, "fit.optimizer.lr=0.001,0.01,0.1,1"),)
        view._try(Sweep(xor, asked, grid(asked), (0, 1), 3))
        qtbot.waitUntil(lambda: not view.beside.running)
        assert len(view.kept.entries) == 8
        assert view.words.text().startswith("Best: fit.optimizer.lr 1 (best validation loss")
        assert "upper border of what was tried. Extend it there" in view.words.text()
        assert view.isolation.isVisible()
        assert len(view.isolation._dots.at) == 8
        assert not view.surfaces.isVisible()
    finally:
        view.beside.stop()


def test_a_menu_on_a_setting_leads_to_it(qtbot, xor: Project, tmp_path: Path) -> None:
    shell = Shell(qtbot, xor, tmp_path, ToldRunner()).show()
    asked: list[str] = []
    shell.window.focus.several_asked.disconnect()
    shell.window.focus.several_asked.connect(asked.append)
    shell.window.focus.select("linear1")
    for panel, name in (
        ("training", "lr.row"),
        ("training", "batch_size.row"),
        ("inspector", "out_features.row"),
        ("data", "noise.row"),
    ):
        row = shell.window.docks.views[panel].findChild(QWidget, name)
        row.menu().actions()[0].trigger()
    assert asked == ["fit.optimizer.lr", "fit.batch_size", "linear1.out_features", "source.noise"]


def test_what_is_trained_beside_ends_with_the_window(qtbot, tmp_path: Path, xor: Project) -> None:
    shell = Shell(qtbot, xor, tmp_path, ToldRunner()).show()
    view = shell.window.docks.views["runs"]
    assert isinstance(view, RunsView)
    trial = Trial(xor, 0, 100_000)
    view.beside.start([(trial,)], False, tmp_path / "runs")
    process = view.beside._process
    assert process is not None
    number = process.pid
    assert number is not None
    shell.window.close()
    qtbot.waitUntil(lambda: not shell.window.isVisible())
    assert view.beside._process is None
    assert not Path(f"/proc/{number}").exists()


def test_the_better_of_runs_that_cannot_be_compared_is_not_kept(bench: Bench, xor: Project) -> None:
    view = bench.view
    other = edits.set_fit(xor, xor.fit.replace(loss=HingeLoss()))
    trained(view, (Trial(xor, 0, 2), Trial(other, 0, 2)))
    view.table.choose([e.key for e in view.kept.entries.values()])
    view.keep_chosen()
    assert bench.project == xor
    assert not any(isinstance(one, Load) for one in bench.sent)
    assert "different losses" in view.words.text()
    assert "keep that" in view.words.text()
    (key,) = [e.key for e in view.kept.entries.values() if e.trial.project.fit.loss == HingeLoss()]
    view.table.choose([key])
    view.keep_chosen()
    assert bench.project.fit.loss == HingeLoss()


def test_the_weights_of_two_chosen_runs_are_compared(bench: Bench, xor: Project) -> None:
    view = bench.show(1200, 400).view
    trained(view, (Trial(xor, 0, 2), Trial(with_rate(xor, 0.5), 0, 2)))
    view.table.choose([e.key for e in view.kept.entries.values()])
    picture = view.apart.picture
    assert picture is not None
    assert picture.names == ("linear1", "linear2")
    assert all(gap > 0 for gap in picture.values[0])
    assert view.apart.isVisible()
    view.table.clearSelection()
    assert not view.apart.isVisible()


def test_several_settings_are_asked_for_together(qtbot, xor: Project) -> None:
    dialog = SeveralDialog(xor, "linear1.out_features", 3, None)
    qtbot.addWidget(dialog)
    dialog.values.setText("2,4")
    QTest.mouseClick(dialog.add, Qt.MouseButton.LeftButton)
    assert dialog.rows[1].path.currentData() == "fit.optimizer.lr"
    dialog.plan.setCurrentIndex(0)
    dialog.rows[1].values.setText("0.1,0.2,0.3")
    assert dialog.words.text().startswith("6 runs: 2 0.1, 2 0.2")
    dialog.plan.setCurrentIndex(1)
    dialog.rows[1].values.setText("log:1e-3..1")
    dialog.points.setValue(7)
    with qtbot.waitSignal(dialog.asked) as asked:
        QTest.mouseClick(dialog.start, Qt.MouseButton.LeftButton)
    sweep = asked.args[0]
    assert len(sweep.points) == 7
    assert {point[0] for point in sweep.points} == {2, 4}
    assert all(1e-3 <= point[1] <= 1 for point in sweep.points)
    dialog.rows[1].path.setCurrentIndex(dialog.rows[1].path.findData("linear1.out_features"))
    assert "there twice" in dialog.words.text()
    QTest.mouseClick(dialog.rows[1].remove, Qt.MouseButton.LeftButton)
    assert dialog.words.text() == "2 runs: 2, 4."


@pytest.mark.slow
def test_what_was_stopped_goes_on_and_is_extended(qtbot, xor: Project) -> None:
    bench = Bench(qtbot, RunsView, xor).show(1200, 420)
    view = bench.view
    try:
        asked = (setting(xor, "fit.optimizer.lr=0.01,0.1,1"), setting(xor, "linear1.out_features=2,4"))
        sweep = Sweep(xor, asked, grid(asked), (0,), 3)
        trained(view, *((one,) for one in sweep.trials[:2]))
        made = {e.key: e.made for e in view.kept.entries.values()}
        view._try(sweep)
        view.stop()
        left = view.bar.go_on
        assert left.isVisible()
        assert "left)" in left.text()
        QTest.mouseClick(left, Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda: not view.beside.running)
        assert len(view.kept.entries) == 6
        assert all(view.kept.entries[key].made == when for key, when in made.items())  # not done again
        assert not left.isVisible()
        # All settings at once: a line for each run, the best on top, its places those of its values.
        lines = view.sweeps.parallel.lines
        assert len(lines) == 6
        best = min(view.kept.entries.values(), key=lambda e: e.result.score)
        assert lines[-1][1] == best.result.score
        lr = best.trial.project.fit.optimizer.lr
        assert lines[-1][0][0] == pytest.approx({0.01: 0, 0.1: 0.5, 1: 1}[lr])
        assert [len(tile[3]) for tile in view.sweeps.tiles.tiles] == [4] * 6
        assert all(tile[2] is not None for tile in view.sweeps.tiles.tiles)
        assert lr == 1  # at the border, so that more is offered
        QTest.mouseClick(view.bar.extend, Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda: not view.beside.running)
        rates = {e.trial.project.fit.optimizer.lr for e in view.kept.entries.values()}
        assert max(rates) == 30
        units = {p[1] for p in view._sweep.points if p[0] > 1}
        assert units == {best.trial.project.network["linear1"].layer.out_features}
    finally:
        view.beside.stop()


def test_what_failed_is_a_cross_off_the_axis(qtbot, xor: Project) -> None:
    bench = Bench(qtbot, RunsView, xor).show(1200, 420)
    view = bench.view
    asked = (setting(xor, "fit.optimizer.lr=0.1,0.2,100"),)
    sweep = Sweep(xor, asked, grid(asked), (0,), 2)
    trained(view, *((one,) for one in sweep.trials))
    worst = view.kept.entries[sweep.digests[2]]
    view.kept.entries[worst.key] = replace(worst, result=replace(worst.result, end="diverged"))
    view._try(sweep)
    assert len(view.isolation._dots.at) == 2
    assert len(view.isolation._crosses.at) == 1
    assert view.isolation._crosses.at[0][1] > view.isolation._dots.at[:, 1].max()
    places, score = view.sweeps.parallel.lines[0]
    assert np.isnan(places[-1])
    assert np.isinf(score)
    assert view.sweeps.tiles.tiles[2][3] == ()
    view.sweeps.what.setCurrentIndex(2)
    view.grab()
    at = view.sweeps.tiles.places()[1].center().toPoint()
    QTest.mouseClick(view.sweeps.tiles, Qt.MouseButton.LeftButton, pos=at)
    assert [e.key for e in view.table.chosen()] == [sweep.digests[1]]
