"""Small files for Qt that lie in memory: what Qt takes from files only need not be left behind on a disk."""

from __future__ import annotations

import struct

from PySide6.QtCore import qRegisterResourceData

#: Qt keeps no copy of what was registered
_KEPT: list[tuple[bytes, ...]] = []


def register(name: str, contents: bytes) -> str:
    """Have ``contents`` read under the path that is returned, ``":/name"``. A name is registered once."""
    tree, names, data = _packed(name, contents)
    _KEPT.append((tree, names, data))
    if not qRegisterResourceData(_VERSION, tree, names, data):
        raise ValueError(f"Qt did not take the resource {name!r}.")
    return f":/{name}"


_VERSION = 1  #: of the format of Qt's resource compiler: later ones add times and compression
_FOLDER = 2


def _packed(name: str, contents: bytes) -> tuple[bytes, bytes, bytes]:
    """One file in a root folder, as Qt's resource compiler writes it: the tree, the names, the data; all numbers big-endian."""
    root = struct.pack(">IHII", 0, _FOLDER, 1, 1)  # name, flags, number of children, the first of them
    file = struct.pack(">IHHHI", 0, 0, 0, 1, 0)  # name, flags, country, language (C: any), place of its data
    names = struct.pack(">HI", len(name), _hash(name)) + name.encode("utf-16-be")
    return root + file, names, struct.pack(">I", len(contents)) + contents


def _hash(name: str) -> int:
    """Qt's ``qt_hash``, by which names are looked up."""
    found = 0
    for letter in name:
        found = (found << 4) + ord(letter)
        found ^= (found & 0xF0000000) >> 23
        found &= 0x0FFFFFFF
    return found
