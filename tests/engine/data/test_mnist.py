"""MNIST's files and those laid out as they are: which belong together, and what they hold."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from engine.data import Dataset, IdxFiles, Preparation, prepare, source_at
from engine.errors import DataError
from tests.engine.data.writing import LABELS, PIXELS, idx

SOME = (PIXELS[:5], LABELS[:5])


def write(folder: Path, name: str, pixels: np.ndarray = PIXELS, labels: np.ndarray = LABELS) -> None:
    """Two files; ``name`` has "images" and "idx3" in it, and may have folders."""
    for array, magic, path in (
        (pixels, 0x803, folder / name),
        (labels, 0x801, folder / name.replace("images", "labels").replace("idx3", "idx1")),
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        content = idx(array, magic)
        path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)


def refused(source: IdxFiles) -> DataError:
    with pytest.raises(DataError) as caught:
        source.make()
    return caught.value


def parts(data: Dataset) -> list[int]:
    assert data.parts is not None
    return [int(n) for n in np.bincount(data.parts, minlength=3)]


@pytest.mark.parametrize(
    ("train", "test"),
    [
        ("train-images-idx3-ubyte.gz", "t10k-images-idx3-ubyte.gz"),
        ("train-images.idx3-ubyte", "t10k-images.idx3-ubyte"),
        ("MNIST/raw/train-images-idx3-ubyte", "MNIST/raw/t10k-images-idx3-ubyte"),
        (
            "train-images-idx3-ubyte/train-images-idx3-ubyte",
            "t10k-images-idx3-ubyte/t10k-images-idx3-ubyte",
        ),
        ("train/images-idx3-ubyte.gz", "test/images-idx3-ubyte.gz"),
        ("emnist-digits-train-images-idx3-ubyte", "emnist-digits-test-images-idx3-ubyte"),
    ],
)
def test_the_files_to_test_with_are_the_given_part(tmp_path: Path, train: str, test: str) -> None:
    write(tmp_path, train)
    write(tmp_path, test, *SOME)
    for opened in (tmp_path, tmp_path / train):
        source = source_at(opened)
        data = source.make()
        assert parts(data) == [12, 0, 5]
        assert np.array_equal(data.y, [*LABELS, *LABELS[:5]])
        assert source.replace(test_files=False).make().parts is None
    assert [len(i) for i in prepare(data, Preparation(validation=0.25)).index] == [9, 3, 5]
    alone = source_at(tmp_path / test).make()
    assert len(alone) == 5
    assert alone.parts is None


def test_what_is_unpacked_goes_before_what_is_packed(tmp_path: Path) -> None:
    write(tmp_path, "train-images-idx3-ubyte")
    write(tmp_path, "train-images-idx3-ubyte.gz", *SOME)
    assert len(source_at(tmp_path).make()) == 12


def test_hidden_files_are_none(tmp_path: Path) -> None:
    write(tmp_path, "train-images-idx3-ubyte.gz")
    for name in (
        "._train-images-idx3-ubyte.gz",
        "._t10k-images-idx3-ubyte.gz",
        "__MACOSX/t10k-images-idx3-ubyte",
    ):
        write(tmp_path, name, *SOME)
    data = source_at(tmp_path).make()
    assert len(data) == 12
    assert data.parts is None


def test_a_test_part_of_another_size_is_refused_and_can_be_left_out(tmp_path: Path) -> None:
    write(tmp_path, "train-images-idx3-ubyte")
    write(tmp_path, "t10k-images-idx3-ubyte", PIXELS[:, 1:], LABELS)
    source = source_at(tmp_path)
    error = refused(source)
    assert "holds pictures of 6×5 pixels and t10k-images-idx3-ubyte of 5×5; expected one size" in str(error)
    assert len(source.replace(**dict(error.offers[0].changes)).make()) == 12


def test_bytes_that_hold_0_and_1_are_not_all_black(tmp_path: Path) -> None:
    write(tmp_path, "train-images-idx3-ubyte", (PIXELS > 99).astype(np.uint8))
    source = source_at(tmp_path)
    data = source.make()
    assert data.x.max() == 1
    assert data.report[0].text == "Brightness reaches from 0 to 1 and stays as it is."
    assert source.replace(scale="type").make().x.max() == pytest.approx(1 / 255)


# ---- several sets, and EMNIST ----------------------------------------------------------------------------------------


@pytest.fixture
def emnist(tmp_path: Path) -> Path:
    for name in ("letters", "balanced"):
        write(tmp_path, f"emnist-{name}-train-images-idx3-ubyte.gz", labels=LABELS + 1)
        write(tmp_path, f"emnist-{name}-test-images-idx3-ubyte.gz", PIXELS[:5], LABELS[:5] + 1)
    (tmp_path / "emnist-letters-mapping.txt").write_text("1 65 97\n2 66 98\n3 67 99\n")
    (tmp_path / "emnist-balanced-mapping.txt").write_text("0 48\n1 49\n2 50\n3 65\n")
    return tmp_path


def test_which_of_several_sets_is_asked(emnist: Path) -> None:
    source = source_at(emnist)
    assert isinstance(source, IdxFiles)
    error = refused(source)
    assert "The folder" in str(error)
    assert "holds 2 sets" in str(error)
    assert [o.words for o in error.offers] == ["emnist-balanced-train", "emnist-letters-train"]
    data = source.replace(**dict(error.offers[1].changes)).make()
    assert parts(data) == [12, 0, 5]


def test_emnist_has_its_names_and_stands_upright(emnist: Path) -> None:
    source = source_at(emnist / "emnist-letters-train-images-idx3-ubyte.gz")
    data = source.make()
    assert data.classes == ("Aa", "Bb", "Cc")
    assert data.x[:12, 0] == pytest.approx(PIXELS.transpose(0, 2, 1) / 255)
    turned, names = data.report
    assert "they were turned" in turned.text
    assert "emnist-letters-mapping.txt" in names.text
    lying = source.replace(**dict(turned.offers[0].changes)).make()
    assert lying.x[:12, 0] == pytest.approx(PIXELS / 255)
    assert source_at(emnist / "emnist-balanced-train-images-idx3-ubyte.gz").make().classes == ("1", "2", "A")


def test_other_sets_can_be_turned_and_named(tmp_path: Path) -> None:
    write(tmp_path, "train-images-idx3-ubyte")
    names = tmp_path / "names.txt"
    names.write_text("shirt\ntrousers\n\nshoe\n")
    data = IdxFiles(images=str(tmp_path), turn="turned", names=str(names)).make()
    assert data.classes == ("shirt", "trousers", "shoe")
    assert data.in_shape == (1, 5, 6)


@pytest.mark.parametrize("content", ["1 99999999999\n", "", "1 1114112"])
def test_names_that_make_no_sense_are_refused(tmp_path: Path, content: str) -> None:
    write(tmp_path, "train-images-idx3-ubyte")
    names = tmp_path / "names.txt"
    names.write_text(content)
    assert "expected a name a line" in str(refused(IdxFiles(images=str(tmp_path), names=str(names))))


def test_files_whose_names_do_not_tell_are_asked_for(tmp_path: Path) -> None:
    (tmp_path / "digits.bin").write_bytes(idx(PIXELS, 0x803))
    (tmp_path / "answers.bin").write_bytes(idx(LABELS, 0x801))
    source = IdxFiles(images=str(tmp_path / "digits.bin"))
    error = refused(source)
    assert error.offers[0].changes == (("labels", None),)
    assert len(source.replace(labels=str(tmp_path / "answers.bin")).make()) == 12
