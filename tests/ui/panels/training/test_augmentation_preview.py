"""Below the augmentations stands what they make of the real training samples; it is what training is then fed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from engine import Model, Trainer
from engine.augmentation import Augmentation, Cutout, Flip, Jitter, Noise, Shift
from engine.data import Circle, Iris, Sine
from playground.document import edits
from playground.document.examples import example
from playground.document.project import Project, data_of
from playground.ui.kit.colours import sample_image
from playground.ui.kit.theme import DARK, LIGHT, Theme
from playground.ui.panels.training.augmentation_preview import EPOCHS, MOST
from playground.ui.panels.training.view import TrainingView
from tests.ui.bench import Bench, ink
from tests.ui.kit.forms.specs import child, choose, type_into


def with_chain(name: str, *chain: Augmentation) -> Project:
    project = example(name).project
    return edits.set_fit(project, project.fit.replace(augmentation=chain))


def opened(qtbot: Any, project: Project, theme: Theme = LIGHT) -> Bench:
    return Bench(qtbot, TrainingView, project, theme=theme).show(320, 1300)


def click_another(bench: Bench) -> None:
    QTest.mouseClick(bench.find("augmentation_another"), Qt.MouseButton.LeftButton)


def test_nothing_is_shown_while_nothing_is_augmented(qtbot) -> None:
    bench = opened(qtbot, example("digits-cnn").project)
    assert bench.find("augmentation_preview").isHidden()
    choose(child(bench.view.live, "augmentation"), "Cutout")
    assert bench.project.fit.augmentation == (Cutout(),)
    assert bench.find("augmentation_pictures").isVisible()
    assert not bench.find("augmentation_points").isVisible()
    bench.history.undo()
    assert bench.project.fit.augmentation == ()
    assert bench.find("augmentation_preview").isHidden()


def test_the_pictures_are_those_that_training_is_fed(qtbot) -> None:
    project = with_chain("digits-cnn", Cutout(), Noise())
    pictures = opened(qtbot, project).find("augmentation_pictures").images
    data = data_of(project)
    low, high = float(data.train.x.min()), float(data.train.x.max())
    run = Trainer(
        Model(project.network, data.in_shape, project.seed), data.train, None, project.fit, project.seed
    )
    assert len(pictures) == EPOCHS + 1
    assert pictures[0] == sample_image(data.train.x[0], low, high)
    while True:
        up = run.upcoming()
        found = np.flatnonzero(up.indices == 0)
        if len(found):
            fed = up.x.reshape(*data.in_shape, -1)[..., found[0]]
            assert pictures[1] == sample_image(fed, low, high)
            return
        run.step()


def test_another_sample_is_shown(qtbot) -> None:
    bench = opened(qtbot, with_chain("digits-cnn", Cutout()))
    strip, data = bench.find("augmentation_pictures"), data_of(bench.project)
    assert "sample 1 " in bench.find("augmentation_words").text()
    before = strip.images
    click_another(bench)
    low, high = float(data.train.x.min()), float(data.train.x.max())
    assert strip.images[0] == sample_image(data.train.x[1], low, high) != before[0]
    assert "sample 2 " in bench.find("augmentation_words").text()


def test_it_follows_the_form_and_the_seed(qtbot) -> None:
    bench = opened(qtbot, with_chain("digits-cnn", Shift()))
    strip = bench.find("augmentation_pictures")
    first = strip.images
    card = child(bench.view.live, "augmentation.row").editor.cards[0]
    type_into(child(card.form, "amount"), "0.9")
    moved = strip.images
    assert moved[0] == first[0]
    assert moved[1:] != first[1:]
    bench.document.apply(edits.set_seed(bench.project, 5), "Change seed")
    assert strip.images[0] == first[0]
    assert strip.images[1:] != moved[1:]


def test_points_before_and_after(qtbot) -> None:
    bench = opened(qtbot, with_chain("circle", Jitter(amount=0.2)))
    points = bench.find("augmentation_points")
    assert points.isVisible()
    x = data_of(bench.project).train.x
    np.testing.assert_array_equal(points.before, x[:MOST])
    strayed = points.after - points.before
    np.testing.assert_allclose(strayed.std(axis=0), 0.2 * x.std(axis=0), rtol=0.25)
    first = points.after
    click_another(bench)
    assert (points.after != first).all()
    assert "epoch 2" in bench.find("augmentation_words").text()


@pytest.mark.parametrize(
    ("source", "words"),
    [(Sine(), "right):"), (Iris(), "across"), (Circle(), "right):")],
    ids=str,
)
def test_rows_of_any_width_are_shown(qtbot, source: Any, words: str) -> None:
    project = edits.set_source(example("circle").project, source)
    bench = opened(qtbot, edits.set_fit(project, project.fit.replace(augmentation=(Jitter(),))))
    points, train = bench.find("augmentation_points"), data_of(bench.project).train
    assert points.before.shape == points.after.shape == (min(MOST, len(train)), 2)
    if train.in_shape == (1,):
        np.testing.assert_array_equal(points.after[:, 1], train.y[:MOST, 0])  # targets stay
    assert words in bench.find("augmentation_words").text()


def test_what_makes_no_sense_is_said_beside_the_field_and_cannot_be_chosen(qtbot) -> None:
    bench = opened(qtbot, with_chain("circle", Flip()))
    error = child(bench.view.live, "augmentation.error")
    assert error.isVisible()
    assert "made for pictures" in error.text()
    assert bench.find("augmentation_preview").isHidden()
    actions = {a.text(): a.isEnabled() for a in child(bench.view.live, "augmentation").menu().actions()}
    assert [name for name, enabled in actions.items() if enabled] == ["Jitter"]
    QTest.mouseClick(child(bench.view.live, "augmentation.0.remove"), Qt.MouseButton.LeftButton)
    assert not error.isVisible()


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda t: t.name)
@pytest.mark.parametrize("project", [("digits-cnn", Cutout()), ("circle", Jitter())], ids=lambda p: p[0])
def test_it_is_painted_whole(qtbot, project: Any, theme: Theme) -> None:
    bench = opened(qtbot, with_chain(*project), theme)
    shown = [bench.find(f"augmentation_{name}") for name in ("pictures", "points")]
    (strip,) = [one for one in shown if one.isVisible()]
    assert strip.height() == strip._height(strip.width())
    image = strip.grab().toImage()
    rows = ink(image, theme.panel).max(axis=1)
    assert rows[-12:].max() > 30, "what is at the bottom is painted too"
    bench.view.context.theme.become(DARK if theme is LIGHT else LIGHT)
    assert strip.grab().toImage() != image
