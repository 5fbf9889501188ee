"""What the program remembers; whatever the file of it holds, the window opens."""

import gc
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings

from playground.ui.shell.settings import READS, RECENT, SETTINGS_BYTES, Settings


def settings(folder: Path, text: str = "") -> Settings:
    path = folder / "s.ini"
    if text:
        path.write_text(f"[General]\n{text}\n")
    return Settings(QSettings(str(path), QSettings.Format.IniFormat))


@pytest.mark.parametrize(
    "value",
    ["@ByteArray(a), @ByteArray(b)", "a" * 9000 + ", b", "@Invalid()", "7", "@Rect(0 0 1 1)", "a\\0b", "@Size(1 2), /x", ""],
)  # fmt: skip
def test_other_types_read_as_defaults(tmp_path: Path, value: str) -> None:
    keys = ("recent", "theme", "reduce_motion", "geometry", "layout", "reads")
    read = settings(tmp_path, "\n".join(f"{key}={value}" for key in keys))
    assert read.recent == ()
    assert read.theme == "system"
    assert read.reduce_motion is False
    assert not read.reads(tmp_path, "x")
    assert isinstance(read.geometry.size() + read.layout.size(), int)
    read.add_recent(tmp_path / "s.ini")
    assert read.recent == (tmp_path / "s.ini",)


class Marker:
    """Once unpickled, it has left a trace."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (self.path,))


@pytest.mark.slow
@pytest.mark.parametrize(
    "disguised",
    [
        lambda text: text,
        lambda text: text.replace("@Variant", r"\x40Va\162iant"),
        lambda text: text.replace("@Variant", '@Va""riant'),
        lambda text: text.replace("@Variant", "@Va\\\nriant"),
        lambda text: text + "\n" + "a" * 100 + "=" + "b" * SETTINGS_BYTES,
    ],
    ids=["plain", "as numbers", "in quotes", "in two lines", "in a large file"],
)
def test_nothing_in_the_file_is_unpickled(tmp_path: Path, disguised: Callable[[str], str]) -> None:
    file, marker = tmp_path / "s.ini", tmp_path / "marker"
    store = QSettings(str(file), QSettings.Format.IniFormat)
    store.setValue("theme", Marker(marker))
    store.sync()
    del store
    gc.collect()
    file.write_text(disguised(file.read_text()))
    read = settings(tmp_path)
    assert (read.theme, read.recent) == ("system", ())
    assert not marker.exists()
    read.theme = "dark"
    assert settings(tmp_path).theme == "dark"


def test_objects_in_a_file_that_cannot_be_changed_are_not_made_either(tmp_path: Path, monkeypatch) -> None:
    def refused(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(Path, "write_bytes", refused)
    read = settings(tmp_path, "theme=@Variant(x)")
    assert read.theme == "system"
    read.theme = "dark"
    assert read.theme == "dark"
    assert "@Variant" in (tmp_path / "s.ini").read_text()


def test_recent_files_that_are_gone_are_left_out(tmp_path: Path) -> None:
    read = settings(tmp_path)
    for i in range(RECENT + 2):
        (tmp_path / f"{i}.json").write_text("")
        read.add_recent(tmp_path / f"{i}.json")
    assert len(read.recent) == RECENT
    read.recent[0].unlink()
    assert len(read.recent) == RECENT - 1


def test_what_a_project_may_read_is_remembered_up_to_a_number(tmp_path: Path) -> None:
    read = settings(tmp_path)
    read.let_read(tmp_path / "p.json", ["/a", "/b"])
    assert read.reads(tmp_path / "p.json", "/a")
    assert read.reads(tmp_path / "x" / ".." / "p.json", "/b")
    assert not read.reads(tmp_path / "q.json", "/a")
    read.let_read(tmp_path / "q.json", map(str, range(READS)))
    assert not read.reads(tmp_path / "p.json", "/a")
    assert read.reads(tmp_path / "q.json", "0")


def test_the_scale_of_the_interface_is_remembered_and_nonsense_is_not(tmp_path) -> None:
    store = QSettings(str(tmp_path / "s.ini"), QSettings.Format.IniFormat)
    settings = Settings(store)
    assert settings.scale == 100
    settings.scale = 150
    assert Settings(store).scale == 150
    store.setValue("scale", "9999")
    assert settings.scale == 100
