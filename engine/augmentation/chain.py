"""Augmentations one after another, for any stretch of an epoch."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from itertools import groupby

from engine.augmentation.base import Augmentation, Draws, Ground
from engine.augmentation.place import Affine, moved
from engine.core import Array
from engine.errors import ShapeError


class Augmenter:
    """Applies chains of augmentations to the training samples ``x`` ``(N, *in_shape)``; all chance follows from ``seed``."""

    def __init__(self, x: Array, seed: int) -> None:
        self._x, self._seed = x, seed

    @cached_property
    def ground(self) -> Ground:
        """What the samples are like; measured when it is first needed."""
        return Ground.of(self._x)

    def __call__(self, chain: Sequence[Augmentation], rows: Array, epoch: int, position: int) -> Array:
        """What becomes of ``rows`` ``(n, *in_shape)``, which stand at ``position``, … of the order of ``epoch``.

        Changes of place that follow one another are made in one go, so that a picture is not blurred by each of them. ``rows`` may
        be overwritten.
        """
        links = [(one, Draws(self._seed, epoch, at, position, len(rows))) for at, one in enumerate(chain)]
        for fill, run in groupby(links, lambda link: link[0].fill if isinstance(link[0], Affine) else None):
            if fill is None:
                for one, draws in run:
                    rows = one.apply(rows, draws, self.ground)
            else:
                shape = rows.shape[-2:]
                matrices = [one.matrices(draws, shape) for one, draws in run if isinstance(one, Affine)]
                rows = moved(rows, matrices, fill, self.ground)
        return rows


def check_augmentation(chain: Sequence[Augmentation], in_shape: tuple[int, ...]) -> None:
    """Raises ShapeError, in words, for the first of ``chain`` that makes no sense for samples of ``in_shape``."""
    for one in chain:
        reason = one.unsuited(in_shape)
        if reason:
            raise ShapeError(reason)
