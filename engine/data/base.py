"""What a data set is, and where data sets come from."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray

from engine.data.report import Note
from engine.errors import DataError
from engine.registry import Registry
from engine.spec import Spec

if TYPE_CHECKING:
    from engine.data.encoding import Encoding

Task = Literal["binary", "multiclass", "regression"]

#: the parts that files may give their samples to, by their numbers in ``Dataset.parts``
PARTS = ("train", "validation", "test")


@dataclass(frozen=True, eq=False)
class Dataset:
    """Inputs with their targets. Arrays are made read-only.

    Args:
        x: ``(N, features)`` or ``(N, C, H, W)``, floating point.
        y: ``(N,)`` integer class labels from 0, or floating-point targets of any shape ``(N, …)``, which are kept as ``(N, outputs)``.
        classes: names of the classes; empty for regression. Made up ("0", "1", …) for labels without names.
        features: names of the inputs' columns; made up ("x1", …) when absent. Empty for images.
        targets: names of the outputs of a regression; empty for pictures.
        target_shape: of one sample's targets: ``(outputs,)``, or ``(C, H, W)`` of a picture; empty for classes. That of ``y`` when absent.
        parts: ``(N,)``, the part that the files give each sample to, as its place in ``PARTS``; ``None`` where they give none.
        report: what the reader of the files did.
        encoding: of a table, how its rows became numbers, and what of it the training part has to tell; ``None`` for others.
        split_fractions: ``(N,)`` from 0 to below 1, by which samples are dealt out to the parts in place of chance, so that each stays in its part
            while others come and go; ``None`` where chance deals.
        axes: ``(low, high)``, the range that pictures of the inputs show at least; ``None``: that of the inputs.

    Raises DataError when lengths differ, nothing is left, or something is not a finite number.
    """

    x: NDArray[Any]
    y: NDArray[Any]
    classes: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    target_shape: tuple[int, ...] = ()
    parts: NDArray[Any] | None = None
    report: tuple[Note, ...] = ()
    encoding: Encoding | None = None
    split_fractions: NDArray[np.float64] | None = None
    axes: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        x, y = np.asarray(self.x), np.asarray(self.y)
        if x.ndim not in (2, 4):
            raise DataError(f"x has shape {x.shape}; expected (N, features) or (N, C, H, W). Reshape it.")
        if y.ndim == 0 or len(x) != len(y) or len(x) == 0:
            raise DataError(
                f"x has shape {x.shape} and y {y.shape}; expected as many samples in each, at least one. "
                "Check both."
            )
        for name, array in (("x", x), ("y", y)):
            if array.dtype.kind not in "fiub":
                raise DataError(
                    f"{name} holds values of type {array.dtype}; expected numbers. Code them as numbers."
                )
        if not np.issubdtype(x.dtype, np.floating):
            x = x.astype(np.float64)
        labels = np.issubdtype(y.dtype, np.integer) or y.dtype == bool
        target_shape = () if labels else tuple(map(int, self.target_shape or y.shape[1:] or (1,)))
        y = y.astype(np.int64) if labels else y.reshape(len(y), -1)
        if not labels and y.shape[1] != math.prod(target_shape):
            raise DataError(
                f"Each sample has {y.shape[1]} targets and the shape {target_shape} holds {math.prod(target_shape)}; expected as many. "
                "Check both."
            )
        if labels and (y.ndim != 1 or y.min() < 0):
            raise DataError(
                f"The labels have shape {y.shape} and start at {y.min()}; expected (N,) counted from 0. "
                "Re-code them."
            )
        for name, array in (("x", x), ("y", y)):
            if not np.isfinite(array).all():  # the place only where it is needed: pictures are many numbers
                where = tuple(map(int, np.argwhere(~np.isfinite(array))[0]))
                raise DataError(
                    f"{name} holds {array[where]} at {where}; expected finite numbers. Mend or drop that row."
                )
        classes, features, targets = tuple(self.classes), tuple(self.features), tuple(self.targets)
        if labels:
            classes += tuple(str(i) for i in range(len(classes), int(y.max()) + 1))
        else:
            classes = ()  # the task is read off the classes
            if len(target_shape) > 1:
                targets = ()  # pixels have no names
            elif len(targets) != y.shape[1]:
                targets = ("y",) if y.shape[1] == 1 else tuple(f"y{i + 1}" for i in range(y.shape[1]))
        if x.ndim == 2 and len(features) != x.shape[1]:
            features = tuple(f"x{i + 1}" for i in range(x.shape[1]))
        x, y = x.view(), y.view()
        x.flags.writeable = y.flags.writeable = False
        checked = {"x": x, "y": y, "classes": classes, "features": features, "targets": targets}
        checked["target_shape"] = target_shape
        checked["parts"] = None if self.parts is None else _checked_parts(self.parts, len(x))
        for name, value in checked.items():
            object.__setattr__(self, name, value)

    def __len__(self) -> int:
        return len(self.x)

    @property
    def task(self) -> Task:
        """What is asked: one of two classes, one of several, or numbers."""
        return "regression" if not self.classes else "binary" if len(self.classes) <= 2 else "multiclass"

    @property
    def in_shape(self) -> tuple[int, ...]:
        """Shape of one sample: ``(features,)`` or ``(C, H, W)``."""
        return tuple(self.x.shape[1:])

    @property
    def is_image(self) -> bool:
        return self.x.ndim == 4

    def take(self, index: NDArray[np.intp]) -> Dataset:
        """The samples at ``index``, in that order, names kept. Raises DataError when empty."""
        parts, fractions = (None if of is None else of[index] for of in (self.parts, self.split_fractions))
        encoding = None if self.encoding is None else self.encoding.take(index)
        return replace(
            self, x=self.x[index], y=self.y[index], parts=parts, split_fractions=fractions, encoding=encoding
        )

    def fitted(self, train: NDArray[np.intp]) -> Dataset:
        """The samples with what has to be learnt from ``train``, the places of the training samples, put in; itself where that is nothing."""
        x = self.x if self.encoding is None else self.encoding.fitted(self.x, train)
        return self if x is self.x else replace(self, x=x)


def _checked_parts(parts: NDArray[Any], count: int) -> NDArray[np.int8]:
    """``parts`` of ``count`` samples, read-only. Raises DataError."""
    parts = np.asarray(parts)
    if (
        parts.shape != (count,)
        or parts.dtype.kind not in "iu"
        or parts.min() < 0
        or parts.max() >= len(PARTS)
    ):
        raise DataError(
            f"The parts have shape {parts.shape} and type {parts.dtype}; expected one of {len(PARTS)} numbers, from 0, for each "
            f"of {count:,} samples. Give each sample to one part."
        )
    parts = parts.astype(np.int8)
    parts.flags.writeable = False
    return parts


class Source(Spec):
    """Where samples come from: a toy generator or a real data set. Register with ``sources.register``."""

    #: preparation that suits it, as values of Preparation's parameters; applied when someone picks the source
    recommended: ClassVar[Mapping[str, Any]] = {}
    library: ClassVar[str] = ""  #: a module that takes long to import, where making samples needs one
    from_disk: ClassVar[bool] = False  #: nothing can be made before somebody names a file or a folder

    @classmethod
    def preview(cls) -> Self:
        """A spec that shows what the set is like, with few samples where many take long to make."""
        return cls()

    def suited(self, data: Dataset) -> Mapping[str, Any]:
        """The preparation that suits ``data``, its own samples, as values of Preparation's parameters."""
        return self.recommended

    def pinned(self) -> Self:
        """This source, tied to its files as they are now, where it reads any; itself otherwise. Raises DataError."""
        return self

    def goes_on_from(self, before: Source) -> bool:
        """Whether a run on the samples of ``before`` can go on with these: more or fewer of the same thing."""
        return False

    def make(self) -> Dataset:
        """Draw or load the samples. The same spec gives the same samples, always."""
        raise DataError(f"{type(self).__name__} does not say how to make its samples; define make().")


sources: Registry[Source] = Registry("data set", Source)
