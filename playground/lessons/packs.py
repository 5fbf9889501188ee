"""Packs: lessons in one file, which says by its sums that nothing in it was changed on the way.

Written with ``playground lesson pack``, dropped on the window, kept beside the settings. A pack is a container as a project's file is
one: bounded before reading, nothing unpacked to a disk, nothing executed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from engine.errors import EngineError, clipped, counted
from engine.io.guarded import read_bytes
from engine.io.whole import replacing
from playground.document.container import MOST_TEXT, Container, text, write
from playground.lessons.errors import LessonError
from playground.lessons.lesson import Lesson
from playground.lessons.locks import allowed
from playground.lessons.reading import LESSON, MOST_BYTES, load, parse

SUFFIX = ".lessons"
#: what the manifest says of itself
KIND = "lessons"
#: bytes of a pack, lessons in it, letters of its title, packs on the shelf
MOST_PACKED, MOST_LESSONS, MOST_TITLE, MOST_PACKS = 32 << 20, 200, 80, 200


@dataclass(frozen=True)
class Pack:
    """The lessons of one file.

    Args:
        title, author: as its maker says.
        lessons: in their order; their topic is the pack's title.
    """

    title: str
    author: str
    lessons: tuple[Lesson, ...]


def write_pack(
    folder: Path, out: Path, title: str, author: str = "", allow: str = "", hide: str = ""
) -> Pack:
    """Put all lessons in the folders of ``folder`` into one file. Raises LessonError, OSError; nothing is written then.

    ``allow``, ``hide``: what answers, and which panels are hidden, in those that say nothing of it themselves; separated by commas.
    """
    allowed(allow)
    found = sorted(folder.glob(f"*/{LESSON}"))
    if not found:
        raise LessonError(
            f"{folder} holds no lesson; expected folders, each with a {LESSON}. Make one with `playground lesson new`."
        )
    for path in found:
        load(path)
    members = [text(f"{path.parent.name}/{LESSON}", read_bytes(path, MOST_BYTES).decode()) for path in found]
    about = {"kind": KIND, "title": clipped(title, MOST_TITLE), "author": clipped(author, MOST_TITLE)}
    about |= {key: value for key, value in (("allow", allow), ("hide", hide)) if value}
    with replacing(out) as file:
        write(file, members, about)
    return read_pack(out)


def read_pack(path: Path) -> Pack:
    """A pack. Raises LessonError for what is none, is damaged, or holds a lesson that cannot be read."""
    try:
        read_bytes(path, MOST_PACKED, "a pack of lessons")
        container = Container(path)
        about = container.about
        if about.get("kind") != KIND or container.faults:
            raise LessonError(
                f"{clipped(path.name, 80)} is {'damaged' if container.faults else 'no pack of lessons'}; "
                f"expected a {SUFFIX} file, made by `playground lesson pack`. Choose another, or copy it again."
            )
        return Pack(_said(about.get("title")), _said(about.get("author")), tuple(_lessons(container, path)))
    except LessonError:
        raise
    except (EngineError, OSError) as error:
        raise LessonError(str(error)) from error


def _said(value: object) -> str:
    return clipped(value, MOST_TITLE) if isinstance(value, str) else ""


def _lessons(container: Container, path: Path) -> Iterator[Lesson]:
    names = sorted(name for name in container.about["members"] if PurePosixPath(str(name)).name == LESSON)
    if not 0 < len(names) <= MOST_LESSONS:
        raise LessonError(
            f"{clipped(path.name, 80)} holds {counted(len(names), 'lesson')}; expected 1 to {MOST_LESSONS}. Choose another."
        )
    for name in names:
        words = container.read(name, min(MOST_BYTES, MOST_TEXT))
        try:
            lesson = words.decode("utf-8")
        except UnicodeDecodeError:
            raise LessonError(f"{name} in {clipped(path.name, 80)} is no UTF-8. Save it as UTF-8.") from None
        read = parse(lesson, f"{path.stem}/{PurePosixPath(name).parent.name}")
        hidden = tuple(filter(None, _said(container.about.get("hide")).split(",")))
        allow = container.about.get("allow")
        given = allowed(allow) if isinstance(allow, str) and allow else None
        yield replace(
            read, allowed=given if read.allowed is None else read.allowed, hidden=read.hidden or hidden
        )


class Shelf:
    """The packs that were added, in a folder of the person's own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def packs(self) -> tuple[Pack, ...]:
        """All that can be read, by title."""
        found = []
        for path in sorted(self._folder.glob(f"*{SUFFIX}"))[:MOST_PACKS]:
            try:
                found.append(read_pack(path))
            except LessonError:  # damaged since: there is nothing to show of it
                continue
        return tuple(sorted(found, key=lambda pack: pack.title))

    def add(self, path: Path) -> Pack:
        """Keep a copy of the pack at ``path``; the same one twice is kept once. Raises LessonError, OSError."""
        read_pack(path)
        packed = read_bytes(path, MOST_PACKED)
        kept = self._folder / f"{hashlib.sha256(packed).hexdigest()[:16]}{SUFFIX}"
        if not kept.exists():
            self._folder.mkdir(parents=True, exist_ok=True)
            with replacing(kept) as file:
                file.write(packed)
        return read_pack(kept)
