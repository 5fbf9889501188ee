"""Digits: samples with predictions, a large card for the chosen one, pages, and the wrong ones alone."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QWheelEvent
from PySide6.QtWidgets import QApplication

from playground.document.project import data_of
from playground.runner.messages import OWN, Maps, Predictions, State
from playground.ui.kit.points import rows_of, size_of
from playground.ui.kit.theme import DARK, LIGHT
from playground.ui.panels.output.images import SEARCHED, Images
from playground.ui.panels.output.samples import in_words


@pytest.fixture
def picture(qtbot, context, digits):
    data = data_of(digits)
    made = Images(context(digits), digits, data)
    qtbot.addWidget(made)
    made.show_data(digits, data)
    made.resize(360, 380)
    made.show()
    qtbot.waitExposed(made)
    return made


@pytest.fixture
def answered(frame, digits):
    """A frame with every want answered: every seventh sample of each part is taken for the next class, all else is right."""
    data = data_of(digits)

    def make(picture, state=State.PAUSED):
        answers = {}
        for want in picture.wants():
            index = np.arange(want.start, min(want.start + want.count, size_of(data, want.part)))
            truth = data.raw.y[rows_of(data, want.part)[index]]
            answers[want] = 0.9 * np.eye(10)[(truth + (index % 7 == 3)) % 10] + 0.01
        return frame(digits, answers, state)

    return make


def truths(picture):
    data = picture.data
    return data.raw.y[rows_of(data, picture.bar.part)]


def test_a_page_shows_the_first_samples_with_what_the_network_says(picture, answered):
    picture.show_frame(answered(picture))
    shown = picture.grid.samples
    assert len(shown) == picture.grid.capacity() >= 8
    assert [s.index for s in shown] == list(range(len(shown)))
    assert [s.truth for s in shown] == truths(picture)[: len(shown)].tolist()
    assert [s.index for s in shown if not s.right] == [i for i in range(len(shown)) if i % 7 == 3]
    assert picture.bar.where.text() == f"1–{len(shown)} of {size_of(picture.data, 'validation')}"


def test_right_and_wrong_differ_in_sign_and_colour(picture, answered):
    picture.show_frame(answered(picture))
    image = picture.grid.grab().toImage()

    def inks(place):
        inside = picture.grid.card(place).toRect().adjusted(4, 4, -4, -4)
        points = (
            (x, y) for x in range(inside.left(), inside.right()) for y in range(inside.top(), inside.bottom())
        )
        colours = {image.pixelColor(x, y).getRgb()[:3] for x, y in points}
        green = any(g > r + 50 and g > b + 20 for r, g, b in colours)
        red = any(r > g + 80 and r > b + 80 for r, g, b in colours)
        return green, red

    assert inks(0) == (True, False)
    assert inks(3) == (False, True)
    assert "is " in in_words(picture.grid.samples[3], picture.data.raw.classes)


def test_pictures_are_the_scans(picture):
    row = rows_of(picture.data, "validation")[0]
    scan = picture.data.raw.x[row][0]
    image = picture.grid.samples[0].image
    assert [[image.pixelColor(x, y).red() for x in range(8)] for y in range(8)] == [
        [int(255 * v + 0.5) for v in line] for line in scan
    ]


def test_a_click_chooses_a_sample_for_everybody(picture, answered, focus, qtbot):
    picture.show_frame(answered(picture))
    qtbot.mouseClick(picture.grid, Qt.MouseButton.LeftButton, pos=picture.grid.card(3).center().toPoint())
    assert focus.sample == ("validation", 3)
    assert Predictions("validation", 3, 1) in picture.wants()
    picture.show_frame(answered(picture))
    sample = picture.card.sample
    assert (sample.index, sample.truth) == (3, truths(picture)[3])
    assert sample.guess == (sample.truth + 1) % 10
    assert sample.shares.shape == (10,)


def test_keys_choose_and_page(picture, answered, focus, qtbot):
    picture.show_frame(answered(picture))
    capacity, columns = picture.grid.capacity(), picture.grid.columns()
    qtbot.keyClick(picture.grid, Qt.Key.Key_Right)
    qtbot.keyClick(picture.grid, Qt.Key.Key_Down)
    assert focus.sample == ("validation", 1 + columns)
    qtbot.keyClick(picture.grid, Qt.Key.Key_PageDown)
    assert picture.grid.samples[0].index == capacity
    qtbot.keyClick(picture.grid, Qt.Key.Key_PageUp)
    qtbot.keyClick(picture.grid, Qt.Key.Key_PageUp)
    assert picture.grid.samples[0].index == 0


def test_paging_asks_for_that_page_and_stops_at_the_ends(picture, answered, qtbot):
    picture.show_frame(answered(picture))
    capacity, count = picture.grid.capacity(), size_of(picture.data, "validation")
    assert not picture.bar.back.isEnabled()
    qtbot.mouseClick(picture.bar.on, Qt.MouseButton.LeftButton)
    assert Predictions("validation", capacity, capacity) in picture.wants()
    assert all(
        sample.shares is None for sample in picture.grid.samples
    )  # not asked for yet: no stale numbers
    for _ in range(count):
        picture.bar.paged.emit(1)
    assert picture.grid.samples[-1].index == count - 1
    assert not picture.bar.on.isEnabled()
    picture.show_frame(answered(picture))
    assert all(sample.shares is not None for sample in picture.grid.samples)


def test_the_wheel_pages(picture, answered):
    picture.show_frame(answered(picture))
    middle = QPointF(picture.grid.rect().center())
    wheel = QWheelEvent(
        middle, picture.grid.mapToGlobal(middle), QPoint(), QPoint(0, -120), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(picture.grid, wheel)
    assert picture.grid.samples[0].index == picture.grid.capacity()


def test_wrong_ones_alone_come_from_the_whole_part(picture, answered, qtbot):
    picture.show_frame(answered(picture))
    box = picture.bar.wrong
    qtbot.mouseClick(box, Qt.MouseButton.LeftButton, pos=QPoint(8, box.height() // 2))
    count = size_of(picture.data, "validation")
    assert Predictions("validation", 0, min(SEARCHED, count)) in picture.wants()
    picture.show_frame(answered(picture))
    wrong = [i for i in range(count) if i % 7 == 3]
    assert [s.index for s in picture.grid.samples] == wrong[: picture.grid.capacity()]
    assert picture.bar.where.text().endswith(f"of {len(wrong)}")
    for _ in range(count):
        picture.bar.paged.emit(1)
    assert picture.grid.samples[-1].index == wrong[-1]


def test_no_wrong_ones(picture, frame, digits):
    picture.bar.wrong.setChecked(True)
    data = data_of(digits)
    want = picture.wants()[0]
    picture.show_frame(frame(digits, {want: np.eye(10)[data.raw.y[rows_of(data, "validation")]]}))
    assert picture.grid.samples == []
    assert picture.bar.where.text() == "none"


def test_other_parts(picture, answered):
    picture.bar.choice.setCurrentText("train")
    assert picture.wants()[0].part == "train"
    picture.show_frame(answered(picture))
    assert [s.truth for s in picture.grid.samples][:5] == truths(picture)[:5].tolist()


def test_half_built_networks_show_pictures_without_predictions(picture, answered):
    picture.show_frame(answered(picture))
    picture.show_frame(answered(picture, State.EMPTY))
    assert picture.grid.samples
    assert all(sample.shares is None for sample in picture.grid.samples)
    assert picture.card.sample.shares is None


def test_bars_are_as_high_as_the_shares(picture, frame, digits):
    data = data_of(digits)
    shares = np.full((1, 10), 0.05)
    shares[0, 2] = 0.55
    chosen = Predictions("validation", 0, 1)
    picture.show_frame(frame(digits, {chosen: shares}))
    image = picture.card.grab().toImage()
    accent, counts = QColor(LIGHT.accent), {}
    for x in range(image.width()):
        tall = sum(image.pixelColor(x, y) == accent for y in range(image.height()))
        counts[tall] = counts.get(tall, 0) + 1
    heights = [h for h, n in counts.items() if h > 3 and n > 3]
    assert len(heights) == 1  # one class is named, in one colour
    assert picture.card.sample.guess == 2
    assert data.raw.classes[2] == "2"


def test_theme_changes_live(picture, answered):
    picture.show_frame(answered(picture))
    picture.context.theme.become(DARK)
    assert picture.grid.grab().toImage().pixelColor(
        picture.grid.card(1).topLeft().toPoint() + QPoint(4, 4)
    ) == QColor(DARK.sunken)


def test_a_picture_of_ones_own_is_shown_as_the_network_reads_it(picture, frame, digits):
    picture.context.focus.look_at_picture(3)
    own = Predictions(OWN, 3, 1), Maps("input", OWN, 3)
    assert set(own) <= set(picture.wants())
    shares = 0.9 * np.eye(10)[[4]] + 0.01
    drawn = np.zeros((1, 8, 8))
    drawn[0, :, 2] = 1.0
    before = picture.card.grab().toImage()
    picture.show_frame(frame(digits, {own[0]: shares, own[1]: drawn}, State.PAUSED))
    sample = picture.card.sample
    assert (sample.guess, sample.truth, sample.right) == (4, -1, None)
    assert (sample.image.width(), sample.image.pixelColor(2, 5).lightness()) == (8, 255)
    assert sample.image.pixelColor(5, 5).lightness() == 0
    assert picture.card.grab().toImage() != before
    picture.context.focus.look_at_picture(0)
    assert picture.card.sample.truth >= 0
