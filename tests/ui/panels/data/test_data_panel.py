"""The data panel: pictures of the real samples, the choice of a set, its settings, and its preparation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton

from engine.data import Circle, Digits, Iris, Preparation, Sine, Source, Spiral, sources
from engine.data.report import Note, Offer
from engine.errors import DataError
from engine.layers import Linear
from engine.losses import CrossEntropyLoss
from engine.network import Network
from playground.document.project import Project
from playground.ui.kit.theme import DARK, LIGHT
from playground.ui.panels.data.source_picker import TILE, SourceButton, picture, source_picture, telling
from playground.ui.panels.data.view import DataView
from tests.ui.bench import Bench, ink, pixels
from tests.ui.kit.forms.specs import child, enter, type_into

MADE = [cls for cls in sources if not cls.from_disk]
SOURCES = pytest.mark.parametrize("cls", MADE, ids=lambda cls: cls.__name__)


@pytest.fixture
def bench(qtbot) -> Bench:
    return Bench(qtbot, DataView, Project(network=Network.chain(Linear(1)))).show(300, 900)


def button(bench: Bench, cls: type[Source]) -> SourceButton:
    return bench.find(f"source_{cls.key}")


# ---- pictures -------------------------------------------------------------------------------------------------------


@SOURCES
@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_every_set_has_a_picture_of_its_own(qapp, cls: type[Source], theme) -> None:
    drawn = source_picture(cls.key, theme, TILE, 1.0).toImage()
    assert drawn.width() == TILE
    assert (ink(drawn, theme.sunken) > 40).sum() > 20
    others = [source_picture(other.key, theme, TILE, 1.0).toImage() for other in MADE if other is not cls]
    assert all(drawn != other for other in others)


def test_the_picture_is_of_the_samples(qapp) -> None:
    """In the circle the inner points are class 1, the outer ones class 0."""
    drawn = pixels(picture(Circle(noise=0.0).make(), LIGHT, 200, 1.0).toImage())[..., :3].astype(int)
    inner, outer = (np.array(QColor(LIGHT.class_colour(c)).getRgb()[:3]) for c in (1, 0))
    y, x = np.mgrid[:200, :200] - 100
    radius = np.hypot(x, y)
    is_inner, is_outer = (np.abs(drawn - colour).sum(axis=2) < 30 for colour in (inner, outer))
    assert is_inner.sum() > 50
    assert is_outer.sum() > 50
    assert radius[is_inner].max() < radius[is_outer].min() + 5


def test_a_table_is_drawn_by_what_tells_most(qapp) -> None:
    data = Iris().make()
    across, up = telling(data)
    chosen = {int(np.flatnonzero((data.x[: len(across)] == v[:, None]).all(axis=0))[0]) for v in (across, up)}
    assert chosen == {2, 3}, "the petals part the irises, the sepals hardly do"


def test_pictures_are_drawn_once_and_only_when_seen(qtbot, monkeypatch) -> None:
    made: list[type[Source]] = []
    original = Spiral.make
    monkeypatch.setattr(Spiral, "make", lambda self: made.append(Spiral) or original(self))
    source_picture.cache_clear()
    bench = Bench(qtbot, DataView, Project())
    assert made == []
    bench.show(300, 900)
    bench.view.grab()
    bench.view.grab()
    assert made == [Spiral]
    source_picture.cache_clear()


# ---- choosing -------------------------------------------------------------------------------------------------------


@SOURCES
def test_every_set_is_chosen_by_a_click(bench: Bench, cls: type[Source]) -> None:
    target = button(bench, cls)
    assert target.toolTip()
    assert target.accessibleName() == cls.label
    QTest.mouseClick(target, Qt.MouseButton.LeftButton)
    assert type(bench.project.source) is cls
    assert [b.source for b in bench.view.picker.buttons if b.isChecked()] == [cls]
    assert cls.help() in bench.view.help.text()
    assert bench.view.source_form.isVisible() == any(p.entered for p in cls.params())
    if cls is not Circle:
        assert bench.history.undoText() == f"Choose {cls.label}"
        bench.history.undo()
        assert button(bench, Circle).isChecked()


def test_choosing_brings_what_suits_the_data(bench: Bench) -> None:
    QTest.mouseClick(button(bench, Iris), Qt.MouseButton.LeftButton)
    assert bench.project.preparation.normalize == "standardize"
    assert bench.project.fit.loss == CrossEntropyLoss()
    assert child(bench.view.preparation_form, "normalize").currentText() == "standardize"


def test_choosing_the_present_set_again_keeps_its_settings(qtbot) -> None:
    bench = Bench(qtbot, DataView, Project(source=Spiral(noise=0.3))).show()
    QTest.mouseClick(button(bench, Spiral), Qt.MouseButton.LeftButton)
    assert bench.project.source == Spiral(noise=0.3)
    assert bench.history.count() == 0
    assert button(bench, Spiral).isChecked()


def test_sets_are_chosen_by_keyboard(bench: Bench) -> None:
    first = button(bench, Circle)
    first.setFocus()
    QTest.keyClick(first, Qt.Key.Key_Right)
    second = bench.view.picker.buttons[1]
    assert second.hasFocus()
    assert bench.project.source == Circle(), "looking is not choosing"
    QTest.keyClick(second, Qt.Key.Key_Return)
    assert type(bench.project.source) is second.source
    QTest.keyClick(second, Qt.Key.Key_Left)
    QTest.keyClick(first, Qt.Key.Key_Space)
    assert bench.project.source == Circle()


@pytest.mark.parametrize("width", [240, 250, 300, 340])
def test_no_two_sets_overlap_and_none_is_cut_off(qtbot, width: int) -> None:
    bench = Bench(qtbot, DataView, Project()).show(width, 500)
    picker = bench.view.picker
    places = [b.geometry() for b in picker.buttons]
    assert all(picker.rect().contains(place) for place in places)
    assert not any(a.intersects(b) for i, a in enumerate(places) for b in places[:i])


def test_the_chosen_set_is_marked_by_more_than_colour(bench: Bench) -> None:
    grabbed = bench.view.picker.grab().toImage()

    def frame(cls: type[Source]) -> int:
        """How thick the left border is."""
        b = button(bench, cls)
        row = ink(grabbed, LIGHT.panel)[b.y() + b.height() // 2, b.x() : b.x() + 2]
        return int((row > 60).sum())

    assert frame(Circle) > frame(Spiral)


# ---- settings -------------------------------------------------------------------------------------------------------


def test_settings_of_the_set(bench: Bench) -> None:
    enter(bench.view.source_form, "samples", 200)
    assert bench.project.source == Circle(samples=200)
    assert bench.view.counts.text() == "120 train · 40 validation · 40 test"
    assert bench.view.bar.counts == (120, 40, 40)
    assert bench.project.preparation is Project().preparation or bench.project.preparation == Preparation()


def test_the_split_is_painted_in_proportion(bench: Bench) -> None:
    enter(bench.view.preparation_form, "train", 0.5)
    row = pixels(bench.view.bar.grab().toImage())[4, :, :3].astype(int)
    train = np.abs(row - QColor(LIGHT.train).getRgb()[:3]).sum(axis=1) < 30
    assert train.mean() == pytest.approx(0.5, abs=0.03)
    assert train[4 : len(train) // 3].all()


def test_preparation_is_an_edit_of_its_own(bench: Bench) -> None:
    enter(bench.view.preparation_form, "extra_features", ("x1²", "x2²"))
    assert bench.project.preparation == Preparation(extra_features=("x1²", "x2²"))
    bench.history.undo()
    assert bench.project.preparation.extra_features == ("x1²",)


def test_shares_that_do_not_fit_are_refused_beside_their_field(bench: Bench) -> None:
    type_into(child(bench.view.preparation_form, "train"), "0.9")
    assert bench.project.preparation == Preparation()
    assert child(bench.view.preparation_form, "train.error").isVisible()


@pytest.mark.parametrize(
    ("source", "shown", "hidden"),
    [
        (Circle(), {"extra_features"}, {"target"}),
        (Sine(), {"target"}, {"extra_features"}),
        (Digits(), set(), {"target", "extra_features"}),
    ],
    ids=["2-D classes", "curve", "images"],
)
def test_only_what_applies_is_offered(qtbot, source: Source, shown: set[str], hidden: set[str]) -> None:
    bench = Bench(qtbot, DataView, Project(source=source)).show(300, 900)
    for name in shown | hidden:
        row = child(bench.view.preparation_form, f"{name}.row")
        assert row.isVisibleTo(bench.view) == (name in shown)


class Broken(Circle):
    def make(self):
        raise DataError("The file is empty; expected at least two samples. Choose another one.")


def test_data_that_cannot_be_made_are_explained_and_nothing_is_lost(bench: Bench) -> None:
    sources.register("Broken", category="2-D classification")(Broken)
    try:
        bench.document.set(bench.project.replace(source=Broken(samples=77)))
        assert bench.view.problem.isVisible()
        assert "The file is empty" in bench.view.problem.text()
        assert child(bench.view.source_form, "samples").text() == "77"
        bench.document.set(bench.project.replace(source=Circle()))
        assert not bench.view.problem.isVisible()
    finally:
        sources.unregister("Broken")


def test_dragging_the_noise_moves_the_points_live(bench: Bench) -> None:
    edit = child(bench.view.source_form, "noise").lineEdit()
    start = edit.rect().center()
    QTest.mousePress(edit, Qt.MouseButton.LeftButton, pos=start)
    seen = []
    for step in range(1, 5):
        QTest.mouseMove(edit, start + QPoint(12 * step, 0))
        seen.append(bench.project.source.noise)
    QTest.mouseRelease(edit, Qt.MouseButton.LeftButton, pos=start + QPoint(48, 0))
    assert seen == sorted(seen)
    assert len(set(seen)) == 4
    assert bench.history.count() == 1


def test_changes_elsewhere_are_not_answered(bench: Bench, monkeypatch) -> None:
    monkeypatch.setattr(
        bench.view.source_form, "set_spec", lambda *a: pytest.fail("its data have not changed")
    )
    bench.document.set(bench.project.replace(name="Other", seed=3))


def test_the_theme_changes(bench: Bench) -> None:
    bench.view.context.theme.become(DARK)
    grabbed = bench.view.bar.grab().toImage()
    assert (ink(grabbed, DARK.train) < 30).any()


# ---- what the files say ----------------------------------------------------------------------------------------------


class Told(Circle):
    """A set whose files give samples to train and to test with; it can be read larger."""

    def make(self):
        made = super().make()
        offer = Offer("Read 100", (("samples", 100),))
        parts = np.where(np.arange(len(made)) % 5 == 0, 2, 0)
        return replace(made, parts=parts, report=(Note(f"{len(made)} were read.", (offer,)),))


@pytest.fixture
def told(qtbot):
    sources.register("Told", category="2-D classification")(Told)
    yield Bench(qtbot, DataView, Project(source=Told(samples=50))).show(300, 900)
    sources.unregister("Told")


def test_a_split_that_the_files_give_is_said_and_can_be_drawn_anew(told: Bench) -> None:
    form = told.view.preparation_form

    def offered() -> set[str]:
        names = ("train", "validation", "split_seed", "given_parts")
        return {name for name in names if child(form, f"{name}.row").isVisibleTo(told.view)}

    assert offered() == {"validation", "split_seed", "given_parts"}, "train is what the others leave"
    assert told.view.bar.counts == (32, 8, 10)
    assert "which for testing" in told.find("split_words").text()
    enter(form, "given_parts", False)
    assert told.project.preparation.given_parts is False
    assert offered() == {"train", "validation", "split_seed", "given_parts"}
    assert told.view.bar.counts == (30, 10, 10)
    assert not told.find("split_words").isVisible()
    told.document.set(told.project.replace(source=Circle()))
    assert "given_parts" not in offered(), "there are none"


def test_what_the_reader_did_is_said_and_can_be_chosen_otherwise(told: Bench) -> None:
    report = told.find("read_report")
    assert report.words() == "50 were read."
    [button] = [b for b in report.findChildren(QPushButton) if b.isVisible()]
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert told.project.source == Told(samples=100)
    assert report.words() == "100 were read."
    told.history.undo()
    assert told.project.source == Told(samples=50)
    told.document.set(told.project.replace(source=Circle()))
    assert not report.isVisible()
