"""What the program remembers between two runs: the window's layout, the theme, the recent files."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from PySide6.QtCore import QByteArray, QSettings

from engine.errors import EngineError
from engine.io.guarded import read_bytes
from playground.ui.kit.actions import SCALES

THEMES = ("system", "light", "dark")

#: how many recent files are listed
RECENT = 8

#: how many paths outside the folders of their projects are remembered that may be read
READS = 200

#: bytes that are looked through; with a layout and a full list they are some thousands
SETTINGS_BYTES = 8 << 20

#: raise it when docks are added or renamed in a way that old layouts can't show
LAYOUT_VERSION = 3


class Settings:
    """Typed access to ``QSettings``; what is missing or makes no sense reads as its default."""

    def __init__(self, store: QSettings | None = None) -> None:
        self._store = store or QSettings("Chainrule", "Playground")
        file = Path(self._store.fileName())
        if _holds_objects(file):
            try:
                file.write_bytes(b"")
                self._store.sync()  # clear() would make all the objects first
            except OSError:  # not the user's to change: nothing is remembered
                self._store = QSettings("", QSettings.Format.IniFormat)

    @property
    def theme(self) -> str:
        """One of ``THEMES``."""
        value = self._store.value("theme")
        return value if value in THEMES else "system"

    @theme.setter
    def theme(self, value: str) -> None:
        self._store.setValue("theme", value)

    @property
    def scale(self) -> int:
        """How large everything is drawn, in percent: one of ``SCALES``."""
        value = str(self._store.value("scale"))
        return int(value) if value in map(str, SCALES) else SCALES[0]

    @scale.setter
    def scale(self, value: int) -> None:
        self._store.setValue("scale", value)

    @property
    def reduce_motion(self) -> bool:
        """Whether pictures change at once."""
        return self._store.value("reduce_motion") in (True, "true")

    @reduce_motion.setter
    def reduce_motion(self, value: bool) -> None:
        self._store.setValue("reduce_motion", value)

    @property
    def welcomed(self) -> bool:
        """Whether the first start is over."""
        return self._store.value("welcomed") in (True, "true")

    @welcomed.setter
    def welcomed(self, value: bool) -> None:
        self._store.setValue("welcomed", value)

    @property
    def recent(self) -> tuple[Path, ...]:
        """The files used last, newest first; those that are gone are left out."""
        return tuple(path for path in map(Path, self._strings("recent")) if _is_there(path))[:RECENT]

    def add_recent(self, path: Path) -> None:
        path = path.resolve()
        self._store.setValue(
            "recent", [str(p) for p in (path, *(p for p in self.recent if p != path))][:RECENT]
        )

    def reads(self, project: Path, data: str) -> bool:
        """Whether the user lets this project file read ``data``, a path outside its folder."""
        return _pair(project, data) in self._strings("reads")

    def let_read(self, project: Path, data: Iterable[str]) -> None:
        """The user lets it, from now on."""
        new = [_pair(project, path) for path in data]
        self._store.setValue("reads", [*new, *(p for p in self._strings("reads") if p not in new)][:READS])

    @property
    def geometry(self) -> QByteArray:
        """Place and size of the window, as ``QWidget.saveGeometry`` gives it; empty when unknown."""
        return self._bytes("geometry")

    @geometry.setter
    def geometry(self, value: QByteArray) -> None:
        self._store.setValue("geometry", value)

    @property
    def layout(self) -> QByteArray:
        """The docks, as ``QMainWindow.saveState`` gives them; empty when unknown."""
        return self._bytes("layout")

    @layout.setter
    def layout(self, value: QByteArray) -> None:
        self._store.setValue("layout", value)

    def _strings(self, key: str) -> list[str]:
        value = self._store.value(key)
        # QSettings gives a list of one string back as a string.
        found = value if isinstance(value, list) else [value]
        return [item for item in found if isinstance(item, str) and item]

    def _bytes(self, key: str) -> QByteArray:
        value = self._store.value(key)
        return value if isinstance(value, QByteArray) else QByteArray()


def _holds_objects(file: Path) -> bool:
    """Whether values stand in the file that Qt and Python would make objects of; this program writes none.

    PySide unpickles them as soon as any value is asked for, and what is unpickled may do anything. The text is read as Qt
    reads it: quotes and broken lines count for nothing, and any letter may be written as a number.
    """
    if not file.is_file():
        return False
    try:
        text = re.sub(rb'"|\\\r?\n', b"", read_bytes(file, SETTINGS_BYTES))
    except EngineError:  # nothing that this program has written
        return True
    text = re.sub(rb"\\x([0-9a-fA-F]+)", lambda hexadecimal: bytes([int(hexadecimal[1], 16) & 255]), text)
    return b"@Variant" in re.sub(rb"\\([0-7]+)", lambda octal: bytes([int(octal[1], 8) & 255]), text)


def _is_there(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # such as a name that is too long
        return False


def _pair(project: Path, data: str) -> str:
    return f"{project.resolve()}\n{data}"
