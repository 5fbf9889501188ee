"""Augmentation: every training sample changed a little, anew in every epoch, so that a network cannot learn it by heart.

Only the batches that train are changed. Losses and metrics, of the training part too, are measured on the samples as they are.

What chance decides for a sample follows from the seed, the epoch and the sample's place in the order of that epoch. Nothing is
carried along: however an epoch is cut into batches, and wherever it is taken up again, the same samples come out.
"""

from engine.augmentation.base import Augmentation, Draws, Ground, augmentations
from engine.augmentation.chain import Augmenter, check_augmentation
from engine.augmentation.place import Affine, Elastic, Rotate, Scale, Shift
from engine.augmentation.values import Cutout, Flip, Jitter, Noise

__all__ = [
    "Affine",
    "Augmentation",
    "Augmenter",
    "Cutout",
    "Draws",
    "Elastic",
    "Flip",
    "Ground",
    "Jitter",
    "Noise",
    "Rotate",
    "Scale",
    "Shift",
    "augmentations",
    "check_augmentation",
]
