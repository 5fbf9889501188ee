"""What the tools of the paint bar make of a movement of the mouse: places of points, in the units of the picture. No Qt."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.data.points import VALUE, Painted
from engine.errors import counted

Floats = NDArray[np.float64]

#: a line, a ring or a box has so many times the points of one dab of the brush
FIGURE = 6
#: how far points of a line stray from it, in radii of the brush
STRAY = 0.4
#: how far the brush reaches round its middle, in its radii: where the eraser takes, and heights are raised
REACH = 2.0
#: the angle of one turn, the factor of one change of size, and how far jitter goes, in radii of the brush
TURN, GROW, JITTER = math.radians(15), 1.15, 0.4


def spray(rng: np.random.Generator, at: tuple[float, float], size: tuple[float, float], count: int) -> Floats:
    """``count`` places round ``at``, normally distributed with the standard deviations ``size`` across and up."""
    return np.asarray(at) + rng.standard_normal((count, 2)) * size


def along(
    rng: np.random.Generator, path: list[tuple[float, float]], size: tuple[float, float], count: int
) -> Floats:
    """``count`` places evenly spaced along a path, a little beside it."""
    corners = np.asarray(path, float)
    lengths = np.hypot(*(np.diff(corners, axis=0) / size).T) if len(corners) > 1 else np.zeros(0)
    total = lengths.sum()
    if total == 0:
        return spray(rng, path[0], (STRAY * size[0], STRAY * size[1]), count)
    reached = np.concatenate(([0.0], np.cumsum(lengths)))
    at = (np.arange(count) + 0.5) / count * total
    on = np.column_stack([np.interp(at, reached, corners[:, k]) for k in (0, 1)])
    return on + STRAY * rng.standard_normal((count, 2)) * size


def ring(
    rng: np.random.Generator,
    centre: tuple[float, float],
    edge: tuple[float, float],
    size: tuple[float, float],
    count: int,
) -> Floats:
    """``count`` places on the circle round ``centre`` through ``edge``: a circle on the screen, whatever the axes."""
    radius = math.hypot((edge[0] - centre[0]) / size[0], (edge[1] - centre[1]) / size[1])
    angle = 2 * math.pi * (np.arange(count) + rng.uniform()) / count
    unit = np.column_stack((np.cos(angle), np.sin(angle)))
    stray = STRAY * rng.standard_normal((count, 2))
    return np.asarray(centre) + (radius * unit + stray) * size


def box(
    rng: np.random.Generator, corner: tuple[float, float], other: tuple[float, float], count: int
) -> Floats:
    """``count`` places anywhere in the rectangle between two corners."""
    low, high = np.minimum(corner, other), np.maximum(corner, other)
    return rng.uniform(low, high, (count, 2))


def within(
    places: Floats, at: tuple[float, float], size: tuple[float, float], reach: float = REACH
) -> NDArray[np.bool_]:
    """Which places lie within ``reach`` sizes of ``at``."""
    return np.asarray((((places - at) / size) ** 2).sum(axis=1) <= reach**2)


def inside(places: Floats, corner: tuple[float, float], other: tuple[float, float]) -> NDArray[np.bool_]:
    """Which places lie in the rectangle between two corners."""
    low, high = np.minimum(corner, other), np.maximum(corner, other)
    return np.asarray(((places >= low) & (places <= high)).all(axis=1))


def nearest(places: Floats, at: tuple[float, float], size: tuple[float, float]) -> tuple[int, float]:
    """The place that is nearest to ``at``, and how many sizes away it is; −1 where there is none."""
    if not len(places):
        return -1, math.inf
    far = (((places - at) / size) ** 2).sum(axis=1)
    return int(far.argmin()), math.sqrt(float(far.min()))


def turned(places: Floats, angle: float, size: tuple[float, float]) -> Floats:
    """Places turned about their middle by ``angle`` (radians, against the clock): on the screen a turn, whatever the axes."""
    middle = places.mean(axis=0)
    c, s = math.cos(angle), math.sin(angle)
    seen = (places - middle) / size
    return middle + seen @ np.array([[c, s], [-s, c]]) * np.asarray(size)


def scaled(places: Floats, factor: float) -> Floats:
    """Places drawn towards their middle, or away from it."""
    middle = places.mean(axis=0)
    out: Floats = middle + factor * (places - middle)
    return out


def raised(
    heights: Floats,
    places: Floats,
    at: tuple[float, float],
    size: tuple[float, float],
    goal: float,
    share: float,
) -> Floats:
    """Heights under the brush drawn a ``share`` of the way to ``goal``, most in its middle."""
    far = (((places - at) / size) ** 2).sum(axis=1)
    weight = share * np.exp(-0.5 * far)
    out: Floats = heights + weight * (goal - heights)
    return out


def moved(source: Painted, rows: NDArray[np.intp], places: Floats) -> Painted:
    """``source`` with these rows at ``places``."""
    table = source.points.array.copy()
    table[rows, :VALUE] = places
    return source.with_points(table)


def acted(
    what: str,
    source: Painted,
    rows: NDArray[np.intp],
    size: tuple[float, float],
    value: float,
    rng: np.random.Generator,
) -> tuple[Painted, str]:
    """What an action of the paint bar makes of the points, and what undo calls it.

    Args:
        what: the action.
        source: the points.
        rows: those that are selected.
        size: the radius of the brush, across and up.
        value: the class or height that is chosen.
        rng: lets points stray.
    """
    table = source.points.array
    places = table[rows, :VALUE]
    match what:
        case "turn_left":
            return moved(source, rows, turned(places, TURN, size)), "Turn points"
        case "turn_right":
            return moved(source, rows, turned(places, -TURN, size)), "Turn points"
        case "shrink":
            return moved(source, rows, scaled(places, 1 / GROW)), "Resize points"
        case "grow":
            return moved(source, rows, scaled(places, GROW)), "Resize points"
        case "jitter":
            stray = JITTER * rng.standard_normal(places.shape) * size
            return moved(source, rows, places + stray), "Jitter points"
        case "recolour":
            changed = table.copy()
            changed[rows, VALUE] = value
            return source.with_points(changed), "Change points"
        case "delete":
            return source.with_points(np.delete(table, rows, axis=0)), f"Delete {counted(len(rows), 'point')}"
        case "clear":
            return source.with_points(table[:0]), "Clear the picture"
        case "ground":
            # In any order: row by row, the even deal would give whole columns to one part.
            ground = rng.permutation(even_ground(source.low, source.high))
            return source.with_points(table[:0]).added(ground, 0.0), "Even ground"
    raise ValueError(f"no action is called {what!r}")


def even_ground(low: float, high: float, side: int = 21) -> Any:
    """Places on a grid over the square, ``(side², 2)``, half a step away from its edge."""
    axis = low + (high - low) * (np.arange(side) + 0.5) / side
    x2, x1 = np.meshgrid(axis, axis, indexing="ij")
    return np.column_stack((x1.ravel(), x2.ravel()))
