"""Files that are written whole or not at all."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

#: fails where the name is taken, be it by a link that somebody has put there
_NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)

#: a file without a name in a folder, which Linux has (``open(2)``), and where such a file is found to be given one
_NAMELESS = getattr(os, "O_TMPFILE", 0)
_OPEN_FILE = "/proc/self/fd/{}"


@contextmanager
def replacing(path: str | os.PathLike[str], durable: bool = True, backup: bool = False) -> Iterator[BinaryIO]:
    """A file to write to, which takes the place of ``path`` once all is written; a file that was there stays whole until then.

    What is written has no name until it is whole, so that nothing is left of it whatever ends the program; where the system cannot
    do that it lies beside ``path`` under a name that nobody can foresee, and goes if anything is raised. A link stays a link. Who
    may read and write an older file stays so; for a new one the system's usual rules hold (umask).

    Args:
        path: the file that is to be.
        durable: whether it must outlast a power cut, for which the disk is waited for.
        backup: whether the older file stays as well, with ``.bak`` behind its name, in the place of an older backup.

    Raises:
        OSError: where there is no room, or no right to write, or where a folder, device or the like has that name.
    """
    target = Path(os.path.realpath(path))
    mode = _mode_of(target)
    # Short, as the name it stands for may be as long as can be.
    part = target.with_name(f".{secrets.token_hex(8)}.part")
    # What others may not read, they may not read while it is written either.
    rights = 0o666 if mode is None else 0o600
    descriptor = _nameless(target.parent, rights)
    named = descriptor is None
    if descriptor is None:
        descriptor = os.open(part, _NEW, rights)
    try:
        with os.fdopen(descriptor, "w+b") as file:
            yield file
            file.flush()
            if durable:
                os.fsync(descriptor)
            if not named:
                _name(file, part, rights)
                named = True
        if mode is not None:
            part.chmod(mode)
        if backup and mode is not None:
            _keep(target)
        os.replace(part, target)
        if durable:
            _settle(target.parent)
    except BaseException:
        if named:
            with suppress(OSError):
                part.unlink(missing_ok=True)
        raise


def _nameless(folder: Path, rights: int) -> int | None:
    """The descriptor of a file without a name, to be given one in ``folder``; ``None`` where system or file system have no such files."""
    if _NAMELESS:
        with suppress(OSError):  # whatever else is wrong is said when one with a name is opened
            descriptor = os.open(os.path.join(folder, ""), os.O_RDWR | _NAMELESS, rights)
            if os.path.exists(_OPEN_FILE.format(descriptor)):
                return descriptor
            os.close(descriptor)
    return None


def _name(file: BinaryIO, part: Path, rights: int) -> None:
    """Give ``file`` the name ``part``, or a copy of it where a guard of the system's forbids that."""
    descriptor = file.fileno()
    try:
        # Only when told of a folder's descriptor does Python follow the link that leads to the file.
        os.link(_OPEN_FILE.format(descriptor), part, src_dir_fd=descriptor, follow_symlinks=True)
    except FileExistsError:
        raise
    except OSError:
        file.seek(0)
        with os.fdopen(os.open(part, _NEW, rights), "wb") as copy:
            shutil.copyfileobj(file, copy)
            copy.flush()
            os.fsync(copy.fileno())


def _keep(target: Path) -> None:
    """Have ``target`` under the name of its backup as well, if there is room for one."""
    part = target.with_name(f".{secrets.token_hex(8)}.part")
    try:
        try:
            os.link(target, part)
        except OSError:  # not every file system has links
            shutil.copy2(target, part)
        os.replace(part, target.with_name(f"{target.name}.bak"))
    except OSError:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def _settle(folder: Path) -> None:
    """Have the names in ``folder`` outlast a power cut, where the system lets a folder be waited for."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _mode_of(target: Path) -> int | None:
    """Who may read and write a file that is there; ``None`` where there is none, or a pipe or socket, which hold nothing that would be lost.

    Raises OSError for a folder or a device.
    """
    try:
        found = target.stat().st_mode
    except FileNotFoundError:
        return None
    if stat.S_ISFIFO(found) or stat.S_ISSOCK(found):
        return None
    if not stat.S_ISREG(found):
        raise OSError(
            errno.EISDIR if stat.S_ISDIR(found) else errno.EINVAL,
            "Is a directory" if stat.S_ISDIR(found) else "It is no plain file",
            str(target),
        )
    return found & 0o777
