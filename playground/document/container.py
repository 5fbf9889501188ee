"""The file that keeps everything: a ZIP of plain members, each with its check sum in ``manifest.json``, which comes first.

Such a file may have been made to do harm, or have been cut short on its way. Nothing is ever unpacked to a disk; a member is read only
within its limits and believed only if its sum is right; what is whole in a truncated file can still be had.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

from engine.errors import DataError, clipped, in_bytes, shown
from engine.io.guarded import archive, foreign, opened

MANIFEST = "manifest.json"
FORMAT, VERSION = "chainrule", 1
EXPECTED = "a project saved by this program"

#: bytes of a whole file, and of what is in it; members, bytes that their list and a text may take
MOST_BYTES, MOST_MEMBERS, MOST_LISTED, MOST_TEXT = 4 << 30, 1000, 1 << 20, 32 << 20
#: bytes that are saved of a file that is cut short
MOST_SALVAGED = 512 << 20
#: how much smaller than its content a member may be: more than texts and numbers are, less than a bomb
RATIO = 100
#: a name that means nothing but a place in this file
NAME = re.compile(r"(?!.*\.\.)[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*")
#: of a member, in front of its bytes: signature, version, flags, method, time, date, sum, sizes, lengths of name and extra
_LOCAL = struct.Struct("<4sHHHHHIIIHH")
#: sizes from which on they stand elsewhere in a ZIP
_LARGE = 0xFFFFFFFF


@dataclass(frozen=True)
class Member:
    """What is to be written.

    Args:
        name: of the member.
        make: gives its bytes; called twice, so that no two large members are in memory at once.
        packed: whether it is worth being deflated.
    """

    name: str
    make: Callable[[], bytes]
    packed: bool = False


def text(name: str, content: str) -> Member:
    """A member of text, UTF-8."""
    # A name may hold bytes that were no text in the file system; their escapes are JSON's as well.
    data = content.encode("utf-8", "backslashreplace")
    return Member(name, lambda: data, packed=True)


def write(file: BinaryIO, members: Iterable[Member], about: Mapping[str, Any]) -> None:
    """Write a whole container to ``file``. ``about``: what the manifest says besides. Raises OSError."""
    members = tuple(members)
    sums = {one.name: _summed(one.make()) for one in members}
    manifest = {"format": FORMAT, "version": VERSION, **about, "members": sums}
    with zipfile.ZipFile(file, "w") as packed:
        for one in (text(MANIFEST, json.dumps(manifest, indent=1, ensure_ascii=False) + "\n"), *members):
            how = zipfile.ZIP_DEFLATED if one.packed else zipfile.ZIP_STORED
            # Without the time of day, so that two files of the same content are the same bytes.
            packed.writestr(zipfile.ZipInfo(one.name), one.make(), how)


def is_container(path: str | os.PathLike[str]) -> bool:
    """Whether a file begins as a ZIP does. Raises DataError where it cannot be read."""
    with opened(path, MOST_BYTES, EXPECTED) as file:
        return file.read(4) == b"PK\x03\x04"


class Container:
    """A container that is being read.

    Attributes:
        about: the manifest.
        faults: what is missing or damaged of it, in sentences; such members are not ``in`` it.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """Look through the list of members. Raises DataError for what is no such file, newer, or made to do harm."""
        self._path = path
        self.faults: list[str] = []
        self._sizes: dict[str, int] = {}
        self._salvaged: dict[str, bytes] | None = None
        with opened(path, MOST_BYTES, EXPECTED) as file:
            try:
                with archive(file, path, MOST_LISTED) as packed:
                    self._check(packed.infolist())
            except zipfile.BadZipFile:
                file.seek(0)
                self._salvaged = _salvaged(file)
                self._sizes = {name: len(data) for name, data in self._salvaged.items()}
        self.about = self._manifest()
        self._sums: Mapping[str, Any] = self.about.get("members", {})
        if not isinstance(self._sums, Mapping):
            raise self._wrong(f"{MANIFEST} lists no members")
        lost = [name for name in self._sums if name not in self._sizes]
        if self._salvaged is not None or lost:
            self.faults.append(f"{self._name} is cut short" + (f": {_listed(lost)} missing" if lost else ""))

    def __contains__(self, name: str) -> bool:
        return name in self._sizes and name in self._sums

    def read(self, name: str, most: int = MOST_TEXT) -> bytes:
        """A member, whose sum is right. Raises DataError for one that is not there, is larger than ``most`` bytes, or damaged."""
        if name not in self:
            raise self._wrong(f"it holds no {shown(name)}")
        if self._sizes[name] > most:
            raise DataError(
                f"{shown(name)} in {self._name} is larger than can be read here ({in_bytes(self._sizes[name])}); "
                f"expected at most {in_bytes(most)}. Choose another."
            )
        data = self._bytes(name)
        if self._sums[name] != _summed(data):
            raise self._wrong(f"{shown(name)} is damaged")
        return data

    def text(self, name: str) -> str:
        """A member of text. Raises DataError as ``read``."""
        with foreign(self._path, EXPECTED):
            return self.read(name).decode("utf-8")

    def json(self, name: str) -> Any:
        """A member of JSON. Raises DataError as ``read``."""
        words = self.text(name)
        try:
            return json.loads(words)
        except (ValueError, RecursionError) as error:
            raise self._wrong(f"{shown(name)} is not JSON ({clipped(str(error), 80)})") from None

    # --- inside -------------------------------------------------------------------------------------------------------

    @property
    def _name(self) -> str:
        return clipped(os.path.basename(self._path), 100)

    def _wrong(self, what: str) -> DataError:
        return DataError(
            f"{self._name} cannot be used: {what}; expected {EXPECTED}. Choose another, or copy it again."
        )

    def _bytes(self, name: str) -> bytes:
        if self._salvaged is not None:
            return self._salvaged[name]
        with (
            opened(self._path, MOST_BYTES, EXPECTED) as file,
            archive(file, self._path, MOST_LISTED) as packed,
            packed.open(name) as member,
        ):
            return member.read(self._sizes[name] + 1)

    def _check(self, listed: list[zipfile.ZipInfo]) -> None:
        if len(listed) > MOST_MEMBERS:
            raise self._wrong(f"it has {len(listed):,} members (at most {MOST_MEMBERS:,})")
        for one in listed:
            name = shown(one.filename)
            if NAME.fullmatch(one.filename) is None:
                raise self._wrong(f"a member is called {name}")
            if one.filename in self._sizes:
                raise self._wrong(f"it has two members {name}")
            if one.flag_bits & 1:
                raise self._wrong(f"{name} is encrypted")
            if stat.S_IFMT(one.external_attr >> 16) not in (0, stat.S_IFREG):
                raise self._wrong(f"{name} is no plain file")
            if one.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise self._wrong(f"{name} is packed in a way that is not read here")
            if one.file_size > RATIO * one.compress_size + MOST_LISTED:
                raise self._wrong(f"{name} unpacks to {in_bytes(one.file_size)}")
            self._sizes[one.filename] = one.file_size
        if sum(self._sizes.values()) > MOST_BYTES:
            raise self._wrong(f"it unpacks to {in_bytes(sum(self._sizes.values()))}")

    def _manifest(self) -> Mapping[str, Any]:
        if MANIFEST not in self._sizes:
            raise self._wrong(f"it holds no {MANIFEST}")
        if self._sizes[MANIFEST] > MOST_LISTED:
            raise self._wrong(f"{MANIFEST} is too large")
        with foreign(self._path, EXPECTED):
            try:
                found = json.loads(self._bytes(MANIFEST))
            except (ValueError, RecursionError):
                raise self._wrong(f"{MANIFEST} is damaged") from None
        if not isinstance(found, Mapping) or found.get("format") != FORMAT:
            raise self._wrong("it is a ZIP of another program")
        checked_version(found.get("version"), VERSION, self._name)
        return found


def checked_version(version: Any, newest: int, name: str) -> int:
    """``version``, which the file called ``name`` says it has. Raises DataError where it is none, or newer than the ``newest`` known."""
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise DataError(
            f"{name} has version {shown(version)}; expected a whole number from 1 to {newest}. Correct the file."
        )
    if version > newest:
        raise DataError(
            f"{name} was saved by a newer program (version {shown(version)}; this one reads up to {newest}). Update this program."
        )
    return version


def _summed(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _listed(names: list[str]) -> str:
    shortly = ", ".join(shown(name) for name in names[:3])
    return (
        f"{shortly} and {len(names) - 3} more are"
        if len(names) > 3
        else f"{shortly} {'are' if len(names) > 1 else 'is'}"
    )


def _salvaged(file: BinaryIO) -> dict[str, bytes]:
    """The whole members of a ZIP whose list, which stands at its end, is gone: read one after another from its beginning."""
    found: dict[str, bytes] = {}
    left = MOST_SALVAGED
    while len(head := file.read(_LOCAL.size)) == _LOCAL.size and len(found) < MOST_MEMBERS:
        signature, _, flags, method, _, _, crc, packed, size, name_length, extra = _LOCAL.unpack(head)
        if signature != b"PK\x03\x04" or flags & 9 or _LARGE in (packed, size):
            break  # the list; or sizes that are not here
        name = file.read(name_length).decode("utf-8", "replace")
        file.seek(extra, io.SEEK_CUR)
        if size > min(RATIO * packed + MOST_LISTED, left) or NAME.fullmatch(name) is None or name in found:
            break
        data = file.read(packed)
        try:
            if method == zipfile.ZIP_DEFLATED:
                data = zlib.decompressobj(-zlib.MAX_WBITS).decompress(data, size + 1)
        except zlib.error:
            break
        if len(data) != size or zlib.crc32(data) != crc:
            break
        found[name] = data
        left -= size
    return found
