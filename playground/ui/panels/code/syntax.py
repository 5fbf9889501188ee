"""What the parts of a program's lines are: keywords, texts, numbers, comments, names that are defined."""

from __future__ import annotations

import io
import keyword
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Kind = Literal["keyword", "string", "number", "comment", "name"]


@dataclass(frozen=True)
class Span:
    """Part of a line: ``length`` letters from ``start``."""

    start: int
    length: int
    kind: Kind


def spans(lines: list[str]) -> list[list[Span]]:
    """Of each line of a Python program; of what cannot be read as one, nothing."""
    found: list[list[Span]] = [[] for _ in lines]
    reader = io.StringIO("\n".join(lines) + "\n").readline
    before = ""
    try:
        for token in tokenize.generate_tokens(reader):
            kind = _kind(token, before)
            if kind is not None:
                for number, span in _rows(token, kind, lines):
                    found[number].append(span)
            if token.type == tokenize.NAME:
                before = token.string
    except (tokenize.TokenError, SyntaxError):
        return [[] for _ in lines]
    return found


def _kind(token: tokenize.TokenInfo, before: str) -> Kind | None:
    """``before``: the name that stands before it."""
    if token.type == tokenize.COMMENT:
        return "comment"
    if token.type == tokenize.NUMBER:
        return "number"
    # From Python 3.12 on the parts of an f-string are tokens of their own.
    if token.type == tokenize.STRING or tokenize.tok_name[token.type].startswith("FSTRING"):
        return "string"
    if token.type != tokenize.NAME:
        return None
    if keyword.iskeyword(token.string):
        return "keyword"
    return "name" if before in ("def", "class") else None


def _rows(token: tokenize.TokenInfo, kind: Kind, lines: list[str]) -> Iterator[tuple[int, Span]]:
    """The token's part of each line that it stands in."""
    (first, start), (last, end) = token.start, token.end
    for row in range(first, min(last, len(lines)) + 1):
        left = start if row == first else 0
        right = end if row == last else len(lines[row - 1])
        yield row - 1, Span(left, right - left, kind)
