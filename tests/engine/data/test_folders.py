"""Folders and archives of pictures: which file is of which class and part, and what is left out."""

from __future__ import annotations

import io
import os
import struct
import subprocess
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from engine.data import ImageFolder, NpzFile, Preparation, images, pixels, prepare, shelf, source_at
from engine.data.base import Dataset
from engine.errors import DataError

RNG = np.random.default_rng(3)


def png(shade: int | None = None, side: int = 8, mode: str = "L") -> bytes:
    """A picture with something in it, packed."""
    file = io.BytesIO()
    values = (
        RNG.integers(0, 256, (side, side), np.uint8)
        if shade is None
        else np.full((side, side), shade, np.uint8)
    )
    Image.fromarray(values).convert(mode).save(file, "PNG")
    return file.getvalue()


def write(root: Path, names: Iterable[str], content: bytes | None = None) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(png() if content is None else content)
    return root


def zipped(root: Path, into: Path, above: str = "") -> Path:
    with zipfile.ZipFile(into, "w") as archive:
        for file in sorted(root.rglob("*")):
            archive.write(file, above + str(file.relative_to(root)))
    return into


def said(data: Dataset) -> str:
    return " ".join(note.text for note in data.report)


def refused(make: Any) -> DataError:
    with pytest.raises(DataError) as caught:
        make()
    return caught.value


# ---- which picture is of which class ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "classes", "counts"),
    [
        (["a/1.png", "b/1.png", "b/2.png"], ("a", "b"), [1, 2]),
        (["a/2023/1.png", "a/2.png", "b/2024/may/1.png"], ("a", "b"), [2, 1]),
        (["bird/1.png", "cat/1.png", "dog/2023/1.png", "dog/2023/2.png"], ("bird", "cat", "dog"), [1, 1, 2]),
        (["pets/cats/1.png", "pets/dogs/1.png"], ("cats", "dogs"), [1, 1]),
        (["v2/pets/cats/1.png", "v2/pets/dogs/1.png"], ("cats", "dogs"), [1, 1]),
        (["class 10/1.png", "class 9/1.png", "class 9/2.png"], ("class 9", "class 10"), [2, 1]),
        (["train/1.png", "car/1.png", "test/1.png"], ("car", "test", "train"), [1, 1, 1]),
        (["a/1.JFIF", "b/1.Png"], ("a", "b"), [1, 1]),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_each_class_has_its_folder(
    tmp_path: Path, names: list[str], classes: tuple[str, ...], counts: list[int], packed: bool
) -> None:
    root = write(tmp_path / "set", names)
    data = source_at(zipped(root, tmp_path / "set.zip") if packed else root).make()
    assert data.classes == classes
    assert np.bincount(data.y).tolist() == counts
    assert data.parts is None
    assert "left out" not in said(data)


@pytest.mark.parametrize(
    "folders",
    [
        ("train", "validation", "test"),
        ("Train", "val", "Test"),
        ("training", "valid", "testing"),
        ("training_set/training_set", "dev", "test_set/test_set"),
        ("all/train", "all/val", "all/test"),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_folders_of_parts_are_the_split(tmp_path: Path, folders: tuple[str, ...], packed: bool) -> None:
    root = tmp_path / "set"
    for part, count in zip(folders, (4, 2, 3), strict=True):
        write(root, [f"{part}/{name}/{n}.png" for name in "ab" for n in range(count)])
    data = source_at(zipped(root, tmp_path / "s.zip") if packed else root).make()
    assert data.classes == ("a", "b")
    assert data.parts is not None
    assert np.bincount(data.parts).tolist() == [8, 4, 6]
    made = prepare(data, Preparation())
    assert [len(part) for part in (made.train, made.validation, made.test) if part is not None] == [8, 4, 6]


def test_pictures_to_test_with_that_have_no_class_are_left_out(tmp_path: Path) -> None:
    write(tmp_path, ["train/a/1.png", "train/b/1.png", "test/test/1.jpg", "test/2.png"])
    data = source_at(tmp_path).make()
    assert (data.classes, len(data), data.parts) == (("a", "b"), 2, None)
    assert "2 files were left out: 2 in no folder of a class (test/2.png, test/test/1.jpg)" in said(data)


def test_classes_that_cannot_be_learnt_are_left_out(tmp_path: Path) -> None:
    write(tmp_path, ["train/a/1.png", "train/b/1.png", "val/a/1.png", "val/images/1.png"])
    data = source_at(tmp_path).make()
    assert data.classes == ("a", "b")
    assert "1 of a class that is not in the training part (val/images/1.png)" in said(data)


def test_what_is_left_out_is_counted_and_listed(tmp_path: Path) -> None:
    write(
        tmp_path,
        ["cat/1.png", "dog/1.png", "loose.png", "cat/notes.txt", *(f"dog/{n}.HEIC" for n in range(6))],
    )
    note = said(source_at(tmp_path).make())
    assert "8 files were left out: " in note
    assert "1 of another kind (cat/notes.txt)" in note
    assert "6 HEIC, to be saved as JPEG or PNG first (dog/" in note
    assert "and 2 more)" in note
    assert "1 in no folder of a class (loose.png)" in note


def test_pictures_that_cannot_be_read_here_are_named(tmp_path: Path) -> None:
    write(tmp_path, ["cat/1.heic", "cat/2.HEIC", "dog/1.heif", "dog/2.avif"])
    error = refused(lambda: source_at(tmp_path))
    assert "holds 3 HEIC pictures, 1 AVIF picture, which cannot be read here; expected JPEG" in str(error)


@pytest.mark.parametrize("packed", [False, True])
def test_what_is_hidden_is_skipped_without_a_word(tmp_path: Path, packed: bool) -> None:
    hidden = [".DS_Store", "a/._1.png", "b/Thumbs.db", "__MACOSX/a/._1.png", ".git/c/1.png", "b/desktop.ini"]
    root = write(write(tmp_path / "set", ["a/1.png", "b/1.png"]), hidden, b"nothing")
    data = source_at(zipped(root, tmp_path / "s.zip") if packed else root).make()
    assert (len(data), data.classes) == (2, ("a", "b"))
    assert "left out" not in said(data)


def test_links_that_lead_back_end(tmp_path: Path) -> None:
    write(tmp_path, ["a/1.png", "b/1.png"])
    (tmp_path / "b" / "all").symlink_to(tmp_path)
    assert len(source_at(tmp_path).make()) == 2


def test_a_folder_of_very_many_files_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, ["a/1.png", "a/2.png", "b/1.png"])
    monkeypatch.setattr(shelf, "MOST_FILES", 2)
    assert "holds more than 2 files; expected at most so many" in str(refused(lambda: source_at(tmp_path)))


# ---- pictures that cannot be read ------------------------------------------------------------------------------------


def spoilt(root: Path) -> Path:
    write(root, [f"{name}/{n}.png" for name in "ab" for n in range(3)])
    (root / "a" / "empty.png").write_bytes(b"")
    (root / "b" / "cut.png").write_bytes(png()[:70])
    (root / "b" / "letter.jpg").write_bytes(b"Dear sirs")
    return root


@pytest.mark.parametrize("packed", [False, True])
def test_all_bad_files_are_named_at_once_and_can_be_left_out(tmp_path: Path, packed: bool) -> None:
    root = spoilt(tmp_path / "set")
    source = source_at(zipped(root, tmp_path / "s.zip") if packed else root)
    error = refused(source.make)
    assert str(error).startswith("3 of 9 pictures cannot be read (")
    for name in ("empty: a/empty.png", "damaged or no picture: b/letter.jpg", "cut short: b/cut.png"):
        assert name in str(error)
    [offer] = error.offers
    assert offer.words == "Leave these out"
    data = source.replace(**dict(offer.changes)).make()
    assert np.bincount(data.y).tolist() == [3, 3]
    assert "3 files were left out: 1 empty (a/empty.png)" in said(data)


def test_a_thousand_bad_files_make_a_short_sentence(tmp_path: Path) -> None:
    write(tmp_path, ["a/1.png", "b/1.png"])
    write(tmp_path, [f"b/{'long' * 20}{n}.png" for n in range(1000)], b"no")
    error = refused(source_at(tmp_path).make)
    assert "1,000 of 1,002 pictures cannot be read" in str(error)
    assert len(str(error)) < 700
    assert len(source_at(tmp_path).replace(unreadable="leave out").make()) == 2


def test_where_all_are_bad_nothing_is_offered(tmp_path: Path) -> None:
    write(tmp_path, ["a/1.png", "b/1.png"], b"no")
    assert refused(source_at(tmp_path).make).offers == ()
    assert refused(source_at(tmp_path).replace(unreadable="leave out").make).offers == ()


def test_a_class_of_which_nothing_is_left_is_said(tmp_path: Path) -> None:
    write(write(tmp_path, ["a/1.png", "b/1.png"]), ["c/1.png"], b"no")
    data = source_at(tmp_path).replace(unreadable="leave out").make()
    assert data.classes == ("a", "b")
    assert "Not one picture was read of c." in said(data)


def test_postscript_under_another_name_starts_no_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def started(*args: Any, **kwargs: Any) -> Any:
        raise AssertionError(f"a program was started: {args}")

    monkeypatch.setattr(subprocess, "Popen", started)
    monkeypatch.setattr(subprocess, "check_call", started)
    write(tmp_path, ["a/1.png", "b/1.png"])
    (tmp_path / "b" / "2.png").write_bytes(
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\nshowpage\n"
    )
    assert "damaged or no picture: b/2.png" in str(refused(source_at(tmp_path).make))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes here")
def test_a_pipe_among_the_pictures_is_not_waited_for(tmp_path: Path) -> None:
    write(tmp_path, ["a/1.png", "b/1.png"])
    os.mkfifo(tmp_path / "b" / "2.png")
    assert "a pipe: b/2.png" in str(refused(source_at(tmp_path).make))


def test_a_picture_of_too_many_pixels_is_not_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(write(tmp_path, ["a/1.png", "b/1.png"]), ["b/2.png"], png(side=30))
    monkeypatch.setattr(pixels, "MOST_PIXELS", 100)
    assert "1 of 3 pictures cannot be read (of more than 100 pixels: b/2.png)" in str(
        refused(source_at(tmp_path).make)
    )


def test_good_pictures_keep_their_places_where_others_are_left_out(tmp_path: Path) -> None:
    """Some are read at once, some only when the ground is known; bad ones among both."""
    shades = {}
    for number in range(12):
        name = f"{'ab'[number % 2]}/{number}.png"
        shades[name] = 20 * number
        write(tmp_path, [name], png(20 * number, mode="L" if number % 3 else "LA"))
    write(tmp_path, ["a/2.png", "b/5.png", "b/9.png"], b"no")
    seen = np.full((8, 8, 2), 255, np.uint8)
    seen[0, 0, 1], seen[..., 0] = 0, 100
    cut = io.BytesIO()
    Image.fromarray(seen).save(cut, "PNG")
    write(tmp_path, ["a/4.png"], cut.getvalue()[:-30])
    data = ImageFolder(path=str(tmp_path), colour=False, unreadable="leave out").make()
    expected = [
        shades[f"{name}/{n}.png"]
        for name, n in [("a", n) for n in (0, 6, 8, 10)] + [("b", n) for n in (1, 3, 7, 11)]
    ]
    assert np.round(data.x[:, 0, 4, 4] * 255).tolist() == expected


# ---- archives --------------------------------------------------------------------------------------------------------


def test_an_archive_is_another_source_once_it_changes(tmp_path: Path) -> None:
    path = zipped(write(tmp_path / "set", ["a/1.png", "b/1.png"]), tmp_path / "s.zip")
    os.utime(path, (1, 1))
    source = source_at(path).pinned()
    assert source == source.pinned()
    source.make()
    os.utime(path, (2, 2))
    assert source != source.pinned()


def test_an_archive_of_arrays_is_numpy_s(tmp_path: Path) -> None:
    np.savez(tmp_path / "set.npz", x=np.zeros((2, 3, 3)), y=np.arange(2))
    path = (tmp_path / "set.npz").rename(tmp_path / "set.zip")
    assert source_at(path) == NpzFile(path=str(path))


def test_archives_in_archives_are_left_out(tmp_path: Path) -> None:
    root = write(tmp_path / "set", ["a/1.png", "b/1.png"])
    zipped(root, root / "b" / "more.zip")
    assert "1 of another kind (b/more.zip)" in said(source_at(zipped(root, tmp_path / "s.zip")).make())


def test_names_that_lead_out_of_an_archive_are_not_followed(tmp_path: Path) -> None:
    path = zipped(write(tmp_path / "set", ["a/1.png", "b/1.png"]), tmp_path / "s.zip")
    with zipfile.ZipFile(path, "a") as archive:
        for name in ("../c/1.png", "/c/1.png", "C:/c/1.png", "a/../../c/1.png", "..\\c\\1.png"):
            archive.writestr(name, png())
    assert source_at(path).make().classes == ("a", "b")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["s.zip", "set"], "nothing is unpacked"


def test_what_is_packed_too_well_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = write(tmp_path / "set", ["a/1.png", "b/1.png"])
    path = tmp_path / "s.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in root.rglob("*.png"):
            archive.write(file, str(file.relative_to(root)))
        archive.writestr("b/2.png", bytes(1 << 22))
    monkeypatch.setattr(shelf, "RATIO_FROM", 1 << 20)
    source = source_at(path)
    assert "larger than a picture is" in str(refused(source.make))
    assert len(source.replace(unreadable="leave out").make()) == 2


def test_damage_within_an_archive_is_the_picture_s(tmp_path: Path) -> None:
    path = zipped(write(tmp_path / "set", ["a/1.png", "b/1.png", "b/2.png"]), tmp_path / "s.zip")
    whole = bytearray(path.read_bytes())
    at = whole.index(b"IDAT", whole.index(b"b/2.png"))
    whole[at : at + 20] = b"\xff" * 20
    path.write_bytes(whole)
    error = refused(source_at(path).make)
    assert str(error).startswith("1 of 3 pictures cannot be read (")
    assert "b/2.png" in str(error)


def test_a_list_without_end_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = zipped(write(tmp_path / "set", ["a/1.png", "b/1.png"]), tmp_path / "s.zip")
    monkeypatch.setattr(shelf, "MOST_LIST", 60)
    assert "lists more files than can be read here" in str(refused(lambda: source_at(path)))
    monkeypatch.undo()
    monkeypatch.setattr(shelf, "MOST_UNPACKED", 20)
    assert "when unpacked; expected at most" in str(refused(lambda: source_at(path)))


def test_a_protected_archive_says_so(tmp_path: Path) -> None:
    path = zipped(write(tmp_path / "set", ["a/1.png", "b/1.png"]), tmp_path / "s.zip")
    whole = bytearray(path.read_bytes())
    for mark, flags in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        at = -1
        while (at := whole.find(mark, at + 1)) >= 0:
            struct.pack_into("<H", whole, at + flags, 1)
    path.write_bytes(whole)
    assert "pictures cannot be read" in str(refused(source_at(path).make))


# ---- memory ----------------------------------------------------------------------------------------------------------


def test_large_photographs_are_offered_to_be_made_smaller(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, ["a/1.png", "a/2.png", "b/1.png"], png(side=100))
    monkeypatch.setattr(images, "MOST_BYTES", 3 * 4 * 50 * 50)
    source = source_at(tmp_path)
    error = refused(source.make)
    assert "3 pictures of 100×100 pixels take" in str(error)
    assert error.remedy == {"size": 48}
    assert len(source.replace(**error.remedy).make()) == 3


def test_no_larger_size_is_offered_than_can_be_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, ["a/1.png", "b/1.png"], png(0, side=700))
    monkeypatch.setattr(images, "MOST_BYTES", 2 * 4 * 690 * 690)
    source = source_at(tmp_path)
    error = refused(source.make)
    assert error.remedy == {"size": 512}
    for offer in error.offers:
        assert source.replace(**dict(offer.changes)).make().x.shape[2] in (512, 64)


def test_where_smaller_ones_do_not_do_fewer_are_offered_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, [f"{name}/{n}.png" for name in "ab" for n in range(4)], png(side=100))
    monkeypatch.setattr(images, "MOST_BYTES", 5 * 4 * 32 * 32)
    source = source_at(tmp_path)
    error = refused(source.make)
    assert error.remedy == {"size": 32, "limit": 5}
    assert source.replace(**error.remedy).make().x.shape == (5, 1, 32, 32)


def test_very_many_small_pictures_are_offered_to_be_fewer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, [f"{name}/{n}.png" for name in "ab" for n in range(4)], png(side=10))
    monkeypatch.setattr(images, "MOST_BYTES", 5 * 4 * 10 * 10)
    assert refused(source_at(tmp_path).make).remedy == {"limit": 5}


def test_photographs_of_several_sizes_are_offered_one_that_fits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(write(tmp_path, ["a/1.png"], png(side=100)), ["b/1.png"], png(side=90))
    assert refused(source_at(tmp_path).make).remedy == {"size": 64}
    monkeypatch.setattr(images, "MOST_BYTES", 2 * 4 * 50 * 50)
    error = refused(source_at(tmp_path).make)
    assert error.remedy == {"size": 48}
    assert len(source_at(tmp_path).replace(**error.remedy).make()) == 2


def test_a_limit_takes_from_each_part_and_class(tmp_path: Path) -> None:
    write(
        tmp_path, [f"{part}/{name}/{n}.png" for part in ("train", "test") for name in "ab" for n in range(8)]
    )
    data = ImageFolder(path=str(tmp_path), limit=8).make()
    assert data.parts is not None
    assert np.bincount(data.y * 3 + data.parts).tolist() == [2, 0, 2, 2, 0, 2]


def test_a_file_that_is_larger_than_a_picture_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, ["a/1.png", "b/1.png"])
    monkeypatch.setattr(shelf, "PICTURE_BYTES", 10)
    assert "larger than can be read here" in str(refused(source_at(tmp_path).make))
