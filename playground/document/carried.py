"""A project that a report carries: in a page (HTML) or a paper (PDF), as letters that neither shows, to be opened again from there."""

from __future__ import annotations

import base64
import binascii
import os
import re
from pathlib import Path

from engine.errors import DataError
from engine.io.guarded import read_bytes
from engine.limits import PROJECT_BYTES

#: how reports end
REPORTS = (".html", ".htm", ".pdf")
#: what the letters begin with
BEGIN = "chainrule-project:"
#: bytes of a report that is read: its pictures may be large
MOST_BYTES = 64 << 20
_LETTERS = re.compile(rb"[A-Za-z0-9+/=]{0,%d}" % (PROJECT_BYTES * 4 // 3 + 4))


def is_report(path: str | os.PathLike[str]) -> bool:
    """Whether a file is called as reports are."""
    return Path(path).suffix.lower() in REPORTS


def letters(text: str) -> str:
    """A project's text as a report carries it."""
    return BEGIN + base64.b64encode(text.encode("utf-8", "backslashreplace")).decode()


def text_in(path: Path) -> str:
    """The project, as text, that the report at ``path`` carries. Raises DataError where there is none."""
    data = read_bytes(path, MOST_BYTES, "a report of this program")
    at = data.find(BEGIN.encode())
    found = _LETTERS.match(data, at + len(BEGIN)) if at >= 0 else None
    try:
        if found is None:
            raise ValueError
        return base64.b64decode(found[0], validate=True).decode("utf-8")
    except (ValueError, binascii.Error):
        raise DataError(
            f"{path.name} carries no project; expected a report that this program has written, as it was. Choose another file."
        ) from None
