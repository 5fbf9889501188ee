"""Figures: every view in every format, of the size that was asked for, text as text, in the colours of print, with its numbers."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QRect, QRectF
from PySide6.QtGui import QColor, QGuiApplication, QImage, QPainter
from PySide6.QtSvg import QSvgGenerator, QSvgRenderer
from PySide6.QtWidgets import QPushButton, QWidget

from playground.document.examples import example
from playground.runner.messages import Step
from playground.ui.kit.colours import draw_part
from playground.ui.kit.theme import DARK, LIGHT
from playground.ui.shell import figures
from playground.ui.shell.figure_dialog import FigureDialog
from tests.ui.bench import pixels
from tests.ui.shell import Shell

SEEN = ("canvas", "output", "losses")


@pytest.fixture
def shell(qtbot, tmp_path: Path) -> Shell:
    made = Shell(qtbot, example("digits-cnn").project, tmp_path / "shell").show().until_ready()
    made.runner.send(Step("epoch"))
    qtbot.waitUntil(lambda: made.frame.epoch == 1)
    return made


def view_of(shell: Shell, key: str):
    return shell.window.canvas if key == "canvas" else shell.window.docks.views[key]


def theme_of(shell: Shell):
    return shell.window._appearance.theme


def rendered(drawing: bytes, view) -> QImage:
    """A drawing, read anew."""
    renderer = QSvgRenderer(QByteArray(drawing))
    assert renderer.isValid()
    found = QImage(view.size(), QImage.Format.Format_RGB32)
    painter = QPainter(found)
    renderer.render(painter)
    painter.end()
    return found


@pytest.mark.parametrize("key", SEEN)
def test_a_picture_is_as_wide_as_asked_and_shows_the_view(shell: Shell, key: str) -> None:
    view = view_of(shell, key)
    data = figures.drawn(view, "png", 85.0, theme_of(shell), "It")
    found = QImage.fromData(QByteArray(data))
    assert found.width() == pytest.approx(85 / 25.4 * 300, abs=2)
    assert found.dotsPerMeterX() == pytest.approx(300 / 0.0254, rel=0.01)
    assert found.height() / found.width() == pytest.approx(view.height() / view.width(), rel=0.01)
    small = found.scaled(view.size())
    seen = view.grab().toImage().scaled(view.size())
    assert np.abs(pixels(small)[..., :3].astype(int) - pixels(seen)[..., :3]).mean() < 12


@pytest.mark.parametrize("key", SEEN)
def test_a_drawing_holds_text_and_looks_like_the_view(shell: Shell, key: str) -> None:
    view = view_of(shell, key)
    data = figures.drawn(view, "svg", 170.0, theme_of(shell), "A & <b>")
    text = data.decode()
    assert re.search(r'<svg width="170mm" height="[\d.]+mm"', text)
    assert len(re.findall(r"<text", text)) > 5
    assert "A &amp; &lt;b&gt;" in text
    seen = view.grab().toImage().scaled(view.size())
    off = np.abs(pixels(rendered(data, view))[..., :3].astype(int) - pixels(seen)[..., :3]).mean()
    assert off < 14, "tiles are the parts of a picture, not all of it"


@pytest.mark.parametrize("key", SEEN)
def test_a_page_is_as_large_as_the_figure(shell: Shell, key: str) -> None:
    view = view_of(shell, key)
    data = figures.drawn(view, "pdf", 85.0, theme_of(shell), "It")
    assert data.startswith(b"%PDF")
    width, height = map(float, re.search(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", data).groups())
    assert width == pytest.approx(85 / 25.4 * 72, abs=1)
    assert height == pytest.approx(width * view.height() / view.width(), abs=1)
    assert b"/Font" in data


def test_in_print_it_is_dark_on_white_whatever_the_window_is(shell: Shell) -> None:
    shell.window._appearance.choose("dark")
    theme, view = theme_of(shell), view_of(shell, "losses")
    for light, expected in ((True, LIGHT), (False, DARK)):
        found = QImage.fromData(QByteArray(figures.drawn(view, "png", 85.0, theme, "It", light=light)))
        corner = found.copy(QRect(found.width() // 2, 6, 10, 4))
        assert np.abs(pixels(corner)[..., :3].astype(int) - QColor(expected.panel).getRgb()[:3]).max() < 3
    assert theme.now is DARK, "and the window is as before"


@pytest.mark.parametrize("key", SEEN)
def test_a_dark_window_gives_the_figure_that_a_light_one_gives(shell: Shell, key: str) -> None:
    """Words in it too, whose colours no rule tells."""
    view, theme = view_of(shell, key), theme_of(shell)
    light = QImage.fromData(QByteArray(figures.drawn(view, "png", 85.0, theme, "It")))
    shell.window._appearance.choose("dark")
    dark = QImage.fromData(QByteArray(figures.drawn(view, "png", 85.0, theme, "It")))
    off = np.abs(pixels(light)[..., :3].astype(int) - pixels(dark)[..., :3])
    assert (off.max(axis=2) > 60).mean() < 0.002


def test_what_is_kept_as_pictures_is_so_again_afterwards(shell: Shell) -> None:
    card = next(iter(shell.window.canvas.scene.blocks.values())).card
    before = card.cacheMode()
    figures.drawn(shell.window.canvas, "svg", 85.0, theme_of(shell), "It")
    assert card.cacheMode() == before


def test_the_numbers_behind_the_curves(shell: Shell) -> None:
    table = view_of(shell, "losses").as_table()
    assert table is not None
    rows = list(csv.DictReader(io.StringIO(figures.csv_of(table).decode())))
    log = shell.frame.log
    assert len(rows) == len(log)
    assert [float(row["train_loss"]) for row in rows] == log["train_loss"].tolist()


def test_the_numbers_behind_the_network(shell: Shell) -> None:
    table = shell.window.canvas.as_table()
    rows = list(csv.DictReader(io.StringIO(figures.csv_of(table).decode())))
    assert [row["block"] for row in rows][:3] == ["input", "conv2d1", "relu1"]
    assert rows[1]["shape"] == "8×8×8"


def open_dialog(shell: Shell) -> FigureDialog:
    shell.window.actions_["file.figure"].trigger()
    dialog = shell.window.findChild(FigureDialog)
    assert dialog is not None
    shell.qtbot.waitExposed(dialog)
    return dialog


def test_the_dialog_saves_the_figure_and_its_numbers(shell: Shell, tmp_path: Path) -> None:
    dialog = open_dialog(shell)
    titles = [dialog.what.itemText(i) for i in range(dialog.what.count())]
    assert titles[0] == "Network"
    assert {"Output", "Loss"} <= set(titles)
    assert "Backprop" not in titles, "only what is seen"
    assert not dialog.picture.pixmap().isNull()
    dialog.what.setCurrentIndex(titles.index("Loss"))
    dialog.numbers.setChecked(True)
    for ending, head in (("pdf", b"%PDF"), ("svg", b"<?xml"), ("png", b"\x89PNG")):
        dialog.kind.setCurrentIndex(list(figures.KINDS).index(ending))
        dialog.save(tmp_path / f"it.{ending}")
        assert (tmp_path / f"it.{ending}").read_bytes().startswith(head)
        assert dialog.said.text() == f"Saved as it.{ending} and it.csv."
    assert (tmp_path / "it.csv").read_text("utf-8").startswith("epoch,train_loss")
    dialog.save(tmp_path / "as named.pdf")  # PNG is chosen
    assert (tmp_path / "as named.pdf").read_bytes().startswith(b"%PDF")
    dialog.save(tmp_path / "version 1.2")
    assert (tmp_path / "version 1.2.png").read_bytes().startswith(b"\x89PNG")
    dialog.save(tmp_path / "nowhere" / "it.png")
    assert dialog.said.text().startswith("Not saved: ")


def test_text_that_would_be_too_small_is_said(shell: Shell) -> None:
    dialog = open_dialog(shell)
    assert dialog.view is shell.window.canvas
    assert "hard to read" in dialog.said.text()
    dialog.width_.setCurrentIndex(2)
    assert "hard to read" not in dialog.said.text()


def test_a_copy_is_a_picture_and_a_drawing(shell: Shell) -> None:
    dialog = open_dialog(shell)
    dialog.copies.click()
    mime = QGuiApplication.clipboard().mimeData()
    assert mime.hasImage()
    assert QImage(mime.imageData()).width() == pytest.approx(85 / 25.4 * 300, abs=2)
    assert bytes(mime.data("image/svg+xml").data()).startswith(b"<?xml")


def test_a_part_of_a_picture_is_that_part_in_a_drawing_too(qapp) -> None:
    """Qt's drawings would hold all of it, squeezed."""
    both = QImage(2, 4, QImage.Format.Format_RGB32)
    both.fill(QColor("red"))
    for y in (2, 3):
        for x in (0, 1):
            both.setPixelColor(x, y, QColor("blue"))
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    generator.setViewBox(QRect(0, 0, 20, 20))
    painter = QPainter(generator)
    draw_part(painter, QRectF(0, 0, 20, 20), both, QRectF(0, 2, 2, 2))
    painter.end()
    found = QImage(20, 20, QImage.Format.Format_RGB32)
    found.fill(QColor("white"))
    again = QPainter(found)
    QSvgRenderer(buffer.data()).render(again)
    again.end()
    assert {found.pixelColor(x, y).name() for x in (3, 16) for y in (3, 16)} == {"#0000ff"}


def test_no_line_depends_on_how_a_program_takes_cosmetic_pens(shell: Shell) -> None:
    drawing = figures.svg(view_of(shell, "losses"), 85.0, "#ffffff", "It").decode()
    assert 'vector-effect="none"' in drawing
    assert figures.COSMETIC not in drawing


def test_a_small_picture_has_several_pixels_for_each_of_its_own(shell: Shell) -> None:
    drawing = figures.svg(view_of(shell, "canvas"), 85.0, "#ffffff", "It").decode()
    sharp = list(figures._IMAGE.finditer(drawing))
    assert sharp
    for found in sharp:
        picture = QImage.fromData(QByteArray.fromBase64(found["data"].encode()))
        wide = float(found["width"])
        # at least two for each unit of the drawing, or it was shown no larger than it is
        assert picture.width() >= 2 * wide or picture.width() >= figures.SHARP // 2


def test_a_curve_is_as_many_dots_wide_as_the_figure_is_finer_than_the_screen(qtbot) -> None:
    import pyqtgraph as pg

    from playground.ui.kit.lines import Line

    view, line = QWidget(), Line()
    qtbot.addWidget(view)
    plot = pg.PlotWidget(view)
    plot.setBackground("w")
    plot.resize(300, 200)
    view.resize(300, 200)
    line.style("#ff0000", 2)
    plot.addItem(line)
    line.set_data(np.array([0.0, 1.0]), np.array([0.5, 0.5]))
    plot.setRange(xRange=(0, 1), yRange=(0, 1))
    view.show()
    thick = []
    for times in (1, 4):
        found = figures.image(view, 25.4 * times, "#ffffff")
        column = pixels(found)[:, found.width() * 2 // 3]
        thick.append((255 - column[:, 1].astype(int)).sum() / 255)
        assert found.width() == 300 * times
    assert (
        thick[1] > 2.4 * thick[0]
    )  # at the screen's density its two strokes take more than they cover together


def test_buttons_are_for_the_window_alone(shell: Shell) -> None:
    view = view_of(shell, "canvas")
    button = QPushButton("Press", view)
    button.setStyleSheet("background: #ff00ff; border: none;")
    button.setGeometry(0, 0, 60, 30)
    button.show()
    pink = lambda image: (pixels(image)[:20, :40, :3] == [255, 0, 255]).all(-1).any()
    assert pink(view.grab().toImage())
    assert not pink(figures.image(view, view.width() / 300 * 25.4, "#ffffff"))
    assert pink(view.grab().toImage())
