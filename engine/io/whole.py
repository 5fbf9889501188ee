"""Files that are written whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO


@contextmanager
def replacing(path: str | os.PathLike[str], durable: bool = True) -> Iterator[BinaryIO]:
    """A file to write to, which takes the place of ``path`` once all is written; a file that was there stays whole until then.

    What is written lies beside it until then, and goes if anything is raised. A link stays a link.

    Args:
        path: the file that is to be.
        durable: whether it must outlast a power cut, for which the disk is waited for.

    Raises:
        OSError: where there is no room, or no right to write.
    """
    target = Path(os.path.realpath(path))
    part = target.with_name(target.name + ".part")
    try:
        with part.open("wb") as file:
            yield file
            if durable:
                file.flush()
                os.fsync(file.fileno())
        os.replace(part, target)
    except BaseException:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise
