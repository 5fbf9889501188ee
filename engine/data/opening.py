"""Which data set a file or a folder holds."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

from engine.data import arrays, idx, mnist
from engine.data.base import Source
from engine.data.files import chosen
from engine.data.folder import ImageFolder, any_coloured
from engine.data.mnist import IdxFiles
from engine.data.name_list import arranged
from engine.data.npz import NpzFile
from engine.data.picture import PictureFile
from engine.data.pixels import ENDINGS
from engine.data.shelf import MOST_ARCHIVE, shelf
from engine.data.table import ENDINGS as TABLE_ENDINGS
from engine.data.table import TableFile
from engine.errors import DataError
from engine.io.guarded import foreign, opened


def source_at(path: str | os.PathLike[str]) -> Source:
    """The source that reads a file or a folder: MNIST's files (either of the two), folders per class, packed (.zip) or
    not, NumPy's arrays, tables, one picture.

    Looks into it only as far as is needed to tell. Raises DataError where it is nothing of the kind.
    """
    found = chosen(
        os.fspath(path),
        "MNIST's files, a folder or .zip with a folder per class, an .npz file or a table (.csv, .xlsx, .parquet)",
    ).absolute()
    with foreign(found):
        return _of_folder(found) if found.is_dir() else _of_file(found)


def _of_folder(path: Path) -> Source:
    if mnist.holds_idx(path):
        return _of_mnist(path)
    try:
        return _of_pictures(path)
    except DataError:
        if arrays.files_in(path):
            return NpzFile(path=str(path))
        raise


def _of_mnist(folder: Path) -> Source:
    """The one set in a folder; where there are several, which is meant is asked when it is read."""
    try:
        return IdxFiles(images=str(mnist.images_in(folder)))
    except DataError:
        return IdxFiles(images=str(folder))


def _of_pictures(path: Path) -> Source:
    with shelf(path) as files:
        found = arranged(files).found
        return ImageFolder(path=str(path), colour=any_coloured(files, found))


def _of_archive(path: Path) -> Source:
    """Pictures, or NumPy's arrays under another name."""
    with shelf(path) as files:
        holds_arrays = any(name.lower().endswith(".npy") for name in files.names())
    return NpzFile(path=str(path)) if holds_arrays else _of_pictures(path)


def _of_file(path: Path) -> Source:
    if path.suffix.lower() in ENDINGS:
        return PictureFile(path=str(path))
    if path.suffix.lower() in TABLE_ENDINGS:
        return TableFile(path=str(path))
    with opened(path, MOST_ARCHIVE) as file:
        is_archive = zipfile.is_zipfile(file)
    if path.suffix.lower() in arrays.ENDINGS:
        return NpzFile(path=str(path))
    if is_archive:
        return _of_archive(path)
    kind = idx.kind(path)
    if kind == idx.LABELS:
        return IdxFiles(images=str(mnist.partner_of(path)), labels=str(path))
    if kind == idx.IMAGES:
        return IdxFiles(images=str(path))
    raise DataError(
        f"{path.name} is none of the files that can be read; expected MNIST's (…-idx3-ubyte, packed or not), "
        ".npz, .npy, a table (.csv, .xlsx, .ods, .parquet), or a folder or .zip with one folder per class. Choose one of those."
    )
