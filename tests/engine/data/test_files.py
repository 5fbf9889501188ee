"""Pictures from disk: what is written comes back, and each kind of bad file gets its sentence."""

from __future__ import annotations

import gzip
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine import progress
from engine.data import (
    IdxFiles,
    ImageFolder,
    NpzFile,
    Preparation,
    Shapes,
    Source,
    arrays,
    images,
    mnist,
    prepare,
    source_at,
)
from engine.errors import DataError
from tests.engine.data import bad_files
from tests.engine.data.writing import LABELS, PIXELS, RNG, cut, idx, write_folders, write_idx, write_npz


def message(make: Any) -> str:
    with pytest.raises(DataError) as caught:
        make()
    return str(caught.value)


# ---- every kind of bad file ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bad", bad_files.ALL, ids=str)
def test_each_bad_file_gives_its_sentence(tmp_path: Path, bad: bad_files.Bad) -> None:
    path = bad.write(tmp_path)
    said = message(lambda: source_at(path).make())
    assert bad.said in said
    so, _, rest = said.partition("; expected ")
    assert so, "what is so"
    expected, _, act = rest.partition(". ")
    assert expected, "what was expected"
    assert act.endswith("."), "what to do"
    assert str(tmp_path) not in said or bad.name == "gone", "the name of a file is enough"


def test_a_folder_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_folders(tmp_path, {"a": [(4, 4)], "b": [(4, 4)]})
    listed = os.scandir

    def refused(path: Path) -> Any:
        if Path(path).name == "b":
            raise PermissionError(13, "Permission denied")
        return listed(path)

    monkeypatch.setattr(os, "scandir", refused)
    said = message(lambda: source_at(tmp_path))
    assert said.startswith(
        "b cannot be read: Permission denied; expected a whole file, or a folder, that you may read. "
    )


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = (write_idx(tmp_path), write_npz(tmp_path, x=PIXELS, y=LABELS))

    def refused(*args: Any, **kwargs: Any) -> Any:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("os.open", refused)
    for source in (IdxFiles(images=str(paths[0])), NpzFile(path=str(paths[1]))):
        assert "Permission denied; expected" in message(source.make)


def test_a_folder_in_place_of_a_file(tmp_path: Path) -> None:
    assert "holds no .npz or .npy file; expected one" in message(NpzFile(path=str(tmp_path)).make)
    path = write_idx(tmp_path)
    assert "is a folder; expected a whole file" in message(
        IdxFiles(images=str(path), labels=str(tmp_path)).make
    )
    assert "is no folder, and no .zip; expected a folder" in message(ImageFolder(path=str(path)).make)


def test_a_file_larger_than_what_can_be_used_is_not_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_npz(tmp_path, x=PIXELS, y=LABELS)
    monkeypatch.setattr(arrays, "_MOST_UNPACKED", PIXELS.nbytes)
    assert "when unpacked; expected at most" in message(NpzFile(path=str(path)).make)


def test_pictures_too_large_for_even_two_offer_no_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(images, "MOST_BYTES", 4 * 30 + 1)
    source = ImageFolder(path=str(write_folders(tmp_path, {"a": [(5, 6)], "b": [(5, 6)]})), colour=False)
    with pytest.raises(DataError, match=r"not even two of them\. Choose smaller") as caught:
        source.make()
    assert caught.value.remedy == {}


# ---- files that change -----------------------------------------------------------------------------------------------


def older(path: Path) -> None:
    """As if it had been written a minute ago: two writes may fall into one tick of the file system's clock."""
    stat = path.stat()
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns - 60 * 10**9))


@pytest.mark.parametrize("kind", ["idx", "labels", "npz", "folder", "added"])
def test_files_that_change_make_another_source(tmp_path: Path, kind: str) -> None:
    if kind in ("idx", "labels"):
        path = write_idx(tmp_path)
        changed = path if kind == "idx" else tmp_path / "t10k-labels-idx1-ubyte"
        source: Source = IdxFiles(images=str(path))
    elif kind == "npz":
        changed = write_npz(tmp_path, x=PIXELS, y=LABELS)
        source = NpzFile(path=str(changed))
    else:
        write_folders(tmp_path, {"a": [(4, 4)], "b": [(4, 4)]})
        changed = tmp_path / "a" / "img0.png"
        source = ImageFolder(path=str(tmp_path))
    older(changed)
    before = source.pinned()
    assert before == source.pinned() != source
    assert before.to_dict() == source.to_dict(), "which state of the files is meant is not saved"
    before.make()
    if kind == "added":
        (tmp_path / "a" / "img1.png").write_bytes(changed.read_bytes())
    else:
        changed.write_bytes(changed.read_bytes())  # as long as before
    after = before.pinned()
    assert after != before
    after.make()
    source.make()
    said = message(before.make)
    assert "have changed on disk since they were opened; expected them as they were. Read them again" in said


def test_sources_without_files_are_pinned_already() -> None:
    source = Shapes(samples=10)
    assert source.pinned() is source


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


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("kept", [0.5, 0.9])
def test_a_truncated_idx_file(tmp_path: Path, packed: bool, kept: float) -> None:
    path = write_idx(tmp_path, packed)
    cut(path, int(path.stat().st_size * kept))
    said = message(IdxFiles(images=str(path)).make)
    assert path.name in said
    assert "cut short" in said
    assert "copy it again" in said


def test_garbage_in_a_packed_file(tmp_path: Path) -> None:
    path = write_idx(tmp_path, packed=True)
    whole = bytearray(path.read_bytes())
    whole[20:40] = b"\xff" * 20
    path.write_bytes(whole)
    assert "expected" in message(IdxFiles(images=str(path)).make)


def test_labels_in_place_of_pictures(tmp_path: Path) -> None:
    write_idx(tmp_path)
    labels = tmp_path / "t10k-labels-idx1-ubyte"
    said = message(IdxFiles(images=str(labels), labels=str(labels)).make)
    assert "which is a file of labels" in said


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


@pytest.mark.parametrize(
    ("pictures", "labels"),
    [
        ("train-images-idx3-ubyte", "train-labels-idx1-ubyte.gz"),
        ("emnist-images-idx3-ubyte.gz", "emnist-labels-idx1-ubyte"),
        ("emnist-letters-train-images-idx3-ubyte.gz", "emnist-letters-train-labels-idx1-ubyte.gz"),
        ("train-images.idx3-ubyte", "train-labels.idx1-ubyte"),
        ("TRAIN-IMAGES-IDX3-UBYTE.GZ", "TRAIN-LABELS-IDX1-UBYTE"),
        ("Train-Images-idx3-ubyte", "train-labels-idx1-ubyte"),
        ("mine-idx3-ubyte", "mine-idx1-ubyte"),
    ],
)
def test_the_partner_of_each_name(tmp_path: Path, pictures: str, labels: str) -> None:
    write_idx(tmp_path)  # another pair in the same folder
    for name, magic, stored in ((pictures, 0x803, PIXELS), (labels, 0x801, LABELS)):
        content = idx(stored, magic)
        (tmp_path / name).write_bytes(gzip.compress(content) if name.lower().endswith(".gz") else content)
    assert mnist.partner_of(tmp_path / pictures).name == labels
    assert mnist.partner_of(tmp_path / labels).name == pictures
    for name in (pictures, labels):
        source = source_at(tmp_path / name)
        assert isinstance(source, IdxFiles)
        assert Path(source.images).name == pictures
        assert len(source.replace(test_files=False).make()) == 12


def test_the_files_to_train_with_come_first(tmp_path: Path) -> None:
    write_idx(tmp_path)
    for name, magic, stored in (
        ("TRAIN-IMAGES-IDX3-UBYTE", 0x803, PIXELS),
        ("TRAIN-LABELS-IDX1-UBYTE", 0x801, LABELS),
    ):
        (tmp_path / name).write_bytes(idx(stored, magic))
    assert source_at(tmp_path) == IdxFiles(images=str(tmp_path / "TRAIN-IMAGES-IDX3-UBYTE"))
    data = IdxFiles(images=str(tmp_path)).make()  # the folder will do as well
    assert data.parts is not None
    assert data.parts.tolist() == [0] * 12 + [2] * 12


def test_damaged_marks_are_told_apart_by_their_names(tmp_path: Path) -> None:
    path = write_idx(tmp_path)
    labels = tmp_path / "t10k-labels-idx1-ubyte"
    labels.write_bytes(b"oh no" + labels.read_bytes()[5:])
    assert source_at(labels) == IdxFiles(images=str(path), labels=str(labels))
    assert "t10k-labels-idx1-ubyte begins with the bytes 6f 68 20 6e" in message(source_at(labels).make)


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


# ---- npz -------------------------------------------------------------------------------------------------------------


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
    source = source_at(write_npz(tmp_path, x_train=stored, y_train=LABELS))
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
    data = NpzFile(path=str(write_npz(tmp_path, images=PIXELS, Labels=labels))).make()
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
    data = NpzFile(path=str(write_npz(tmp_path, x=stored, y=LABELS))).make()
    assert data.x[:, 0] == pytest.approx(expected, abs=1e-6)


def test_rows_of_numbers_stay_as_they_are(tmp_path: Path) -> None:
    rows = RNG.normal(size=(12, 4)) * 1000
    assert np.allclose(NpzFile(path=str(write_npz(tmp_path, x=rows, y=LABELS))).make().x, rows)


# ---- what it is ------------------------------------------------------------------------------------------------------


def test_progress_is_told_and_can_end_the_work(tmp_path: Path) -> None:
    path = write_idx(tmp_path)
    shares: list[float] = []
    with progress.listening(shares.append):
        IdxFiles(images=str(path)).make()
    assert shares[-1] == 1.0

    class Enough(BaseException):
        pass

    def stop(share: float) -> None:
        raise Enough

    with pytest.raises(Enough), progress.listening(stop):
        IdxFiles(images=str(path)).make()
