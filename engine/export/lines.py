"""Lines of a program, and the blocks of the network that each is about.

Whoever writes a line says whose it is: a mark at its end goes along through all that is done to the text, until it is read (``listing``)
or taken off (``plain``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from engine.network import INPUT

#: what stands between a line and its marks; no text that is written holds it
MARK, MAKES = "\x1e", "!"
#: the blocks that are no layers, as marks: the data and the loss
DATA, LOSS = -1, -2
_AT_END = re.compile(f"{MARK}({MAKES}?)([-0-9,]*)")
_OTHERS = {DATA: INPUT, LOSS: "loss"}


@dataclass(frozen=True)
class Line:
    """A line of a program.

    Args:
        text: without its end.
        blocks: the ids of the blocks it is about; "input" and "loss" are blocks too.
        makes: whether it is the line that makes the block, not one that uses it.
    """

    text: str
    blocks: tuple[str, ...] = ()
    makes: bool = False


def marked(text: str, *blocks: int, makes: bool = False) -> str:
    """``text``, of one line or several, as that of ``blocks``: the numbers of layers in the network, ``DATA``, ``LOSS``."""
    if not blocks:
        return text
    mark = MARK + (MAKES if makes else "") + ",".join(map(str, blocks))
    return "\n".join(line + mark if line.strip() else line for line in text.split("\n"))


def plain(text: str) -> str:
    """``text`` without marks."""
    return _AT_END.sub("", text)


def listing(text: str, ids: Sequence[str]) -> tuple[Line, ...]:
    """The lines of a marked text; ``ids``: of the layers, in the order of their numbers."""
    return tuple(_line(line, ids) for line in text.rstrip("\n").split("\n"))


def _line(line: str, ids: Sequence[str]) -> Line:
    marks = _AT_END.findall(line)
    blocks = (_block(int(number), ids) for _, numbers in marks for number in numbers.split(",") if number)
    return Line(plain(line), tuple(dict.fromkeys(blocks)), any(makes for makes, _ in marks))


def _block(number: int, ids: Sequence[str]) -> str:
    return _OTHERS[number] if number in _OTHERS else ids[number]


def aligned(lines: Iterable[tuple[str, str, int]], indent: int) -> str:
    """Lines of code that make layers, each with a comment and the number of its layer; comments at one column, where they are not far apart."""
    rows = list(lines)
    width = max((len(code) for code, _, _ in rows if len(code) < 72), default=0)
    return "\n".join(
        marked(f"{' ' * indent}{code:<{width}}  # {note}" if note else " " * indent + code, block, makes=True)
        for code, note, block in rows
    )
