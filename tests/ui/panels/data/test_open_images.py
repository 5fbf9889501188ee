"""Pictures of one's own: from the Data panel or dropped on the window; nothing is lost when they cannot be had."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QPushButton, QWidget

from engine.data import Circle, IdxFiles, ImageFolder, Shapes, TableFile
from engine.losses import CrossEntropyLoss, MSELoss
from playground.document.examples import example
from playground.document.files import save
from playground.document.project import Project
from playground.ui.kit.forms.path import PathEditor
from playground.ui.panels.data.view import DataView
from tests.engine.data import bad_files
from tests.engine.data.writing import PIXELS, write_folders, write_idx
from tests.ui.bench import Bench, pixels
from tests.ui.kit.forms.specs import child, type_into
from tests.ui.opening import opened, use
from tests.ui.shell import Shell

pytestmark = pytest.mark.slow


@pytest.fixture
def bench(qtbot) -> Bench:
    return Bench(qtbot, DataView, Project(source=Circle(samples=50))).show(300, 900)


def menu(bench: Bench, text: str) -> None:
    """Choose an entry of the button's menu; the offscreen platform cannot open one for real."""
    next(a for a in bench.find("open_images").menu().actions() if a.text().startswith(text)).trigger()


# ---- opening ---------------------------------------------------------------------------------------------------------


def test_a_file_is_opened(bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_idx(tmp_path, packed=True)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *a: (str(path), ""))
    menu(bench, "File")
    assert bench.project.source == Circle(samples=50), "first it is shown what there is"
    preview = bench.view.preview
    assert preview.isVisible()
    assert preview.title.text() == path.name
    assert preview.contents.text() == "12 pictures · 6×5, grey · 3 classes"
    assert preview.gallery.names == ["0", "1", "2"]
    assert preview.gallery.counts == [4, 4, 4]
    assert bench.history.count() == 0
    use(bench)
    assert not preview.isVisible()
    assert opened(bench) == IdxFiles(images=str(path))
    assert bench.project.fit.loss == CrossEntropyLoss()
    assert bench.history.undoText() == f"Open {path.name}"
    assert bench.view.gallery.names == ["0", "1", "2"]
    assert bench.view.gallery.counts == [4, 4, 4]
    assert not bench.view.opener.problem.isVisible()
    bench.history.undo()
    assert bench.project.source == Circle(samples=50)
    assert not bench.view.gallery.isVisible()
    bench.history.redo()
    assert bench.view.gallery.counts == [4, 4, 4]


def test_a_folder_is_opened(bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_folders(tmp_path, {"cat": [(7, 5)] * 3, "dog": [(7, 5)] * 2}, "RGB")
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *a: str(tmp_path))
    menu(bench, "Folder")
    assert bench.view.preview.contents.text() == "5 pictures · 5×7, colour · 2 classes"
    assert "cat: 3; dog: 2" in bench.view.preview.gallery.accessibleDescription()
    use(bench)
    assert opened(bench) == ImageFolder(path=str(tmp_path))
    assert bench.view.gallery.names == ["cat", "dog"]
    assert "cat: 3; dog: 2" in bench.view.gallery.accessibleDescription()


def test_a_table_is_opened_and_another_column_told(bench: Bench, tmp_path: Path) -> None:
    path = tmp_path / "iris.csv"
    path.write_text("".join(["length;kind\n", *(f"{i % 7},5;{'ab'[i % 2]}\n" for i in range(30))]))
    bench.view.open_path(path)
    preview = bench.view.preview
    assert preview.contents.text() == "30 rows of 1 number · 2 classes"
    assert "Numbers have a decimal comma in length." in preview.report.words()
    assert not any(b.text().startswith("Predict ") for b in preview.report.findChildren(QPushButton))
    menu_of_first = preview.columns.menu(0)
    next(a for a in menu_of_first.actions() if a.text() == "target").trigger()
    assert "length is the target: a number." in preview.report.words()
    use(bench)
    assert opened(bench) == TableFile(path=str(path), targets="length")
    assert bench.project.fit.loss == MSELoss()


def test_a_dialog_that_is_cancelled_changes_nothing(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    before = bench.project
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *a: ("", ""))
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *a: "")
    menu(bench, "File")
    menu(bench, "Folder")
    assert bench.project is before


# ---- what cannot be opened -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bad", bad_files.ALL, ids=str)
def test_each_bad_file_gives_its_sentence_and_the_project_stays(
    bench: Bench, tmp_path: Path, bad: bad_files.Bad
) -> None:
    before = bench.project
    bench.view.open_path(bad.write(tmp_path))
    problem = bench.view.opener.problem
    assert bad.said in problem.text()
    assert "; expected " in problem.text()
    assert problem.isVisible()
    assert not bench.view.preview.isVisible()
    assert bench.project is before
    assert bench.history.count() == 0
    bench.document.set(before.replace(source=Shapes(samples=20)))
    assert not problem.isVisible(), "it was about something else"


def test_mixed_sizes_offer_to_resize(bench: Bench, tmp_path: Path) -> None:
    write_folders(tmp_path, {"a": [(40, 30)], "b": [(30, 40)]})
    bench.view.open_path(tmp_path)
    assert "different sizes" in bench.view.opener.problem.text()
    assert type(bench.project.source) is Circle
    offer = bench.find("open_offer")
    assert offer.text() == "Set size to 30"
    QTest.mouseClick(offer, Qt.MouseButton.LeftButton)
    assert bench.view.preview.contents.text() == "2 pictures · 30×30, grey · 2 classes"
    use(bench)
    assert opened(bench) == ImageFolder(path=str(tmp_path), size=30, colour=False)
    assert not offer.isVisible()


def test_pictures_that_cannot_be_read_are_named_and_left_out(bench: Bench, tmp_path: Path) -> None:
    write_folders(tmp_path, {"a": [(8, 8)] * 3, "b": [(8, 8)] * 3})
    (tmp_path / "a" / "empty.png").write_bytes(b"")
    (tmp_path / "b" / "letter.png").write_bytes(b"Dear sirs")
    bench.view.open_path(tmp_path)
    problem = bench.view.opener.problem.text()
    assert "2 of 8 pictures cannot be read" in problem
    assert "a/empty.png" in problem
    assert "b/letter.png" in problem
    offer = bench.find("open_offer")
    assert offer.text() == "Leave these out"
    QTest.mouseClick(offer, Qt.MouseButton.LeftButton)
    assert bench.view.preview.contents.text() == "6 pictures · 8×8, grey · 2 classes · 2 files were left out"
    assert "2 files were left out: 1 empty (a/empty.png)" in bench.view.preview.report.words()
    use(bench)
    assert opened(bench) == ImageFolder(path=str(tmp_path), colour=False, unreadable="leave out")
    assert "2 files were left out" in bench.view.report.words(), "it is said as long as they are used"


def test_the_ground_of_transparent_pictures_is_said_and_can_be_chosen(bench: Bench, tmp_path: Path) -> None:
    for name, rows in (("a", slice(0, 4)), ("b", slice(4, 8))):
        (tmp_path / name).mkdir()
        picture = np.full((8, 8, 4), 255, np.uint8)
        picture[rows, :, 3] = 0
        Image.fromarray(picture).save(tmp_path / name / "1.png")
    bench.view.open_path(tmp_path)
    assert "2 pictures are transparent in parts: laid on black." in bench.view.preview.report.words()
    button = next(b for b in bench.view.preview.report.findChildren(QPushButton) if b.text() == "Lay on grey")
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert "laid on grey." in bench.view.preview.report.words()
    use(bench)
    assert opened(bench) == ImageFolder(path=str(tmp_path), colour=False, ground="grey")


def test_offers_are_no_wider_than_the_panel(bench: Bench, tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).mkdir()
        Image.fromarray(np.full((8, 8), 4000 + ord(name), np.uint16)).save(tmp_path / name / "1.png")
    bench.show(216, 700)
    bench.view.open_path(tmp_path)
    offers = [b for b in bench.view.preview.report.findChildren(QPushButton) if b.isVisible()]
    assert offers[0].text() == "By type: divide by 65,535", "its text stays whole"
    for button in offers:
        right = button.mapTo(bench.view, button.rect().topRight()).x()
        assert right < bench.view.width()


def test_a_bad_path_typed_into_the_form_is_refused_beside_its_field(bench: Bench, tmp_path: Path) -> None:
    path = write_idx(tmp_path)
    bench.view.open_path(path)
    use(bench)
    before = bench.project
    form = bench.view.source_form
    type_into(child(form, "images"), str(tmp_path / "gone"))
    assert "There is no" in child(form, "images.error").text()
    assert bench.project is before
    assert child(form, "images").text() == str(path)
    type_into(child(form, "limit"), "6")
    assert opened(bench) == IdxFiles(images=str(path), limit=6)
    assert sum(bench.view.gallery.counts) == 6


def test_a_project_whose_pictures_have_gone_says_so_and_can_be_mended(bench: Bench, tmp_path: Path) -> None:
    path = write_idx(tmp_path)
    bench.document.set(bench.project.replace(source=IdxFiles(images=str(tmp_path / "old"))))
    assert "There is no" in bench.view.problem.text()
    type_into(child(bench.view.source_form, "images"), str(path))
    assert opened(bench) == IdxFiles(images=str(path))
    assert not bench.view.problem.isVisible()


def test_the_button_beside_a_path_asks(bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    first, second = write_idx(tmp_path / "a"), write_idx(tmp_path / "b", pixels=255 - PIXELS)
    bench.view.open_path(first)
    use(bench)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *a: (str(second), ""))
    QTest.mouseClick(bench.view.findChild(PathEditor).button, Qt.MouseButton.LeftButton)
    assert opened(bench) == IdxFiles(images=str(second))


# ---- without blocking ------------------------------------------------------------------------------------------------


def gated(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Shapes that are drawn when the event is set."""
    gate = threading.Event()
    make = Shapes.make

    def wait(self):
        gate.wait(120)
        return make(self)

    monkeypatch.setattr(Shapes, "make", wait)
    return gate


def test_the_window_goes_on_while_data_are_made(qtbot, bench: Bench, hasty, monkeypatch) -> None:
    gate = gated(monkeypatch)
    bench.view.picker.chosen.emit(Shapes)
    assert bench.view.loading.busy
    assert bench.find("loading_bar").isVisible()
    assert type(bench.project.source) is Circle
    gate.set()
    qtbot.waitUntil(lambda: bench.project.source == Shapes())
    assert not bench.find("loading_bar").isVisible()
    assert bench.project.fit.loss == CrossEntropyLoss()
    assert bench.view.gallery.names == ["circle", "square", "triangle", "cross"]


def test_loading_can_be_stopped(qtbot, bench: Bench, hasty, monkeypatch) -> None:
    gate = gated(monkeypatch)
    bench.view.picker.chosen.emit(Shapes)
    QTest.mouseClick(bench.find("loading_stop"), Qt.MouseButton.LeftButton)
    assert not bench.view.loading.busy
    gate.set()
    for thread in threading.enumerate():
        if thread.name == "loading":
            thread.join()
    QApplication.processEvents()
    assert type(bench.project.source) is Circle


def test_a_window_fills_when_the_data_of_its_project_arrive(
    qtbot, tmp_path: Path, hasty, monkeypatch
) -> None:
    gate = gated(monkeypatch)
    shell = Shell(qtbot, example("digits-cnn").project.replace(source=Shapes(samples=43)), tmp_path).show()
    panel = shell.window.docks.views["data"]
    assert "being loaded" in panel.problem.text()
    assert shell.window.actions_["run.play"].isEnabled(), "it waits for them"
    gate.set()
    qtbot.waitUntil(lambda: not panel.problem.text())
    assert sum(panel.gallery.counts) == 43


# ---- dropping --------------------------------------------------------------------------------------------------------


def drop(shell: Shell, path: Path, onto: QWidget) -> None:
    """Drop a file on the middle of ``onto``, by the events that Qt would send to whatever lies there."""
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path))])
    middle = onto.mapTo(shell.window, onto.rect().center())
    under = shell.window.childAt(middle)
    assert under is not None
    at = under.mapFrom(shell.window, middle)
    copy, left, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    for event in (
        QDragEnterEvent(at, copy, mime, left, none),
        QDropEvent(QPointF(at), copy, mime, left, none),
    ):
        QApplication.sendEvent(under, event)


@pytest.mark.parametrize("onto", ["data", "canvas"])
def test_files_dropped_on_the_window_are_opened(qtbot, tmp_path: Path, onto: str) -> None:
    shell = Shell(qtbot, example("digits-cnn").project, tmp_path).show()
    target = shell.window.canvas if onto == "canvas" else shell.window.docks.views[onto]
    drop(shell, write_idx(tmp_path), target)
    shell.click("preview_use")
    source = shell.document.value.source
    assert source.pinned() == source
    assert source.replace(seen="") == IdxFiles(images=str(tmp_path / "t10k-images-idx3-ubyte"))
    project = tmp_path / "mine.playground.json"
    save(Project(source=Circle(samples=61)), project)
    shell.window.history.setClean()
    drop(shell, project, target)
    assert shell.document.value.source == Circle(samples=61)


def test_a_packed_folder_dropped_on_the_window_is_opened(qtbot, tmp_path: Path) -> None:
    root = write_folders(tmp_path / "pets", {"cat": [(8, 8)] * 3, "dog": [(8, 8)] * 3})
    path = Path(shutil.make_archive(str(tmp_path / "pets"), "zip", root))
    shell = Shell(qtbot, example("digits-cnn").project, tmp_path).show()
    drop(shell, path, shell.window.canvas)
    shell.click("preview_use")
    source = shell.document.value.source
    assert source.replace(seen="") == ImageFolder(path=str(path), colour=False)
    assert shell.window.docks.views["data"].gallery.counts == [3, 3]


@pytest.mark.parametrize("samples", [41, 42, 44])
def test_data_that_arrive_while_the_window_is_filled_are_shown_too(
    qtbot, tmp_path: Path, hasty, samples: int
) -> None:
    project = example("digits-cnn").project.replace(source=Shapes(samples=samples))
    panel = Shell(qtbot, project, tmp_path).show().window.docks.views["data"]
    qtbot.waitUntil(lambda: sum(panel.gallery.counts) == samples)
    assert not panel.problem.text()


def test_what_is_no_file_is_not_taken(qtbot, tmp_path: Path) -> None:
    shell = Shell(qtbot, Project(), tmp_path).show()
    mime = QMimeData()
    mime.setUrls([QUrl("https://example.org/a.npz")])
    event = QDragEnterEvent(
        QPointF(5, 5).toPoint(),
        Qt.DropAction.CopyAction,
        mime,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    event.ignore()
    QApplication.sendEvent(shell.window, event)
    assert not event.isAccepted()


# ---- pictures --------------------------------------------------------------------------------------------------------


def test_the_gallery_shows_a_picture_of_each_class(bench: Bench, tmp_path: Path) -> None:
    for name, grey in (("dark", 0), ("light", 255)):
        (tmp_path / name).mkdir()
        for number in range(2):
            Image.new("L", (8, 8), grey).save(tmp_path / name / f"{number}.png")
    bench.view.open_path(tmp_path)
    use(bench)
    gallery = bench.view.gallery
    shown = pixels(gallery.grab().toImage())[..., :3]
    first, second = (gallery._cell(i).center().x() for i in range(2))
    assert np.array_equal(shown[10, first], (0, 0, 0))
    assert np.array_equal(shown[10, second], (255, 255, 255))
