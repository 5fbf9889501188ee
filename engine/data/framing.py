"""How the subject stands in the pictures of a data set, so that a drawing can be put into a picture in the same way."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.core import Array

#: pictures that are measured, at most, and numbers in them
MEASURED, NUMBERS = 500, 1_000_000
#: of the range between background and subject: what is as far from the background belongs to the subject
SUBJECT = 0.2


@dataclass(frozen=True)
class Framing:
    """Measured on pictures with a plain background, such as digits.

    Args:
        shape: ``(C, H, W)``.
        length: the longer side of the box round the subject, in cells, on average.
        centre: row and column of its centre of mass, from the picture's top left, on average.
        background, ink: values of background and subject.
    """

    shape: tuple[int, int, int]
    length: float
    centre: tuple[float, float]
    background: float
    ink: float

    @classmethod
    def measure(cls, x: Array) -> Framing:
        """Measure raw pictures ``(N, C, H, W)``, the first few hundred. The background is what most of the border shows."""
        count = max(1, min(MEASURED, NUMBERS // max(1, int(np.prod(x.shape[1:])))))
        x = np.asarray(x[:count], np.float64)
        shape = (int(x.shape[1]), int(x.shape[2]), int(x.shape[3]))
        grey = x.mean(1)
        border = np.concatenate(
            [grey[:, 0].ravel(), grey[:, -1].ravel(), grey[:, :, 0].ravel(), grey[:, :, -1].ravel()]
        )
        background = float(np.median(border))
        low, high = float(grey.min()), float(grey.max())
        ink = high if high - background >= background - low else low
        strength = (grey - background) / ((ink - background) or 1.0)
        lengths, centres = [], []
        for picture in strength:
            rows, columns = np.nonzero(picture > SUBJECT)
            if len(rows):
                lengths.append(max(np.ptp(rows), np.ptp(columns)) + 1)
                weight = np.clip(picture, 0, None)
                centres.append(_centre(weight))
        if not lengths:
            return cls(shape, float(max(shape[1:])), (shape[1] / 2, shape[2] / 2), background, ink)
        row, column = np.mean(centres, axis=0)
        return cls(shape, float(np.mean(lengths)), (float(row), float(column)), background, ink)

    def place(self, drawing: Array) -> Array:
        """A drawing ``(h, w)``, 0 paper to 1 ink, as a picture ``(C, H, W)``: scaled and centred as the data are on average."""
        channels, height, width = self.shape
        rows, columns = np.nonzero(drawing > SUBJECT)
        if not len(rows):
            return np.full(self.shape, self.background)
        scale = self.length / (max(np.ptp(rows), np.ptp(columns)) + 1)
        row, column = _centre(drawing)
        down = _overlaps(height, drawing.shape[0], scale, self.centre[0] - row * scale)
        across = _overlaps(width, drawing.shape[1], scale, self.centre[1] - column * scale)
        share = np.clip(down @ drawing @ across.T, 0, 1)
        picture = self.background + (self.ink - self.background) * share
        return np.repeat(picture[None], channels, axis=0)

    def in_words(self) -> str:
        """What ``place`` does, in a sentence."""
        row, column = self.centre
        return (
            f"Its longer side is scaled to {self.length:.3g} of {max(self.shape[1:])} pixels and its centre of mass put at row {row:.1f}, "
            f"column {column:.1f}: as the data are on average."
        )


def _centre(weight: Array) -> tuple[float, float]:
    """Centre of mass, row and column; a cell's middle is at its number + ½."""
    total = weight.sum()
    rows, columns = np.arange(weight.shape[0]) + 0.5, np.arange(weight.shape[1]) + 0.5
    return float((weight.sum(1) * rows).sum() / total), float((weight.sum(0) * columns).sum() / total)


def _overlaps(cells: int, size: int, scale: float, shift: float) -> Array:
    """``(cells, size)``: what part of each cell is covered by each of ``size`` pieces, ``scale`` wide, the first at ``shift``."""
    edges = shift + scale * np.arange(size + 1)
    low, high = edges[:-1], edges[1:]
    left = np.arange(cells)[:, None]
    covered: Array = np.clip(np.minimum(high, left + 1) - np.maximum(low, left), 0, None)
    return covered


def fitted(picture: Array, shape: tuple[int, int, int], low: float, high: float) -> Array:
    """Any picture ``(h, w, 3)`` or ``(h, w)``, 0 to 255, as ``(C, H, W)`` between ``low`` and ``high``.

    It is cut to the middle in the same proportions and averaged down (or enlarged); colours become grey where the data have one channel.
    """
    channels, height, width = shape
    pixels = picture.astype(np.float64) / 255.0
    if pixels.ndim == 2:
        pixels = pixels[..., None]
    if pixels.shape[2] != channels:
        grey = pixels @ np.array([0.299, 0.587, 0.114]) if pixels.shape[2] == 3 else pixels.mean(2)
        pixels = np.repeat(grey[..., None], channels, axis=2)
    scale = max(height / pixels.shape[0], width / pixels.shape[1])
    down = _overlaps(height, pixels.shape[0], scale, (height - pixels.shape[0] * scale) / 2)
    across = _overlaps(width, pixels.shape[1], scale, (width - pixels.shape[1] * scale) / 2)
    # Each row covers its cell wholly, so the sums of a row are 1 and the weights make a mean.
    small = np.tensordot(np.tensordot(down, pixels, (1, 0)), across, (1, 1)).transpose(1, 0, 2)
    placed: Array = low + (high - low) * np.clip(small, 0, 1)
    return placed
