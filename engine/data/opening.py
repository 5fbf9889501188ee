"""Which data set a file or a folder holds."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

from engine.data import arrays, idx, mnist
from engine.data.base import Source
from engine.data.files import chosen
from engine.data.folder import ENDINGS, ImageFolder, pictures_in
from engine.data.images import picture
from engine.data.mnist import IdxFiles
from engine.data.npz import NpzFile
from engine.errors import DataError
from engine.io.guarded import foreign, opened
from engine.limits import DATA_BYTES


def source_at(path: str | os.PathLike[str]) -> Source:
    """The source that reads a file or a folder: MNIST's files (either of the two), a folder per class, NumPy's arrays.

    Looks into it only as far as is needed to tell. Raises DataError where it is nothing of the kind.
    """
    found = chosen(os.fspath(path), "MNIST's files, a folder per class, or an .npz file").absolute()
    with foreign(found):
        return _of_folder(found) if found.is_dir() else _of_file(found)


def _of_folder(path: Path) -> Source:
    if mnist.holds_idx(path):
        return _of_mnist(path)
    try:
        _, found = pictures_in(path)
    except DataError:
        if arrays.files_in(path):
            return NpzFile(path=str(path))
        raise
    return ImageFolder(path=str(path), colour=_is_coloured(found[0][0]))


def _of_mnist(folder: Path) -> Source:
    """The one set in a folder; where there are several, which is meant is asked when it is read."""
    try:
        return IdxFiles(images=str(mnist.images_in(folder)))
    except DataError:
        return IdxFiles(images=str(folder))


def _is_coloured(path: Path) -> bool:
    """Whether a picture has colours; what cannot be read is for ``make`` to report."""
    try:
        with picture(path) as found:
            return found.mode not in ("1", "L", "LA") and not found.mode.startswith("I")
    except DataError:
        return True


def _of_file(path: Path) -> Source:
    if path.suffix.lower() in ENDINGS:
        raise DataError(
            f"{path.name} is a single picture; expected many, in one folder for each class. "
            "Choose the folder that holds those folders."
        )
    with opened(path, DATA_BYTES) as file:
        is_archive = zipfile.is_zipfile(file)
    if is_archive or path.suffix.lower() in arrays.ENDINGS:
        return NpzFile(path=str(path))
    kind = idx.kind(path)
    if kind == idx.LABELS:
        return IdxFiles(images=str(mnist.partner_of(path)), labels=str(path))
    if kind == idx.IMAGES:
        return IdxFiles(images=str(path))
    raise DataError(
        f"{path.name} is none of the files that can be read; expected MNIST's (…-idx3-ubyte, packed or not), "
        ".npz, .npy, or a folder with one folder per class. Choose one of those."
    )
