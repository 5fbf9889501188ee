"""A project as a short text that can be sent in a message: whoever opens it has the same project, and by its seed the same numbers."""

from __future__ import annotations

import base64
import binascii
import json
import re
import zlib

from engine.data import Opened
from playground.document.files import FileError, from_json, to_json
from playground.document.project import Project

#: what a code begins with; the number is that of its format
BEGIN = "chainrule1:"
#: letters of a code that is made; of one that is read, and bytes of what is in it
LONGEST, MOST_LETTERS, MOST_BYTES = 20_000, 200_000, 4 << 20


def to_code(project: Project) -> str:
    """The project as a code. Raises FileError where it reads files, or is too large for one."""
    if isinstance(project.source, Opened):
        raise FileError(
            f"{project.name} reads data from a file, which a code cannot hold; expected data that the program has. Send the project's "
            "file and the data, or choose other data."
        )
    plain = json.dumps(json.loads(to_json(project)), separators=(",", ":"), ensure_ascii=False)
    packed = zlib.compress(plain.encode("utf-8", "replace"), 9)
    code = BEGIN + base64.urlsafe_b64encode(packed).decode().rstrip("=")
    if len(code) > LONGEST:
        raise FileError(
            f"{project.name} would be a code of {len(code):,} letters; expected at most {LONGEST:,}. Save it as a file, and send that."
        )
    return code


def is_code(text: str) -> bool:
    """Whether this looks like one, whatever stands round it."""
    return BEGIN in text[:MOST_LETTERS]


def from_code(text: str) -> Project:
    """The project in a code; white space in it, as mail programs put there, does not matter. Raises FileError."""
    at = text[:MOST_LETTERS].find(BEGIN)
    if at < 0:
        raise FileError(
            f"This is no code of a project; expected one that begins with {BEGIN} Copy all of it."
        )
    found = re.match(r"[-\w\s]*", text[at + len(BEGIN) : at + MOST_LETTERS], re.ASCII)
    letters = "".join(found[0].split()) if found else ""
    try:
        packed = base64.urlsafe_b64decode(letters + "=" * (-len(letters) % 4))
        unpacking = zlib.decompressobj()
        plain = unpacking.decompress(packed, MOST_BYTES)
        if not unpacking.eof:
            raise ValueError
        words = plain.decode("utf-8")
    except (ValueError, binascii.Error, zlib.error):
        raise FileError(
            "The code is damaged or cut short; expected all of its letters. Copy it again, from its beginning to its end."
        ) from None
    project = from_json(words, "The code")
    if isinstance(
        project.source, Opened
    ):  # somebody else says which files are read: nothing is, until the user agrees
        project = project.replace(source=project.source.replace(withheld=tuple(project.source.paths)))
    return project
