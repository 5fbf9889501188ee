"""Cells of a picture that may lie outside it: padding."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.core import Array


def gathered(x: Array, rows: Sequence[int], columns: Sequence[int]) -> tuple[Array, Array]:
    """``(values, inside)``: of ``x`` ``(…, H, W)`` the cells of these rows and columns ``(…, rows, columns)``, and which are in it.

    Cells outside are padding: 0.
    """
    down, across = np.array(rows), np.array(columns)
    height, width = x.shape[-2:]
    inside = np.outer((down >= 0) & (down < height), (across >= 0) & (across < width))
    block = x[..., down.clip(0, height - 1), :][..., across.clip(0, width - 1)]
    return np.where(inside, block, np.zeros((), x.dtype)), inside
