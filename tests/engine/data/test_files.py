"""Pictures from disk: what is written comes back, and each kind of bad file gets its sentence."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from engine import progress
from engine.data import IdxFiles, ImageFolder, NpzFile, Preparation, images, prepare, source_at
from engine.data import idx as idx_format
from engine.errors import DataError

RNG = np.random.default_rng(0)
PIXELS = RNG.integers(0, 256, (12, 6, 5), dtype=np.uint8)
LABELS = np.arange(12, dtype=np.uint8) % 3


def idx(pixels: np.ndarray, magic: int) -> bytes:
    return struct.pack(f">{1 + pixels.ndim}I", magic, *pixels.shape) + pixels.tobytes()


def write_idx(
    folder: Path, packed: bool = False, pixels: np.ndarray = PIXELS, labels: np.ndarray = LABELS
) -> Path:
    """MNIST's two files; returns the one of pictures."""
    ending, pack = (".gz", gzip.compress) if packed else ("", bytes)
    (folder / f"t10k-labels-idx1-ubyte{ending}").write_bytes(pack(idx(labels, 0x801)))
    path = folder / f"t10k-images-idx3-ubyte{ending}"
    path.write_bytes(pack(idx(pixels, 0x803)))
    return path


def write_folders(root: Path, sizes: dict[str, list[tuple[int, int]]], mode: str = "L") -> Path:
    """A folder per class with pictures of these sizes (width, height), each of one brightness."""
    for name, those in sizes.items():
        (root / name).mkdir(parents=True)
        for number, size in enumerate(those):
            Image.new(mode, size, 20 * number if mode == "L" else (20 * number, 0, 255)).save(
                root / name / f"img{number}.png"
            )
    return root


def message(make: Any) -> str:
    with pytest.raises(DataError) as caught:
        make()
    return str(caught.value)


# ---- MNIST's files ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("packed", [False, True])
def test_idx_round_trip(tmp_path: Path, packed: bool) -> None:
    data = IdxFiles(images=str(write_idx(tmp_path, packed))).make()
    assert data.x.dtype == np.float32
    assert data.x.shape == (12, 1, 6, 5)
    assert np.array_equal(np.round(data.x[:, 0] * 255), PIXELS)
    assert np.array_equal(data.y, LABELS)
    assert data.classes == ("0", "1", "2")


def test_either_file_or_the_folder_will_do(tmp_path: Path) -> None:
    pictures = write_idx(tmp_path)
    first = source_at(pictures)
    assert first == IdxFiles(images=str(pictures)) == source_at(tmp_path)
    assert np.array_equal(source_at(tmp_path / "t10k-labels-idx1-ubyte").make().x, first.make().x)


def test_labels_that_do_not_begin_at_0_keep_their_names(tmp_path: Path) -> None:
    data = IdxFiles(images=str(write_idx(tmp_path, labels=LABELS + 5))).make()
    assert data.classes == ("5", "6", "7")
    assert np.array_equal(data.y, LABELS)


def test_a_limit_takes_pictures_from_all_over_the_file(tmp_path: Path) -> None:
    data = IdxFiles(images=str(write_idx(tmp_path, labels=np.sort(LABELS))), limit=6).make()
    assert len(data) == 6
    assert len(data.classes) == 3, "sorted by class, the first six are of two classes only"


def cut(path: Path, to: int) -> None:
    path.write_bytes(path.read_bytes()[:to])


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("kept", [0.5, 0.9])
def test_a_truncated_idx_file(tmp_path: Path, packed: bool, kept: float) -> None:
    path = write_idx(tmp_path, packed)
    cut(path, int(path.stat().st_size * kept))
    said = message(IdxFiles(images=str(path)).make)
    assert path.name in said
    assert "cut short" in said
    assert "copy it again" in said


def test_a_truncated_header(tmp_path: Path) -> None:
    path = write_idx(tmp_path)
    cut(path, 9)
    assert "ends after 9 bytes; expected its sizes" in message(IdxFiles(images=str(path)).make)


def test_garbage_in_a_packed_file(tmp_path: Path) -> None:
    path = write_idx(tmp_path, packed=True)
    whole = bytearray(path.read_bytes())
    whole[20:40] = b"\xff" * 20
    path.write_bytes(whole)
    assert "expected" in message(IdxFiles(images=str(path)).make)


def test_a_wrong_magic_number(tmp_path: Path) -> None:
    path = write_idx(tmp_path)
    path.write_bytes(b"\x89PNG" + path.read_bytes()[4:])
    said = message(IdxFiles(images=str(path)).make)
    assert "begins with the bytes 89 50 4e 47" in said
    assert "00 00 08 03" in said


def test_labels_in_place_of_pictures(tmp_path: Path) -> None:
    write_idx(tmp_path)
    labels = tmp_path / "t10k-labels-idx1-ubyte"
    said = message(IdxFiles(images=str(labels), labels=str(labels)).make)
    assert "which is a file of labels" in said


def test_a_file_that_goes_on_after_its_end(tmp_path: Path) -> None:
    path = write_idx(tmp_path)
    path.write_bytes(path.read_bytes() + b"more")
    assert "goes on behind its 360 bytes" in message(IdxFiles(images=str(path)).make)


def test_labels_missing_and_of_another_count(tmp_path: Path) -> None:
    path = write_idx(tmp_path)
    labels = tmp_path / "t10k-labels-idx1-ubyte"
    labels.write_bytes(idx(LABELS[:7], 0x801))
    assert "holds 12 pictures and t10k-labels-idx1-ubyte 7 labels" in message(IdxFiles(images=str(path)).make)
    labels.unlink()
    said = message(IdxFiles(images=str(path)).make)
    assert "no file of labels beside t10k-images-idx3-ubyte" in said
    assert "t10k-labels-idx1-ubyte.gz" in said


def test_one_class_only(tmp_path: Path) -> None:
    said = message(IdxFiles(images=str(write_idx(tmp_path, labels=0 * LABELS))).make)
    assert "All 12 labels" in said
    assert "at least two classes" in said


def test_no_pictures_at_all(tmp_path: Path) -> None:
    path = write_idx(tmp_path, pixels=PIXELS[:0], labels=LABELS[:0])
    assert "expected at least one" in message(IdxFiles(images=str(path)).make)


def test_too_large_before_a_byte_of_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "t10k-images-idx3-ubyte"
    write_idx(tmp_path)
    path.write_bytes(struct.pack(">4I", 0x803, 4_000_000, 1000, 1000))
    assert "expected at most 1 GB" in message(IdxFiles(images=str(path)).make)


def test_too_large_as_numbers_names_how_many_fit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "MOST_BYTES", 4 * 30 * 5)
    source = IdxFiles(images=str(write_idx(tmp_path)))
    with pytest.raises(DataError, match=r"12 pictures of 6×5 .* which is 5 pictures\. Set limit") as caught:
        source.make()
    assert caught.value.remedy == {"limit": 5}
    assert len(source.replace(**caught.value.remedy).make()) == 5


def test_nothing_chosen_and_nothing_there(tmp_path: Path) -> None:
    assert "No file is chosen yet" in message(IdxFiles().make)
    assert "No file is chosen yet" in message(NpzFile().make)
    assert "No file is chosen yet" in message(ImageFolder().make)
    for source in (IdxFiles(images=str(tmp_path / "gone")), NpzFile(path=str(tmp_path / "gone"))):
        assert f"There is no {tmp_path / 'gone'}" in message(source.make)


def test_making_a_spec_opens_nothing(tmp_path: Path) -> None:
    assert IdxFiles(images=str(tmp_path / "gone")).images.endswith("gone")


def test_the_partner_of_each_name(tmp_path: Path) -> None:
    for pictures, labels in (
        ("train-images-idx3-ubyte", "train-labels-idx1-ubyte.gz"),
        ("emnist-images-idx3-ubyte.gz", "emnist-labels-idx1-ubyte"),
    ):
        for name in (pictures, labels):
            (tmp_path / name).touch()
        assert idx_format.partner_of(tmp_path / pictures).name == labels
        assert idx_format.partner_of(tmp_path / labels).name == pictures


def test_real_mnist(shared: Path) -> None:
    folder = shared / "data" / "mnist-t10k"
    if not folder.is_dir():
        pytest.skip("MNIST's test files are not there")
    data = source_at(folder).make()
    assert data.x.shape == (10_000, 1, 28, 28)
    assert np.bincount(data.y).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert prepare(data, Preparation()).train.x.dtype == np.float32


# ---- folders ---------------------------------------------------------------------------------------------------------


def test_folder_round_trip(tmp_path: Path) -> None:
    write_folders(tmp_path, {"cat": [(7, 5)] * 12, "dog": [(7, 5)] * 2})
    (tmp_path / ".hidden").mkdir()
    (tmp_path / "cat" / "notes.txt").write_text("no picture")
    source = source_at(tmp_path)
    assert source == ImageFolder(path=str(tmp_path), colour=False), "grey pictures have one channel"
    data = source.make()
    assert data.x.shape == (14, 1, 5, 7)
    assert data.classes == ("cat", "dog")
    assert np.bincount(data.y).tolist() == [12, 2]
    shades = data.x[data.y == 0, 0, 0, 0] * 255
    assert np.allclose(shades, 20 * np.arange(12)), "img2 comes before img10"


def test_colours_have_three_channels(tmp_path: Path) -> None:
    write_folders(tmp_path, {"a": [(4, 4)] * 3, "b": [(4, 4)]}, "RGB")
    data = source_at(tmp_path).make()
    assert np.allclose(data.x[2, :, 0, 0] * 255, [40, 0, 255])


@pytest.mark.parametrize("fit", ["pad", "crop", "stretch"])
def test_mixed_sizes_are_refused_with_a_remedy(tmp_path: Path, fit: str) -> None:
    write_folders(tmp_path, {"a": [(40, 30)], "b": [(30, 40), (50, 50)]})
    with pytest.raises(
        DataError, match=r"different sizes: a/img0.png is 30×40, b/img0.png 40×30.*Set size"
    ) as caught:
        ImageFolder(path=str(tmp_path), fit=fit).make()
    assert caught.value.remedy == {"size": 30}
    assert ImageFolder(path=str(tmp_path), fit=fit, colour=False, size=30).make().x.shape == (3, 1, 30, 30)


def test_an_unreadable_picture_is_named(tmp_path: Path) -> None:
    write_folders(tmp_path, {"a": [(4, 4)] * 2, "b": [(4, 4)]})
    (tmp_path / "b" / "broken.png").write_bytes(b"no picture")
    said = message(ImageFolder(path=str(tmp_path)).make)
    assert "b/broken.png cannot be read as a picture" in said
    cut(tmp_path / "a" / "img1.png", 50)
    assert "a/img1.png cannot be read" in message(ImageFolder(path=str(tmp_path)).make)


def test_folders_without_classes(tmp_path: Path) -> None:
    write_folders(tmp_path, {"only": [(4, 4)]})
    assert "one class only, only (1 pictures)" in message(ImageFolder(path=str(tmp_path)).make)
    assert "holds pictures, but no folders" in message(ImageFolder(path=str(tmp_path / "only")).make)
    (tmp_path / "empty").mkdir()
    assert "holds no folders with pictures" in message(lambda: source_at(tmp_path / "empty"))
    assert "is a file; expected a folder" in message(
        ImageFolder(path=str(tmp_path / "only" / "img0.png")).make
    )


# ---- npz -------------------------------------------------------------------------------------------------------------


def npz(folder: Path, **arrays: np.ndarray) -> Path:
    path = folder / "set.npz"
    np.savez_compressed(path, **arrays)
    return path


@pytest.mark.parametrize(
    ("stored", "shape"),
    [
        (PIXELS, (12, 1, 6, 5)),
        (PIXELS[..., None], (12, 1, 6, 5)),
        (PIXELS[:, None], (12, 1, 6, 5)),
        (np.stack([PIXELS] * 3, -1), (12, 3, 6, 5)),
        (np.stack([PIXELS] * 3, 1), (12, 3, 6, 5)),
    ],
)
def test_npz_round_trip(tmp_path: Path, stored: np.ndarray, shape: tuple[int, ...]) -> None:
    source = source_at(npz(tmp_path, x_train=stored, y_train=LABELS))
    assert isinstance(source, NpzFile)
    data = source.make()
    assert (data.x.shape, data.x.dtype) == (shape, np.float32)
    assert np.allclose(data.x[:, 0], PIXELS / 255)
    assert np.array_equal(data.y, LABELS)


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        (np.array(["owl", "ant", "cow"])[LABELS], ("ant", "cow", "owl")),
        (np.eye(3)[LABELS], ("0", "1", "2")),
        (LABELS.astype(float)[:, None], ("0", "1", "2")),
        (LABELS.astype(int) - 1, ("-1", "0", "1")),
    ],
)
def test_labels_of_every_kind(tmp_path: Path, labels: np.ndarray, classes: tuple[str, ...]) -> None:
    data = NpzFile(path=str(npz(tmp_path, images=PIXELS, Labels=labels))).make()
    assert data.classes == classes
    assert len(set(zip(data.y.tolist(), LABELS.tolist(), strict=True))) == 3


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        (PIXELS / 255, PIXELS / 255),
        (PIXELS.astype(np.float64), PIXELS / 255),
        (PIXELS.astype(np.uint16) * 257, PIXELS / 255),
        (PIXELS / 127.5 - 1, (PIXELS - PIXELS.min()) / np.ptp(PIXELS.astype(float))),
        (PIXELS > 100, (PIXELS > 100).astype(float)),
    ],
)
def test_brightness_is_brought_to_0_to_1(tmp_path: Path, stored: np.ndarray, expected: np.ndarray) -> None:
    data = NpzFile(path=str(npz(tmp_path, x=stored, y=LABELS))).make()
    assert data.x[:, 0] == pytest.approx(expected, abs=1e-6)


def test_rows_of_numbers_stay_as_they_are(tmp_path: Path) -> None:
    rows = RNG.normal(size=(12, 4)) * 1000
    assert np.allclose(NpzFile(path=str(npz(tmp_path, x=rows, y=LABELS))).make().x, rows)


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"x": PIXELS}, "holds x, and none of them is called as labels are"),
        ({"a": PIXELS, "y": LABELS}, "none of them is called as pictures are"),
        ({"x": PIXELS, "y": LABELS[:5]}, "holds 12 pictures and 5 labels"),
        ({"x": PIXELS, "y": LABELS * 0}, "at least two classes"),
        ({"x": PIXELS, "y": LABELS + 0.5}, "expected whole numbers or words"),
        ({"x": PIXELS[:, 0, 0], "y": LABELS}, "have shape (12,)"),
        ({"x": np.stack([PIXELS] * 2, 1), "y": LABELS}, "expected 1 channel (grey) or 3 (colour)"),
        ({"x": np.where(PIXELS < 9, np.nan, 1.0), "y": LABELS}, "NaN or infinity"),
        ({"x": np.array([None] * 12), "y": LABELS}, "something else than arrays of numbers"),
    ],
)
def test_npz_files_that_do_not_fit(tmp_path: Path, arrays: dict[str, Any], said: str) -> None:
    assert said in message(NpzFile(path=str(npz(tmp_path, **arrays))).make)


def test_a_truncated_npz(tmp_path: Path) -> None:
    path = npz(tmp_path, x=PIXELS, y=LABELS)
    cut(path, 200)
    assert "cut short" in message(lambda: source_at(path).make())


# ---- what it is ------------------------------------------------------------------------------------------------------


def test_files_of_no_known_kind(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("Dear sirs")
    assert "letter.txt is none of the files that can be read" in message(
        lambda: source_at(tmp_path / "letter.txt")
    )
    Image.new("L", (4, 4)).save(tmp_path / "one.png")
    assert "one.png is a single picture" in message(lambda: source_at(tmp_path / "one.png"))


def test_progress_is_told_and_can_end_the_work(tmp_path: Path) -> None:
    path = write_idx(tmp_path)
    shares: list[float] = []
    with progress.listening(shares.append):
        IdxFiles(images=str(path)).make()
    assert shares[-1] == 1.0

    class Enough(Exception):
        pass

    def stop(share: float) -> None:
        raise Enough

    with pytest.raises(Enough), progress.listening(stop):
        IdxFiles(images=str(path)).make()
