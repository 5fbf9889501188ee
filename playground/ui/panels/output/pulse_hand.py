"""Dragging pulses: handles at their edges, tops and shoulders. No Qt but the keys."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import Qt

from engine.pulses import Pulse

At = tuple[float, float]

#: how near a handle the mouse must be, in pixels
NEAR = 12.0
LEFT, RIGHT, TOP, RAMP = "left", "right", "top", "ramp"


def places(pulse: Pulse) -> dict[str, At]:
    """Where the handles of a pulse are: the edges at half its height, its top in the middle, and a shoulder."""
    half = pulse.height / 2
    return {
        LEFT: (pulse.left, half),
        RIGHT: (pulse.right, half),
        TOP: ((pulse.left + pulse.right) / 2, pulse.height),
        RAMP: (pulse.left + pulse.ramp / 2, pulse.height),
    }


def dragged(pulse: Pulse, handle: str, at: At, least: float) -> Pulse:
    """The pulse with a handle at ``at``, as far as that goes: ends stay a ramp apart, and a ramp is at least ``least``."""
    x, y = at
    if handle == LEFT:
        return replace(pulse, left=min(x, pulse.right - pulse.ramp))
    if handle == RIGHT:
        return replace(pulse, right=max(x, pulse.left + pulse.ramp))
    if handle == TOP:
        return replace(pulse, height=y)
    ramp = 2 * (x - pulse.left)
    return replace(pulse, ramp=min(max(ramp, least), pulse.right - pulse.left))


class PulseHand:
    """The mouse on a plot of pulses: takes handles, and drags them.

    Args:
        pulses: those on the plot.
        pixels: of the plot at a place in its units.
        range_: its range across, ``(low, high)``.
        changed: called with the pulses as they are to be, and a number that is the same throughout one drag.
        hovered: called with the place of the mouse, or ``None``.
        marked: called when another handle, ``(pulse, name)`` or ``None``, is under the mouse or held.
    """

    def __init__(
        self,
        pulses: Callable[[], tuple[Pulse, ...]],
        pixels: Callable[[float, float], At],
        range_: Callable[[], At],
        changed: Callable[[tuple[Pulse, ...], int], None],
        hovered: Callable[[At | None], None],
        marked: Callable[[tuple[int, str] | None], None],
    ) -> None:
        self._pulses, self._pixels, self._range = pulses, pixels, range_
        self._changed, self._hovered, self._marked = changed, hovered, marked
        self._held: tuple[int, str] | None = None
        self._carried = False  # by keys
        self._under: tuple[int, str] | None = None
        self._at: At | None = None
        self._drags = 0

    def press(self, at: At, modifiers: Qt.KeyboardModifier) -> None:
        """Take the handle there."""
        self._held = self._nearest(at)
        self._carried = False
        self._drags += 1
        self._mark(self._held)
        if self._held is not None:
            self._hovered(None)

    def drag(self, at: At, modifiers: Qt.KeyboardModifier) -> None:
        """Move it."""
        if self._held is None:
            return
        number, handle = self._held
        pulses = list(self._pulses())
        if number < len(pulses):
            low, high = self._range()
            pulses[number] = dragged(pulses[number], handle, at, (high - low) / 400)
            self._changed(tuple(pulses), self._drags)

    def release(self, at: At, modifiers: Qt.KeyboardModifier) -> None:
        """Let it go."""
        self._held = None

    def hover(self, at: At | None) -> None:
        """Say what is there; a handle that keys carry comes along."""
        self._at = at
        if self._carried and at is not None:
            self.drag(at, Qt.KeyboardModifier.NoModifier)
        if self._held is None:
            self._mark(self._nearest(at) if at is not None else None)
            self._hovered(at)

    def key(self, key: int) -> bool:
        """M takes the nearest handle for the arrow keys, and puts it down."""
        if key == Qt.Key.Key_Escape and self._carried:
            self._carried, self._held = False, None
            return True
        if key != Qt.Key.Key_M or self._at is None:
            return False
        if self._carried:
            self._carried, self._held = False, None
        else:
            self._held = self._nearest(self._at, far=True)
            self._carried = self._held is not None
            self._drags += 1
            self._mark(self._held)
        return True

    def _mark(self, handle: tuple[int, str] | None) -> None:
        if handle != self._under:
            self._under = handle
            self._marked(handle)

    def _nearest(self, at: At, far: bool = False) -> tuple[int, str] | None:
        x, y = self._pixels(*at)
        found, best = None, float("inf") if far else NEAR**2
        for number, pulse in enumerate(self._pulses()):
            for handle, place in places(pulse).items():
                px, py = self._pixels(*place)
                distance = (px - x) ** 2 + (py - y) ** 2
                if distance < best:
                    found, best = (number, handle), distance
        return found
