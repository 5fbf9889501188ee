"""Pictures that are the same as another, or nearly: stored anew, a little brighter, of another size."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.core import Array
from engine.errors import clipped, counted

#: side of the small grey copies that are compared, and how much two of them differ at most (root mean square, of 1)
SIDE, NEAR = 16, 0.02
#: pictures that are compared, at most; directions along which they are sorted, and neighbours that are looked at in each
MOST, DIRECTIONS, NEIGHBOURS = 20_000, 12, 4
#: of a picture that is so plain, its like is no double
PLAIN = 0.01


def small(x: Array) -> Array:
    """Grey copies ``(n, ≤ SIDE²)`` of pictures ``(n, C, H, W)``, each cell the mean of what it covers."""
    _, _, height, width = x.shape
    rows, columns = (np.linspace(0, n, min(n, SIDE) + 1).round().astype(int)[:-1] for n in (height, width))
    copies = np.empty((len(x), len(rows) * len(columns)), np.float32)
    for at, picture in enumerate(x):
        grey = picture.mean(axis=0, dtype=np.float32)
        sums = np.add.reduceat(np.add.reduceat(grey, rows, 0), columns, 1)
        copies[at] = sums.ravel()
    sizes = np.outer(np.diff([*rows, height]), np.diff([*columns, width])).ravel()
    return copies / sizes.astype(np.float32)


def doubles(x: Array) -> Array:
    """``(n,)``: for each picture the first one, before it, that it nearly equals; itself where there is none.

    Doubles lie next to one another along any direction of the space of pictures, so that in sets of thousands few pairs need to be
    compared; of the first ``MOST`` pictures nearly all are found, of a few hundred all.
    """
    first = np.arange(len(x))
    copies = small(x[:MOST])
    plain = copies.std(axis=1) < PLAIN
    rng = np.random.default_rng(0)
    pairs = []
    for direction in rng.standard_normal((DIRECTIONS, copies.shape[1])).astype(np.float32):
        order = np.argsort(copies @ direction, kind="stable")
        for step in range(1, NEIGHBOURS + 1):
            a, b = order[:-step], order[step:]
            near = np.sqrt(((copies[a] - copies[b]) ** 2).mean(axis=1)) <= NEAR
            near &= ~plain[a]
            pairs.append(np.sort(np.column_stack((a[near], b[near])), axis=1))
    for early, late in sorted({tuple(pair) for pair in np.concatenate(pairs).tolist()}):
        first[late] = min(first[late], first[early])
    return first


def told(first: Array, names: Sequence[str], labels: Sequence[int]) -> str:
    """What ``doubles`` found, at least one, in a sentence without its end; ``names`` and classes of the pictures."""
    late = np.flatnonzero(first != np.arange(len(first))).tolist()
    torn = [row for row in late if labels[row] != labels[first[row]]]
    row = (torn or late)[0]
    such = f"such as {clipped(names[row], 60)} and {clipped(names[first[row]], 60)}"
    said = f"{counted(len(late), 'picture')} nearly {'equals' if len(late) == 1 else 'equal'} another, {such}"
    if torn:
        said += f"; {len(torn):,} of them {'is' if len(torn) == 1 else 'are'} of another class than it"
    return said
