"""Benches and pad: what they show is what the engine's layers give."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QColor, QDragEnterEvent, QDropEvent, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from engine.kernels import PRESETS, gabor, kernel
from playground.runner.messages import OWN, Maps, Predictions, ShowPicture
from playground.ui.panels.convolution import bench
from playground.ui.panels.convolution.bench import correlated, photo
from playground.ui.panels.convolution.filters import DRAWING, LEARNED, OWN_PICTURE
from tests.ui.panels.convolution.following import USUAL, Following, middle_of, project

pytestmark = pytest.mark.slow


@pytest.fixture
def shown(qtbot) -> Following:
    made = Following(qtbot, project(*USUAL))
    made.show(1280, 560)
    return made.follow()


def by_hand(kernel, picture):
    """Cross-correlation without padding, by its definition."""
    _, kh, kw = kernel.shape
    rows, columns = picture.shape[1] - kh + 1, picture.shape[2] - kw + 1
    return np.array(
        [[(picture[:, i : i + kh, j : j + kw] * kernel).sum() for j in range(columns)] for i in range(rows)]
    )


# --- filters ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def filters(shown):
    shown.view.tabs.setCurrentIndex(1)
    shown.follow()
    return shown.view.filters


def test_every_filter_slides_over_the_sample(shown, filters) -> None:
    filters.padding.setCurrentText("valid")
    sample = shown.scope.maps("input")
    for name in PRESETS:
        filters.preset.setCurrentText(name)
        first, second = filters.results()
        np.testing.assert_allclose(first, by_hand(kernel(name)[None], sample), rtol=1e-4, atol=1e-3)
        np.testing.assert_allclose(
            second, by_hand(kernel(name)[None][..., ::-1, ::-1], sample), rtol=1e-4, atol=1e-3
        )
        assert filters.said.text()


def type_weight(shown, at: tuple[int, int], text: str, last=Qt.Key.Key_Return) -> None:
    """Click a weight of the kernel and type over it."""
    editor = shown.view.filters.editor
    middle = middle_of(editor.grid(), editor.shown.shape, at)
    QTest.mouseClick(editor, Qt.MouseButton.LeftButton, pos=middle.toPoint())
    field = shown.find("kernel_weight")
    assert field.hasFocus()
    QTest.keyClicks(field, text)
    QTest.keyClick(field, last)
    assert not field.isVisible()


def test_a_typed_weight_counts_and_nonsense_does_not(shown, filters) -> None:
    type_weight(shown, (1, 1), "2,5")
    assert filters.kernel[0, 1, 1] == 2.5
    type_weight(shown, (1, 1), "much")
    type_weight(shown, (1, 1), "7", Qt.Key.Key_Escape)
    type_weight(shown, (1, 1), "")
    assert filters.kernel[0, 1, 1] == 2.5
    assert filters.said.text() == "A filter of your own."


def test_the_keyboard_alone_changes_a_weight(shown, filters) -> None:
    filters.editor.setFocus()
    QTest.keyClick(filters.editor, Qt.Key.Key_Right)
    QTest.keyClick(filters.editor, Qt.Key.Key_Up)
    QTest.keyClicks(filters.editor, "-")
    QTest.keyClicks(shown.find("kernel_weight"), "4")
    QTest.keyClick(shown.find("kernel_weight"), Qt.Key.Key_Return)
    assert filters.kernel[0].tolist() == [[-1, 0, -4], [-2, 0, 2], [-1, 0, 1]]
    assert filters.editor.hasFocus()


def test_gabor_has_parameters_of_its_own(shown, filters) -> None:
    assert not shown.find("gabor_angle").isVisible()
    filters.preset.setCurrentText("Gabor")
    filters.size_box.setCurrentText("7×7")
    np.testing.assert_allclose(filters.kernel[0], gabor(7), atol=1e-12)
    assert shown.find("gabor_wave").value() == pytest.approx(7 / 1.8, abs=0.005)
    for name, value in (("gabor_angle", 90), ("gabor_wave", 5.0), ("gabor_width", 2.2)):
        assert shown.find(name).isVisible()
        shown.find(name).setValue(value)
    np.testing.assert_allclose(filters.kernel[0], gabor(7, 90.0, 5.0, 2.2), atol=1e-12)


def test_the_learned_filter_is_the_networks(shown, filters) -> None:
    filters.preset.setCurrentText(LEARNED)
    shown.follow()
    np.testing.assert_allclose(filters.kernel, shown.scope.weights("a")["weight"][0])
    shown.session.play()
    shown.session.train(0.0, 1)
    shown.session.pause()
    shown.follow()
    weight = shown.session.trainer.model.parameters["a"]["weight"]
    np.testing.assert_allclose(filters.kernel, weight[0])
    filters.which.setValue(3)
    np.testing.assert_allclose(filters.kernel, weight[2])


def test_a_drawing_is_filtered_while_it_is_drawn(shown, filters) -> None:
    filters.source.setCurrentText(DRAWING)
    assert not filters.results()[0].any()
    for at in ((60, 30), (60, 120)):
        QTest.mouseClick(filters.pad, Qt.MouseButton.LeftButton, pos=QPoint(*at))
    shown.qtbot.waitUntil(lambda: bool(filters.results()[0].any()))
    drawn = filters.pad.drawing()[None]
    filters.padding.setCurrentText("valid")
    np.testing.assert_allclose(filters.results()[0], by_hand(filters.kernel, drawn), rtol=1e-4, atol=1e-4)
    shown.qtbot.mouseClick(shown.find("bench_clear"), Qt.MouseButton.LeftButton)
    assert not filters.results()[0].any()


def test_a_picture_of_ones_own_keeps_its_proportions(shown, filters, tmp_path) -> None:
    image = QImage(600, 300, QImage.Format.Format_RGB32)
    image.fill(QColor("red"))
    image.save(str(tmp_path / "red.png"))
    drop(filters.pictures, tmp_path / "red.png")
    assert filters.source.currentText() == OWN_PICTURE
    filters.grey.setChecked(False)
    assert filters.pictures.picture.shape == (3, 120, 240)
    np.testing.assert_allclose(filters.pictures.picture[:, 60, 120], [1, 0, 0], atol=1e-6)
    (tmp_path / "bad.png").write_bytes(b"no picture")
    drop(filters.pictures, tmp_path / "bad.png")
    assert "cannot be read as a picture" in shown.find("bench_trouble").text()
    assert shown.find("bench_trouble").isVisible()
    image = QImage(20, 30, QImage.Format.Format_RGB32)
    image.fill(QColor("white"))
    QApplication.clipboard().setImage(image)
    shown.qtbot.mouseClick(shown.find("bench_paste"), Qt.MouseButton.LeftButton)
    assert filters.pictures.picture.shape == (3, 30, 20)
    assert not shown.find("bench_trouble").isVisible()


def test_a_photograph_has_a_slice_for_each_colour(shown, filters) -> None:
    filters.grey.setChecked(False)
    filters.source.setCurrentText("photo: flower")
    shown.qtbot.waitUntil(lambda: "photo: flower" in filters._photo)
    assert filters.kernel.shape == (3, 3, 3)
    filters.slice.setCurrentText("green")
    before = filters.results()[0]
    type_weight(shown, (0, 2), "4")
    assert filters.kernel[:, 0, 2].tolist()[1] == 4.0
    assert filters.kernel[0, 0, 2] != 4.0
    assert (filters.results()[0] != before).any()
    blue = filters.editor.thumb(2).center().toPoint()
    QTest.mouseClick(filters.editor, Qt.MouseButton.LeftButton, pos=blue)
    assert filters.slice.currentText() == "blue"
    np.testing.assert_array_equal(filters.editor.shown, filters.kernel[2])
    filters.grey.setChecked(True)
    assert len(filters.kernel) == 1


def test_a_photograph_that_is_not_there_is_said(monkeypatch) -> None:
    import sklearn.datasets

    def missing(name):
        raise OSError("no such file")

    monkeypatch.setattr(sklearn.datasets, "load_sample_image", missing)
    assert "Install scikit-learn" in photo("photo: temple")


def test_the_row_looks_into_the_past_when_the_kernel_is_flipped(filters) -> None:
    row = filters.row
    for at in range(8):
        row.set_rows(tuple(float(i == at) for i in range(8)), (1.0, 2.0, 3.0))
        assert row.at == at
        x, w = row.signal, row.kernel
        for t in range(8):
            future = sum(w[k] * x[t + k] for k in range(3) if t + k < 8)
            past = sum(w[k] * x[t - k] for k in range(3) if t - k >= 0)
            assert row.future[t] == pytest.approx(future)
            assert row.past[t] == pytest.approx(past)
        assert not row.past[:at].any()
    assert [len(row.padded(p)) for p in ("valid", "same", "full")] == [6, 8, 10]


def test_a_result_of_a_row_shows_its_window_and_adds_up(shown, filters) -> None:
    """With whatever padding, the window lies where its products give the result; arrow keys slide it."""
    row = filters.row
    row.set_rows((1.0, 2.0, 3.0), (1.0, -1.0, 2.0))
    for which, (_, numbers, _) in list(enumerate(row.rows()))[2:]:
        for cell, number in enumerate(numbers):
            start, kernel = row.slid(which, cell)
            inside = [row.signal[i] if 0 <= i < 3 else 0.0 for i in range(start, start + 3)]
            assert float(kernel @ inside) == number
            products, _ = row.worked_out(which, cell)
            assert products.count("·") == 3
            assert products.endswith(f"= {number:g}" if number >= 0 else f"= (−{-number:g})")
    assert row.worked_out(4, 0)[1] == "(n + 2p − k)/s + 1 = (3 + 2·2 − 3)/1 + 1 = 5 numbers"
    row.look_into((2, 0))
    QTest.keyClick(row, Qt.Key.Key_Down)
    QTest.keyClick(row, Qt.Key.Key_Right)
    assert row.looked == (3, 1)
    assert "= 5" in row.accessibleDescription()
    filters.as_row.click()
    assert not filters.pictures.isVisible()
    assert row.isVisible()
    assert not filters.preset.isVisible()


def test_all_learned_filters_are_one_grid_and_a_click_tries_one(shown, filters) -> None:
    filters.preset.setCurrentText(LEARNED)
    shown.follow()
    grid = filters.grid
    assert grid.isVisible()
    assert grid.count == int(filters.which.maximum())
    rects = [grid.place_of(i) for i in range(grid.count)]
    assert all(not a.intersects(b) for a, b in itertools.combinations(rects, 2))
    assert all(grid.rect().toRectF().contains(r) for r in rects)
    QTest.mouseClick(grid, Qt.MouseButton.LeftButton, pos=rects[1].center().toPoint())
    assert int(filters.which.value()) == 2
    np.testing.assert_array_equal(filters.kernel, grid._weight[1])
    QTest.keyClick(grid, Qt.Key.Key_Left)
    assert int(filters.which.value()) == 1


def type_row(filters, x: str, w: str) -> None:
    for name, text in (("x", x), ("w", w)):
        field = filters.rows.fields[name]
        field.setText(text)
        field.editingFinished.emit()


def test_rows_can_be_typed_and_follow_numpy(filters) -> None:
    for x, w in (("1 2 3 4", "1 1 1"), ("0.5, -2, 3", "2"), ("3 2 1 0", "1 −1")):
        type_row(filters, x, w)
        assert filters.rows.trouble.isHidden()
        row = filters.row
        flipped = row.kernel[::-1]
        np.testing.assert_allclose(row.padded("full"), np.convolve(row.signal, flipped, "full"))
        np.testing.assert_allclose(row.padded("valid"), np.convolve(row.signal, flipped, "valid"))
        np.testing.assert_allclose(row.past, np.convolve(row.signal, row.kernel)[: len(row.signal)])
        assert len(row.padded("same")) == len(row.signal)


def test_the_slope_stays_at_0_or_above_unless_it_is_a_difference(filters) -> None:
    bench = filters.rows
    bench.preset.setCurrentText("a slope, [1, 0]")
    assert (filters.row.past >= 0).all()
    assert (filters.row.future >= 0).all()
    bench.preset.setCurrentText("a difference, [1, −1]")
    assert (filters.row.past < 0).any()
    assert bench.fields["w"].text() == "1 −1"


@pytest.mark.parametrize(
    ("x", "w", "said"),
    [
        ("1 two", "1", "x is no row"),
        ("1 2", "", "w is no row"),
        ("1 2", "1 2 3", "Shorten w"),
        ("1 " * 13, "1", "x is no row"),
    ],
)
def test_a_row_that_cannot_be_is_refused_and_the_last_stays(filters, x: str, w: str, said: str) -> None:
    type_row(filters, "1 2 3", "1 1")
    type_row(filters, x, w)
    assert said in filters.rows.trouble.text()
    assert len(filters.row.signal) in (2, 3)


def test_a_click_puts_the_impulse_elsewhere(filters) -> None:
    rect = filters.row._rect(0, 0, 8)
    QTest.mouseClick(
        filters.row, Qt.MouseButton.LeftButton, pos=QPoint(int(rect.x() + 6.5 * 30), int(rect.center().y()))
    )
    assert filters.row.at == 6


def test_padding_words_give_their_sizes() -> None:
    picture, values = np.ones((2, 6, 7)), np.ones((2, 3, 3))
    assert correlated(values, picture, "valid").shape == (4, 5)
    assert correlated(values, picture, "same").shape == (6, 7)
    assert correlated(values, picture, "full").shape == (8, 9)


# --- pooling ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def pooling(shown):
    shown.view.tabs.setCurrentIndex(2)
    return shown.view.pooling


def test_maximum_and_mean_of_every_window(pooling) -> None:
    for window in range(pooling.window_box.count()):
        pooling.window_box.setCurrentIndex(window)
        for stride in range(pooling.stride.count()):
            pooling.stride.setCurrentIndex(stride)
            grids = pooling.grids
            first, second = grids.outputs()
            for cell in np.ndindex(*first.shape):
                grids.cell = cell
                best, mean = grids.cells()
                seen = grids.given[np.ix_(best.patch.rows, best.patch.columns)]
                assert first[cell] == best.result == seen.max()
                assert second[cell] == pytest.approx(seen.mean(), rel=1e-6)
                assert mean.result == pytest.approx(seen.mean())


def test_the_mouse_and_the_arrows_move_one_cursor_on_all_grids(shown, pooling) -> None:
    grids = pooling.grids
    _, maximum, _ = grids._rects()
    QTest.mouseMove(grids, middle_of(maximum, (3, 3), (2, 1)).toPoint())
    shown.qtbot.waitUntil(lambda: grids.cell == (2, 1))
    QTest.keyClick(grids, Qt.Key.Key_Right)
    assert grids.cell == (2, 2)
    QTest.keyClick(grids, Qt.Key.Key_Right)
    assert grids.cell == (2, 2)


def test_overlap_misfit_and_refusal_are_said(pooling) -> None:
    pooling.window_box.setCurrentIndex(1)
    assert "Windows overlap" in pooling.said.text()
    assert "last row 6" in pooling.trouble.text()
    assert pooling.trouble.isVisible()
    pooling.window_box.setCurrentIndex(0)
    assert not pooling.trouble.isVisible()
    assert "⌊(6 + 2·0 − 2)/2⌋ + 1 = 3" in pooling.said.text()


def test_a_window_says_what_it_computes_and_which_other_keeps_the_same_value(pooling) -> None:
    grids = pooling.grids
    grids.given = np.zeros((6, 6))
    grids.given[2, 2] = 9.0
    pooling.window_box.setCurrentIndex(0)
    pooling.stride.setCurrentIndex(0)
    grids.cell = (1, 1)
    largest, mean = grids.lines()
    assert largest[0] == "max(0, 0, 0, 9) = 9"
    assert "winner (2, 2) · 3 of 4 dropped" in largest
    assert "4 windows keep this value" in largest
    assert mean == ["(0 + 0 + 0 + 9)/4 = 2.25", "each of 4 counts 0.250"]
    pooling.window_box.setCurrentIndex(2)
    assert grids.lines()[1][0] == "Σ 9 / 16 = 0.562"
    pooling.window_box.setCurrentIndex(0)
    pooling.padding.setCurrentIndex(1)
    grids.cell = (0, 0)
    assert grids.lines()[0][0] == "max(0) = 0"
    assert "Padding never wins" in pooling.said.text()


def test_ties_are_counted_and_a_click_changes_a_number(pooling) -> None:
    pooling.numbers.setCurrentText("many equal values")
    grids = pooling.grids
    grids.given[:2, :2] = 1.0
    grids.cell = (0, 0)
    best, _ = grids.cells()
    assert (best.ties, best.winner) == (4, (0, 0))
    given = grids._rects()[0]
    at = middle_of(given, (6, 6), (1, 1)).toPoint()
    QTest.mouseClick(grids, Qt.MouseButton.LeftButton, pos=at)
    best, _ = grids.cells()
    assert (best.ties, best.winner, best.result) == (1, (1, 1), 2.0)


# --- samples ---------------------------------------------------------------------------------------------------------


def test_samples_are_turned_pinned_compared_and_taken_out(shown) -> None:
    part, first = shown.scope.sample
    for _ in range(5):
        shown.qtbot.mouseClick(shown.find("convolution_pin"), Qt.MouseButton.LeftButton)
        shown.qtbot.mouseClick(shown.find("convolution_sample_on"), Qt.MouseButton.LeftButton)
    assert shown.scope.sample == (part, first + 5)
    pins = shown.page.compare.pins
    assert [c.sample[1] for c in pins.cards] == [first + 1, first + 2, first + 3, first + 4]
    assert Maps("input", part, first + 1) in set(shown.view.wants())
    QTest.mouseClick(pins, Qt.MouseButton.LeftButton, pos=QPoint(10, 10))
    assert shown.focus.sample == (part, first + 1)
    QTest.mouseClick(pins, Qt.MouseButton.RightButton, pos=QPoint(10, 10))
    assert [c.sample[1] for c in pins.cards] == [first + 2, first + 3, first + 4]


def test_the_strongest_samples_of_a_channel_are_shown(shown) -> None:
    shown.find("convolution_compare").setChecked(True)
    shown.go("a", 1).follow()
    cards = shown.page.compare.strongest.cards
    assert len(cards) == 4
    shown.follow()
    peaks = [shown.scope.maps("b", c.sample)[1].max() for c in cards]
    assert peaks == sorted(peaks, reverse=True)
    assert peaks[0] == pytest.approx(cards[0].value, rel=1e-5)


# --- drawing ---------------------------------------------------------------------------------------------------------


def draw(shown, points) -> None:
    pad = shown.find("drawing_pad")
    QTest.mousePress(pad, Qt.MouseButton.LeftButton, pos=QPoint(*points[0]))
    for point in points[1:]:
        QTest.mouseMove(pad, QPoint(*point))
    QTest.mouseRelease(pad, Qt.MouseButton.LeftButton, pos=QPoint(*points[-1]))


def sent(shown) -> list:
    return [c for c in shown.sent if isinstance(c, ShowPicture)]


def test_what_is_drawn_goes_through_the_network_and_all_levels(shown) -> None:
    shown.find("convolution_draw").setChecked(True)
    draw(shown, [(80, 20), (80, 60), (80, 140)])
    shown.qtbot.waitUntil(lambda: bool(sent(shown)))
    picture = sent(shown)[-1].picture
    assert picture.shape == (1, 8, 8)
    assert picture.max() > 0
    shown.follow()
    assert shown.scope.sample[0] == OWN
    np.testing.assert_allclose(
        shown.scope.maps("input"), shown.session._data.transform(picture[None])[0], rtol=1e-5
    )
    number = shown.scope.context.focus.picture
    shares = shown.frame.answer(Predictions(OWN, number, 1))[0]
    assert shown.page.draw.verdict.guess == str(int(shares.argmax()))
    assert "centre of mass" in shown.find("drawing_how").text()
    shown.go("a", 0, (2, 2))
    assert shown.page.levels.window_level.cell().z == pytest.approx(
        float(shown.scope.maps("a")[0, 2, 2]), rel=1e-4, abs=1e-5
    )
    shown.scope.backward = True
    shown.follow()
    assert shown.scope.deltas("a") is not None


def test_clearing_leads_back_to_the_samples(shown) -> None:
    shown.find("convolution_draw").setChecked(True)
    draw(shown, [(40, 40), (120, 120)])
    shown.qtbot.waitUntil(lambda: shown.scope.context.focus.picture > 0)
    assert shown.find("convolution_sample").text() == "your picture"
    shown.qtbot.mouseClick(shown.find("drawing_clear"), Qt.MouseButton.LeftButton)
    assert shown.scope.sample == shown.focus.sample
    assert shown.page.draw.pad.empty


def test_choosing_a_sample_leaves_the_drawing_which_stays_on_the_pad(shown) -> None:
    shown.find("convolution_draw").setChecked(True)
    draw(shown, [(40, 40), (120, 120)])
    shown.qtbot.waitUntil(lambda: shown.scope.sample[0] == OWN)
    shown.qtbot.mouseClick(shown.find("convolution_sample_on"), Qt.MouseButton.LeftButton)
    assert shown.scope.sample == shown.focus.sample == ("validation", 1)
    assert not shown.page.draw.pad.empty
    draw(shown, [(120, 40), (40, 120)])
    shown.qtbot.waitUntil(lambda: shown.scope.sample[0] == OWN)


def drop(pad, path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    copying = Qt.DropAction.CopyAction
    held = (data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(pad, QDragEnterEvent(QPoint(20, 20), copying, *held))
    QApplication.sendEvent(pad, QDropEvent(QPointF(20, 20), copying, *held))


def test_a_picture_is_dropped_or_pasted_and_a_bad_file_gets_a_sentence(shown, tmp_path) -> None:
    shown.find("convolution_draw").setChecked(True)
    image = QImage(60, 30, QImage.Format.Format_RGB32)
    image.fill(QColor("white"))
    image.save(str(tmp_path / "white.png"))
    drop(shown.page.draw.pad, tmp_path / "white.png")
    raw = shown.frame.data.raw.x
    np.testing.assert_allclose(sent(shown)[-1].picture, raw[:500].max(), rtol=1e-5)
    (tmp_path / "bad.png").write_bytes(b"no picture")
    drop(shown.page.draw.pad, tmp_path / "bad.png")
    assert "cannot be read as a picture" in shown.find("drawing_how").text()
    assert len(sent(shown)) == 1
    image.fill(QColor("black"))
    QApplication.clipboard().setImage(image)
    shown.qtbot.mouseClick(shown.find("drawing_paste"), Qt.MouseButton.LeftButton)
    np.testing.assert_allclose(sent(shown)[-1].picture, raw[:500].min(), atol=1e-5)


def test_a_picture_on_the_pad_is_read_as_those_of_a_set(shown, tmp_path) -> None:
    """White ink that is drawn in alpha alone, and 12 bits in 16, keep their content."""
    shown.find("convolution_draw").setChecked(True)
    ink = np.zeros((40, 40), np.uint8)
    ink[:, :20] = 255
    rgba = np.full((40, 40, 4), 255, np.uint8)
    rgba[..., 3] = ink
    Image.fromarray(rgba).save(tmp_path / "alpha.png")
    Image.fromarray(ink.astype(np.uint16) * 16).save(tmp_path / "wide.png")
    raw = shown.frame.data.raw.x[:500]
    image = QImage(40, 40, QImage.Format.Format_ARGB32)
    image.loadFromData((tmp_path / "alpha.png").read_bytes())
    seen = []
    for name in ("alpha.png", "wide.png"):
        drop(shown.page.draw.pad, tmp_path / name)
        seen.append(sent(shown)[-1].picture)
    shown.page.draw.show_photo(image)
    seen.append(sent(shown)[-1].picture)
    for picture in seen:
        np.testing.assert_allclose(picture[..., 0], raw.max(), rtol=0.01)
        np.testing.assert_allclose(picture[..., -1], raw.min(), atol=0.01)


# --- room ------------------------------------------------------------------------------------------------------------


def test_the_pad_and_what_is_said_of_it_are_in_sight_in_a_low_panel(shown) -> None:
    shown.show(911, 269)
    shown.find("convolution_draw").setChecked(True)
    draw(shown, [(40, 40), (60, 60)])
    shown.qtbot.waitUntil(lambda: bool(sent(shown)))
    shown.follow()
    panel, page = shown.page.draw, shown.page
    for part in (panel.pad, panel.verdict, shown.find("drawing_paste")):
        shown.qtbot.waitUntil(
            lambda p=part: (
                p.isVisible() and page.rect().contains(p.rect().translated(p.mapTo(page, QPoint())))
            )
        )
    assert panel.pad.geometry().right() < panel.verdict.geometry().left()
    assert panel.how.isVisible()
    assert not shown.find("convolution_caption").isVisible()


@pytest.mark.parametrize("size", [(1378, 401), (911, 269)])
@pytest.mark.parametrize("window", [0, 1, 2, 3])
def test_pooling_grids_use_the_room_there_is(shown, pooling, size, window) -> None:
    shown.show(*size)
    pooling.stride.setCurrentIndex(0)
    pooling.window_box.setCurrentIndex(window)
    grids, area = pooling.grids, pooling.findChild(bench.Desk)
    shown.qtbot.waitUntil(lambda: grids.width() == area.viewport().width())
    assert grids.height() <= area.viewport().height()
    rects = grids._rects()
    assert all(a.right() < b.left() for a, b in itertools.pairwise(rects))
    assert rects[-1].left() > grids.width() / 2


def test_samples_to_compare_are_all_in_sight_in_a_low_panel(shown) -> None:
    shown.show(911, 269)
    shown.go("a", 1)
    for _ in range(4):
        shown.qtbot.mouseClick(shown.find("convolution_pin"), Qt.MouseButton.LeftButton)
        shown.qtbot.mouseClick(shown.find("convolution_sample_on"), Qt.MouseButton.LeftButton)
    shown.follow().follow()
    compare = shown.page.compare
    for strip in (compare.pins, compare.strongest):
        assert len(strip.cards) == 4
        shown.qtbot.waitUntil(
            lambda s=strip: compare.rect().contains(s.rect().translated(s.mapTo(compare, QPoint())))
        )


# --- a grid of one's own -----------------------------------------------------------------------------------------------


def test_the_preset_of_four_by_four_gives_6_8_9_5(pooling) -> None:
    pooling.numbers.setCurrentText("four by four")
    np.testing.assert_array_equal(pooling.grids.outputs()[0], [[6, 8], [9, 5]])


def test_a_grid_can_be_typed_or_pasted(pooling) -> None:
    pooling.typed.setPlainText("1 2 3\n4 −5 6\n7 8")
    assert "no square of numbers yet" in pooling.trouble.text()
    pooling.typed.setPlainText("1\t2\t3\n4\t−5\t6\n7\t8\t9.5")
    np.testing.assert_array_equal(pooling.grids.given, [[1, 2, 3], [4, -5, 6], [7, 8, 9.5]])
    assert pooling.grids.outputs()[0].shape == (1, 1)
    assert pooling.grids.outputs()[0][0, 0] == 4
    pooling.grids.grab()


def test_a_window_too_large_for_a_typed_grid_gives_way(pooling) -> None:
    pooling.window_box.setCurrentIndex(2)
    pooling.typed.setPlainText("1 2\n3 4")
    np.testing.assert_array_equal(pooling.grids.outputs()[0], [[4]])
    assert pooling.window_box.currentIndex() == 0
