"""A pack is a file of somebody else's: whole, or refused in words."""

import random
import zipfile
from pathlib import Path

import pytest

from playground.cli import main
from playground.lessons.errors import LessonError
from playground.lessons.packs import Shelf, read_pack, write_pack
from tests.lessons.test_lesson_files import FRONT, GOAL


@pytest.fixture
def made(tmp_path: Path) -> Path:
    for name in ("20-second", "10-first"):
        folder = tmp_path / "class" / name
        folder.mkdir(parents=True)
        (folder / "lesson.md").write_text(FRONT.replace('"A"', f'"{name}"') + "## A\n" + GOAL)
    out = tmp_path / "class.lessons"
    pack = write_pack(tmp_path / "class", out, "Our class", "Ada")
    assert (pack.title, pack.author, [one.title for one in pack.lessons]) == (
        "Our class",
        "Ada",
        ["10-first", "20-second"],
    )
    return out


def rewritten(path: Path, **members: bytes) -> Path:
    with zipfile.ZipFile(path) as file:
        old = {name: file.read(name) for name in file.namelist()}
    with zipfile.ZipFile(path, "w") as file:
        for name, content in (
            old | {key.replace("__", "/"): value for key, value in members.items()}
        ).items():
            file.writestr(name, content)
    return path


def test_what_was_changed_on_the_way_is_refused(made: Path) -> None:
    with pytest.raises(LessonError, match="damaged"):
        read_pack(rewritten(made, **{"10-first__lesson.md": (FRONT + "## B\n" + GOAL).encode()}))


@pytest.mark.parametrize(
    "content",
    [b"", b"text", b"PK\x03\x04", bytes(2000)],
)
def test_other_files_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.lessons"
    path.write_bytes(content)
    with pytest.raises(LessonError):
        read_pack(path)
    with pytest.raises(LessonError):
        read_pack(tmp_path / "none.lessons")
    with pytest.raises(LessonError):
        read_pack(Path("/dev/zero"))


def test_mutated_packs_are_sentences(made: Path, tmp_path: Path, record_property) -> None:
    seed = random.randrange(2**32)
    record_property("seed", seed)
    draw, whole, path = random.Random(seed), made.read_bytes(), tmp_path / "mutated.lessons"
    for _ in range(500):
        data = bytearray(whole)
        for _ in range(draw.randint(1, 6)):
            data[draw.randrange(len(data))] = draw.randrange(256)
        path.write_bytes(data[: draw.choice([len(data), draw.randrange(len(data))])])
        try:
            said = read_pack(path).title
        except LessonError as error:
            said = str(error)
        assert len(said) < 700, seed


def test_the_same_pack_is_kept_once(made: Path, tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "shelf")
    assert shelf.packs() == ()
    assert shelf.add(made) == shelf.add(made)
    assert [pack.title for pack in shelf.packs()] == ["Our class"]
    next((tmp_path / "shelf").iterdir()).write_bytes(b"gone")
    assert shelf.packs() == ()


def test_from_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "mine" / "10-one"
    assert main(["lesson", "new", str(folder)]) == 0
    assert main(["lesson", "new", str(folder)]) == 2
    assert main(["lesson", "check", str(folder)]) == 0
    assert main(["lesson", "pack", str(tmp_path / "mine"), str(tmp_path / "mine.zip")]) == 2
    assert (
        main(["lesson", "pack", str(tmp_path / "mine"), str(tmp_path / "mine.lessons"), "--title", "Mine"])
        == 0
    )
    assert main(["lesson", "pack", str(tmp_path / "nothing"), str(tmp_path / "n.lessons")]) == 2
    assert "holds no lesson" in capsys.readouterr().err
    assert not (tmp_path / "n.lessons").exists()
    assert read_pack(tmp_path / "mine.lessons").lessons[0].title == "A new lesson"
