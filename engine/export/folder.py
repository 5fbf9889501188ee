"""The folder of an export: a list in it says what was written there, so that nothing else is ever replaced."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from engine.errors import DataError, few
from engine.export.base import ExportError
from engine.io.guarded import read_bytes
from engine.io.whole import replacing

#: the list: the target, and size and SHA-256 of each file
LIST, LIST_BYTES = "export.json", 64 << 10


def check_free(folder: Path, target: str, names: Iterable[str]) -> None:
    """Raises ExportError where one of the files ``names`` is in ``folder`` and is not as an export to ``target`` has left it."""
    left = _left(folder / LIST, target)
    there = [name for name in names if os.path.lexists(folder / name)]
    others = [name for name in there if left is None or not _is_as(folder / name, left.get(name))]
    if left is None and os.path.lexists(folder / LIST):
        others.append(LIST)
    if others:
        raise ExportError(
            f"{folder} holds files that an export to {target} would replace and has not written, or that were changed since: "
            f"{few(sorted(others))}. Choose another folder, or move them away."
        )


def _left(path: Path, target: str) -> dict[str, Any] | None:
    """The files in the list at ``path``, if it is one of an export to ``target``."""
    try:
        found = json.loads(read_bytes(path, LIST_BYTES))
    except (DataError, ValueError, RecursionError):
        return None
    is_list = isinstance(found, dict) and found.get("target") == target
    return found["files"] if is_list and isinstance(found.get("files"), dict) else None


def _is_as(path: Path, listed: object) -> bool:
    """Whether the file is as the list says."""
    if not isinstance(listed, dict) or not isinstance(size := listed.get("bytes"), int):
        return False
    try:
        return hashlib.sha256(read_bytes(path, size)).hexdigest() == listed.get("sha256")
    except DataError:
        return False


def write(folder: Path, target: str, contents: Mapping[str, bytes]) -> list[Path]:
    """Write files into ``folder``, and the list of them, all or none; returns them. Raises OSError."""
    files = {
        name: {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        for name, content in contents.items()
    }
    listed = json.dumps({"target": target, "files": files}, indent=1) + "\n"
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        for name, content in (*contents.items(), (LIST, listed.encode())):
            stack.enter_context(replacing(folder / name, durable=False)).write(content)
    return [folder / name for name in (*contents, LIST)]
