"""Broken packs of lessons, most of them with right sums, so that what is in them is read. Each is read, or refused in a sentence."""

from __future__ import annotations

import io
import json
import random
from pathlib import Path
from typing import Any

from playground.assets import asset_path
from playground.document.container import MANIFEST, Member, text, write
from playground.document.project import Project
from playground.lessons.errors import LessonError
from playground.lessons.lesson import Lesson
from playground.lessons.names import Seen
from playground.lessons.packs import KIND, Shelf, read_pack
from playground.runner.messages import Frame
from tests.soak.malformed import altered, broken

SHORT = 500
LONGEST = 900

#: what is put into a lesson's text
HOSTILE = (
    "", ":::", "::: goal id=g when=", "::: lock allow=play,__class__.x\n:::", "::: faded id=f level=9\n:::", "::: free", "+++", "\x00", "💥" * 300,
    "\ud800", "[x](do:open?example=../../etc/passwd)", "[x](do:set?fit.optimizer=__import__)", "![](file:///etc/passwd)", "$" * 500,
    "[x](https://example.org)", "<script>alert(1)</script>", "- because [x] a", "? why", "'" * 99, "(" * 400, "\\" * 400,
    '::: goal id=h when="().__class__.__bases__" solution="do:play"\nx\n:::', '::: goal id=h when="9**9**9 > 1"\nx\n:::',
    '::: goal id=h when="__import__(\'os\').system(\'x\') == 0"\nx\n:::', '::: goal id=h seeds=1/0 when="1 < 2"\nx\n:::',
)  # fmt: skip
NAMES = (
    "../lesson.md",
    "/etc/lesson.md",
    "a/../../lesson.md",
    "C:\\lesson.md",
    "a//lesson.md",
    "lesson.md",
    "ä/lesson.md",
    "a" * 300 + "/lesson.md",
)


def case(seed: int, folder: Path) -> str:
    draw = random.Random(seed)
    path = folder / "it.lessons"
    path.write_bytes(_made(draw))
    before = set(folder.iterdir())
    try:
        pack = read_pack(path)
        Shelf(folder / "shelf").add(path)
    except LessonError as error:
        said = str(error)
        assert 10 < len(said) < LONGEST, said
        assert "Traceback" not in said
        came = "refused"
    else:
        for lesson in pack.lessons:
            _looked_at(lesson)
        came = "read"
    assert set(folder.iterdir()) - before <= {folder / "shelf"}, "nothing is unpacked"
    assert all(one.parent == folder / "shelf" for one in (folder / "shelf").rglob("*"))
    return came


def _looked_at(lesson: Lesson) -> None:
    """All that the panel does with a lesson that was read, without training."""
    try:
        project = lesson.project
        list(lesson.links)
    except LessonError:
        project = Project()
    seen = Seen(project, Frame(project))
    for goal in lesson.goals:
        goal.when.conditions(seen)
        list(goal.when.wants)
    for page in lesson.pages:
        lesson.allowed_on(page, lesson.tasks)


def _made(draw: random.Random) -> bytes:
    known = sorted(asset_path("lessons").glob("*/lesson.md"))
    members: list[Member] = []
    for i in range(draw.choice((1, 1, 2))):
        words = _mangled(draw.choice(known).read_text("utf-8"), draw)
        name = draw.choice(NAMES) if draw.random() < 0.15 else f"{i}-lesson/lesson.md"
        if name not in [one.name for one in members]:
            members.append(text(name, words))
    about: dict[str, Any] = {"kind": KIND, "title": "It", "author": ""}
    if draw.random() < 0.3:
        about = {
            **about,
            "allow": draw.choice(("play", "nobody", 3, None, "a.b")),
            "hide": draw.choice(("palette", 7, "x,,y", [])),
        }
    if draw.random() < 0.3:
        about = altered(about, draw)
        about = about if isinstance(about, dict) else {"kind": about}
    file = io.BytesIO()
    try:
        json.dumps(about)
        write(file, members, {key: value for key, value in about.items() if key not in ("members", MANIFEST)})
    except (ValueError, TypeError, UnicodeError):
        file = io.BytesIO(b"PK\x03\x04")
    data = file.getvalue()
    return broken(data, draw) if draw.random() < 0.3 else data


def _mangled(words: str, draw: random.Random) -> str:
    lines = words.split("\n")
    for _ in range(draw.choice((0, 1, 1, 2, 5))):
        at = draw.randrange(len(lines))
        match draw.randrange(6):
            case 0:
                del lines[at : at + draw.randint(1, 6)]
            case 1:
                lines.insert(at, draw.choice(HOSTILE))
            case 2:
                lines[at] = lines[at][: draw.randint(0, len(lines[at]))] + draw.choice(HOSTILE)
            case 3:
                lines[at : at + 3] = lines[at : at + 3] * draw.choice((2, 60))
            case 4:
                lines[at] = lines[at].replace("=", draw.choice(("", "==", " = ")))
            case _:
                lines[at] = "".join(draw.sample(lines[at], len(lines[at])))
        lines = lines or [""]
    return "\n".join(lines)
