"""Arrays as people save them: what they are called, how they count, what they ask, and those that mean no good."""

from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.data import Dataset, NpzFile, Preparation, prepare, source_at
from engine.data.pairing import role
from engine.errors import DataError
from tests.engine.data.writing import LABELS, PIXELS, RNG, write_npz

ROWS = RNG.normal(size=(12, 4)) * 10


def made(folder: Path, **arrays: Any) -> Dataset:
    return source_at(write_npz(folder, **arrays)).make()


def refused(make: Any) -> DataError:
    with pytest.raises(DataError) as caught:
        make()
    return caught.value


def said(data: Dataset) -> str:
    return " ".join(note.text for note in data.report)


# ---- how they count --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stored", "white"),
    [
        (np.minimum(PIXELS, 200), 255),
        (np.minimum(PIXELS, 200).astype(np.uint16), 255),
        (np.minimum(PIXELS, 200).astype(">u2"), 255),
        (PIXELS // 16, 15),
        ((PIXELS // 16).astype(np.float64), 15),
        ((PIXELS > 99).astype(np.uint8), 1),
        (np.where(np.arange(360).reshape(12, 6, 5) == 7, 1.03, PIXELS / 255), 1),
        (PIXELS.astype(np.int64) * 16, 4095),
    ],
    ids=[
        "dark bytes",
        "bytes in 16 bits",
        "big-endian",
        "4 bits",
        "4 bits as floats",
        "0 and 1",
        "1.03",
        "12 bits",
    ],
)
def test_pictures_are_scaled_by_what_they_hold(tmp_path: Path, stored: np.ndarray, white: float) -> None:
    data = made(tmp_path, x=stored, y=LABELS)
    assert data.x[:, 0] == pytest.approx(stored / white, rel=1e-6)
    if white != 1:
        assert f"divided by {white:,}" in said(data)


def test_another_scale_is_offered_and_does_what_it_says(tmp_path: Path) -> None:
    source = source_at(write_npz(tmp_path, x=(PIXELS > 99).astype(np.uint8), y=LABELS))
    [note] = source.make().report
    assert note.text == "Brightness reaches from 0 to 1 and stays as it is."
    [offer] = note.offers
    assert offer.words == "By type: divide by 255"
    assert source.replace(**dict(offer.changes)).make().x.max() == pytest.approx(1 / 255)
    counted = source_at(write_npz(tmp_path, x=PIXELS // 16, y=LABELS))
    words = {o.words: o for o in counted.make().report[0].offers}
    as_they_are = counted.replace(**dict(words["Leave the numbers as they are"].changes)).make()
    assert np.array_equal(as_they_are.x[:, 0], PIXELS // 16)
    assert "By content: divide by 15" in [o.words for o in as_they_are.report[0].offers]


def test_numbers_beyond_float32_are_scaled_before_they_are_rounded(tmp_path: Path) -> None:
    assert made(tmp_path, x=PIXELS * 1e300, y=LABELS).x[:, 0] == pytest.approx(PIXELS / PIXELS.max())
    assert "expected finite numbers" in str(
        refused(lambda: made(tmp_path, x=(PIXELS - 99.0) * 1e306, y=LABELS))
    )
    assert made(tmp_path, x=ROWS, y=LABELS * 1e300).task == "regression"


@pytest.mark.parametrize("kind", [np.uint8, np.int64, np.float64])
def test_rows_of_pixels_are_scaled_as_pictures_are(tmp_path: Path, kind: type) -> None:
    rows = RNG.integers(0, 256, (12, 49)).astype(kind)
    data = made(tmp_path, x=rows, y=LABELS)
    assert data.x == pytest.approx(rows / 255)
    assert "These rows are pictures, row by row" in said(data)
    assert source_at(tmp_path / "set.npz").suited(data)["normalize"] == "none"


@pytest.mark.parametrize(
    "rows",
    [RNG.integers(0, 256, (12, 50)), RNG.integers(0, 256, (12, 9)), RNG.uniform(0, 255, (12, 49))],
    ids=["no square", "few", "no whole numbers"],
)
def test_other_rows_stay_and_are_to_be_standardized(tmp_path: Path, rows: np.ndarray) -> None:
    data = made(tmp_path, x=rows, y=LABELS)
    assert data.x == pytest.approx(rows)
    assert source_at(tmp_path / "set.npz").suited(data) == {"normalize": "standardize", "target": "none"}


def test_rows_within_one_need_no_standardizing(tmp_path: Path) -> None:
    data = made(tmp_path, x=np.tanh(ROWS), y=LABELS)
    assert source_at(tmp_path / "set.npz").suited(data)["normalize"] == "none"


def test_transparent_pixels_are_laid_on_a_ground(tmp_path: Path) -> None:
    stored = np.zeros((12, 6, 5, 4), np.uint8)
    stored[:, :3, :, 3] = 255  # the upper half is black, the lower one transparent
    source = NpzFile(path=str(write_npz(tmp_path, x=stored, y=LABELS)))
    data = source.make()
    assert data.in_shape == (3, 6, 5)
    assert data.x[0, 0, :, 0].tolist() == [0, 0, 0, 1, 1, 1]
    assert "Transparent pixels are laid on white." in said(data)
    white_ink = 255 - stored
    white_ink[..., 3] = stored[..., 3]
    seen = made(tmp_path, x=white_ink, y=LABELS)
    assert seen.x[0, 0, :, 0].tolist() == [1, 1, 1, 0, 0, 0], "on white it could not be seen"
    write_npz(tmp_path, x=stored, y=LABELS)
    assert source.replace(ground="grey").make().x[0, 0, :, 0].tolist() == [0, 0, 0, 0.5, 0.5, 0.5]


# ---- what they are called --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "inputs", "part", "rest"),
    [
        ("x", True, None, ()),
        ("X_train", True, 0, ()),
        ("trainX", True, 0, ()),
        ("xtrain", True, 0, ()),
        ("test_labels", False, 2, ()),
        ("Yval", False, 1, ()),
        ("kmnist-train-imgs", True, 0, ("kmnist",)),
        ("kmnist-test-labels", False, 2, ("kmnist",)),
        ("image_labels", False, None, ()),
    ],
)
def test_names_tell_what_an_array_is(
    name: str, inputs: bool, part: int | None, rest: tuple[str, ...]
) -> None:
    found = role(name)
    assert found is not None
    assert (found.inputs, found.part, found.rest) == (inputs, part, rest)


@pytest.mark.parametrize("name", ["arr_0", "only", "a", "", "extra", "matrix", "weights", "x" * 10_000])
def test_other_names_do_not(name: str) -> None:
    assert role(name) is None


@pytest.mark.parametrize("names", [("trainX", "trainY"), ("arr_0", "arr_1"), ("a", "b"), ("imgs", "arr_0")])
def test_two_arrays_need_no_usual_names(tmp_path: Path, names: tuple[str, str]) -> None:
    data = made(tmp_path, **dict(zip(names, (PIXELS, LABELS), strict=True)))
    assert np.array_equal(data.y, LABELS)
    assert ("are the inputs" in said(data)) == (names[0] in ("arr_0", "a", "imgs"))


def test_names_that_do_not_tell_are_asked(tmp_path: Path) -> None:
    source = source_at(write_npz(tmp_path, a=PIXELS, b=LABELS, c=1 - LABELS % 2))
    error = refused(source.make)
    assert str(error).startswith("set.npz holds a (12, 6, 5), b (12,), c (12,); expected names that tell")
    assert [o.words for o in error.offers] == ["a with b", "a with c"]
    assert source.replace(**dict(error.offers[1].changes)).make().classes == ("0", "1")
    assert np.array_equal(source.replace(targets="b").make().y, LABELS), "one name is enough"
    assert "There is no array d in set.npz; expected one of a (12, 6, 5)" in str(
        refused(source.replace(inputs="d").make)
    )


def test_arrays_that_are_not_needed_are_listed(tmp_path: Path) -> None:
    data = made(tmp_path, images=PIXELS, data=PIXELS.reshape(12, 30), target=LABELS, notes=np.zeros(3))
    assert data.is_image
    assert "2 arrays were left out: 2 not needed (data, notes)." in said(data)


def test_parts_are_the_given_split(tmp_path: Path) -> None:
    data = made(
        tmp_path,
        x_test=PIXELS[8:], y_test=LABELS[8:], x_val=PIXELS[6:8], y_val=LABELS[6:8], x_train=PIXELS[:6], y_train=LABELS[:6],
    )  # fmt: skip
    assert data.parts is not None
    assert data.parts.tolist() == [0] * 6 + [1] * 2 + [2] * 4
    assert np.array_equal(data.y, LABELS)
    assert [sorted(i) for i in prepare(data, Preparation()).index] == [[*range(6)], [6, 7], [8, 9, 10, 11]]
    some = NpzFile(path=str(tmp_path / "set.npz"), limit=6).make()
    assert len(some) == 6
    assert np.bincount(some.parts).tolist() == [3, 1, 2]


def test_parts_count_alike(tmp_path: Path) -> None:
    """A part that happens to be darker is not made brighter."""
    data = made(tmp_path, x_train=PIXELS, y_train=LABELS, x_test=np.minimum(PIXELS, 3), y_test=LABELS)
    assert data.x[12:].max() == pytest.approx(3 / 255)


def test_a_class_that_nothing_trains_is_said(tmp_path: Path) -> None:
    order = np.argsort(LABELS, kind="stable")
    x, y = PIXELS[order], LABELS[order]
    data = made(tmp_path, x_train=x[:8], y_train=y[:8], x_test=x[8:], y_test=y[8:])
    assert "Nothing is given to train with of 2." in said(data)


def test_a_part_without_targets_is_left_out(tmp_path: Path) -> None:
    data = made(tmp_path, x_train=PIXELS, y_train=LABELS, x_test=PIXELS)
    assert data.parts is None
    assert "1 array was left out: 1 not needed (x_test)." in said(data)


def test_parts_of_different_shapes_are_refused(tmp_path: Path) -> None:
    error = refused(
        lambda: made(tmp_path, x_train=PIXELS, y_train=LABELS, x_test=PIXELS[:, 1:], y_test=LABELS)
    )
    assert "The inputs of two parts differ: x_train (12, 6, 5) and x_test (12, 5, 5)" in str(error)


# ---- several files ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("opened", ["kmnist-train-imgs.npz", "kmnist-train-labels.npz", "."])
def test_inputs_and_targets_in_a_file_each(tmp_path: Path, opened: str) -> None:
    for name, array in (
        ("train-imgs", PIXELS),
        ("train-labels", LABELS),
        ("test-imgs", PIXELS[:5]),
        ("test-labels", LABELS[:5]),
    ):
        np.savez(tmp_path / f"kmnist-{name}.npz", array)
    (tmp_path / "._kmnist-train-imgs.npz").write_bytes(b"Mac OS X")
    source = source_at(tmp_path / opened)
    data = source.make()
    assert np.array_equal(data.y, [*LABELS, *LABELS[:5]])
    assert data.parts.tolist() == [0] * 12 + [2] * 5
    pinned = source.pinned()
    np.savez(tmp_path / "kmnist-test-labels.npz", 2 - LABELS[:5])
    assert source.pinned() != pinned, "all of them are watched"


def test_npy_files(tmp_path: Path) -> None:
    np.save(tmp_path / "X_train.npy", ROWS)
    np.save(tmp_path / "y_train.npy", LABELS)
    np.save(tmp_path / "other.npy", LABELS)
    data = source_at(tmp_path / "X_train.npy").make()
    assert data.x == pytest.approx(ROWS)
    assert np.array_equal(data.y, LABELS)


def test_the_file_of_targets_is_asked_for_and_taken(tmp_path: Path) -> None:
    np.save(tmp_path / "only.npy", PIXELS)
    np.save(tmp_path / "else.npy", LABELS)
    source = source_at(tmp_path / "only.npy")
    error = refused(source.make)
    assert "and no targets; expected them beside it" in str(error)
    assert error.offers[0].changes == (("targets_file", None),)
    assert np.array_equal(source.replace(targets_file=str(tmp_path / "else.npy")).make().y, LABELS)
    assert "holds 12 inputs and 5 targets" in str(
        refused(lambda: _with_targets(source, tmp_path, LABELS[:5]).make())
    )


def _with_targets(source: Any, folder: Path, targets: np.ndarray) -> Any:
    np.save(folder / "mine.npy", targets)
    return source.replace(targets_file=str(folder / "mine.npy"))


def test_one_of_several_sets_in_a_folder_is_asked(tmp_path: Path) -> None:
    for name in ("a_x", "a_y", "b_x", "b_y"):
        np.save(tmp_path / f"{name}.npy", PIXELS if "x" in name else LABELS)
    error = refused(NpzFile(path=str(tmp_path)).make)
    assert "holds several sets of arrays" in str(error)
    assert [Path(o.changes[0][1]).name for o in error.offers] == ["a_x.npy", "b_x.npy"]


# ---- what they ask ---------------------------------------------------------------------------------------------------


def test_numbers_are_a_regression(tmp_path: Path) -> None:
    one = made(tmp_path, x=ROWS, y=np.linspace(1.5, 300, 12))
    assert (one.task, one.y.shape) == ("regression", (12, 1))
    assert source_at(tmp_path / "set.npz").suited(one)["target"] == "standardize"
    two = made(tmp_path, x=ROWS, y=RNG.uniform(size=(12, 2)))
    assert (two.task, two.y.shape, two.targets) == ("regression", (12, 2), ("y1", "y2"))
    assert source_at(tmp_path / "set.npz").suited(two)["target"] == "none"
    assert made(tmp_path, x=PIXELS, y=np.linspace(0.5, 1, 12)).task == "regression", "of pictures too"


def test_whole_numbers_may_be_either(tmp_path: Path) -> None:
    years = np.arange(60) + 1900
    path = str(write_npz(tmp_path, x=np.ones((60, 3)), y=years))
    assert NpzFile(path=path).make().task == "regression"
    assert len(NpzFile(path=path, answer="classes").make().classes) == 60
    path = str(write_npz(tmp_path, x=np.ones((120, 3)), y=np.repeat(years, 2)))
    data = NpzFile(path=path).make()
    assert len(data.classes) == 60
    [offer] = data.report[-1].offers
    assert NpzFile(path=path, **dict(offer.changes)).make().y[:3, 0].tolist() == [1900, 1900, 1901]
    assert made(tmp_path, x=ROWS[:4], y=np.array([0, 1, 2, 3])).task == "multiclass"
    assert "expected whole numbers or words" in str(
        refused(NpzFile(path=str(write_npz(tmp_path, x=ROWS, y=ROWS[:, 0])), answer="classes").make)
    )


def test_several_ones_in_a_row_are_numbers(tmp_path: Path) -> None:
    assert made(tmp_path, x=ROWS, y=np.tile([1, 1, 0], (12, 1))).task == "regression"
    assert made(tmp_path, x=ROWS, y=np.eye(3, dtype=bool)[LABELS]).classes == ("0", "1", "2")


@pytest.mark.parametrize("coding", ["utf-8", "latin-1"])
def test_names_of_classes_in_bytes(tmp_path: Path, coding: str) -> None:
    words = np.array(["café".encode(coding), b"tea", b"milk"])[LABELS]
    data = made(tmp_path, x=PIXELS, y=words)
    assert data.classes == ("café", "milk", "tea")
    assert ("Latin-1" in said(data)) == (coding == "latin-1")


# ---- what means no good ----------------------------------------------------------------------------------------------


def npy(header: str, body: bytes = b"\0" * 64, version: tuple[int, int] = (1, 0)) -> bytes:
    text = header.encode("latin-1")
    return (
        b"\x93NUMPY"
        + bytes(version)
        + struct.pack("<H" if version == (1, 0) else "<I", len(text))
        + text
        + body
    )


def write_members(folder: Path, **members: bytes) -> Path:
    path = folder / "bad.npz"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(f"{name}.npy", content)
    return path


def good(array: np.ndarray) -> bytes:
    out = io.BytesIO()
    np.save(out, array)
    return out.getvalue()


@pytest.mark.parametrize(
    "head",
    [
        "(" * 5000,
        "{'descr': '|u1', 'fortran_order': False, 'shape': (True, 6, 5), }",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (-1, 6, 5), }",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (12, 99999999999999999999), }",
        "{'descr': '|u1', 'fortran_order': False, 'shape': 12, }",
        "{'descr': '|u999999999999', 'fortran_order': False, 'shape': (12,), }",
        "{'descr': 'nonsense', 'fortran_order': False, 'shape': (12,), }",
        "__import__('os').system('true')",
        "{}",
        "",
        "x" * 60_000,
    ],
)  # fmt: skip
@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0), (9, 9)])
def test_heads_that_make_no_sense(tmp_path: Path, head: str, version: tuple[int, int]) -> None:
    for path in (
        write_members(tmp_path, x=npy(head, version=version), y=good(LABELS)),
        tmp_path / "x.npy",
    ):
        if path.suffix == ".npy":
            path.write_bytes(npy(head, version=version))
        error = refused(NpzFile(path=str(path)).make)
        assert "; expected " in str(error)
        assert len(str(error)) < 600
        assert "allow_pickle" not in str(error)


def test_an_array_that_is_shorter_than_it_says(tmp_path: Path) -> None:
    short = good(PIXELS)[:-50]
    error = refused(NpzFile(path=str(write_members(tmp_path, x=short, y=good(LABELS)))).make)
    assert "x in bad.npz holds something that cannot be read" in str(error)


def test_a_first_byte_that_is_wrong(tmp_path: Path) -> None:
    wrong = b"\0" + good(PIXELS)[1:]
    error = refused(NpzFile(path=str(write_members(tmp_path, x=wrong, y=good(LABELS)))).make)
    assert "x in bad.npz is no array" in str(error)


def test_what_promises_more_than_can_be_used_is_not_begun(tmp_path: Path) -> None:
    bomb = npy("{'descr': '<f8', 'fortran_order': False, 'shape': (3000000, 1000), }")
    assert "says that it takes 22.4 GB" in str(
        refused(NpzFile(path=str(write_members(tmp_path, x=bomb, y=good(LABELS)))).make)
    )


@pytest.mark.parametrize("wide", [False, True], ids=["32 bits", "64 bits beside small 32"])
def test_a_list_without_end_is_not_read(tmp_path: Path, wide: bool) -> None:
    """How long the list of arrays is, the file says itself: in one place, or in another that goes before it."""
    path = write_npz(tmp_path, x=RNG.normal(size=(4, 2)), y=np.arange(4) % 2)
    content = bytearray(path.read_bytes())
    at, long = content.rindex(b"PK\5\6"), 5 << 20
    content[at:at] = bytes(long)
    at += long
    if wide:
        size = struct.pack("<4sQHHIIQQQQ", b"PK\6\6", 44, 45, 45, 0, 0, 2, 2, long, 0)
        content[at:at] = size + struct.pack("<4sIQI", b"PK\6\7", 0, at, 1)
    else:
        content[at + 12 : at + 16] = struct.pack("<I", long)
    path.write_bytes(content)
    assert "lists more files than can be read here; expected a list of at most 4 MB" in str(
        refused(NpzFile(path=str(path)).make)
    )


def test_a_refusal_of_thousands_of_arrays_is_short(tmp_path: Path) -> None:
    few = {f"a{i}" * 20: good(np.zeros(2)) for i in range(500)}
    assert len(str(refused(NpzFile(path=str(write_members(tmp_path, **few))).make))) < 600
    many = {f"a{i}": b"" for i in range(3000)}
    error = refused(NpzFile(path=str(write_members(tmp_path, **many))).make)
    assert str(error).startswith("bad.npz holds 3,000 files; expected at most 1,000 arrays.")
