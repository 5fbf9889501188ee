"""Old Excel's files are a small file system of their own (Microsoft, [MS-CFB]). Its lists of sectors are looked at before anybody follows them:
one that leads back into itself makes a reader fill the memory, which ends the program."""

from __future__ import annotations

import numpy as np

from engine.core import Array

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_HEADER, _LISTED = 512, 109
#: numbers from here on are no sectors: the end of a chain, a free sector …
_END = 0xFFFFFFFA


def is_sound(raw: bytes) -> bool:
    """Whether each chain of sectors of a compound file comes to an end within it."""
    if len(raw) < _HEADER or not raw.startswith(MAGIC):
        return False
    shift = int.from_bytes(raw[30:32], "little")
    if shift not in (9, 12):
        return False
    size = 1 << shift
    words = np.frombuffer(raw[:_HEADER], "<u4")
    # The header is a sector of its own; a last one that is cut short counts.
    count = -(-len(raw) // size) - 1

    def sector(at: int) -> Array:
        return np.frombuffer(raw[(at + 1) * size : (at + 2) * size].ljust(size, b"\0"), "<u4")

    listed = words[19 : 19 + _LISTED].tolist()
    at, seen = int(words[17]) if words[18] else _END, set[int]()
    while at < _END:  # more of the list stands in sectors that are chained by their last number
        if at in seen or at >= count:
            return False
        seen.add(at)
        *more, at = sector(at).tolist()
        listed += more
    tables = [one for one in listed if one < _END]
    if any(one >= count for one in tables):
        return False
    table = np.concatenate([sector(one) for one in tables] or [np.zeros(0, "<u4")])
    if not _ends(table):
        return False
    small, at = [], int(words[15])
    while at < min(_END, len(table)) and at < count:
        small.append(sector(at))
        at = int(table[at])
    return _ends(np.concatenate(small)) if small else True


def _ends(table: Array) -> bool:
    """Whether no chain in ``table``, which names the sector after each, leads back into itself."""
    count = len(table)
    after = np.append(np.where(table < count, table, count).astype(np.intp), count)
    for _ in range(count.bit_length()):  # after k times, each stands 2ᵏ sectors further
        after = after[after]
    return bool((after == count).all())
