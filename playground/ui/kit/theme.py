"""Colours and sizes, light and dark. Nothing else in the window names a colour.

One diverging scale, orange below 0 and blue above, serves every signed value; violet is for gradients; classes have colours of
their own (safe for colour-blind eyes, and always with a marker shape beside them).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, wraps
from typing import Concatenate, ParamSpec, TypeVar

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

Rest = ParamSpec("Rest")
Made = TypeVar("Made")

#: marker symbols of the classes, in pyqtgraph's letters, so that no class is told by colour alone
CLASS_MARKERS = ("o", "s", "t", "d", "p", "h", "star", "t1", "t2", "t3")


@dataclass(frozen=True, eq=False)
class Theme:
    """One set of colours (``#rrggbb``), which does not change; see ``LiveTheme`` for one that does."""

    name: str
    window: str  #: behind the panels
    panel: str  #: panels, cards, fields
    sunken: str  #: the canvas, plot backgrounds
    border: str
    text: str
    muted: str  #: secondary text
    accent: str  #: selection, primary buttons
    accent_text: str
    positive: str  #: end of the signed scale
    neutral: str  #: its middle
    negative: str
    gradient: str  #: everything backward; above 0 in the scale of gradients
    gradient_negative: str  #: the other end of that scale
    train: str  #: curves and points of the training part
    validation: str
    good: str
    warning: str
    error: str
    classes: tuple[str, ...]
    categories: tuple[tuple[str, str], ...]  #: groups of layers; what is not listed takes the muted colour

    @property
    def dark(self) -> bool:
        return self.name == "dark"

    @property
    def now(self) -> Theme:
        """The colours as they are: what a cache is keyed by, and what another thread may be given."""
        return self

    def follow(self, restyle: Callable[[], object]) -> None:
        """Call ``restyle``, a method of a QObject, now, and for as long as that lives after each change of the colours.

        For what Qt does not paint anew by itself: pens and brushes of plots, prepared pictures, texts that name a colour.
        """
        restyle()

    def diverging(self, n: int = 256) -> NDArray[np.uint8]:
        """Look-up table ``(n, 4)`` RGBA from negative over neutral to positive."""
        return lut((self.negative, self.neutral, self.positive), n)

    def gradients(self, n: int = 256) -> NDArray[np.uint8]:
        """Look-up table ``(n, 4)`` RGBA of gradients, from negative over neutral to positive."""
        return lut((self.gradient_negative, self.neutral, self.gradient), n)

    def phase_colour(self, phase: str) -> str:
        """Of a phase of an update, which is always named as well: forward as values, backward as gradients, the update as what is good."""
        return {
            "forward": self.accent, "loss": self.warning, "backward": self.gradient, "update": self.good,
        }[phase]  # fmt: skip

    def class_colour(self, index: int) -> str:
        return self.classes[index % len(self.classes)]

    def category_colour(self, category: str) -> str:
        """The dot of a group of layers ("Dense", "Convolution", …); its name always stands nearby."""
        return dict(self.categories).get(category, self.muted)


class LiveTheme(Theme):
    """The theme of a window, which reads as the colours it has now.

    Whoever paints keeps it and asks it for each colour; nobody is told of a change but the few who ``follow`` it. It has no hash,
    as a cache keyed by it would go stale: see ``cached``.
    """

    __hash__ = None  # type: ignore[assignment]

    def __init__(self, theme: Theme) -> None:
        self._news = _News()
        self._take(theme)

    @property
    def now(self) -> Theme:
        return self._now

    def become(self, theme: Theme) -> None:
        """Take other colours, and have all who follow restyle."""
        self._take(theme)
        self._news.changed.emit()

    def follow(self, restyle: Callable[[], object]) -> None:
        super().follow(restyle)
        self._news.changed.connect(restyle)

    def _take(self, theme: Theme) -> None:
        self._now = theme.now
        self.__dict__.update(vars(theme.now))


class _News(QObject):
    changed = Signal()


def cached(make: Callable[Concatenate[Theme, Rest], Made]) -> Callable[Concatenate[Theme, Rest], Made]:
    """``make``, a function of a theme, which keeps what it made for each set of colours, as ``functools.cache`` does."""
    made = cache(make)

    @wraps(make)
    def of(theme: Theme, /, *rest: Rest.args, **named: Rest.kwargs) -> Made:
        return made(theme.now, *rest, **named)  # type: ignore[arg-type]

    return of


def lut(stops: tuple[str, ...], n: int = 256) -> NDArray[np.uint8]:
    """Look-up table ``(n, 4)`` RGBA through evenly spaced colour stops."""
    rgb = np.array([[int(s[i : i + 2], 16) for i in (1, 3, 5)] for s in stops], float)
    at = np.linspace(0, len(stops) - 1, n)
    table = np.stack(
        [np.interp(at, np.arange(len(stops)), rgb[:, c]) for c in range(3)] + [np.full(n, 255.0)], axis=1
    )
    return np.rint(table).astype(np.uint8)


_CLASSES = (
    "#1b8a5a",
    "#b5367a",
    "#c9a227",
    "#3fa9c9",
    "#7a4e2d",
    "#e2725b",
    "#6f7480",
    "#8fb339",
    "#d58fb8",
    "#4b5d16",
)

LIGHT = Theme(
    name="light", window="#eef0f4", panel="#ffffff", sunken="#fafbfd", border="#d8dde5", text="#1c2430", muted="#657180",
    accent="#1769c2", accent_text="#ffffff", positive="#1769c2", neutral="#f4f4f4", negative="#ef8420", gradient="#7a4fc4",
    gradient_negative="#0d8a86",
    train="#1769c2", validation="#c23b3b", good="#177e51", warning="#b26a00", error="#c23030", classes=_CLASSES,
    categories=(
        ("Dense", "#1769c2"), ("Convolution", "#7a4fc4"), ("Normalization", "#0f9488"), ("Regularization", "#c94a4a"),
        ("Activation", "#cf7a0c"),
    ),
)  # fmt: skip

DARK = Theme(
    name="dark", window="#14181f", panel="#1d232c", sunken="#171c24", border="#343d4a", text="#e6eaf0", muted="#95a1b1",
    accent="#5aa2f0", accent_text="#0d1420", positive="#4d9bef", neutral="#20262f", negative="#f59a3c", gradient="#b08cf0",
    gradient_negative="#3fbdb5",
    train="#5aa2f0", validation="#f07a7a", good="#4dbd8a", warning="#f0b64d", error="#f27272",
    classes=("#3dbb84", "#e06aa9", "#e3c452", "#62c8e6", "#b98255", "#f0937e", "#a5abb8", "#b3d75a", "#eab3d3", "#93aa4a"),
    categories=(
        ("Dense", "#5aa2f0"), ("Convolution", "#b08cf0"), ("Normalization", "#3fc1b3"), ("Regularization", "#f27272"),
        ("Activation", "#f0a64a"),
    ),
)  # fmt: skip
