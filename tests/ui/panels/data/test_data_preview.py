"""What is in a file is shown before it is used; files that change are read again when asked."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QPushButton

from engine.data import Circle, IdxFiles, NpzFile, Preparation, Shapes
from playground.document.project import Project, data_of
from playground.ui.panels.data.view import DataView
from tests.engine.data.writing import LABELS, PIXELS, cut, write_idx, write_npz
from tests.ui.bench import Bench
from tests.ui.opening import opened, use


@pytest.fixture
def bench(qtbot) -> Bench:
    return Bench(qtbot, DataView, Project(source=Circle(samples=50))).show(300, 900)


def test_rows_of_numbers_are_shown_in_words(bench: Bench, tmp_path: Path) -> None:
    path = write_npz(tmp_path, x=PIXELS.reshape(12, 30), y=np.array(["no", "yes"])[LABELS % 2])
    bench.view.open_path(path)
    assert bench.view.preview.contents.text() == "12 rows of 30 numbers · 2 classes"
    assert not bench.view.preview.gallery.isVisible()
    use(bench)
    assert opened(bench) == NpzFile(path=str(path))


def test_how_files_were_read_is_shown_and_can_be_chosen_otherwise(bench: Bench, tmp_path: Path) -> None:
    path = write_npz(tmp_path, x=PIXELS // 16, y=LABELS)
    bench.view.open_path(path)
    report = bench.find("preview_report")
    assert report.words() == "Brightness reaches from 0 to 15 and is divided by 15."
    [_by_type, none] = [b for b in report.findChildren(QPushButton) if b.isVisible()]
    QTest.mouseClick(none, Qt.MouseButton.LeftButton)
    assert report.words() == "Brightness reaches from 0 to 15 and stays as it is."
    use(bench)
    assert opened(bench) == NpzFile(path=str(path), scale="none")
    assert bench.find("read_report").words() == report.words()
    assert bench.project.preparation.normalize == "none", "pictures"


def test_the_split_that_files_give_is_said_before_it_is_used(bench: Bench, tmp_path: Path) -> None:
    bench.view.open_path(
        write_npz(tmp_path, x_train=PIXELS, y_train=LABELS, x_test=PIXELS[:4], y_test=LABELS[:4])
    )
    said = bench.find("preview_report").words()
    assert "The files say which samples are for training and which for testing." in said
    assert "So there are 10 train · 2 validation · 4 test." in said


def test_rows_are_standardized_and_the_preview_says_so(bench: Bench, tmp_path: Path) -> None:
    bench.view.open_path(write_npz(tmp_path, x=PIXELS.reshape(12, 30), y=np.linspace(0.5, 900, 12)))
    assert bench.view.preview.contents.text() == "12 rows of 30 numbers · 1 number to predict"
    said = "Inputs will be brought to mean 0 and deviation 1, and targets will be brought to mean 0 and deviation 1"
    assert said in bench.find("preview_report").words()
    use(bench)
    assert bench.project.preparation.normalize == bench.project.preparation.target == "standardize"
    assert data_of(bench.project).train.x.std() == pytest.approx(1, abs=0.01)


def test_names_that_do_not_tell_are_asked(bench: Bench, tmp_path: Path) -> None:
    path = write_npz(tmp_path, a=PIXELS, b=LABELS, c=LABELS % 2)
    bench.view.open_path(path)
    assert "expected names that tell inputs from targets" in bench.view.opener.problem.text()
    assert bench.find("open_offer").text() == "a with b"
    QTest.mouseClick(bench.find("open_offer_2"), Qt.MouseButton.LeftButton)
    assert bench.view.preview.contents.text() == "12 pictures · 6×5, grey · 2 classes · 1 array was left out"
    use(bench)
    assert opened(bench) == NpzFile(path=str(path), inputs="a", targets="c")


def test_one_of_several_sets_is_asked(bench: Bench, tmp_path: Path) -> None:
    for name in ("letters", "digits"):
        (tmp_path / name).mkdir()
        write_idx(tmp_path / name)
    bench.view.open_path(tmp_path)
    QTest.mouseClick(bench.find("open_offer_2"), Qt.MouseButton.LeftButton)
    use(bench)
    assert opened(bench) == IdxFiles(images=str(tmp_path / "letters" / "t10k-images-idx3-ubyte"))


def test_a_missing_file_of_targets_is_asked_for(bench: Bench, tmp_path: Path, monkeypatch) -> None:
    np.save(tmp_path / "only.npy", PIXELS)
    np.save(tmp_path / "else.npy", LABELS)
    answers = iter(("", str(tmp_path / "else.npy")))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (next(answers), ""))
    bench.view.open_path(tmp_path / "only.npy")
    QTest.mouseClick(bench.find("open_offer"), Qt.MouseButton.LeftButton)
    assert "no targets" in bench.view.opener.problem.text(), "nothing was chosen"
    QTest.mouseClick(bench.find("open_offer"), Qt.MouseButton.LeftButton)
    assert bench.view.preview.contents.text() == "12 pictures · 6×5, grey · 3 classes"


@pytest.mark.parametrize("how", ["click", "escape"])
def test_what_is_shown_need_not_be_used(bench: Bench, tmp_path: Path, how: str) -> None:
    before = bench.project
    bench.view.opener.button.setFocus()
    bench.view.open_path(write_idx(tmp_path))
    assert bench.find("preview_use").hasFocus(), "Enter is enough to go on"
    if how == "click":
        QTest.mouseClick(bench.find("preview_cancel"), Qt.MouseButton.LeftButton)
    else:
        QTest.keyClick(bench.find("preview_use"), Qt.Key.Key_Escape)
    assert not bench.view.preview.isVisible()
    assert bench.view.opener.button.hasFocus()
    assert bench.project is before
    assert bench.history.count() == 0


def test_what_is_shown_goes_when_other_data_are_chosen(bench: Bench, tmp_path: Path) -> None:
    bench.view.open_path(write_idx(tmp_path))
    bench.document.set(bench.project.replace(preparation=Preparation(train=0.5)))
    assert bench.view.preview.isVisible(), "the same data, prepared in another way"
    bench.document.set(bench.project.replace(source=Shapes(samples=20)))
    assert not bench.view.preview.isVisible()
    bench.view.preview.accepted.emit()
    assert bench.project.source == Shapes(samples=20)


def test_a_bad_file_takes_away_what_was_shown_before(bench: Bench, tmp_path: Path) -> None:
    bench.view.open_path(write_idx(tmp_path))
    bench.view.open_path(tmp_path / "gone")
    assert not bench.view.preview.isVisible()
    assert "There is no" in bench.view.opener.problem.text()


def test_real_mnist_is_shown_and_used(qtbot, bench: Bench, hasty, shared: Path) -> None:
    folder = shared / "data" / "mnist-t10k"
    if not folder.is_dir():
        pytest.skip("MNIST's test files are not there")
    bench.view.open_path(folder)
    qtbot.waitUntil(bench.view.preview.isVisible)
    assert bench.view.preview.contents.text() == "10,000 pictures · 28×28, grey · 10 classes"
    assert bench.view.preview.gallery.counts == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert type(bench.project.source) is Circle
    use(bench)
    qtbot.waitUntil(lambda: type(bench.project.source) is IdxFiles)
    assert sum(bench.view.bar.counts) == 10_000


# ---- files that change -----------------------------------------------------------------------------------------------


def test_files_are_read_again_when_asked(bench: Bench, tmp_path: Path) -> None:
    path = write_idx(tmp_path)
    again = bench.find("read_again")
    assert not again.isVisible(), "there are no files"
    bench.view.open_path(path)
    use(bench)
    first = bench.project
    QTest.mouseClick(again, Qt.MouseButton.LeftButton)
    assert bench.project is first
    assert "have not changed" in bench.find("open_note").text()
    write_idx(tmp_path, pixels=255 - PIXELS[:9], labels=LABELS[:9])
    assert bench.view.gallery.counts == [4, 4, 4], "nothing changes before somebody asks"
    QTest.mouseClick(again, Qt.MouseButton.LeftButton)
    assert bench.view.gallery.counts == [3, 3, 3]
    assert np.allclose(data_of(bench.project).raw.x[:, 0], (255 - PIXELS[:9]) / 255)
    assert "were read again" in bench.find("open_note").text()
    assert bench.history.undoText() == "Read the files again"
    bench.history.undo()
    assert bench.project == first
    assert bench.view.gallery.counts == [4, 4, 4], "they are kept as they were"


def test_a_file_that_has_gone_bad_is_not_taken_when_read_again(bench: Bench, tmp_path: Path) -> None:
    path = write_idx(tmp_path)
    bench.view.open_path(path)
    use(bench)
    before = bench.project
    cut(path, 100)
    QTest.mouseClick(bench.find("read_again"), Qt.MouseButton.LeftButton)
    assert "cut short" in bench.find("open_problem").text()
    assert bench.project is before
    assert bench.view.gallery.counts == [4, 4, 4]


def test_opening_a_changed_file_reads_it_anew(bench: Bench, tmp_path: Path) -> None:
    path = write_idx(tmp_path)
    bench.view.open_path(path)
    use(bench)
    write_idx(tmp_path, labels=LABELS % 2)
    bench.view.open_path(path)
    assert bench.view.preview.gallery.names == ["0", "1"]
    use(bench)
    assert bench.view.gallery.names == ["0", "1"]


# ---- in a narrow panel -----------------------------------------------------------------------------------------------


def inside(bench: Bench, name: str) -> bool:
    """Whether all of a widget can be seen in the panel."""
    widget, port = bench.find(name), bench.find("scroll").viewport()
    corners = (widget.rect().topLeft(), widget.rect().bottomRight())
    return widget.isVisible() and all(port.rect().contains(widget.mapTo(port, corner)) for corner in corners)


def test_the_answers_are_in_sight_however_many_classes_there_are(qtbot, bench: Bench, tmp_path: Path) -> None:
    bench.view.resize(248, 275)
    scroll = bench.find("scroll").verticalScrollBar()
    scroll.setValue(scroll.maximum())
    pixels = np.zeros((30, 6, 5), np.uint8)
    bench.view.open_path(write_idx(tmp_path, pixels=pixels, labels=np.arange(30, dtype=np.uint8) % 10))
    qtbot.waitUntil(lambda: inside(bench, "preview_use"))
    assert inside(bench, "preview_cancel")
    assert inside(bench, "preview_title")
    gallery = bench.view.preview.gallery
    qtbot.waitUntil(lambda: gallery.height() >= gallery.heightForWidth(gallery.width()))


def test_opened_pictures_come_before_the_other_data(qtbot, bench: Bench, tmp_path: Path) -> None:
    gallery, picker = bench.find("gallery"), bench.find("source_picker")
    bench.view.open_path(write_idx(tmp_path))
    use(bench)
    qtbot.waitUntil(lambda: 0 < gallery.geometry().bottom() < picker.y())
    bench.history.undo()
    qtbot.waitUntil(lambda: picker.geometry().bottom() < bench.find("source_help").y())


@pytest.mark.parametrize("ending", [".npz", ".txt"])
def test_a_long_name_does_not_widen_the_panel(qtbot, bench: Bench, tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"{'a_very_long_name_without_a_space' * 4}{ending}"
    write_npz(tmp_path, x=PIXELS, y=LABELS).rename(path)
    if ending == ".txt":
        path.write_text("Dear sirs")
    bench.view.resize(248, 400)
    bench.view.open_path(path)
    said = bench.view.preview.title if ending == ".npz" else bench.view.opener.problem
    assert said.isVisible()
    assert path.name in said.text(), "all of it, as it is"
    area = bench.find("scroll")
    qtbot.waitUntil(lambda: area.widget().width() == area.viewport().width())
    assert said.minimumSizeHint().width() < 150
