"""Symbols of equations as plain characters with subscripts: for many small labels, where typesetting each would take too long."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter

_WORDS = {
    r"\partial": "∂", r"\delta": "δ", r"\eta": "η", r"\mu": "μ", r"\sigma": "σ", r"\gamma": "γ", r"\beta": "β",
    r"\epsilon": "ε", r"\varepsilon": "ε", r"\lambda": "λ", r"\tau": "τ", r"\rho": "ρ", r"\alpha": "α", r"\kappa": "κ",
    r"\ell": "ℓ", r"\Delta": "Δ", r"\Phi": "Φ", r"\phi": "φ", r"\cdot": "·", r"\times": "×", r"\odot": "⊙",
    r"\infty": "∞", r"\sum": "Σ", r"\sqrt": "√", r"\ldots": "…", r"\max": "max", r"\min": "min", r"\log": "log",
    r"\tanh": "tanh", r"\exp": "exp", r"\left": "", r"\right": "", r"\quad": " ", r"\,": " ", r"\ ": " ",
    r"\|": "‖", r"\prime": "′", r"\{": "{", r"\}": "}",
}  # fmt: skip
ACCENT = 2  #: the level of an accent
#: accents as they are painted, and as they follow a character in plain text
_ACCENTS = {
    r"\hat": ("\N{MODIFIER LETTER CIRCUMFLEX ACCENT}", "\N{COMBINING CIRCUMFLEX ACCENT}"),
    r"\bar": ("\N{MODIFIER LETTER MACRON}", "\N{COMBINING MACRON}"),
    r"\tilde": ("\N{SMALL TILDE}", "\N{COMBINING TILDE}"),
}
_COMBINING = dict(_ACCENTS.values())
_TOKEN = re.compile(r"\\[A-Za-z]+|\\.|.")


@dataclass(frozen=True)
class Run:
    """Characters at one height: ``level`` −1 is below the line, 1 above it; ``ACCENT`` stands over the character before it."""

    text: str
    level: int = 0


@lru_cache(maxsize=4096)
def runs(latex: str) -> tuple[Run, ...]:
    r"""``w_{1,2}`` as "w" and a lower "1,2"; ``\frac{a}{b}`` becomes a/b."""
    found: list[Run] = []
    _read(_TOKEN.findall(latex), 0, found)
    joined: list[Run] = []
    for run in found:
        if joined and joined[-1].level == run.level:
            joined[-1] = Run(joined[-1].text + run.text, run.level)
        else:
            joined.append(run)
    return tuple(joined)


def _read(tokens: list[str], level: int, found: list[Run]) -> None:
    i = 0
    while i < len(tokens):
        token = tokens[i]
        i += 1
        if token == r"\frac":
            top, i = _group(tokens, i)
            bottom, i = _group(tokens, i)
            _read_whole(top, level, found, _is_sum(top))
            found.append(Run("/", level))
            _read_whole(bottom, level, found, _is_sum(bottom) or _is_product(bottom))
        elif token == r"\sqrt":
            inside, i = _group(tokens, i)
            found.append(Run("√", level))
            _read_whole(inside, level, found, _is_sum(inside) or _is_product(inside))
        elif token in ("_", "^"):
            inside, i = _group(tokens, i)
            _read(inside, -1 if token == "_" else 1, found)
        elif token in _ACCENTS:
            inside, i = _group(tokens, i)
            _read(inside, level, found)
            found.append(Run(_ACCENTS[token][0], ACCENT))
        elif token in (r"\mathrm", r"\text", r"\mathbf"):
            inside, i = _group(tokens, i)
            found.append(Run("".join(" " if t == r"\ " else t for t in inside), level))
        elif token in "{}":
            continue
        elif not token.isspace() or token == r"\ ":
            found.append(Run("−" if token == "-" else _WORDS.get(token, token.lstrip("\\")), level))


def _read_whole(tokens: list[str], level: int, found: list[Run], bracketed: bool) -> None:
    """As ``_read``, in brackets where it would else be torn apart: m/(1 − p) is not m/1 − p."""
    if bracketed:
        found.append(Run("(", level))
    _read(tokens, level, found)
    if bracketed:
        found.append(Run(")", level))


def _on_the_line(tokens: list[str]) -> list[str]:
    """What is neither room nor in an index, a power or braces."""
    kept, i = [], 0
    while i < len(tokens):
        token, i = tokens[i], i + 1
        if token in ("_", "^"):
            _, i = _group(tokens, i)
        elif token == "{":
            kept.append("{}")
            _, i = _group(tokens, i - 1)
        elif not token.isspace() and token not in (r"\,", r"\ ", r"\quad"):
            kept.append(token)
    return kept


def _is_sum(tokens: list[str]) -> bool:
    return any(token in "+-" for token in _on_the_line(tokens)[1:])


def _is_product(tokens: list[str]) -> bool:
    """Whether several things stand side by side; ∂x is one, and so is 12, or what ``\\mathrm`` writes."""
    kept = _on_the_line(tokens)
    if not kept or kept[0] in (r"\partial", r"\Delta", r"\mathrm", r"\text", r"\mathbf", *_ACCENTS):
        return len(kept) > 2
    return len(kept) > 1 and not all(token.isdigit() or token == "." for token in kept)


def _group(tokens: list[str], i: int) -> tuple[list[str], int]:
    """What stands in braces at ``i`` (or the single token there), and where it ends."""
    while i < len(tokens) and tokens[i].isspace():
        i += 1
    if i >= len(tokens) or tokens[i] != "{":
        return tokens[i : i + 1], i + 1
    depth, start = 0, i + 1
    while i < len(tokens):
        depth += {"{": 1, "}": -1}.get(tokens[i], 0)
        i += 1
        if depth == 0:
            break
    return tokens[start : i - 1], i


def plain(latex: str) -> str:
    """For tool tips and screen readers, where nothing can be lowered: ``w[1,2]``."""
    words = {-1: "[{}]", 0: "{}", 1: "^{}"}
    return "".join(
        _COMBINING[run.text] if run.level == ACCENT else words[run.level].format(run.text)
        for run in runs(latex)
    )


def lowered(font: QFont) -> QFont:
    """The font of sub- and superscripts."""
    other = QFont(font)
    if font.pixelSize() > 0:
        other.setPixelSize(max(8, round(font.pixelSize() * 0.75)))
    else:
        other.setPointSizeF(max(6.0, font.pointSizeF() * 0.75))
    return other


@lru_cache(maxsize=4096)
def width(latex: str, font: QFont) -> float:
    """Pixels that a symbol takes."""
    normal, small = QFontMetricsF(font), QFontMetricsF(lowered(font))
    return sum(
        (small if run.level else normal).horizontalAdvance(run.text)
        for run in runs(latex)
        if run.level != ACCENT
    )


def draw(painter: QPainter, at: QPointF, latex: str, font: QFont, colour: QColor) -> float:
    """Write a symbol with its baseline beginning at ``at``; returns where it ends."""
    painter.setPen(colour)
    x, small, height = at.x(), lowered(font), QFontMetricsF(font).ascent()
    last = 0.0  # how wide the character before is
    for run in runs(latex):
        if run.level == ACCENT:
            room = QFontMetricsF(font).horizontalAdvance(run.text)
            painter.setFont(font)
            painter.drawText(QPointF(x - last / 2 - room / 2, at.y() - 1), run.text)
            continue
        used = small if run.level else font
        painter.setFont(used)
        painter.drawText(
            QPointF(x, at.y() - run.level * height * (0.22 if run.level < 0 else 0.35)), run.text
        )
        x += QFontMetricsF(used).horizontalAdvance(run.text)
        last = QFontMetricsF(used).horizontalAdvance(run.text[-1:])
    return x
