"""Data: sets of samples, where they come from, and how they are made ready for training.

>>> from engine import data
>>> prepared = data.prepare(data.Spiral(noise=0.1).make(), data.Preparation(train=0.7))
>>> prepared.train.x.shape
(350, 2)
"""

from engine.data.base import PARTS, Dataset, Source, Task, sources
from engine.data.batches import epoch_order
from engine.data.dealing import Split, given_parts, split_in_words
from engine.data.files import Opened
from engine.data.folder import ImageFolder
from engine.data.images import Glyphs, Photos, Shapes
from engine.data.mnist import IdxFiles
from engine.data.npz import NpzFile
from engine.data.numbers import Numbers
from engine.data.opening import source_at
from engine.data.picture import DrawnPicture, PictureFile
from engine.data.picture_set import PictureSet
from engine.data.points import Painted, Typed, as_painted, paintable
from engine.data.prepare import Preparation, Prepared, Scaling, Transform, prepare
from engine.data.real import BreastCancer, Diabetes, Digits, Iris, Wine
from engine.data.starter import FourPoints, FourStrokes
from engine.data.table import PastedTable, TableFile
from engine.data.toy import (
    Blobs,
    Bump,
    Circle,
    Gaussian,
    Moons,
    MultiGaussian,
    Plane,
    Sine,
    Spiral,
    SpiralClasses,
    Step,
    Xor,
)

__all__ = [
    "PARTS",
    "Blobs",
    "BreastCancer",
    "Bump",
    "Circle",
    "Dataset",
    "Diabetes",
    "Digits",
    "DrawnPicture",
    "FourPoints",
    "FourStrokes",
    "Gaussian",
    "Glyphs",
    "IdxFiles",
    "ImageFolder",
    "Iris",
    "Moons",
    "MultiGaussian",
    "NpzFile",
    "Numbers",
    "Opened",
    "Painted",
    "PastedTable",
    "Photos",
    "PictureFile",
    "PictureSet",
    "Plane",
    "Preparation",
    "Prepared",
    "Scaling",
    "Shapes",
    "Sine",
    "Source",
    "Spiral",
    "SpiralClasses",
    "Split",
    "Step",
    "TableFile",
    "Task",
    "Transform",
    "Typed",
    "Wine",
    "Xor",
    "as_painted",
    "epoch_order",
    "given_parts",
    "paintable",
    "prepare",
    "source_at",
    "sources",
    "split_in_words",
]
