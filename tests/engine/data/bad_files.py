"""Every kind of bad file, to be refused by the engine and by the window alike."""

from __future__ import annotations

import gzip
import struct
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tests.engine.data.writing import LABELS, PIXELS, cut, idx, write_folders, write_idx, write_npz


@dataclass(frozen=True)
class Bad:
    """``write`` puts it into an empty folder and returns what a person would choose; ``said`` is part of the sentence."""

    name: str
    write: Callable[[Path], Path]
    said: str

    def __str__(self) -> str:
        return self.name


ALL: list[Bad] = []


def bad(said: str) -> Callable[[Callable[[Path], Path]], Callable[[Path], Path]]:
    def add(write: Callable[[Path], Path]) -> Callable[[Path], Path]:
        ALL.append(Bad(write.__name__, write, said))
        return write

    return add


# ---- MNIST's format ----------------------------------------------------------------------------------------------


@bad("cut short")
def truncated(folder: Path) -> Path:
    path = write_idx(folder)
    cut(path, 100)
    return path


@bad("cut short")
def truncated_and_packed(folder: Path) -> Path:
    path = write_idx(folder, packed=True)
    cut(path, path.stat().st_size // 2)
    return path


@bad("ends after 9 bytes")
def truncated_in_its_sizes(folder: Path) -> Path:
    path = write_idx(folder)
    cut(path, 9)
    return path


@bad("begins with the bytes 00 00 00 00")
def wrong_magic(folder: Path) -> Path:
    path = write_idx(folder)
    path.write_bytes(b"\0\0\0\0" + path.read_bytes()[4:])
    return path


@bad("t10k-labels-idx1-ubyte begins with the bytes 00 00 08 03, which is a file of pictures")
def pictures_in_place_of_labels(folder: Path) -> Path:
    path = write_idx(folder)
    (folder / "t10k-labels-idx1-ubyte").write_bytes(path.read_bytes())
    return path


@bad("holds 12 pictures and t10k-labels-idx1-ubyte 5 labels")
def labels_of_another_length(folder: Path) -> Path:
    return write_idx(folder, labels=LABELS[:5])


@bad("There is no file of labels beside t10k-images-idx3-ubyte")
def without_labels(folder: Path) -> Path:
    path = write_idx(folder)
    (folder / "t10k-labels-idx1-ubyte").unlink()
    return path


@bad("There is no file of pictures beside t10k-labels-idx1-ubyte")
def labels_alone(folder: Path) -> Path:
    write_idx(folder).unlink()
    return folder / "t10k-labels-idx1-ubyte"


@bad("The name digits.bin does not tell which file of labels belongs to it")
def a_name_without_a_partner(folder: Path) -> Path:
    return write_idx(folder).rename(folder / "digits.bin")


@bad("t10k-images-idx3-ubyte is empty")
def empty_idx(folder: Path) -> Path:
    path = write_idx(folder)
    path.write_bytes(b"")
    return path


@bad("t10k-images-idx3-ubyte.gz is empty")
def empty_when_unpacked(folder: Path) -> Path:
    path = write_idx(folder, packed=True)
    path.write_bytes(gzip.compress(b""))
    return path


@bad("expected at least one")
def no_pictures(folder: Path) -> Path:
    return write_idx(folder, pixels=PIXELS[:0], labels=LABELS[:0])


@bad("All 12 labels")
def one_label_only(folder: Path) -> Path:
    return write_idx(folder, labels=0 * LABELS)


@bad("GB of pictures; expected at most 1 GB")
def promises_too_much(folder: Path) -> Path:
    path = write_idx(folder)
    path.write_bytes(struct.pack(">4I", 0x803, 4_000_000, 1000, 1000))
    return path


@bad("goes on behind its 360 bytes")
def goes_on(folder: Path) -> Path:
    path = write_idx(folder)
    path.write_bytes(path.read_bytes() + b"more")
    return path


@bad("holds no folders with pictures")
def labels_in_a_folder(folder: Path) -> Path:
    (folder / "t10k-labels-idx1-ubyte").write_bytes(idx(LABELS, 0x801))
    return folder


# ---- folders -----------------------------------------------------------------------------------------------------


@bad("1 of 3 pictures cannot be read (damaged or no picture: b/img1.png)")
def unreadable_picture(folder: Path) -> Path:
    write_folders(folder, {"a": [(4, 4)], "b": [(4, 4)]})
    (folder / "b" / "img1.png").write_bytes(b"nothing of the kind")
    return folder


@bad("1 of 2 pictures cannot be read (empty: b/img0.png)")
def empty_picture(folder: Path) -> Path:
    write_folders(folder, {"a": [(4, 4)], "b": [(4, 4)]})
    (folder / "b" / "img0.png").write_bytes(b"")
    return folder


@bad("1 of 2 pictures cannot be read (cut short: a/img0.png)")
def truncated_picture(folder: Path) -> Path:
    write_folders(folder, {"a": [(40, 40)], "b": [(40, 40)]})
    cut(folder / "a" / "img0.png", 50)
    return folder


@bad("1 of 2 pictures cannot be read (of more than 67,108,864 pixels: b/img0.png)")
def huge_picture(folder: Path) -> Path:
    write_folders(folder, {"a": [(4, 4)]})
    (folder / "b").mkdir()
    Image.new("1", (10_000, 10_000)).save(folder / "b" / "img0.png")
    return folder


@bad("different sizes: a/img0.png is 30×40, b/img0.png 40×30")
def mixed_sizes(folder: Path) -> Path:
    return write_folders(folder, {"a": [(40, 30)], "b": [(30, 40)]})


@bad("one class only, a; expected at least two")
def one_folder_only(folder: Path) -> Path:
    return write_folders(folder, {"a": [(4, 4)]})


@bad("holds no folders with pictures")
def empty_folder(folder: Path) -> Path:
    return folder


@bad("holds pictures, but no folders")
def loose_pictures(folder: Path) -> Path:
    return write_folders(folder, {"a": [(4, 4)]}) / "a"


# ---- NumPy's files -----------------------------------------------------------------------------------------------


def npz(name: str, said: str, **arrays: Any) -> None:
    ALL.append(Bad(name, lambda folder: write_npz(folder, **arrays), said))


npz("npz_without_labels", "set.npz holds x (12, 6, 5) and no targets; expected them beside it", x=PIXELS)
npz("npz_without_pictures", "holds y (12,), and no two of them are inputs with as many targets", y=LABELS)
npz("npz_that_tells_nothing", "expected names that tell inputs from targets", a=PIXELS, b=LABELS, c=LABELS)
npz("npz_without_arrays", "holds no arrays")
npz("npz_of_other_length", "holds 12 inputs and 5 targets", x=PIXELS, y=LABELS[:5])
npz("npz_of_one_class", "at least two classes", x=PIXELS, y=LABELS * 0)
npz(
    "npz_with_nan_labels", "12 of the 12 targets in set.npz hold NaN or infinity", x=PIXELS, y=LABELS + np.nan
)
npz("npz_with_infinite_labels", "expected finite numbers. Mend or drop", x=PIXELS, y=LABELS + np.inf)
npz("npz_with_labels_of_three_axes", "The targets in set.npz have shape (12, 6, 5)", x=PIXELS, y=PIXELS)
npz(
    "npz_of_one_dimension",
    "The inputs x (12,) in set.npz are of type uint8; expected numbers as",
    x=PIXELS[:, 0, 0],
    y=LABELS,
)
npz("npz_of_five_dimensions", "The inputs x (12, 6, 5, 1, 1) in", x=PIXELS[..., None, None], y=LABELS)
npz("npz_of_two_channels", "expected 1 channel (grey), 3", x=np.stack([PIXELS] * 2, 1), y=LABELS)
npz("npz_with_nan", "of the 12 samples in set.npz hold NaN", x=np.where(PIXELS < 9, np.nan, 1.0), y=LABELS)
npz("npz_of_objects", "x in set.npz holds Python objects", x=np.array([None] * 12), y=LABELS)
npz("npz_of_object_labels", "y in set.npz holds Python objects", x=PIXELS, y=np.array([None] * 12))
npz("npz_of_words", "are of type <U", x=PIXELS.astype(str), y=LABELS)
npz("npz_of_complex_numbers", "are of type complex128", x=PIXELS + 0j, y=LABELS)
npz("npz_without_a_picture", "The inputs x (0, 6, 5) in", x=PIXELS[:0], y=LABELS[:0])
npz("npz_too_large_for_float32", "expected finite numbers", x=PIXELS.reshape(12, 30) * 1e300, y=LABELS)


@bad("cut short")
def truncated_npz(folder: Path) -> Path:
    path = write_npz(folder, x=PIXELS, y=LABELS)
    cut(path, 200)
    return path


@bad("set.npz is no .npz file")
def empty_npz(folder: Path) -> Path:
    (folder / "set.npz").write_bytes(b"")
    return folder / "set.npz"


@bad("x in set.npz is no array")
def npz_of_something_else(folder: Path) -> Path:
    with zipfile.ZipFile(folder / "set.npz", "w") as archive:
        archive.writestr("x.npy", b"this is no array")
        archive.writestr("y.npy", b"nor is this")
    return folder / "set.npz"


@bad("set.npz is damaged or cut short")
def damaged_npz(folder: Path) -> Path:
    path = write_npz(folder, x=PIXELS, y=LABELS)
    whole = bytearray(path.read_bytes())
    whole[120:180] = b"\xff" * 60
    path.write_bytes(whole)
    return path


@bad("The folder set.npz holds no folders with pictures")
def folder_called_npz(folder: Path) -> Path:
    (folder / "set.npz").mkdir()
    return folder / "set.npz"


# ---- neither -----------------------------------------------------------------------------------------------------


@bad("There is no")
def gone(folder: Path) -> Path:
    return folder / "gone"


@bad("letter.txt is none of the files that can be read")
def letter(folder: Path) -> Path:
    (folder / "letter.txt").write_text("Dear sirs")
    return folder / "letter.txt"


@bad(
    "table.csv is an Excel or another packed file; expected a table as text. Save it as CSV, or give it the ending"
)
def table(folder: Path) -> Path:
    (folder / "table.csv").write_bytes(b"PK\x03\x04 and so on")
    return folder / "table.csv"
