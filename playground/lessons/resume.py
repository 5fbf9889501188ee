"""The project as a lesson was left with it, so that one can go on another day. Kept in a folder of the person's own."""

from __future__ import annotations

import hashlib
import logging
from pathlib import Path

from engine.errors import EngineError
from engine.io.guarded import read_bytes
from engine.io.whole import replacing
from playground.document.files import from_json, to_json
from playground.document.project import Project

log = logging.getLogger(__name__)
#: bytes of a project that is kept: what was painted or typed may be much
MOST_BYTES = 2 << 20


class Left:
    """What was left, by the lesson's id. What cannot be kept or read begins anew: the lesson has its own project."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def _file(self, lesson: str) -> Path:
        # Ids of packs hold what no file name may.
        return (
            self._folder
            / f"{hashlib.sha256(lesson.encode('utf-8', 'backslashreplace')).hexdigest()[:16]}.json"
        )

    def keep(self, lesson: str, project: Project) -> None:
        try:
            text = to_json(project).encode()
            if len(text) <= MOST_BYTES:
                self._folder.mkdir(parents=True, exist_ok=True)
                with replacing(self._file(lesson)) as file:
                    file.write(text)
        except (OSError, ValueError) as error:
            log.info("The project of lesson %s is not kept: %s", lesson, error)

    def project(self, lesson: str) -> Project | None:
        """As it was left; ``None`` where it was not, or cannot be read."""
        path = self._file(lesson)
        try:
            if not path.exists():
                return None
            return from_json(read_bytes(path, MOST_BYTES).decode("utf-8"), path.name)
        except (EngineError, OSError, ValueError) as error:
            log.info("The project of lesson %s cannot be read: %s", lesson, error)
            return None

    def forget(self, lesson: str) -> None:
        try:
            self._file(lesson).unlink(missing_ok=True)
        except OSError as error:
            log.info("The project of lesson %s is not forgotten: %s", lesson, error)
